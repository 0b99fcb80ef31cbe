"""Exact nearest neighbours by blocked matrix products, with the completeness score (paper, Sec. 3.2)."""

from __future__ import annotations

import math

import numpy as np

from patchnn.engine.backend import Array, Backend
from patchnn.engine.patches import Patches
from patchnn.engine.search import Fields, Level, claim

__all__ = ["ExactSearch", "nearest"]


def nearest(
    backend: Backend,
    queries: Patches,
    query_index: Array,
    keys: Patches,
    key_index: Array,
    memory: int,
    scale: Array | None = None,
) -> tuple[Array, Array]:
    """Find for every query the key with the least scaled distance.

    query_index (n,), key_index (m,): which patches of each take part. scale: (m,) factor on every key's distance.
    memory: bytes that may be used beyond what is given; the result does not depend on it.
    Returns the number of the nearest key, (n,) int64, and its scaled mean squared distance, (n,) float32.

    With the distance |q|² - 2 q·k + |k|², a whole tile of scaled distances is one matrix product of the rows
    [q, |q|², 1] with the columns s·[-2 k, 1, |k|²].
    """
    xp = backend.xp
    rows, columns = backend.tile
    length = queries.length
    best = xp.full(len(query_index), math.inf, np.float32)
    found = xp.zeros(len(query_index), np.int64)

    def search(first: int, left: Array, right: Array, index: Array) -> None:
        """Look for the nearest of some keys for a tile of queries, the first of which is this one."""
        scores = xp.matmul(left, right.T)
        nearest_here = scores.argmin(1)
        score = scores[xp.arange(len(left)), nearest_here]
        at = slice(first, first + len(left))
        better = score < best[at]
        best[at] = xp.where(better, score, best[at])
        found[at] = xp.where(better, index[nearest_here], found[at])

    # Tiles always begin at multiples of their size, so that the memory at hand cannot change how sums are rounded.
    held = max(1, memory // (8 * length * rows)) * rows
    for first in range(0, len(query_index), held):
        left = _augment(xp, queries.extract(query_index[first : first + held]))
        for start in range(0, len(key_index), columns):
            index = key_index[start : start + columns]
            right = _augment(xp, keys.extract(index))
            right[:, :length] *= -2
            right[:, length:] = right[:, length:][:, ::-1].copy()
            if scale is not None:
                right *= scale[start : start + columns, None]
            tiles = [(first + top, left[top : top + rows], right, index) for top in range(0, len(left), rows)]
            backend.each(lambda tile: search(*tile), tiles)
    return found, xp.maximum(best, 0) / length


def _augment(xp: Array, patches: Array) -> Array:
    """Return patches (n, d) with two more columns, their squared lengths and ones."""
    square = xp.einsum("ij,ij->i", patches, patches)
    return xp.concatenate([patches, square[:, None], xp.ones_like(square)[:, None]], axis=1)


class ExactSearch:
    """Search every query among all keys, at every call."""

    def __init__(self, level: Level, memory: int) -> None:
        self.level, self.memory = level, memory
        self.field = level.empty_field()
        self.queries: Patches
        # Distances of centred patches lose less to rounding.
        xp = level.backend.xp
        self.centre = level.atlas.keys.reshape(-1, level.atlas.keys.shape[2]).mean(0)
        self.keys = Patches(level.backend, xp.subtract(level.atlas.keys, self.centre), level.patch, whole=True)

    def __call__(self, image: Array, claiming: bool = False) -> Array:
        level, scale = self.level, None
        xp = level.backend.xp
        self.queries = queries = Patches(level.backend, xp.subtract(image, self.centre), level.patch, level.wrap)
        if claiming or level.alpha < math.inf:
            places, closest = nearest(level.backend, self.keys, level.atlas.index, queries, level.live, self.memory)
            scale = 1 / (level.alpha + closest) if level.alpha < math.inf else None
        found, _ = nearest(level.backend, queries, level.live, self.keys, level.atlas.index, self.memory, scale)
        self.field.reshape(-1)[level.live] = found
        if claiming:
            claim(xp, self.field.reshape(-1), level.atlas.index, places, closest)
        return self.field

    def fields(self, both: bool) -> Fields:
        """Return what a finer level may start from; with both=True every usable key's nearest query too."""
        level, reverse = self.level, None
        if both:
            reverse = level.backend.xp.zeros(level.atlas.shape, np.int32)
            found, _ = nearest(level.backend, self.keys, level.atlas.index, self.queries, level.live, self.memory)
            reverse.reshape(-1)[level.atlas.index] = found
        return Fields((level.sheet, level.atlas.sheet), self.field, reverse)
