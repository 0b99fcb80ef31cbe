"""What examples/gallery.py refuses; `nox -s docs` draws every figure small, and checks it so."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path

import numpy as np
import pytest

import patchnn
from patchnn.testing import tiny_image
from patchnn_tasks import Generate

ROOT = Path(__file__).parents[1]


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
