"""Exact nearest neighbours by blocked matrix products, with the completeness score (paper, Sec. 3.2)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    query_shares: Callable[[Array], Array] | None = None,
    key_shares: Callable[[Array], Array] | None = None,
) -> tuple[Array, Array]:
    """Find the key with the least scaled distance for every query.

    query_index (n,), key_index (m,): which patches of each take part. scale: (m,) float32 factor on every key's distance.
    memory: bytes that may be used beyond what is given; the result does not depend on it. values: what the mean of a
    distance is taken over; default, a patch's length. query_shares, key_shares: what the values of the patches with these
    numbers count, on either side. Returns the number of the nearest key, (n,) int64, and its scaled mean squared distance,
    (n,) float32.

    With the distance |q|² - 2 q·k + |k|², a whole tile of scaled distances is one matrix product of the rows
    [q, |q|², 1] with the columns s·[-2 k, 1, |k|²]. Matrix libraries differ in its last bits, so that near ties are decided
    in float64: the result is the same with any of them, and of equal keys the first one.
    """
    xp = backend.xp
    rows, columns = backend.tile
    pairs = _Pairs(xp, queries, keys, query_shares, key_shares)
    best = xp.full(len(query_index), math.inf, np.float64)
    found = xp.zeros(len(query_index), np.int64)

    def search(first: int, left: Array, right: Array, index: Array, factor: Array, slack: Array) -> None:
        """Look for the nearest of some keys for a tile of queries, the first of which is this one."""
        at = slice(first, first + len(left))
        nearest_here, score = _nearest_in_tile(pairs, query_index[at], left, right, index, factor, slack)
        better = score < best[at]
        best[at] = xp.where(better, score, best[at])
        found[at] = xp.where(better, nearest_here, found[at])

    # Tiles always begin at multiples of their size, so that the memory at hand cannot change how sums are rounded.
    held = max(1, memory // (8 * queries.length * rows)) * rows
    for first in range(0, len(query_index), held):
        part = query_index[first : first + held]
        left, longest = _factors(xp, queries.extract(part), query_shares and query_shares(part), key_shares is not None)
        for start in range(0, len(key_index), columns):
            index = key_index[start : start + columns]
            right, longest_key = _factors(xp, keys.extract(index), key_shares and key_shares(index), query_shares is not None)
            right[:, : queries.length] *= -2
            # The last two columns meet as |q|² with 1, and 1 with |k|².
            right[:, -2:] = right[:, -2:][:, ::-1].copy()
            factor, slack = None, SLACK * (longest + longest_key.max())
            if scale is not None:
                factor = scale[start : start + columns]
                right *= factor[:, None]
                slack = slack * factor.max()
            tops = range(0, len(left), rows)
            tiles = [(first + top, left[top : top + rows], right, index, factor, slack[top : top + rows]) for top in tops]
            backend.each(lambda tile: search(*tile), tiles)
    return found, (best / (values or queries.length)).astype(np.float32)


@dataclass(frozen=True)
class _Pairs:
    """Patches of two sides by their numbers, and what their values count."""

    xp: Any
    queries: Patches
    keys: Patches
    query_shares: Callable[[Array], Array] | None
    key_shares: Callable[[Array], Array] | None

    def distance(self, query: Array, key: Array) -> Array:
        """Return the squared distances of pairs in float64, (n,)."""
        squares = self.queries.extract(query).astype(np.float64) - self.keys.extract(key)
        squares *= squares
        if self.query_shares is not None:
            squares *= self.query_shares(query)
        if self.key_shares is not None:
            squares *= self.key_shares(key)
        return squares.sum(1)


def _nearest_in_tile(
    pairs: _Pairs, query: Array, left: Array, right: Array, index: Array, factor: Array, slack: Array
) -> tuple[Array, Array]:
    """Return the nearest of the keys `index` for each query, and its scaled squared distance in float64.

    left, right: what both sides bring to the product of scaled distances. factor: on each key's distance, or None.
    slack: (n,) how far each query's products can be off.
    """
    xp = pairs.xp

    def score(query: Array, column: Array) -> Array:
        distance = pairs.distance(query, index[column])
        return distance if factor is None else distance * factor[column]

    scores = xp.matmul(left, right.T)
    near = scores <= (scores.min(1) + slack)[:, None]
    column, tile = near.argmax(1), xp.arange(len(left))
    best = score(query, column)
    # Few queries have a second key as near: counting only theirs is cheaper.
    near[tile, column] = False
    several = xp.flatnonzero(near[tile, near.argmax(1)])
    near[tile, column] = True
    several = several[near[several].sum(1) <= SEVERAL]
    if len(several):
        row, other = xp.nonzero(near[several])
        rival = score(query[several[row]], other)
        order = xp.argsort(rival, kind="stable")
        order = order[xp.argsort(row[order], kind="stable")]
        chosen = order[firsts(xp, row[order])]
        column[several], best[several] = other[chosen], rival[chosen]
    return index[column], best


def _factors(xp: Array, patches: Array, shares: Array | None, others_weigh: bool) -> tuple[Array, Array]:
    """Return what one side brings to the product, (n, ...), and the squared length of its patches, (n,).

    Plain: [x, |x|², 1]. With shares s of its own: [s·x, s, s·x², 1]; where the other side has them: [x, x², 0, 1].
    """
    square = xp.einsum("ij,ij->i", patches, patches)
    parts = [patches]
    norm = square
    if shares is not None:
        norm = xp.einsum("ij,ij,ij->i", patches, patches, shares)
        parts = [patches * shares, shares]
    elif others_weigh:
        norm = xp.zeros_like(square)
        parts = [patches, patches * patches]
    return xp.concatenate([*parts, norm[:, None], xp.ones_like(norm)[:, None]], axis=1), square


class ExactSearch:
    """Searches every query among all keys, in every iteration."""

    def __init__(self, level: Level, memory: int) -> None:
        self.level, self.memory = level, memory
        xp, keys = level.backend.xp, level.atlas.keys
        self.field = xp.full(level.layout.size, -1, np.int32)
        # Distances of centred patches lose less to rounding.
        self.centre = keys.reshape(-1, keys.shape[2]).mean(0)
        self.keys = Patches(level.backend, xp.subtract(keys, self.centre), level.layout.patch)
        self.shares = None if level.weights is None else level.shares
        self.queries: Patches

    def __call__(self, image: Array, iteration: int) -> Array:
        """See Search."""
        level, scale = self.level, None
        self.queries = level.patches(image, self.centre)
        claiming = iteration < level.claims
        if claiming or level.alpha < math.inf:
            places, closest = self._nearest_queries()
            scale = 1 / (level.alpha + closest) if level.alpha < math.inf else None
        sides = self.queries, level.live, self.keys, level.atlas.index
        found, _ = nearest(level.backend, *sides, self.memory, scale, level.values, query_shares=self.shares)
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
        sides = self.keys, level.atlas.index, self.queries, level.live
        return nearest(level.backend, *sides, self.memory, values=level.values, key_shares=self.shares)
