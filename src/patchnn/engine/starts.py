"""Layouts that are tried at the coarsest level: which was kept, how many are affordable, and how well one fits.

The layout decides what a result is, and it costs milliseconds. So it is worth trying several.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patchnn.engine.arrays import Image
from patchnn.engine.backend import Array
from patchnn.engine.patches import Patches, on_canvas
from patchnn.engine.search import Level

__all__ = ["Start", "affordable", "misfit"]

MOST_PAIRS = 1 << 26
"""Pairs of a query and a key that all layouts together compare: at a very large coarsest level, fewer layouts are tried."""


@dataclass(frozen=True, eq=False)
class Start:
    """The layout that was kept.

    variety: the share of the image that moved in it. image: (H, W, C) float32. changed: the share of the finished result that
    looks different from the guess; None if they have different sizes.
    """

    variety: float
    image: Image
    changed: float | None = None


def affordable(level: Level, count: int) -> int:
    """Return how many layouts to try at a level, at most `count`: 1 where it is large."""
    return max(1, min(count, MOST_PAIRS // max(1, len(level.live) * len(level.atlas.index))))


def misfit(level: Level, image: Array, nnf: Array) -> float:
    """Return the mean squared distance of a level's patches, of (H, W, C), to those that its field (h, w) names."""
    backend, numbering = level.backend, level.numbering
    canvas = backend.xp.zeros(numbering.shape, np.int32)
    canvas[: nnf.shape[0], : nnf.shape[1]] = nnf
    here = Patches(backend, on_canvas(backend.xp, image, numbering), numbering.patch).extract(level.live)
    there = Patches(backend, level.atlas.values, numbering.patch).extract(canvas.reshape(-1)[level.live])
    return float(((here - there) ** 2).mean(dtype=np.float64))
