"""Records: what they hold, what reading them leaves out, and the commands that they show."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import shlex
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from patchnn import InputError, Plan, run, write_image
from patchnn.images import read_record
from patchnn.record import SCHEMA, checked_command, describe, from_text, same, to_text
from patchnn.registry import COMMON_OPTIONS, GROUP, Registry
from patchnn.testing import tiny_image
from patchnn.tuning import TUNING, tune
from patchnn_tasks import Generate

TASKS = Registry(EntryPoint(name, f"patchnn_tasks.{name}:{name.title()}", GROUP) for name in ("generate", "inpaint"))
TASK = Generate(tiny_image())


def record(**changes: Any) -> dict[str, Any]:
    made = describe(TASK, seed=5, tuning={"alpha": math.inf, "patch": None}, search="exact", backend="numpy", depth=16)
    return {**made, **changes}


# The options that change any task's plan.


def test_run_takes_the_tuning_options_and_tasks_may_not() -> None:
    keywords = [p for p in inspect.signature(run).parameters.values() if p.name in TUNING]
    assert [p.name for p in keywords] == list(TUNING)
    assert {p.default for p in keywords} == {None}
    assert TUNING.keys() <= {field.name for field in dataclasses.fields(Plan)}
    assert TUNING.keys() <= COMMON_OPTIONS


def test_a_plan_is_tuned_by_tuning_options_only() -> None:
    with pytest.raises(InputError, match="noise is no tuning option: choose alpha, patch") as caught:
        tune(TASK, noise=3)
    assert caught.value.about == "noise"
    assert tune(TASK, alpha="inf", patch=5).patch == 5


# Text in files.


def test_a_record_survives_its_text() -> None:
    made = record(files={"image": ["naïve ☂ \udcff.png"]}, command=["generate", "a.png"], maps=[["ab", "cd"]])
    assert from_text(to_text(made)) == made
    assert made["schema"] == SCHEMA
    assert made["tuning"] == {"alpha": "inf"}
    assert from_text(to_text({"seed": 1})) == {"schema": SCHEMA, "seed": 1}


NO_RECORDS = {
    "nothing": "",
    "a list": "[1]",
    "not a number": '{"seed": NaN}',
    "infinity": '{"seed": -Infinity}',
    "a large number": '{"seed": 1e999}',
    "many digits": '{"seed": ' + "9" * 6000 + "}",
    "deep": '{"options": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "cut": '{"seed": 3',
}
"""Texts that hold no record, whatever program wrote them."""


@pytest.mark.parametrize("text", NO_RECORDS.values(), ids=NO_RECORDS)
def test_a_text_that_holds_no_record(text: str) -> None:
    with pytest.raises(ValueError, match="holds no record"):
        from_text(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("seed", value) for value in ("abc", 1.5, -1, 2**32, True, None, [1])),
        *(("tuning", value) for value in ({"force": True}, {"alpha": {}}, [], "alpha")),
        *(("options", value) for value in ({"noise": [1]}, {"noise": {"a": 1}}, 3)),
        *(("command", value) for value in ("generate", [1], [["generate"]], None)),
        *(("files", value) for value in ({"image": "a.png"}, {"image": [3]}, [])),
        *(("depth", value) for value in (12, "deep", [8])),
        ("task", 3),
        ("host", "0.0.0.0"),
    ],
    ids=str,
)
def test_a_field_of_another_form_is_left_out(field: str, value: Any) -> None:
    made = record()
    assert from_text(json.dumps({**made, field: value})) == {key: kept for key, kept in made.items() if key != field}


# Comparison.


@pytest.mark.parametrize(
    ("changes", "equal"),
    [
        ({}, True),
        ({"patchnn": "0.0.1", "files": {"image": ["other.png"]}, "command": ["generate"]}, True),
        *(
            ({key: value}, False)
            for key, value in [("seed", 6), ("schema", 2), ("depth", 8), ("search", "auto"), ("task", "tile")]
        ),
        ({"backend": "cupy"}, False),
    ],
    ids=str,
)
def test_what_decides_the_pixels_is_compared(changes: dict[str, Any], equal: bool) -> None:
    assert same(record(**changes), record()) == equal
    if "backend" in changes:
        assert same(record(**changes), record(backend="auto"))


# Commands.


@pytest.mark.parametrize(
    ("line", "kept", "left_out"),
    [
        ("generate a.png --noise 0.5 --seed 5", "generate a.png --noise 0.5 --seed 5", ""),
        ("generate a.png --force --noise 1", "generate a.png --noise 1", "--force"),
        ("generate a.png --cluster tcp://1.2.3.4:5 --alpha 2", "generate a.png --alpha 2", "--cluster tcp://1.2.3.4:5"),
        ("generate -oa.png a.png --noise=1 -n 5", "generate", "-oa.png a.png --noise=1 -n 5"),
        ("generate - --noise --force", "generate - --noise --force", ""),
        ("inpaint a.png b.png --no-invert-mask --host 0.0.0.0", "inpaint a.png b.png --no-invert-mask", "--host 0.0.0.0"),
        ("sweep inpaint a.png --mask b.png --samples 2 --fill red,blue", None, ""),
        ("generate a.png -- --seed 5", "generate a.png --seed 5", "--"),
        ("generate a.png --noise", "generate a.png --noise", ""),
    ],
)
def test_a_command_that_is_shown_has_only_what_a_record_may_hold(line: str, kept: str | None, left_out: str) -> None:
    found = checked_command({"command": shlex.split(line)}, "x.png", TASKS)
    assert found == (shlex.split(line if kept is None else kept), shlex.split(left_out))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["studio", "--host", "0.0.0.0"], "x.png was made by 'studio', a task that is not installed"),
        (["sweep"], "x.png was made by ''"),
        ([], "x.png was not made by a command"),
        (None, "x.png was not made by a command"),
    ],
)
def test_a_command_of_no_task_is_refused(command: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked_command({"command": command}, "x.png", TASKS)


# Records of strangers, met by the command line.


def with_record(path: Path, text: str) -> None:
    info = PngInfo()
    info.add_text("patchnn", text)
    Pillow.fromarray(np.zeros((24, 32, 3), np.uint8)).save(path, pnginfo=info)


ODD = {**NO_RECORDS, "a seed of text": '{"task": "generate", "seed": "abc"}', "no text for a task": '{"task": [], "seed": {}}'}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_an_odd_record_ends_no_resumed_command(text: str, tmp_path: Path, monkeypatch: Any, call: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write_image("a.png", tiny_image())
    with_record(tmp_path / "out-1.png", text)
    before = (tmp_path / "out-1.png").read_bytes()
    code, _, err = call("generate a.png -o out.png -n 2 --resume --iterations 1")
    assert code == 1
    assert "out-1.png was made otherwise" in err
    assert "Error" not in err
    assert (tmp_path / "out-1.png").read_bytes() == before
    assert (tmp_path / "out-2.png").exists()


def test_what_a_command_printed_by_show_left_out_is_named(tmp_path: Path, call: Any) -> None:
    words = ["generate", "a.png", "--seed", "5", "--force", "--cluster", "tcp://h:1"]
    with_record(tmp_path / "x.png", json.dumps({"command": words, "host": "0.0.0.0"}))
    assert read_record(tmp_path / "x.png") == {"command": words}
    code, out, err = call(f"show {tmp_path / 'x.png'}")
    assert (code, out.split()[:5]) == (0, ["patchnn", *words[:4]])
    assert "--force" not in out
    assert "--force --cluster tcp://h:1" in err
