"""`patchnn evaluate`: a task over a folder of pictures, measured, as one page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from patchnn.batch import Job, Outcome
from patchnn.cli.borrow import TASK, Borrowed, Named
from patchnn.cli.inputs import MAPS, PICTURES, find_inputs
from patchnn.cli.options import check_count, check_jobs, parse_bytes
from patchnn.cli.progress import print_failures, show_progress
from patchnn.engine.backend import find_backend
from patchnn.errors import InputError
from patchnn.evaluate.plots import check_plots
from patchnn.evaluate.report import as_html, as_json
from patchnn.evaluate.study import REFERENCE, ImageReport, Study, by_number, conduct, write_whole
from patchnn.files import clear_parts, make_folder
from patchnn.images import read_image
from patchnn.metrics.inception import find_weights
from patchnn.runner import TUNING
from patchnn.task import options
from patchnn.workers import open_workers

__all__ = ["COMMON", "evaluate"]

COMMON = (*TUNING, "search", "backend", "max_memory", "jobs", "resume", "force", "quiet")
"""What it has of the options of every task."""


def evaluate(
    about: Borrowed,
    *,
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="The pictures: a folder, or a pattern in quotes.")],
    task: Named = TASK,
    samples: Annotated[int, typer.Option(metavar="INTEGER", help="How many results of each picture.")] = 50,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the report goes.")] = Path("report"),
    seed: Annotated[
        int, typer.Option(metavar="INTEGER", help="Seed of each picture's first result, the next one has one more.")
    ] = 0,
    reference: Annotated[
        Path | None, typer.Option(metavar="PICTURE", help="Another picture, measured as if it were a result of each.")
    ] = None,
    compare: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Another method's results, called as the pictures are; may be given again."),
    ] = None,
    sifid: Annotated[bool, typer.Option("--sifid", help="Measure SIFID too.")] = False,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights of Inception-v3 for SIFID, by default those in torch.hub's cache."),
    ] = None,
) -> None:
    """Carry out a task on all pictures of a folder, measure the results, and write a report.

    The report is one page, index.html in the folder of --output; its numbers are in report.json beside it, the results
    under samples/.
    """
    # Whatever can be wrong with the command is found before any work.
    check_plots()
    common = about.common
    memory = None if common["max_memory"] is None else parse_bytes(common["max_memory"])
    check_count(samples, seed, "--samples")
    check_jobs(common["jobs"])
    device = find_backend(common["backend"])
    words = {o.name: about.files.get(o.name) for o in options(about.task) if o.picture}
    inputs = find_inputs(about.task, {**words, about.picture.name: folder}, [])
    if not inputs.through:
        read_image(folder)
    pictures = [(name, {key: found for key, found in files.items() if key != MAPS}) for name, files in inputs]
    pictures.sort(key=lambda picture: by_number(picture[0]))
    others = _others(compare or [], {about.name, REFERENCE}, [Path(name).stem for name, _ in pictures])
    if reference:
        read_image(reference)
    if sifid or weights:
        find_weights(weights)
    jobs = min(common["jobs"], len(pictures) * samples)
    if jobs > 1:
        memory = (memory or device.free_bytes() // 2) // jobs
    study = Study(
        _job(about, seed, memory),
        pictures,
        samples,
        output,
        others,
        reference=str(reference) if reference else None,
        sifid=sifid or weights is not None,
        weights=str(weights) if weights else None,
    )
    _open_folder(output, common["resume"] or common["force"])

    notes = [f"backend: {device.description}"] if common["backend"] == "auto" else []
    total = len(pictures) * samples
    with open_workers(jobs) as (executor, workers), show_progress(total, notes, common["quiet"]) as display:

        def finish(outcome: Outcome) -> None:
            display.note(outcome.notes)
            display.finish(f"{outcome.job.output} {'failed' if outcome.error else f'{outcome.seconds:.1f} s'}")

        found = conduct(study, executor, workers=workers, observe=display.observe, finish=finish, registry=about.registry)

    if any(several for picture in found for several in picture.outputs.values()):
        command = ["evaluate", folder, *about.words, "--samples", str(samples), "--seed", str(seed)]
        command += [word for other in compare or [] for word in ("--compare", str(other))]
        command += ["--reference", str(reference)] if reference else []
        write_whole(output / "report.json", json.dumps(as_json(study, found, command), indent=1))
        write_whole(output / "index.html", as_html(study, found, command))
        print(output / "index.html")
    if any(picture.errors for picture in found):
        _explain(found)
        raise typer.Exit(1)


def _job(about: Borrowed, seed: int, memory: int | None) -> Job:
    """Return the job that every sample's is made of."""
    words = {key: about.common[key] for key in ("search", "backend", "force", "resume")}
    return Job(about.name, {}, "", seed, options=about.plain, tuning=about.tuning, max_memory=memory, **words)


def _explain(pictures: Sequence[ImageReport]) -> None:
    """Say on stderr what went wrong, the same thing once."""
    failed = [picture for picture in pictures if picture.errors]
    print_failures(len(failed), len(pictures), dict.fromkeys(error for picture in failed for error in picture.errors))


def _open_folder(folder: Path, again: bool) -> None:
    """Make the report's folder; raises InputError for one that holds a report, unless it may be written `again`."""
    if not again and ((folder / "index.html").exists() or any(folder.glob("samples/*/*.png"))):
        raise InputError(f"{folder} holds a report: go on with --resume, overwrite it with --force, or choose another --output")
    make_folder(folder)
    for part in (folder, *folder.glob("samples/*")):
        clear_parts(part)


def _others(compare: Sequence[Path], taken: set[str], names: Sequence[str]) -> dict[str, Callable[[str], list[str]]]:
    """Return what finds the results of every other method, called as its folder, or by the path if that name is `taken`.

    Raises InputError for a folder that has none.
    """
    found: dict[str, Callable[[str], list[str]]] = {}
    for folder in compare:
        if not folder.is_dir():
            raise InputError(f"--compare is {folder}: give a folder of results, called as the pictures are")
        find = _results(folder, names)
        if not any(map(find, names)):
            raise InputError(f"--compare: {folder} holds no result of these pictures: call them as the pictures, {names[0]}.png")
        name = folder.resolve().name
        found[name if name not in taken.union(found) else str(folder.resolve())] = find
    return found


def _results(folder: Path, names: Sequence[str]) -> Callable[[str], list[str]]:
    """Return what finds the results of a picture: rocket.png, rocket-1.png, rocket_2.jpg, or all in a folder rocket/.

    names: of all pictures; one that is itself called rocket-1 takes what is called so.
    """
    files = sorted((path for path in folder.rglob("*") if path.suffix.lower() in PICTURES and path.is_file()), key=by_number)

    def find(name: str) -> list[str]:
        def belongs(path: Path) -> bool:
            numbered = re.fullmatch(rf"{re.escape(name)}[-_. ]\d+", path.stem)
            own_folder = path.parent.relative_to(folder) == Path(name)
            return path.stem == name or own_folder or (numbered is not None and path.stem not in names)

        return [str(path) for path in files if belongs(path)]

    return find
