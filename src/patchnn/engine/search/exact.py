"""Exact nearest neighbours by blocked matrix products, with the completeness score (paper, Sec. 3.2)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from patchnn.engine.backend import Array, Backend
from patchnn.engine.patches import GuidedPatches, Patches
from patchnn.engine.search.claims import claim
from patchnn.engine.search.level import Level, Matches

__all__ = ["ExactSearch", "nearest"]

SLACK = 450
"""Rounding errors of a sum of products, in units of the last place: keys that are nearer to each other than this are equal."""
HELD = 1 << 24
"""Bytes of distances that a level of exact search holds at once."""


def nearest(
    backend: Backend,
    queries: Patches | GuidedPatches,
    query_index: Array,
    keys: Patches | GuidedPatches,
    key_index: Array,
    memory: int,
    scale: Array | None = None,
    values: int | None = None,
    query_shares: Callable[[Array], Array] | None = None,
    key_shares: Callable[[Array], Array] | None = None,
    ready: dict[int, tuple[Array, Array]] | None = None,
) -> tuple[Array, Array]:
    """Find the key with the least scaled distance for every query.

    query_index (n,), key_index (m,): which patches of each take part. scale: (m,) float32 factor on every key's distance.
    memory: bytes that may be used beyond what is given; the result does not depend on it. values: what the mean of a
    distance is taken over; default, a patch's length. query_shares, key_shares: what the values of the patches with these
    numbers count, on either side. ready: what the same keys brought to the product in an earlier call; filled by the first one.
    Returns the number of the nearest key, (n,) int64, and its scaled mean squared distance, (n,) float32.

    With the distance |q|² - 2 q·k + |k|², a whole tile of scaled distances is one matrix product of the rows
    [q, |q|², 1] with the columns s·[-2 k, 1, |k|²]. It is as exact as the canvases: matrix libraries differ in the last bits, so
    that float64 is needed where near ties matter. Of equal keys, the first is taken.
    """
    xp = backend.xp
    rows, columns = backend.tile
    best = xp.full(len(query_index), math.inf, np.float64)
    found = xp.zeros(len(query_index), np.int64)

    def search(first: int, left: Array, right: Array, index: Array, slack: Array) -> None:
        """Look for the nearest of some keys for a tile of queries, the first of which is this one."""
        scores = xp.matmul(left, right.T)
        least = scores.min(1)
        column = (scores <= (least + slack)[:, None]).argmax(1)
        at = slice(first, first + len(left))
        better = least < best[at] - slack
        best[at] = xp.where(better, least, best[at])
        found[at] = xp.where(better, index[column], found[at])

    # Tiles always begin at multiples of their size, so that the memory at hand cannot change how sums are rounded.
    held = max(1, memory // (8 * queries.length * rows)) * rows
    for first in range(0, len(query_index), held):
        part = query_index[first : first + held]
        left, longest = _factors(xp, queries.extract(part), query_shares and query_shares(part), key_shares is not None)
        for start in range(0, len(key_index), columns):
            index = key_index[start : start + columns]
            right, longest_key = _key_factors(xp, keys, index, key_shares, query_shares is not None, ready, start)
            slack = (longest + longest_key.max()) * (SLACK * xp.finfo(left.dtype).eps)
            if scale is not None:
                factor = scale[start : start + columns]
                right = right * factor[:, None]
                slack = slack * factor.max()
            tops = range(0, len(left), rows)
            tiles = [(first + top, left[top : top + rows], right, index, slack[top : top + rows]) for top in tops]
            backend.each(lambda tile: search(*tile), tiles)
    return found, (xp.maximum(best, 0) / (values or queries.length)).astype(np.float32)


def _key_factors(
    xp: Array,
    keys: Patches | GuidedPatches,
    index: Array,
    shares: Callable[[Array], Array] | None,
    others_weigh: bool,
    ready: dict[int, tuple[Array, Array]] | None,
    start: int,
) -> tuple[Array, Array]:
    """Return `_factors` of the keys `index`, as they meet the queries' in the product; keep them in `ready`, if there is one."""
    if ready is not None and start in ready:
        return ready[start]
    factors, square = _factors(xp, keys.extract(index), shares and shares(index), others_weigh)
    factors[:, : keys.length] *= -2
    # The last two columns meet as |q|² with 1, and 1 with |k|².
    factors[:, -2:] = factors[:, -2:][:, ::-1].copy()
    if ready is not None:
        ready[start] = factors, square
    return factors, square


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
    """Searches among all keys, in every iteration, every query that has changed."""

    def __init__(self, level: Level, memory: int) -> None:
        self.level, self.memory = level, memory
        self.field = level.backend.xp.full(level.numbering.size, -1, np.int32)
        # Distances of centred patches lose less to rounding, and what they lose in float64 does not matter.
        self.centre = level.atlas.values.mean((0, 1)).astype(np.float64)
        self.keys = level.atlas.patches(self.centre)
        self.shares = None if level.weights is None else level.shares
        self.queries: Patches | GuidedPatches
        # Keys stay the same within a level: where there is room, what they bring to the product is kept.
        size = 8 * len(level.atlas.index) * (2 * self.keys.length + 2)
        self.ready: dict[int, tuple[Array, Array]] | None = {} if size <= memory // 4 else None
        self.seen: Array = None

    def __call__(self, image: Array, iteration: int) -> Array:
        """See Search."""
        level, scale, live = self.level, None, self.level.live
        if self.seen is not None and iteration > level.claims:
            changed = (self.seen != image).any(2)
            if not changed.any():
                return level.grid(self.field)
            if not level.complete:
                # Distances to a patch that stays as it was are what they were.
                live = level.touching(level.backend.xp, changed)
        self.seen = image.copy()
        self.queries = level.patches(image, self.centre)
        claiming = iteration < level.claims
        if level.complete and not claiming and self.shares is None and self._fits():
            self.field[level.live] = self._complete()
            return level.grid(self.field)
        if claiming or level.complete:
            places, closest = self._nearest_queries()
            # The completeness score: distances to each key, times a factor by how far its nearest query is.
            scale = level.factors(closest)
        sides = self.queries, live, self.keys, level.atlas.index
        found, _ = nearest(level.backend, *sides, self.memory, scale, level.values, self.shares, ready=self.ready)
        self.field[live] = found
        if claiming:
            claim(level.backend.xp, self.field, level.atlas.index, places, closest)
        return level.grid(self.field)

    def _fits(self) -> bool:
        """Whether all distances of the level may be held at once: there are some, and not too many."""
        keys, queries = len(self.level.atlas.index), len(self.level.live)
        return keys <= self.level.backend.tile[1] and 0 < 8 * keys * queries <= min(HELD, self.memory // 4)

    def _complete(self) -> Array:
        """Return the key with the best completeness score for every live query: one product tells both directions' distances."""
        level, xp, backend = self.level, self.level.backend.xp, self.level.backend
        left, longest = _factors(xp, self.queries.extract(level.live), None, False)
        right, longest_key = _key_factors(xp, self.keys, level.atlas.index, None, False, self.ready, 0)
        distance = xp.empty((len(left), len(right)), left.dtype)
        found = xp.zeros(len(left), np.int64)
        tiles = [slice(top, top + backend.tile[0]) for top in range(0, len(left), backend.tile[0])]

        def measure(tile: slice) -> None:
            distance[tile] = xp.matmul(left[tile], right.T)

        backend.each(measure, tiles)
        factor = level.factors((xp.maximum(distance.min(0), 0) / level.values).astype(np.float32))
        slack = (longest + longest_key.max()) * (SLACK * xp.finfo(left.dtype).eps) * factor.max()

        def choose(tile: slice) -> None:
            scores = distance[tile] * factor
            # Of equal keys, the first.
            found[tile] = (scores <= (scores.min(1) + slack[tile])[:, None]).argmax(1)

        backend.each(choose, tiles)
        return level.atlas.index[found]

    def matches(self, both: bool) -> Matches:
        """See Search."""
        level, backward = self.level, None
        if both:
            backward = level.backend.xp.zeros(level.atlas.numbering.size, np.int32)
            backward[level.atlas.index] = self._nearest_queries()[0]
        return Matches(level.numbering, level.atlas.numbering, self.field, backward)

    def _nearest_queries(self) -> tuple[Array, Array]:
        """Return every usable key's nearest query, and how far it is."""
        level = self.level
        sides = self.keys, level.atlas.index, self.queries, level.live
        return nearest(level.backend, *sides, self.memory, values=level.values, key_shares=self.shares)
