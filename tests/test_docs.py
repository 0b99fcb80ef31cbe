"""What the documentation shows is what the files hold and what the program says, its code runs, and its links lead somewhere."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import re
import runpy
import shlex
import sys
import types
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import patchnn
import patchnn.batch
import patchnn.images
import patchnn.metrics
import patchnn.testing
from patchnn import Plan, read_image, resize, write_image
from patchnn.cli import main
from patchnn.images.writing import _FORMATS
from patchnn.record import flag
from patchnn.registry import COMMON_OPTIONS, Registry
from patchnn.task import options
from patchnn.testing import tiny_image, tiny_mask

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [README, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *DOCS, *sorted((ROOT / "plugins").rglob("*.md"))]
REFERENCE: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "reference" / "commands.py"))
TASKS: Registry = REFERENCE["registry"]()

named = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text(pages: list[Path]) -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


# What is shown is what there is.


def included() -> list[tuple[Path, str, str]]:
    """Every (page, file, text) of a fenced block that says which file it shows."""
    pattern = re.compile(r"<!-- include: (\S+) -->\n```\w*\n(.*?)```", re.S)
    return [(page, *match) for page in PAGES for match in pattern.findall(page.read_text(encoding="utf-8"))]


def test_there_are_included_files() -> None:
    assert {file for _, file, _ in included()} >= {"plugins/patchnn-tile/patchnn_tile.py", "plugins/patchnn-tile/pyproject.toml"}


@pytest.mark.parametrize(("page", "file", "shown"), included(), ids=lambda value: getattr(value, "name", None))
def test_shown_code_is_the_files_own(page: Path, file: str, shown: str) -> None:
    assert shown == (ROOT / file).read_text(encoding="utf-8")


def test_the_table_of_outputs_is_the_one_in_use() -> None:
    table = [line for line in (ROOT / "docs" / "files.md").read_text().splitlines() if line.startswith("| `.")]
    told = {}
    for suffixes, depths, alpha, grey in ([cell.strip() for cell in line.split("|")[1:5]] for line in table):
        told |= {suffix: (depths.split(", "), alpha == "yes", grey == "yes") for suffix in re.findall(r"`(.*?)`", suffixes)}
    assert told == {suffix: ([str(d) for d in form.depths], form.opacity, form.grey) for suffix, form in _FORMATS.items()}


@named
def test_links_lead_to_files(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


def test_every_figure_is_made_by_the_gallery_and_shown() -> None:
    figures = text(sorted((ROOT / "examples" / "figures").glob("*.py")))
    made = {name.replace("_", "-") for name in re.findall(r"@figure\ndef (\w+)", figures)} | {"run"}
    # What no command can make, as what a window looks like, has a folder of its own there.
    there = {path.stem for path in (ROOT / "docs" / "images").glob("*.*")}
    assert there == made
    shown = {Path(link).stem for link in re.findall(r"!\[[^]]+\]\(([^)]+)\)", text(PAGES))}
    assert made <= shown
    assert sum(path.stat().st_size for path in (ROOT / "docs" / "images").rglob("*.*")) < 4 << 20


# What there is is shown.


def test_the_reference_of_the_command_line_is_the_programs_own() -> None:
    shown = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert shown == REFERENCE["reference"](), "python docs/reference/commands.py makes it again"


COMMANDS = dict(REFERENCE["commands"](REFERENCE["get_command"](REFERENCE["build_app"](TASKS)), "patchnn"))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_the_reference_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split()[1:], "--help"], TASKS) == 0
    said = squeezed(capsys.readouterr().out)
    command = COMMANDS[name]
    for parameter in command.params:
        assert squeezed(parameter.help) in said, f"{name} {parameter.name}"
        assert all(option in said for option in parameter.opts if option.startswith("-"))
    assert squeezed(command.help) in said


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("name", list(COMMANDS)[1:])
def test_every_command_is_explained(name: str) -> None:
    pages = [page for page in [README, *DOCS] if page.name != "cli.md"]
    assert re.search(rf"\b{name}\b", text(pages)), f"{name} is in the reference only"


@pytest.mark.parametrize("name", list(TASKS))
def test_every_option_of_a_task_is_explained_on_its_page(name: str) -> None:
    page = (ROOT / "docs" / "tasks" / f"{name}.md").read_text(encoding="utf-8")
    for option in options(TASKS.load(name)):
        assert option.positional or re.search(rf"{flag(option.name)}\b", page), f"{name} {flag(option.name)}"


def test_every_common_option_is_explained() -> None:
    page = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    missing = [name for name in sorted(COMMON_OPTIONS) if not re.search(rf"{flag(name)}\b", page)]
    assert missing == []


def test_every_public_name_is_in_the_reference_and_has_a_docstring() -> None:
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^::: (\S+)$", page, re.M))
    found = {path: getattr(importlib.import_module(path.rpartition(".")[0]), path.rpartition(".")[2]) for path in shown}
    needed = {name: getattr(patchnn, name) for name in patchnn.__all__ if not name.startswith("_")}
    needed |= {name: getattr(module, name) for module in (patchnn.metrics, patchnn.testing) for name in module.__all__}
    needed |= {f"images.{name}": getattr(patchnn.images, name) for name in ("decode", "encode", "read_file")}
    needed |= {f"batch.{name}": getattr(patchnn.batch, name) for name in ("Job", "Outcome", "run_jobs")}
    missing = [name for name, there in needed.items() if not any(there is other for other in found.values())]
    assert missing == []
    for path, there in found.items():
        assert not isinstance(there, type | types.FunctionType) or inspect.getdoc(there), path
        assert not isinstance(there, types.ModuleType), f"{path} is a module: name what is meant in it"


def test_what_authors_of_tasks_need_is_explained() -> None:
    page = (ROOT / "docs" / "writing-a-task.md").read_text(encoding="utf-8")
    for field in dataclasses.fields(Plan):
        assert re.search(rf"^\|[^|]*`{field.name}`", page, re.M), f"a plan's {field.name}"
    for kind in ("Image", "Mask", "tuple[Image, ...]", "float", "int", "bool", "str", "Literal[...]", "Size"):
        assert f"`{kind}`" in page, kind
    for name in inspect.signature(patchnn.option).parameters:
        assert re.search(rf"\b{name}\b", page), f"option({name})"


# What is shown runs.


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the fenced blocks of a page in these languages that are not marked as not to be run."""
    pattern = re.compile(r"(<!-- (?:not run|include): [^>]+ -->\n)?^```(\w+)\n(.*?)^```$", re.M | re.S)
    found = pattern.findall(page.read_text(encoding="utf-8"))
    return [code for mark, language, code in found if language in languages and not mark]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a checkout, with the examples' images as small ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATCHNN_DEBUG", "1")
    (tmp_path / "examples" / "images").mkdir(parents=True)
    for path in (ROOT / "examples" / "images").iterdir():
        if path.suffix != ".md":
            image = SMALL.get(path.name)
            if image is None:
                image = read_image(path)
                height, width = (max(20, side // 9) for side in image.shape[:2])
                image = SMALL[path.name] = np.clip(resize(image, (height, width)), 0, 1)
            write_image(tmp_path / "examples" / "images" / path.name, image)
    return tmp_path


SMALL: dict[str, Any] = {}
"""The examples' images as small ones, made once."""

ELSEWHERE = re.compile(r"(pip install|python3? -m venv|git clone|cd|pytest|nox|pre-commit|mkdocs|dask) .*|pytest|nox")
"""Commands of others, which are not run here."""


def shell(script: str) -> Iterator[list[str]]:
    """Give the words of every command of a shell script, in order."""
    lines = re.sub(r"\\\n", " ", script).splitlines()
    for line in lines:
        for command in line.removeprefix("$ ").split("&&"):
            words = shlex.split(command, comments=True)
            if words:
                yield words


def known(words: list[str]) -> bool:
    """Whether a command that is not patchnn's is one that can be trusted to work; what it names is looked up."""
    line = " ".join(words)
    for extras in re.findall(r"^pip install .*\[([\w,]+)\]", line):
        assert set(extras.split(",")) <= extras_there(), line
    if words[0] in ("python", "python3") and words[1] != "-m":
        return (ROOT / words[1]).exists()
    return bool(ELSEWHERE.fullmatch(line)) or words[0] in (".", ".ci/run")


def extras_there() -> set[str]:
    """Return the extras that can be installed."""
    table = (ROOT / "pyproject.toml").read_text().partition("[project.optional-dependencies]\n")[2].partition("\n[")[0]
    return set(re.findall(r"^(\w+) = \[", table, re.M))


def test_every_extra_is_explained() -> None:
    table = (ROOT / "docs" / "start.md").read_text(encoding="utf-8").partition("## Extras\n")[2].partition("\n## ")[0]
    shown = [name for line in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", line)]
    assert sorted(shown) == sorted(extras_there())


def test_every_dependency_is_explained() -> None:
    needed = (ROOT / "pyproject.toml").read_text().partition("\ndependencies = [")[2].partition("\n]")[0]
    table = (ROOT / "docs" / "start.md").read_text(encoding="utf-8").partition("## What is installed\n")[2]
    shown = [name for line in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", line)]
    assert sorted(shown) == sorted(re.findall(r'^  "(\w+)', needed, re.M))


def globbed(words: list[str], script: str) -> list[str]:
    """Return the words as a shell hands them on: what is not quoted becomes the files that it matches."""
    bare = [word for word in words if "*" in word and f"'{word}'" not in script and f'"{word}"' not in script]
    return [name for word in words for name in (sorted(map(str, Path().glob(word))) if word in bare else [word])]


def give_images(words: list[str]) -> None:
    """Write the files that a guide's command reads and its reader has, such as photo.jpg and photos/."""
    for before, word in pairwise(words):
        written = before in ("-o", "--output", "--animate", "--preview")
        if written or word.startswith(("-", "examples/", "out")) or Path(word).exists():
            continue
        if re.fullmatch(r"[\w*/-]+\.(png|jpg|jpeg|tif|tiff|webp)", word):
            give_image(Path(word.replace("*", "1")))
        elif re.fullmatch(r"[\w-]+/", word):
            for name in ("a", "b"):
                give_image(Path(word, f"{name}.png"))


def give_image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, tiny_mask((40, 48)) * 1.0 if "mask" in str(path) else tiny_image((40, 48)), overwrite=True)


@named
def test_shell_commands_run(page: Path, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for script in blocks(page, "sh", "bash", "shell", "console"):
        for words in shell(script):
            if words[0] == "mkdir":
                Path(words[1]).mkdir()
            elif words[0] != "patchnn":
                assert known(words), f"{' '.join(words)}: mark the block with <!-- not run: why -->"
            else:
                if page != README:
                    give_images(words)
                code = main(globbed(words[1:], script), TASKS)
                assert code == 0, f"{' '.join(words)}\n{capsys.readouterr().err}"


def test_readme_commands_that_name_files_are_in_blocks_which_run_as_typed() -> None:
    prose = re.sub(r"^```.*?^```$", "", README.read_text(encoding="utf-8"), flags=re.M | re.S)
    inline = re.findall(r"`(patchnn [^`]+)`", prose)
    assert "patchnn tasks" in inline
    assert [command for command in inline if "." in command or "/" in command] == []


@named
def test_python_runs(page: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One module for all of a page's blocks, as a reader types them one after another.
    module = types.ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    for code in blocks(page, "python", "py"):
        exec(compile(code, str(page.relative_to(ROOT)), "exec"), module.__dict__)


@named
def test_json_is_json(page: Path) -> None:
    for code in blocks(page, "json"):
        json.loads(code)
