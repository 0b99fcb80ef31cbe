"""What people type by habit: an output and a size as bare words, help, completion; and what every command tells at its end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from typer.main import get_command

from patchnn import read_image, write_image
from patchnn.cli.app import build_app
from patchnn.cli.complete import candidates
from patchnn.cli.examples import COMMANDS as EXAMPLES
from patchnn.links import DOCUMENTATION
from patchnn.registry import COMMANDS, GROUP, Registry
from patchnn.testing import tiny_image, tiny_mask

TASKS = Registry(found for found in entry_points(group=GROUP) if found.dist and found.dist.name == "patchnn")

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run the command line on a line of words, in a folder with images: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    for name in ("photo.png", "other.png", "a.png", "b.png"):
        write_image(name, tiny_image((24, 28)))
    write_image("mask.png", tiny_mask((24, 28)) * 1.0)
    return call


QUICK = "--iterations 1 --seed 3"


@pytest.mark.parametrize(
    ("line", "output", "shape"),
    [
        ("generate photo.png out.png", "out.png", (24, 28)),
        ("generate photo.png 50% out.jpg", "out.jpg", (12, 14)),
        ("generate photo.png out.png 50%", "out.png", (12, 14)),
        ("retarget photo.png 80%x50%", "photo-retarget.png", (12, 22)),
        ("retarget photo.png 20x20 new/", "new/photo-retarget.png", (20, 20)),
        ("inpaint photo.png mask.png out.png", "out.png", (24, 28)),
    ],
)
def test_a_size_and_an_output_may_be_bare_words(call: Call, line: str, output: str, shape: tuple[int, int]) -> None:
    code, out, _ = call(f"{line} {QUICK}")
    assert (code, out) == (0, f"{output}\n")
    assert read_image(output).shape[:2] == shape


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("generate a.png b.png", "b.png exists: to overwrite it, -o b.png --force; for several images quote their pattern"),
        ("generate a.png b.png --force", "b.png exists"),
        ("generate a.png out.png more.png", "unexpected extra argument (more.png): generate takes IMAGE, a size"),
        ("generate a.png 50% 60%", "unexpected extra argument (60%)"),
        ("generate a.png 50% --size 60%", "unexpected extra argument (50%)"),
        ("generate a.png word", "unexpected extra argument (word)"),
        ("inpaint photo.png mask.png 50%", "unexpected extra argument (50%): inpaint takes IMAGE, MASK and an output"),
        ("collage a.png b.png out.png", "out.png does not exist: to write it, -o out.png"),
        ("collage a.png b.png 50%", "50% is not a file: give the size as --size 50%"),
    ],
)
def test_other_bare_words_say_how(call: Call, line: str, says: str) -> None:
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    code, out, err = call(line)
    assert (code, out) == (2, "")
    assert says in err
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


def test_one_side_says_how_to_write_a_size(call: Call) -> None:
    code, _, err = call("retarget photo.png --size 40")
    assert code == 1
    assert "--size: '40' is not a size: it is one side; write 40x100% to keep the height, 40x300, or a share such as 50%" in err


def test_help_and_version_have_the_forms_that_people_type(call: Call) -> None:
    assert call("help sweep retarget") == call("sweep retarget --help")
    assert call("help") == call("--help")
    assert call("-V") == call("--version")
    assert call("help nothing")[0] == 2


def test_the_usage_line_shows_what_can_be_given(call: Call) -> None:
    assert call("retarget --help")[1].startswith("Usage: patchnn retarget IMAGE [SIZE] [OUTPUT] [OPTIONS]\n")
    assert call("inpaint --help")[1].startswith("Usage: patchnn inpaint IMAGE MASK [OUTPUT] [OPTIONS]\n")
    assert call("collage --help")[1].startswith("Usage: patchnn collage IMAGES... [OPTIONS]\n")


def test_the_last_line_tells_what_was_made(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    last = call("generate photo.png 30x20 out.png --iterations 1 --seed 3")[2].splitlines()[-1]
    assert last.startswith("out.png: 30×20, ")
    assert last.endswith(" s, seed 3")
    assert "% moved, " in last
    assert call("generate photo.png out.png --iterations 1 --seed 3 --quiet")[2] != ""
    assert call(f"generate photo.png quiet.png {QUICK} --quiet")[2] == ""
    assert call(f"retarget photo.png 50% -n 2 {QUICK}")[2].splitlines()[-1].endswith(" s, seeds 3 to 4")
    again = call(f"retarget photo.png 50% -n 2 {QUICK} -o photo-retarget.png --resume")[2].splitlines()[-1]
    assert again.startswith("2 images, 2 of them made before: ")


@pytest.mark.parametrize("name", ["patchnn", *sorted(COMMANDS), *TASKS])
def test_help_ends_with_examples_and_the_address_of_a_page(call: Call, name: str) -> None:
    _, said, _ = call("--help" if name == "patchnn" else f"{name} --help")
    *_, title, first, second, blank, page = said.splitlines()
    assert (title, blank) == ("Examples:", "")
    assert all(line.startswith("  patchnn ") for line in (first, second))
    address = page.removeprefix(f"More: {DOCUMENTATION}/")
    assert address != page
    path, _, anchor = address.partition("#")
    file = Path(__file__).parents[1] / "docs" / f"{path.strip('/') or 'index'}.md"
    headings = [line.lstrip("# ").lower() for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    slugs = ["".join(c for c in heading if c.isalnum() or c in "- ").replace(" ", "-") for heading in headings]
    assert not anchor or anchor in slugs


def test_every_command_has_examples() -> None:
    assert set(EXAMPLES) == {"patchnn", *COMMANDS}


@pytest.mark.parametrize("name", list(TASKS))
def test_examples_of_tasks_run(call: Call, name: str) -> None:
    for example in ("photo.jpg", "other.jpg"):
        write_image(example, tiny_image((24, 28)))
    for example in ("edited.png", "sketch.png"):
        write_image(example, tiny_image((24, 28))[:, ::-1])
    for words in TASKS.load(name).examples:
        code, out, err = call(f"{name} {words.replace('400x300', '40x30').replace('1000x600', '50x30')} --iterations 1")
        assert code == 0, err
        assert Path(out.strip()).exists()


def test_a_plugin_that_is_missing_is_named_for_what_is_meant(call: Call) -> None:
    for line in ("tile photo.png", "sweep tile photo.png"):
        assert "it comes with the plugin patchnn-tile, which is not installed" in call(line)[2]
    assert "'tlie': tile comes with the plugin patchnn-tile, which is not installed" in call("tlie photo.png")[2]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["gen"], ["generate"]),
        (["generate", "photo.png", "--vari"], ["--variety"]),
        (["generate", "--search", ""], ["auto", "exact", "patchmatch"]),
        (["retarget", "--by", "c"], ["carve"]),
        (["sweep", "ret"], ["retarget"]),
        (["sweep", "--samp"], ["--samples"]),
        (["sweep", "retarget", "--samp"], ["--samples"]),
        (["generate", "ph"], []),
        (["generate", "--size", ""], []),
        (["completion", "z"], ["zsh"]),
    ],
)
def test_completion_offers_commands_options_and_values(words: list[str], found: list[str]) -> None:
    assert candidates(get_command(build_app(TASKS)), words) == found


def test_a_shell_completes(tmp_path: Path) -> None:
    program = tmp_path / "patchnn"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m patchnn "$@"\n')
    program.chmod(0o755)
    script = """
eval "$(patchnn completion bash)"
COMP_WORDS=(patchnn generate --back); COMP_CWORD=2
_patchnn; echo "${COMPREPLY[@]}"
complete -p patchnn
"""
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout=60, check=True
    )
    assert done.stdout.splitlines() == ["--backend", "complete -o default -F _patchnn patchnn"]


def test_every_shell_has_a_script(call: Call) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "patchnn _words" in call(f"completion {shell}")[1]
    assert call("completion tcsh")[0] == 2
