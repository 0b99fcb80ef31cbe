"""Feathering: the colour step between a fill and the kept pixels around it, faded inwards."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from patchnn.engine.backend import Array
from patchnn.engine.resample import fill_holes
from patchnn.engine.search import Level
from patchnn.engine.vote import Vote

__all__ = ["feather"]

LIMIT = 0.1
"""The most that a colour moves. A larger step is an edge that patches could not match, and would smear."""


def feather(level: Level, nnf: Array, image: Array, sigma: float, reach: float) -> Array:
    """Return a level's image without the colour step at the rim of its kept pixels.

    The patches that cover the rim vote on the kept pixels there too. What these differ by from that vote is what the fill next to
    them is off by: it is added, exp(-(d - 1) / reach) of it d pixels from the rim (as in Poisson blending, kept local).

    level: with `keep` and `pinned`. nnf: (h, w), the field that `image` (H, W, C) is the vote of. sigma: of that vote.
    """
    backend, xp = level.backend, level.backend.xp
    free = ~np.asarray(level.keep)
    ring = ndimage.binary_dilation(free, np.ones((3, 3))) & ~free
    confidence = np.zeros(level.layout.shape, np.float32)
    confidence.reshape(-1)[backend.to_host(level.live)] = 1
    layouts = level.atlas.layout, level.layout
    vote = Vote(backend, level.atlas.values, *layouts, level.wrap, level.pinned, backend.to_device(ring), confidence)
    step = np.where(ring[:, :, None], backend.to_host(level.pinned) - backend.to_host(vote(nnf, sigma)), 0)
    distance = ndimage.distance_transform_edt(free)[:, :, None]
    fade = np.exp((1 - distance) / reach).astype(np.float32)
    shift = np.clip(fill_holes(step.astype(np.float32), ring) * fade, -LIMIT, LIMIT)
    shifted = xp.clip(image + backend.to_device(shift.astype(np.float32)), *vote.range)
    return xp.where(backend.to_device(free)[:, :, None], shifted, image)
