"""`patchnn survey`: pages that ask people which image is real, and a report of what they answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from patchnn.cli.examples import of_command
from patchnn.cli.help import PLAIN, Command, write_examples
from patchnn.cli.outputs import check_not_empty
from patchnn.cli.printing import say, write
from patchnn.cli.studio import PORT
from patchnn.cli.survey_inputs import check_numbers, choose_setups, find_materials, time_limit
from patchnn.errors import InputError
from patchnn.evaluate.study import write_whole
from patchnn.files import check_place, make_folder, whole_file

__all__ = ["survey_group"]

COMMANDS = {
    "make": ("the-pages", "make photos/ --ours results/ --against others/", "make report/ --seconds 1 --seconds 0"),
    "serve": ("collecting-answers", "serve survey/", "serve survey/ --host 192.168.1.5"),
    "report": ("the-report", "report survey/", "report survey/ answers-*.jsonl --misses 1"),
}
"""For each subcommand the part of its page in the documentation, and its examples."""
Folder = Annotated[Path, typer.Argument(metavar="SURVEY", help="The survey's folder.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files.")]


class _Survey(TyperGroup):
    """The subcommands; without the name of one it makes a survey."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*COMMANDS, *ctx.help_option_names):
            args = ["make", *args]
        return super().parse_args(ctx, args)

    def default(self) -> Any:
        """Return the subcommand that runs without a name; shells complete its options too."""
        return self.commands["make"]

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_examples(*of_command("survey"), formatter)


class _Part(Command):
    """A subcommand, whose help ends with its own examples."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        part, *examples = COMMANDS[str(self.name)]
        write_examples([f"patchnn survey {words}" for words in examples], f"{of_command('survey')[1]}#{part}", formatter)


def survey_group() -> Any:
    """Return the command with its subcommands."""
    app = typer.Typer(cls=_Survey, context_settings={"help_option_names": ["-h", "--help"]}, **PLAIN)

    @app.callback()
    def survey() -> None:
        """Ask people which images are real, as the paper's user study did: make pages, collect answers, report.

        The name of a subcommand comes first. Without one, the survey is made.
        """

    for command in (make, serve, report):
        app.command(cls=_Part)(command)
    group = get_command(app)
    group.name = "survey"
    return group


def make(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The real images, or a report of patchnn evaluate with its results.")
    ],
    ours: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Results with the names of the images, or in folders of these names.")
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER", help="Results of another method or setting. Repeatable.")
    ] = None,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FOLDER", help="Folder for the survey.")] = "survey",
    setup: Annotated[
        list[str] | None,
        typer.Option(
            metavar="paired|unpaired|competition", help="What a page asks. Repeatable. Default: all that the results allow."
        ),
    ] = None,
    seconds: Annotated[
        list[float] | None,
        typer.Option(
            metavar="NUMBER", help="How long images show before a mask covers them. 0: no limit. Repeatable. Default: 1."
        ),
    ] = None,
    instruction: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the results of a competition should fit, as in 'the man is gone'.")
    ] = None,
    checks: Annotated[int, typer.Option(metavar="INTEGER", help="Number of attention checks on a page.")] = 3,
    repeats: Annotated[int, typer.Option(metavar="INTEGER", help="Number of questions that each rater gets twice.")] = 2,
    quality: Annotated[
        int, typer.Option(metavar="INTEGER", help="JPEG quality of all images, 1 to 95: at most that of the worst given ones.")
    ] = 75,
    seed: Annotated[int, typer.Option(metavar="INTEGER", help="Random seed of orders, sides and chosen results.")] = 0,
    force: Force = False,
) -> None:
    """Make a survey's pages, one for each set-up and time limit.

    Each page is one file, in the folder pages/ of --output. Send it, put it on any host, or serve it with patchnn survey
    serve. Keep survey.json to yourself: it says which image is which.
    """
    from patchnn.survey.answers import ANSWERS
    from patchnn.survey.design import KEY
    from patchnn.survey.making import Wanted, make_survey
    from patchnn.survey.pages import build_page

    check_not_empty("--output", output)
    place = Path(output)
    check_numbers(checks=checks, repeats=repeats, quality=quality, seed=seed)
    materials, methods = find_materials(folder, ours, against or [])
    setups = choose_setups(setup or [], materials, methods, instruction)
    limits = [time_limit(number) for number in dict.fromkeys(seconds or [1.0])]
    wanted = Wanted(setups, limits, instruction, checks, repeats, quality, seed)
    if not force and (place / KEY).exists():
        raise InputError(f"{place} holds a survey: overwrite it with --force, or change --output")
    if (place / ANSWERS).exists():
        raise InputError(f"{place / ANSWERS} holds answers to this survey: move it away, or change --output")
    survey, images, practice = make_survey(materials, methods, wanted)
    pages = {name: build_page(survey, name, images, practice[page.setup]) for name, page in survey.pages.items()}
    _write_pages(place / "pages", pages)
    write_whole(place / KEY, json.dumps(survey.to_json(), indent=1))


def serve(
    survey: Folder,
    port: Annotated[
        int, typer.Option(metavar="INTEGER", min=0, max=65535, help="Port of the pages; 0 takes any free one.")
    ] = PORT,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address of the pages: this machine's own for raters on its network.")
    ] = "127.0.0.1",
) -> None:
    """Serve a survey's pages and collect the answers in answers.jsonl, in the survey's folder. Ctrl-C ends it."""
    from patchnn.studio.launch import needing_server, serve
    from patchnn.survey.design import load_survey

    with needing_server("the survey's server"):
        from patchnn.survey.server import build_server
    import secrets

    found = load_survey(survey)
    pages = {name: _page(survey / "pages" / f"{name}.html") for name in found.pages}
    token = secrets.token_urlsafe(24)
    serve(
        lambda hosts: build_server(found, survey, pages, hosts=hosts, token=token),
        host=host,
        port=port,
        started=lambda url: write("\n".join(f"survey: {url}{name}.html#key={token}" for name in pages)),
    )


def report(
    survey: Folder,
    answers: Annotated[
        list[Path] | None,
        typer.Argument(metavar="ANSWERS", help="Files of answers, or folders of them. Default: answers.jsonl of the survey."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The page to write. Default: report.html of the survey.")
    ] = None,
    misses: Annotated[int, typer.Option(metavar="INTEGER", help="Attention checks that a rater may answer wrongly.")] = 0,
    published: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Published figures to show next to these, as CSV.")
    ] = None,
    force: Force = False,
) -> None:
    """Report what raters answered: confusion, preference, intervals, in all and image by image.

    The report is one page. The numbers are in a file of the same name with the extension .json.
    """
    from patchnn.evaluate.plots import check_plots
    from patchnn.survey.analysis import analyse
    from patchnn.survey.answers import ANSWERS, read_answers
    from patchnn.survey.design import load_survey
    from patchnn.survey.published import read_published
    from patchnn.survey.report import Report

    check_plots()
    if misses < 0:
        raise InputError(f"--misses is {misses}: it must be 0 or more")
    found = load_survey(survey)
    page = output or survey / "report.html"
    if page.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"--output is {page}: its name must end with .html")
    for path in (page, page.with_suffix(".json")):
        check_place(path, overwrite=force)
    places = answers or [survey / ANSWERS]
    given = [file for path in places for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]
    if not given:
        raise InputError(f"{places[0]} holds no file of answers: their names end with .jsonl")
    read, notes = read_answers(given, found)
    for note in notes:
        say(note)
    words = ["patchnn", "survey", "report", str(survey), *map(str, answers or [])]
    words += ["--misses", str(misses)] if misses else []
    words += ["--published", str(published)] if published else []
    figures = read_published(published) if published else []
    made = Report(found, analyse(found, read, misses), misses, notes, figures, words)
    write_whole(page.with_suffix(".json"), json.dumps(made.to_json(), indent=1))
    write_whole(page, made.to_html())
    write(str(page))


def _write_pages(folder: Path, pages: Mapping[str, bytes]) -> None:
    """Write the pages in place of those that another survey left there, and print their paths."""
    make_folder(folder)
    for old in folder.glob("*.html"):
        old.unlink()
    for name, page in pages.items():
        with whole_file(folder / f"{name}.html") as part:
            part.write_bytes(page)
        write(str(folder / f"{name}.html"))


def _page(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise InputError(f"{path} is missing: make the survey again") from None
