"""Feathering: the colour step between a fill and the kept pixels around it, faded inwards."""

from __future__ import annotations

import numpy as np

from patchnn.engine.backend import Array
from patchnn.engine.resample import fill_holes, surround
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
    from scipy import ndimage

    backend, xp = level.backend, level.backend.xp
    free = ~np.asarray(level.keep)
    window = surround(free)
    ring = np.zeros_like(free)
    ring[window] = ndimage.binary_dilation(free[window], np.ones((3, 3))) & ~free[window]
    confidence = np.zeros(level.layout.shape, np.float32)
    confidence.reshape(-1)[backend.to_host(level.live)] = 1
    layouts = level.atlas.layout, level.layout
    vote = Vote(backend, level.atlas.values, *layouts, level.wrap, level.pinned, backend.to_device(ring), confidence)
    step = backend.to_host(level.pinned[window]) - backend.to_host(vote(nnf, sigma)[window])
    spread = fill_holes(np.where(ring[window][:, :, None], step, 0), ring[window])
    fade = np.exp((1 - ndimage.distance_transform_edt(free[window])) / reach).astype(np.float32)
    shift = backend.to_device(np.clip(spread * fade[:, :, None], -LIMIT, LIMIT))
    result = image.copy()
    inside = backend.to_device(free[window])[:, :, None]
    result[window] = xp.where(inside, xp.clip(image[window] + shift, *vote.range), image[window])
    return result
