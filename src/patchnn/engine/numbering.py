"""How patches are numbered: one rule for the output and for the sources."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, product
from typing import Any

import numpy as np

from patchnn.engine.arrays import Mask, Shape

__all__ = ["Numbering"]


@dataclass(frozen=True)
class Numbering:
    """Images stacked along the first axis of a canvas, and the numbers of their patches.

    A patch has the number of its first pixel, the top left one, in the flat canvas: row times width plus column. A step along an
    axis is then the same difference of numbers everywhere (`strides`), and a patch's pixels are at fixed `offsets` from it.

    shape: the canvas's. patch: side. tops: each image's first row. shapes: each image's pixels. grids: each image's patch
    positions along every axis; 0 where no patch fits.
    """

    shape: Shape
    patch: int
    tops: tuple[int, ...]
    shapes: tuple[Shape, ...]
    grids: tuple[Shape, ...]

    @classmethod
    def of_sources(cls, shapes: Sequence[Shape], patch: int) -> Numbering:
        """Return the numbering of sources, in a canvas as wide as the widest."""
        tops = (0, *accumulate(shape[0] for shape in shapes))
        grids = tuple((max(0, height - patch + 1), max(0, width - patch + 1)) for height, width in shapes)
        return cls((tops[-1], max(shape[1] for shape in shapes)), patch, tops[:-1], tuple(shapes), grids)

    @classmethod
    def of_output(cls, shape: Shape, patch: int, wrap: tuple[bool, bool] = (False, False)) -> Numbering:
        """Return the numbering of one output. Its canvas has a rim on the right, so that patches of different rows never touch,
        and one below where the rows wrap.
        """
        rim = patch - 1
        rows, columns = (size if joined else size - rim for size, joined in zip(shape, wrap, strict=True))
        return cls((shape[0] + rim * wrap[0], shape[1] + rim), patch, (0,), (shape,), ((rows, columns),))

    @property
    def size(self) -> int:
        """Numbers in the canvas, used or not."""
        return math.prod(self.shape)

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """The difference that one step along each axis makes to a number."""
        return (self.shape[1], 1)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """From a patch's number to those of its pixels, in their order."""
        steps = product(range(self.patch), repeat=len(self.shape))
        return tuple(sum(step * stride for step, stride in zip(at, self.strides, strict=True)) for at in steps)

    def positions(self) -> Mask:
        """Return where in the canvas a patch of an image begins, a host mask of the canvas's shape."""
        mask = np.zeros(self.shape, np.bool_)
        for top, (rows, columns) in zip(self.tops, self.grids, strict=True):
            mask[top : top + rows, :columns] = True
        return mask

    def unravel(self, number: Any) -> list[Any]:
        """Return the position along every axis of the canvas for each number."""
        sides = (None, *self.shape[1:])
        return [
            number // stride if side is None else number // stride % side
            for stride, side in zip(self.strides, sides, strict=True)
        ]

    def ravel(self, position: Sequence[Any]) -> Any:
        """Return the number of each position: unravel's inverse."""
        return sum(at * stride for at, stride in zip(position, self.strides, strict=True))

    def image_at(self, xp: Any, row: Any) -> Any:
        """Return which image each row of the canvas belongs to."""
        if len(self.tops) == 1:
            return xp.zeros_like(row)
        return xp.searchsorted(xp.asarray(np.array(self.tops)), row, side="right") - 1

    def firsts(self, axis: int) -> tuple[int, ...]:
        """Return every image's first position along an axis of the canvas."""
        return self.tops if axis == 0 else (0,) * len(self.tops)
