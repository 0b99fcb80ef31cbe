"""Nearest-neighbour search: exact where a level is small, approximate where it is large."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from patchnn.engine.atlas import Atlas, Sheet
from patchnn.engine.backend import Array, Backend
from patchnn.engine.patches import grid_shape, windows_any
from patchnn.engine.plan import Mask, Shape

__all__ = ["SEARCHES", "Fields", "Level", "Search", "claim", "winners"]

SEARCHES = ("auto", "exact", "patchmatch")
"""What a user may ask for: auto is exact where a level is small, patchmatch above."""


@dataclass(frozen=True, eq=False)
class Level:
    """One level of one round, as a search sees it.

    shape: the output's there. claims: calls in which the keys claim their places.
    keep: host (H, W) bool or None, pixels that the guess pins. seed: of random offsets.
    """

    backend: Backend
    atlas: Atlas
    shape: Shape
    patch: int
    wrap: tuple[bool, bool]
    alpha: float
    claims: int = 0
    keep: Mask | None = None
    seed: int = 0

    @cached_property
    def grid(self) -> Shape:
        """Rows and columns of query positions."""
        return grid_shape(self.shape, self.patch, self.wrap)

    @cached_property
    def live(self) -> Array:
        """Numbers of the queries that matter: those that touch a pixel which may change."""
        if self.keep is None:
            return self.backend.xp.arange(self.grid[0] * self.grid[1], dtype=np.int32)
        return self.backend.to_device(np.flatnonzero(self.touching(np, ~self.keep)).astype(np.int32))

    def touching(self, xp: Any, pixels: Array) -> Array:
        """Return which queries, (h, w) bool, touch any of these pixels, (H, W) bool."""
        rim = [(0, self.patch - 1 if joined else 0) for joined in self.wrap]
        return windows_any(xp, xp.pad(pixels, rim, mode="wrap"), (self.patch, self.patch))

    @cached_property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns that hold all pixels which may change."""
        if self.keep is None or self.keep.all():
            return slice(None), slice(None)
        rows, columns = (np.flatnonzero(~self.keep.all(axis)) for axis in (1, 0))
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)

    @property
    def sheet(self) -> Sheet:
        """Return how the queries are numbered."""
        return Sheet(self.grid[1], (0,), (self.shape,), (self.grid,))

    def empty_field(self) -> Array:
        """Return a (h, w) int32 field in which no patch is placed yet."""
        return self.backend.xp.full(self.grid, -1, np.int32)


@dataclass(frozen=True, eq=False)
class Fields:
    """What a level hands on to the next finer one.

    sheets: how queries and keys are numbered. field: (h, w) int32, every query's key. reverse: (H, W) int32, every usable
    key's query, or None.
    """

    sheets: tuple[Sheet, Sheet]
    field: Array
    reverse: Array = None


class Search(Protocol):
    """What a level asks of a search: the nearest key of every live query of a picture.

    Called with the output as it stands, (H, W, C) on the device, and whether the keys then claim their places; returns the
    (h, w) int32 field of atlas numbers, -1 where a query is not live. The field is the search's own and changes at the
    next call.
    """

    def __call__(self, image: Array, claiming: bool = False) -> Array: ...

    def fields(self, both: bool) -> Fields:
        """Return what a finer level may start from; with both=True the reverse field too."""


def claim(xp: Array, field: Array, keys: Array, places: Array, distances: Array) -> Array:
    """Give every key the query that it fits best; of several that want the same one, the worst off gets it.

    This is what the completeness score tends to as alpha goes to 0, where every key scores 1 at its nearest query.
    field: flat, changed in place. keys, places, distances: (n,), every key, its nearest query and how far that is.
    Returns the queries that were given away.
    """
    won = winners(xp, places, distances, farthest=True)
    won = won[field[places[won]] != keys[won]]
    field[places[won]] = keys[won]
    return places[won]


def winners(xp: Array, places: Array, distances: Array, farthest: bool = False) -> Array:
    """Return which of several bids for each place wins: the one from nearest, or from farthest, the first of equals.

    A device does not say whose write to one place stays, so there must not be two. places, distances: (n,), >= 0.
    """
    # Distances are not negative, so that they are in the order of their bits.
    rank = distances.astype(np.float32).view(np.int32).astype(np.int64)
    order = xp.argsort((places.astype(np.int64) << 32) + (2**31 - 1 - rank if farthest else rank), kind="stable")
    sorted_places = places[order]
    first = xp.ones(len(order), np.bool_)
    first[1:] = sorted_places[1:] != sorted_places[:-1]
    return order[first]
