"""Exact nearest neighbours by blocked matrix products, with the completeness score (paper, Sec. 3.2)."""

from __future__ import annotations

import math

import numpy as np

from patchnn.engine.backend import Array, Backend
from patchnn.engine.patches import Patches
from patchnn.engine.search.claims import claim, firsts
from patchnn.engine.search.level import Level, Matches

__all__ = ["ExactSearch", "nearest"]

SLACK = np.float32(4e-6)
"""How far a product of float32 matrices can be off, as a share of the largest squared lengths in it."""
SEVERAL = 8
"""Up to so many keys that are equally near within the slack are compared in float64; of more, the first is taken."""


def nearest(
    backend: Backend,
    queries: Patches,
    query_index: Array,
    keys: Patches,
    key_index: Array,
    memory: int,
    scale: Array | None = None,
    values: int | None = None,
) -> tuple[Array, Array]:
    """Find the key with the least scaled distance for every query.

    query_index (n,), key_index (m,): which patches of each take part. scale: (m,) float32 factor on every key's distance.
    memory: bytes that may be used beyond what is given; the result does not depend on it. values: what the mean of a
    distance is taken over; default, a patch's length. Returns the number of the nearest key, (n,) int64, and its scaled
    mean squared distance, (n,) float32.

    With the distance |q|² - 2 q·k + |k|², a whole tile of scaled distances is one matrix product of the rows
    [q, |q|², 1] with the columns s·[-2 k, 1, |k|²]. Matrix libraries differ in its last bits, so that near ties are decided
    in float64: the result is the same with any of them, and of equal keys the first one.
    """
    xp = backend.xp
    rows, columns = backend.tile
    length = queries.length
    best = xp.full(len(query_index), math.inf, np.float64)
    found = xp.zeros(len(query_index), np.int64)

    def search(first: int, left: Array, right: Array, index: Array, factor: Array, longest: Array) -> None:
        """Look for the nearest of some keys for a tile of queries, the first of which is this one."""
        scores = xp.matmul(left, right.T)
        slack = (left[:, length] + longest) * SLACK
        near = scores <= (scores.min(1) + (slack if factor is None else slack * factor.max()))[:, None]
        column = near.argmax(1)
        count = xp.count_nonzero(near, axis=1)
        score = _exact_distance(xp, left[:, :length], keys.extract(index[column]), factor, column)
        several = xp.flatnonzero((count > 1) & (count <= SEVERAL))
        if len(several):
            row, other = xp.nonzero(near[several])
            exact = _exact_distance(xp, left[several[row], :length], keys.extract(index[other]), factor, other)
            order = xp.argsort(exact, kind="stable")
            order = order[xp.argsort(row[order], kind="stable")]
            chosen = order[firsts(xp, row[order])]
            column[several], score[several] = other[chosen], exact[chosen]
        at = slice(first, first + len(left))
        better = score < best[at]
        best[at] = xp.where(better, score, best[at])
        found[at] = xp.where(better, index[column], found[at])

    # Tiles always begin at multiples of their size, so that the memory at hand cannot change how sums are rounded.
    held = max(1, memory // (8 * length * rows)) * rows
    for first in range(0, len(query_index), held):
        left = _augment(xp, queries.extract(query_index[first : first + held]))
        for start in range(0, len(key_index), columns):
            index = key_index[start : start + columns]
            right = _augment(xp, keys.extract(index))
            right[:, :length] *= -2
            right[:, length:] = right[:, length:][:, ::-1].copy()
            factor, longest = None, right[:, length + 1].max()
            if scale is not None:
                factor = scale[start : start + columns]
                right *= factor[:, None]
            tiles = [(first + top, left[top : top + rows], right, index, factor, longest) for top in range(0, len(left), rows)]
            backend.each(lambda tile: search(*tile), tiles)
    return found, (best / (values or length)).astype(np.float32)


def _exact_distance(xp: Array, queries: Array, keys: Array, factor: Array | None, column: Array) -> Array:
    """Return the scaled squared distances of pairs of patches (n, d), (n,) float64."""
    difference = queries.astype(np.float64) - keys
    distance = xp.einsum("ij,ij->i", difference, difference)
    return distance if factor is None else distance * factor[column]


def _augment(xp: Array, patches: Array) -> Array:
    """Return patches (n, d) with two more columns, their squared lengths and ones."""
    square = xp.einsum("ij,ij->i", patches, patches)
    return xp.concatenate([patches, square[:, None], xp.ones_like(square)[:, None]], axis=1)


class ExactSearch:
    """Searches every query among all keys, in every iteration."""

    def __init__(self, level: Level, memory: int) -> None:
        self.level, self.memory = level, memory
        xp, keys = level.backend.xp, level.atlas.keys
        self.field = xp.full(level.layout.size, -1, np.int32)
        # Distances of centred patches lose less to rounding.
        self.centre = keys.reshape(-1, keys.shape[2]).mean(0)
        self.keys = Patches(level.backend, xp.subtract(keys, self.centre), level.layout.patch)
        self.queries: Patches

    def __call__(self, image: Array, iteration: int) -> Array:
        """See Search."""
        level, scale = self.level, None
        self.queries = level.patches(image, self.centre)
        claiming = iteration < level.claims
        if claiming or level.alpha < math.inf:
            places, closest = self._nearest_queries()
            scale = 1 / (level.alpha + closest) if level.alpha < math.inf else None
        found, _ = nearest(
            level.backend, self.queries, level.live, self.keys, level.atlas.index, self.memory, scale, level.values
        )
        self.field[level.live] = found
        if claiming:
            claim(level.backend.xp, self.field, level.atlas.index, places, closest)
        return level.grid(self.field)

    def matches(self, both: bool) -> Matches:
        """See Search."""
        level, backward = self.level, None
        if both:
            backward = level.backend.xp.zeros(level.atlas.layout.size, np.int32)
            backward[level.atlas.index] = self._nearest_queries()[0]
        return Matches(level.layout, level.atlas.layout, self.field, backward)

    def _nearest_queries(self) -> tuple[Array, Array]:
        """Return every usable key's nearest query, and how far it is."""
        level = self.level
        return nearest(level.backend, self.keys, level.atlas.index, self.queries, level.live, self.memory, values=level.values)
