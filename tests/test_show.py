"""`patchnn show`: the command in a record, and nothing that a stranger could have put there."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import patchnn
from patchnn import read_image, write_image
from patchnn.registry import GROUP, Registry
from patchnn.testing import tiny_image

TASKS = Registry(EntryPoint(name, f"patchnn_tasks.{name}:{name.title()}", GROUP) for name in ("generate", "inpaint"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an image."""
    monkeypatch.chdir(tmp_path)
    write_image("photo.png", tiny_image())
    return tmp_path


def with_command(*words: str) -> None:
    """Write stranger.png, whose record holds a command of these words."""
    write_image("stranger.png", np.ones((8, 8)), record={"task": "generate", "command": list(words)}, overwrite=True)


def test_the_printed_command_makes_the_same_file(call: Any) -> None:
    write_image("grey one.png", tiny_image()[:, :, :1])
    call("generate 'grey one.png' --source photo.png --size 50%x150% --alpha inf --iterations 1 --search exact --seed 3 -o a.png")
    code, out, err = call("show a.png")
    options = "--size 50%x150% --source photo.png --alpha inf --iterations 1 --search exact --seed 3"
    assert (code, out, err) == (0, f"patchnn generate 'grey one.png' {options} -o a.png\n", "")
    before = Path("a.png").read_bytes()
    assert call(out.removeprefix("patchnn ") + " --force --quiet")[0] == 0
    assert Path("a.png").read_bytes() == before
    record = json.loads(call("show a.png --json")[1])
    assert record["files"] == {"image": ["grey one.png"], "source": ["photo.png"]}
    assert record["backend"]
    assert record["patchnn"] == patchnn.__version__


def test_files_without_a_command(call: Any) -> None:
    assert call("show photo.png")[0] == 1
    write_image("library.png", np.ones((8, 8)), record={"task": "generate"})
    assert call("show library.png") == (1, "", "error: library.png was not made by a command; --json prints its record\n")
    assert json.loads(call("show library.png --json")[1]) == {"schema": 1, "task": "generate"}


STRANGERS: list[tuple[list[str], str, str]] = [
    (["generate", "a.png", "--force"], "generate a.png", "--force"),
    (["generate", "a.png", "--cluster", "tcp://evil:1", "--seed", "1"], "generate a.png --seed 1", "--cluster tcp://evil:1"),
    (["generate", "a.png", "--animate", "x.gif", "--jobs", "999"], "generate a.png", "--animate x.gif --jobs 999"),
    (["generate", "a.png", "--output", "/etc/x.png"], "generate a.png", "--output /etc/x.png"),
    (["generate", "-o", "x.png", "a.png"], "generate", "-o x.png a.png"),
    (["generate", "a.png", "--noise=1", "--debug"], "generate a.png", "--noise=1 --debug"),
    (["generate", "a.png", "--noise", "--force"], "generate a.png --noise --force", ""),
    (["inpaint", "a.png", "m.png", "--invert-mask", "--force"], "inpaint a.png m.png --invert-mask", "--force"),
    (["generate", "--", "--force"], "generate", "-- --force"),
    (["sweep", "generate", "a.png", "--noise", "0,1", "--host", "0"], "sweep generate a.png --noise 0,1", "--host 0"),
]


@pytest.mark.parametrize(("words", "shown", "left_out"), STRANGERS, ids=[" ".join(words) for words, *_ in STRANGERS])
def test_options_that_a_record_may_not_hold_are_left_out(call: Any, words: list[str], shown: str, left_out: str) -> None:
    with_command(*words)
    code, out, err = call("show stranger.png")
    assert (code, out) == (0, f"patchnn {shown} -o stranger.png\n")
    assert err == (f"left out, because a record may not ask for it: {left_out}\n" if left_out else "")


@pytest.mark.parametrize("words", [["studio", "--host", "0.0.0.0"], ["evaluate", "generate", "in"], ["nothing"], ["sweep"], [""]])
def test_commands_that_are_no_tasks_are_not_shown(call: Any, words: list[str]) -> None:
    with_command(*words)
    code, out, err = call("show stranger.png")
    assert (code, out) == (1, "")
    assert err.startswith("error: stranger.png was made by '")
    assert err.count("\n") == 1


NAMES = [
    "a\x1b[31m.png",
    "two\nlines.png",
    "back\rward.png",
    "txt.\u202egnp.png",
    "it's $HOME.png",
    "caf\udce9\x1b.png",
    "a\\'b\x07.png",
]


@pytest.mark.skipif(os.name != "posix", reason="names and a shell as Unix has them")
@pytest.mark.parametrize("name", NAMES)
def test_names_are_safe_on_a_terminal_and_still_name_the_file(call: Any, name: str) -> None:
    with_command("generate", name)
    code, out, _ = call("show stranger.png")
    assert code == 0
    assert out.count("\n") == 1
    assert not {"\x1b", "\r", "\x07", "\u202e"}.intersection(out)
    word = out.removeprefix("patchnn generate ").removesuffix(" -o stranger.png\n")
    done = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert done.stdout == name.encode(errors="surrogateescape")


def test_json_is_safe_on_a_terminal(call: Any) -> None:
    with_command("generate", "a\x1b[31m\x7f\u202e.png")
    code, out, _ = call("show stranger.png --json")
    assert code == 0
    assert out.isascii()
    assert not {"\x1b", "\x7f"}.intersection(out)
    assert json.loads(out)["command"] == ["generate", "a\x1b[31m\x7f\u202e.png"]


def test_the_words_of_a_shown_command_are_those_of_the_record(call: Any) -> None:
    call("generate photo.png --noise 2 --iterations 1 --seed 4 -o b.png")
    shown = shlex.split(call("show b.png")[1])
    assert call(shlex.join([*shown[1:-1], "c.png"]))[0] == 0
    np.testing.assert_array_equal(read_image("b.png"), read_image("c.png"))
