"""examples/gallery.py: the figures that it draws, and what it refuses."""

from __future__ import annotations

import dataclasses
import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import patchnn
from patchnn.testing import tiny_image
from patchnn_tasks import Generate

ROOT = Path(__file__).parents[1]


def test_small_figures_are_plausible(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "gallery.py"), "--small", "-o", str(tmp_path), "edit", "generate-size"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.stem for path in tmp_path.iterdir()} == {"edit", "generate-size"}


def test_the_gallery_refuses_what_is_not_plausible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    check = importlib.import_module("figures.kit").check
    task = Generate(image=tiny_image((40, 48)), noise=0.5)
    made = patchnn.run(task, seed=1)
    check(task, made)
    noise = np.random.default_rng(0).random(made.image.shape, np.float32)
    for wrong in (noise, made.image[1:], made.image + 0.2 * noise):
        with pytest.raises(AssertionError):
            check(task, dataclasses.replace(made, image=wrong))
