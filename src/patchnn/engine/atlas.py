"""All sources of one level in one canvas, so that a patch has one number whichever source it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Mask
from patchnn.engine.backend import Array, Backend
from patchnn.engine.numbering import Numbering
from patchnn.engine.patches import GuidedPatches, Patches, guide_patches, rounded, whole_patches
from patchnn.engine.resample import resize

__all__ = ["Atlas", "Field"]

REGIONS = 4
"""Random values along a side of the canvas: the patches that are withheld lie where these, made smooth, are low."""


@dataclass(frozen=True, eq=False)
class Field:
    """The nearest-neighbour field of a result: where each of its patches was copied from.

    Entry (r, c) tells of the patch whose top left pixel is at row r and column c of the result. A result of H rows has
    h = H - patch + 1 of them, or H where its rows join at the ends (`Plan.wrap`); columns likewise.

    Attributes
    ----------
    source
        (h, w) int32, the number of the source in the plan's order, counted from 0; -1 where a patch covers kept pixels only.
    position
        (h, w, 2) int32, row and column in that source of the top left pixel of the patch that was copied; -1 likewise.
    """

    source: NDArray[np.int32]
    position: NDArray[np.int32]

    @property
    def row(self) -> NDArray[np.int32]:
        """The rows of `position`, (h, w)."""
        return self.position[..., 0]

    @property
    def col(self) -> NDArray[np.int32]:
        """The columns of `position`, (h, w)."""
        return self.position[..., 1]


class Atlas:
    """The sources of one level in one canvas, (H, W, C).

    numbering: how their patches are numbered. values: the canvas that patches are copied from. keys: returns the images that
    they are matched by, as blurred as the queries are; None at the coarsest level, where these are the values. guide: the canvas
    of the guide's channels, or None. index: (n,) int32, the numbers of the patches that may be taken.
    """

    def __init__(
        self,
        backend: Backend,
        values: Sequence[Array],
        keys: Callable[[], Sequence[Array]] | None,
        usable: Sequence[Mask | None],
        patch: int,
        guides: Sequence[Array] | None = None,
    ) -> None:
        self.backend = backend
        self.numbering = Numbering.of_sources([image.shape[:2] for image in values], patch)
        self.values = self._canvas(values)
        self._keys = keys
        self.guide: Array = None if guides is None else self._canvas(guides)
        positions = self.numbering.positions() & ~self._unusable(usable)
        self.index = backend.to_device(np.flatnonzero(positions).astype(np.int32))

    def _canvas(self, images: Sequence[Array]) -> Array:
        if len(images) == 1:
            return images[0]
        canvas = self.backend.xp.zeros((*self.numbering.shape, images[0].shape[2]), np.float32)
        for image, top in zip(images, self.numbering.tops, strict=True):
            canvas[top : top + image.shape[0], : image.shape[1]] = image
        return canvas

    def _unusable(self, usable: Sequence[Mask | None]) -> Mask:
        """Return the positions whose patch touches an unusable pixel, a host mask of the canvas's shape."""
        numbering = self.numbering
        barred = np.zeros(numbering.shape, np.bool_)
        for top, (rows, columns), mask in zip(numbering.tops, numbering.grids, usable, strict=True):
            if mask is not None and rows and columns:
                barred[top : top + rows, :columns] = ~whole_patches(mask, numbering.patch)
        return barred

    def without(self, share: float, seed: list[int]) -> Atlas:
        """Return the same atlas of which a share of the patches may not be taken: those of a few regions, chosen at random."""
        values = np.random.RandomState(seed).random_sample((REGIONS, REGIONS, 1)).astype(np.float32)
        row, col = self.numbering.unravel(self.backend.to_host(self.index))
        rank = resize(values, self.numbering.shape)[row, col, 0]
        fewer = copy(self)
        fewer.index = self.index[self.backend.to_device(rank >= np.quantile(rank, share))]
        return fewer

    def patches(self, centre: Array = None, steps: float | None = None) -> Patches | GuidedPatches:
        """Return the keys' patches.

        centre: (C,), subtracted from every pixel, but not from the guide's. steps: in 1, that pixels are rounded to.
        """
        guide = self.guide
        # Made anew, since nothing else asks for them: a search may forget them once it has what it needs of the patches.
        keys = self.values if self._keys is None else self._canvas(self._keys())
        if centre is not None:
            keys = self.backend.xp.subtract(keys, centre)
        if steps is not None:
            keys, guide = (None if part is None else rounded(self.backend, part, steps) for part in (keys, guide))
        image = Patches(self.backend, keys, self.numbering.patch)
        if guide is None:
            return image
        return GuidedPatches(self.backend, image, guide_patches(self.backend, guide, self.numbering.patch))

    def locate(self, nnf: Array) -> Field:
        """Return, on the host, the source and the position there of each number of `nnf` (h, w)."""
        number = np.asarray(self.backend.to_host(nnf), np.int32)
        row, col = self.numbering.unravel(number)
        source = self.numbering.image_at(np, row).astype(np.int32)
        position = np.stack([row - np.asarray(self.numbering.tops, np.int32)[source], col], axis=-1).astype(np.int32)
        source[number < 0] = -1
        position[number < 0] = -1
        return Field(source, position)

    def numbers(self, field: Field) -> Array:
        """Return the numbers, on the device, of the positions in `field`: locate's inverse."""
        row = np.asarray(self.numbering.tops, np.int32)[field.source] + field.row
        return self.backend.to_device(np.where(field.source < 0, -1, self.numbering.ravel((row, field.col))))
