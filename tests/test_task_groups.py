"""`patchnn evaluate [TASK] …` and `patchnn sweep [TASK] …`: which task runs, with which arguments."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import read_image, write_image
from patchnn.images import read_record
from patchnn.registry import GROUP, Registry
from patchnn.testing import tiny_image, tiny_mask

TASKS = Registry(
    [
        *(EntryPoint(name, f"patchnn_tasks.{name}:{name.title()}", GROUP) for name in ("generate", "inpaint", "collage")),
        EntryPoint("broken", "no.such.module:Task", GROUP),
    ]
)
QUICK = "--noise 0.5,1 --iterations 1 --backend numpy --quiet"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an image and a mask."""
    monkeypatch.chdir(tmp_path)
    write_image("a.png", tiny_image())
    write_image("mask.png", tiny_mask() * 1.0)
    return tmp_path


def test_generate_runs_where_no_task_is_named(call: Any) -> None:
    assert call(f"sweep a.png {QUICK} -o one.png")[0] == 0
    assert call(f"sweep generate a.png {QUICK} -o two.png")[0] == 0
    assert call(f"sweep {QUICK} -o three.png a.png")[0] == 0
    for name in ("two.png", "three.png"):
        np.testing.assert_array_equal(read_image("one.png"), read_image(name))
        assert read_record(name)["command"] == read_record("one.png")["command"]


def test_a_task_takes_its_arguments_as_in_its_own_command(call: Any) -> None:
    assert call(f"sweep inpaint a.png mask.png {QUICK} --fill own") == (0, "a-sweep.png\n", "")
    options = "--fill own --iterations 1 --backend numpy --samples 1 --seed 0"
    shown = call("show a-sweep.png")[1]
    assert shown == f"patchnn sweep inpaint a.png mask.png --fill own --noise 0.5,1 {options[11:]} -o a-sweep.png\n"


def test_the_task_comes_first_and_file_names_are_never_taken_for_it(call: Any) -> None:
    Path("inpaint").write_bytes(Path("a.png").read_bytes())
    assert call(f"sweep a.png {QUICK} --source inpaint -o s.png")[0] == 0
    assert read_record("s.png")["command"][:2] == ["sweep", "generate"]
    assert call("sweep a.png --task inpaint")[0] == 2


def test_help_shows_the_default_tasks_options_and_lists_the_tasks(call: Any) -> None:
    code, out, err = call("sweep --help")
    assert (code, err) == (0, "")
    assert out.startswith("Usage: patchnn sweep [TASK] [OPTIONS]")
    tasks = out.partition("Tasks (default: generate):")[2]
    assert "  generate " in tasks
    assert "  inpaint " in tasks
    assert "collage" not in tasks, "it takes several images"
    assert "broken" not in tasks
    assert "--noise NUMBER[,…]" in out
    assert call("sweep -h")[1] == out
    assert call("sweep inpaint --help")[1].startswith("Usage: patchnn sweep inpaint [OPTIONS]")


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("sweep inpant a.png mask.png", 2, "No such task 'inpant'. Did you mean inpaint? (see patchnn sweep --help)"),
        ("sweep inpaint a.png", 2, "MASK"),
        ("sweep collage a.png", 1, "sweep cannot run collage: it needs a task whose first input is one image"),
        ("sweep broken a.png", 1, "the task broken of unknown ? cannot be used"),
        ("sweep nothing.png --noise 0,1", 1, "nothing.png does not exist"),
        ("sweep", 2, "IMAGE"),
    ],
)
def test_wrong_words_are_one_line(call: Any, line: str, code: int, words: str) -> None:
    found, out, err = call(line)
    assert (found, out) == (code, "")
    assert len(err.splitlines()) == 1
    assert words in err
