"""All sources of one level in one canvas, so that a patch has one number whichever source it lies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.backend import Array, Backend
from patchnn.engine.patches import whole_patches
from patchnn.engine.plan import Mask, Shape

__all__ = ["Atlas", "Field", "Sheet"]


@dataclass(frozen=True, eq=False)
class Field:
    """Where every patch of a picture was copied from: three (h, w) int32 arrays.

    source: number of the source. row, col: the first pixel of the patch there. All are -1 where a patch lies in
    pixels that were kept, not voted.
    """

    source: NDArray[np.int32]
    row: NDArray[np.int32]
    col: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Sheet:
    """How pictures lie one below the other in numbered rows of positions: an atlas, or a single output.

    width: numbers in a row. tops: each picture's first row. shapes: each picture's pixels. grids: its patch positions.
    """

    width: int
    tops: tuple[int, ...]
    shapes: tuple[Shape, ...]
    grids: tuple[Shape, ...]


class Atlas:
    """The sources of one level, one below the other in a canvas (H, W, C) of the widest one's width.

    A patch's number is that of its first pixel, row * W + column. values: the canvas that patches are copied from.
    keys: the canvas they are matched by, as blurred as the queries are; at the coarsest level the same.
    index: (n,) int32, the numbers of the patches that may be taken.
    """

    def __init__(
        self, backend: Backend, values: Sequence[Array], keys: Sequence[Array] | None, usable: Sequence[Mask | None], patch: int
    ) -> None:
        self.backend, self.patch = backend, patch
        self.shapes = [image.shape[:2] for image in values]
        self.tops = [0, *np.cumsum([shape[0] for shape in self.shapes]).tolist()]
        self.shape = (self.tops[-1], max(shape[1] for shape in self.shapes))
        self.values = self._canvas(values)
        self.keys = self.values if keys is None else self._canvas(keys)
        self.index = backend.to_device(np.flatnonzero(self._positions(usable)).astype(np.int32))

    @property
    def sheet(self) -> Sheet:
        """Return how the sources lie in the canvas."""
        reach = self.patch - 1
        grids = tuple((max(0, height - reach), max(0, width - reach)) for height, width in self.shapes)
        return Sheet(self.shape[1], tuple(self.tops[:-1]), tuple(self.shapes), grids)

    def _canvas(self, images: Sequence[Array]) -> Array:
        if len(images) == 1:
            return images[0]
        canvas = self.backend.xp.zeros((*self.shape, images[0].shape[2]), np.float32)
        for image, top in zip(images, self.tops, strict=False):
            canvas[top : top + image.shape[0], : image.shape[1]] = image
        return canvas

    def _positions(self, usable: Sequence[Mask | None]) -> Mask:
        """Return where in the canvas a patch may be taken, host (H, W) bool."""
        positions = np.zeros(self.shape, np.bool_)
        for (height, width), top, mask in zip(self.shapes, self.tops, usable, strict=False):
            rows, columns = height - self.patch + 1, width - self.patch + 1
            if rows < 1 or columns < 1:
                continue
            positions[top : top + rows, :columns] = True if mask is None else whole_patches(mask, self.patch)
        return positions

    def locate(self, field: Array) -> Field:
        """Return, on the host, which source and which place in it each number of `field` (h, w) names."""
        number = np.asarray(self.backend.to_host(field), np.int32)
        row, col = np.divmod(number, np.int32(self.shape[1]))
        source = (np.searchsorted(np.asarray(self.tops), row, side="right") - 1).astype(np.int32)
        row -= np.asarray(self.tops, np.int32)[source]
        for part in (source, row, col):
            part[number < 0] = -1
        return Field(source, row, col)

    def numbers(self, field: Field) -> Array:
        """Return the numbers, on the device, of the places that `field` names: locate's inverse."""
        tops = np.asarray(self.tops, np.int32)[field.source]
        return self.backend.to_device(np.where(field.source < 0, -1, (tops + field.row) * self.shape[1] + field.col))
