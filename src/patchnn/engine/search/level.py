"""What a search is given, and what it hands to the next finer level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from patchnn.engine.arrays import Mask, Shape
from patchnn.engine.atlas import Atlas
from patchnn.engine.backend import Array, Backend
from patchnn.engine.numbering import Numbering
from patchnn.engine.patches import GuidedPatches, Patches, guide_patches, on_canvas, spots, windows_any

__all__ = ["Level", "Matches", "Search"]


@dataclass(frozen=True, eq=False)
class Level:
    """One level of one round: its sources, and what its output must be.

    Attributes
    ----------
    backend
        Where arrays are, and how loops over them run; `backend.xp` is NumPy or CuPy.
    atlas
        The sources at this level in one canvas: `values` (H, W, C), whose patches are copied, and `numbering`, their numbers.
        Their keys, `patches`, are there while a search is made, and not later.
    shape
        The output's rows and columns. `numbering` numbers its patches.
    number
        0 is the finest level.
    wrap
        For each axis, whether the output's ends join.
    alpha, completeness, ratio
        As in `Plan`.
    claims
        Number of iterations at the start in which keys claim their places.
    iterations
        Number of iterations at this level.
    pinned, keep
        The guess, (H, W, C) on the device, and which pixels stay as it has them, (H, W) bool on the host; None: no pixel stays.
    guide
        Weighted channels that are compared with the atlas's guide, (H, W, G) on the device, or None.
    pixel_weights
        Weight of each pixel of a query, (H, W, 1) on the device, or None.
    seed
        Random seed of the candidates.
    """

    backend: Backend
    atlas: Atlas
    shape: Shape
    number: int = 0
    wrap: tuple[bool, bool] = (False, False)
    alpha: float = math.inf
    completeness: float = 0.0
    claims: int = 0
    ratio: float = 4 / 3
    iterations: int = 1
    pinned: Array = None
    keep: Mask | None = None
    guide: Array = None
    pixel_weights: Array = None
    seed: int = 0

    @property
    def complete(self) -> bool:
        """Whether searches minimise the paper's completeness score, and not plain distances."""
        return self.alpha < math.inf or self.completeness > 0

    def factors(self, closest: Array, keys: Array = slice(None)) -> Array:
        """Return what turns distances to each key into completeness scores (Sec. 3.2), a factor; None where scores are distances.

        Both searches apply it: a key that no query is near to gets a small factor, and so wins some query. closest: how far each
        key's nearest query is, in any order; the factors have the same. keys: which entries of it may be used.
        """
        if not self.complete:
            return None
        alpha = self.alpha
        if self.completeness > 0:
            # Above 0 even where every key has its query.
            alpha = max(float(closest[keys].mean(dtype=np.float64)) / self.completeness, 1e-9)
        return 1 / (alpha + closest)

    @cached_property
    def numbering(self) -> Numbering:
        """How the queries are numbered."""
        return Numbering.of_output(self.shape, self.atlas.numbering.patch, self.wrap)

    @cached_property
    def free(self) -> Array:
        """The pixels that are not kept, (H, W) bool on the device; None where all are free."""
        return None if self.keep is None else self.backend.to_device(~self.keep)

    @cached_property
    def live(self) -> Array:
        """Numbers of the queries that touch a pixel which may change, (n,) int32."""
        free = np.ones(self.shape, np.bool_) if self.keep is None else ~self.keep
        return self.backend.to_device(self.touching(np, free))

    @property
    def values(self) -> int:
        """Values in a patch of the image, guide channels not counted: what mean squared distances are a mean over."""
        return int(self.numbering.patch**2 * self.atlas.values.shape[2])

    def patches(self, image: Array, centre: Array = None) -> Patches | GuidedPatches:
        """Return the query patches of an output; `centre`, (C,), is subtracted from every pixel, but not from the guide's."""
        own = self.image_patches(image if centre is None else self.backend.xp.subtract(image, centre))
        return own if self.guide_patches is None else GuidedPatches(self.backend, own, self.guide_patches)

    def image_patches(self, image: Array) -> Patches:
        """Return the query patches of an output without the guide's."""
        return Patches(self.backend, on_canvas(self.backend.xp, image, self.numbering), self.numbering.patch)

    @cached_property
    def guide_patches(self) -> Patches | None:
        """The guide's patches, which follow those of any output."""
        if self.guide is None:
            return None
        return guide_patches(self.backend, on_canvas(self.backend.xp, self.guide, self.numbering), self.numbering.patch)

    @cached_property
    def weights(self) -> Patches | GuidedPatches | None:
        """What the values of every query patch count, as patches; None where all count alike."""
        if self.pixel_weights is None:
            return None
        image = self.image_patches(self.backend.xp.repeat(self.pixel_weights, self.atlas.values.shape[2], axis=2))
        if self.guide is None:
            return image
        guide = on_canvas(
            self.backend.xp, self.backend.xp.repeat(self.pixel_weights, self.guide.shape[2], axis=2), self.numbering
        )
        patch = self.numbering.patch
        return GuidedPatches(self.backend, image, Patches(self.backend, guide, patch, spots(patch)))

    def shares(self, index: Array) -> Array:
        """Return what the values of these queries count, (n, length), with a mean of 1 over the pixels of each patch."""
        assert self.weights is not None
        weights = self.weights.extract(index)
        return weights / (weights[:, : self.values].mean(1, keepdims=True) + np.float32(1e-6))

    def touching(self, xp: Any, pixels: Array) -> Array:
        """Return the numbers of the queries that touch any of these pixels, (H, W) bool, as int32."""
        window, (rows, columns) = (self.numbering.patch, self.numbering.patch), self.numbering.grids[0]
        canvas = xp.zeros(self.numbering.shape, np.bool_)
        canvas[:rows, :columns] = windows_any(xp, on_canvas(xp, pixels, self.numbering), window)[:rows, :columns]
        return xp.flatnonzero(canvas.reshape(-1)).astype(np.int32)

    def window(self) -> tuple[slice, slice]:
        """Return the rows and columns that hold all pixels which may change."""
        if self.keep is None or self.keep.all():
            return slice(None), slice(None)
        rows, columns = (np.flatnonzero(~self.keep.all(axis)) for axis in (1, 0))
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)

    def grid(self, nnf: Array) -> Array:
        """Return a field over the canvas, flat, as (h, w): one number for each position of a patch."""
        rows, columns = self.numbering.grids[0]
        return nnf.reshape(self.numbering.shape)[:rows, :columns]


@dataclass(frozen=True, eq=False)
class Matches:
    """What a level hands to the next finer one.

    here, there: how queries and keys are numbered. forward: flat int32, each query's key, -1 where it has none.
    backward: flat int32, each key's query, or None.
    """

    here: Numbering
    there: Numbering
    forward: Array
    backward: Array = None


class Search(Protocol):
    """Finds the nearest key of every live query of a level's output (paper, Sec. 3.1, steps 1 to 4)."""

    def __call__(self, image: Array, iteration: int) -> Array:
        """Return the nearest-neighbour field of an output (H, W, C): (h, w) int32 atlas numbers, -1 where a query is not live.

        iteration: counts from 0 within the level. In the first `level.claims` iterations the keys claim their places. The field
        is the search's own and changes at the next call.
        """

    def matches(self, both: bool) -> Matches:
        """Return what a finer level may start from; with both=True, each key's query too."""
