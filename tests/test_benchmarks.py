"""benchmarks/gpu.py: what it says without a GPU, and that it measures all it names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from patchnn.engine.backend import CupyBackend

PROGRAM = Path(__file__).parent.parent / "benchmarks" / "gpu.py"


def gpu(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    # Times of several threads would add up to more than the run's.
    environment = os.environ | {"PATCHNN_THREADS": "1"}
    return subprocess.run([sys.executable, str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, env=environment)


@pytest.mark.skipif(CupyBackend.unavailable() is None, reason="there is a GPU")
def test_without_a_gpu_it_says_what_is_missing(tmp_path: Path) -> None:
    done = gpu(tmp_path / "gpu.json")
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("gpu.py measures a GPU: backend cupy cannot run here: CuPy ")
    assert not list(tmp_path.iterdir())


def test_it_measures_every_setting_and_every_kernel(tmp_path: Path) -> None:
    done = gpu(tmp_path / "gpu.json", "--backend", "numpy", "--no-tests", "--runs", "1", "--sizes", "60x70", "--product", "100")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
    assert found["device"].startswith("NumPy ")
    settings = [(row["size"], row["alpha"]) for row in found["times"]]
    assert settings == [("60x70", "inf"), ("60x70", "0.005")]
    for times, kernels in zip(found["times"], found["profile"], strict=True):
        assert len(times["seconds"]) == 1
        assert times["median"] > 0
        spent = [kernels[name] for name in ("project", "measure", "improve", "fold", "changed")]
        assert 0 < min(spent) < sum(spent) < kernels["all"]
