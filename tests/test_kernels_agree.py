"""The same seed gives the same bytes with other matrix libraries, other vector instructions and any number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

SETTINGS = {
    "Haswell, three threads": {"OPENBLAS_CORETYPE": "Haswell", "PATCHNN_THREADS": "3"},
    "Prescott, no AVX-512": {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX"},
}


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="OpenBLAS's kernels here are x86-64's")
@pytest.mark.parametrize("setting", SETTINGS)
def test_golden_hashes_are_the_same(setting: str) -> None:
    # NumPy warns of features that this processor lacks.
    environment = {**os.environ, **SETTINGS[setting], "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, str(HERE / "test_golden.py"), "auto"]
    run = subprocess.run(command, env=environment, cwd=HERE, capture_output=True, text=True, check=True)
    from test_golden import HASHES

    lines = [f'    ("{name}", "{search}"): "{digest}",' for (name, search), digest in HASHES.items() if search == "auto"]
    assert run.stdout.splitlines() == lines
