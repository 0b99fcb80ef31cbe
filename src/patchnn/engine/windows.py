"""Windows: the parts of an output that a run looks at, where the rest of it stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Image, Shape, Window
from patchnn.engine.atlas import Field
from patchnn.engine.plan import Plan, Source
from patchnn.engine.resample import level_shape, resize

__all__ = ["View", "kept_field"]


class View:
    """What one window shows of a plan.

    plan: the plan for the window alone, with as many levels as the whole has.
    """

    def __init__(self, whole: Plan, window: Window) -> None:
        self.window, self.shape, self.ratio = window, whole.guess.shape[:2], whole.ratio
        self.first = np.array([side.start for side in window], np.int32)
        self.narrowed = np.array([source.image.shape[:2] == self.shape for source in whole.sources])
        self.plan = self._narrow(whole)

    def cut(self, images: Sequence[Image]) -> list[Image]:
        """Return images, one for each source, as the window shows them."""
        return [image[self.window] if cut else image for image, cut in zip(images, self.narrowed, strict=True)]

    def enter(self, field: Field, whole: Field) -> None:
        """Write the window's field into that of the whole result."""
        found = field.source >= 0
        rows, columns = (at + start for at, start in zip(np.nonzero(found), self.first, strict=True))
        whole.source[rows, columns] = field.source[found]
        whole.position[rows, columns] = field.position[found] + self._shift(field.source[found])

    def take(self, whole: Field) -> Field:
        """Return the window's part of a whole result's field."""
        here = tuple(slice(part.start, part.stop - self.plan.patch + 1) for part in self.window)
        source = whole.source[here]
        return Field(source, whole.position[here] - self._shift(source))

    def show(self, image: Image, part: Image, level: int) -> Image:
        """Return what the output looks like at a level: `part` (h, w, C) in the window, around it what stays of `image`.

        Pixels around it are picked, not averaged: it is looked at, and not computed with.
        """
        factor = self.ratio**level
        shape = level_shape(self.shape, self.ratio, level)
        rows, columns = (
            np.minimum(np.arange(size) * factor, side - 1).astype(np.intp) for size, side in zip(shape, self.shape, strict=True)
        )
        shown = image[np.ix_(rows, columns)]
        top, left = (
            min(round(side.start / factor), size - own)
            for side, size, own in zip(self.window, shape, part.shape[:2], strict=True)
        )
        shown[top : top + part.shape[0], left : left + part.shape[1]] = part
        return shown

    def _shift(self, source: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return what to add to positions in the window's sources, (..., 2): 0 where a source is whole, or there is none."""
        return np.where((self.narrowed[source] & (source >= 0))[..., None], self.first, 0)

    def _narrow(self, whole: Plan) -> Plan:
        cuts: dict[int, Any] = {}

        def part(array: Any) -> Any:
            # Arrays that are one stay one: the engine then builds one pyramid for source and output.
            if array is not None and id(array) not in cuts:
                full = array if array.shape[:2] == self.shape else resize(array, self.shape)
                cuts[id(array)] = np.ascontiguousarray(full[self.window])
            return None if array is None else cuts[id(array)]

        sources = [
            Source(part(source.image), part(source.usable), part(source.guide)) if cut else source
            for source, cut in zip(whole.sources, self.narrowed, strict=True)
        ]
        shape = part(whole.guess).shape[:2]
        return replace(
            whole,
            sources=sources,
            guess=part(whole.guess),
            rounds=[shape] * len(whole.rounds or ()),
            keep=part(whole.keep),
            origin=None,
            guide=part(whole.guide),
            pixel_weights=part(whole.pixel_weights),
            coarsest=max(2.0, whole.coarsest * min(shape) / min(self.shape)),
            windows=None,
        )


def kept_field(shape: Shape) -> Field:
    """Return the field, (h, w), of an output that is kept throughout."""
    return Field(np.full(shape, -1, np.int32), np.full((*shape, 2), -1, np.int32))
