"""The backend is found, chosen and described; where its library is missing, it says so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import patchnn_kernels.library as library
from patchnn.cli import main
from patchnn.engine.backend import CupyBackend, find_backend
from patchnn.errors import BackendError
from patchnn_kernels import KernelsBackend


@pytest.fixture(autouse=True)
def _load_afresh() -> Iterator[None]:
    library.load.cache_clear()
    yield
    library.load.cache_clear()


def test_auto_takes_the_kernels_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CupyBackend, "unavailable", classmethod(lambda cls: "no device today"))
    assert type(find_backend("auto")) is KernelsBackend
    assert find_backend("kernels").description.startswith(f"compiled kernels ({library.load().variant}), NumPy ")


def test_the_entry_point_names_the_backend() -> None:
    (entry,) = entry_points(group="patchnn.backends", name="kernels")
    assert entry.load() is KernelsBackend


def test_without_its_library_it_steps_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(CupyBackend, "unavailable", classmethod(lambda cls: "no device today"))
    monkeypatch.setattr(library, "__file__", str(tmp_path / "library.py"))
    assert find_backend("auto").name == "numpy"
    with pytest.raises(BackendError, match="no compiled library in"):
        find_backend("kernels")
    (tmp_path / "_kernels.so").write_bytes(b"not a library")
    assert main(["doctor", "--json"]) == 0
    problem = json.loads(capsys.readouterr().out)["backends"]["kernels"]["problem"]
    assert problem.startswith("patchnn-kernels cannot load its library (")
    assert "pip install" in problem


def test_an_unknown_variant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(library.VARIANT, "v9")
    assert "PATCHNN_KERNELS is 'v9': it must be plain" in str(KernelsBackend.unavailable())


def test_doctor_tells_of_it() -> None:
    run = subprocess.run([sys.executable, "-m", "patchnn", "doctor"], capture_output=True, text=True, check=True)
    assert "backend   kernels: compiled kernels (" in run.stdout
