"""`patchnn doctor`: what it shows, and that it works although other things are broken."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest

import patchnn
from patchnn.cli import main
from patchnn.cli.doctor import OPTIONAL, REQUIRED, examine
from patchnn.engine.backend import CupyBackend
from patchnn.engine.machine import THREADS
from patchnn.registry import GROUP, Registry

TASKS = Registry(
    [
        EntryPoint("generate", "patchnn_tasks.generate:Generate", GROUP),
        EntryPoint("broken", "no.such.module:Task", GROUP),
    ]
)


def test_examine_finds_versions_backends_tasks_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CupyBackend, "unavailable", classmethod(lambda cls: "no device today"))
    monkeypatch.setenv(THREADS, "3")
    found = examine(TASKS)
    assert found["patchnn"] == patchnn.__version__
    assert set(found["libraries"]) == {*REQUIRED, *OPTIONAL}
    assert found["libraries"]["numpy"] == np.__version__
    assert all(found["libraries"][name] for name in REQUIRED)
    assert found["backends"]["numpy"] == {"problem": None, "description": f"NumPy {np.__version__}, 3 threads"}
    assert found["backends"]["cupy"] == {"problem": "no device today", "description": None}
    assert {task["name"]: bool(task["problem"]) for task in found["tasks"]} == {"generate": False, "broken": True}
    assert found["memory"]["free"] > 0
    assert found["threads"]["used"] == 3
    assert any("blas" in line.lower() or "mkl" in line.lower() for line in found["blas"])


def test_doctor_prints_what_it_found_as_text_or_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CupyBackend, "unavailable", classmethod(lambda cls: "no device today"))
    assert main(["doctor", "--json"], TASKS) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["backends"]["cupy"]["problem"] == "no device today"
    assert main(["doctor"], TASKS) == 0
    text = capsys.readouterr().out
    for said in (
        f"patchnn   {patchnn.__version__}",
        f"numpy {np.__version__}",
        "cupy: no device today",
        "generate (unknown ?): ok",
        "ModuleNotFoundError",
        "GB free",
    ):
        assert said in text


def test_a_wrong_setting_is_reported(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "many")
    assert main(["doctor"], TASKS) == 0
    assert f"{THREADS} is 'many'" in capsys.readouterr().out
