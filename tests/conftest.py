"""What all tests share: how hypothesis runs, and a way to call the command line."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The images are too small for the threads of a matrix library, which would only wait for each other; set before NumPy comes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Few examples and no stopwatch, for slow and shared machines; HYPOTHESIS_PROFILE=thorough looks longer.
settings.register_profile(
    "default", deadline=None, max_examples=25, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=300)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture
def two_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a folder with two small images in in/, for evaluate."""
    from patchnn import write_image
    from samples import random_image

    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    write_image("in/meadow.png", random_image((36, 44)))
    write_image("in/sky.png", random_image((40, 32), 1, seed=5))


@pytest.fixture
def call(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Callable[[str], tuple[int, str, str]]:
    """Run the command line on a line of words, with the test file's TASKS or those installed: (exit code, stdout, stderr)."""
    from patchnn.cli import main

    def run(line: str) -> tuple[int, str, str]:
        code = main(shlex.split(line), getattr(request.module, "TASKS", None))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
