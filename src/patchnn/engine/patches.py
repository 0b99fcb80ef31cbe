"""Images to patches (paper, Sec. 3.1, step 1), and masks over windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from patchnn.engine.arrays import Mask
from patchnn.engine.backend import Array, Backend
from patchnn.engine.kernels import windows_any
from patchnn.engine.numbering import Numbering

__all__ = ["GuidedPatches", "Patches", "guide_patches", "on_canvas", "rounded", "spots", "whole_patches", "windows_any"]


def on_canvas(xp: Any, image: Array, numbering: Numbering) -> Array:
    """Return an output (H, W, C) on its numbering's canvas: its first rows follow below where the rows wrap, and its first
    columns on the right, where they serve only a numbering whose columns wrap.
    """
    for axis, side in enumerate(numbering.shape):
        if side > image.shape[axis]:
            head = (slice(None),) * axis + (slice(side - image.shape[axis]),)
            image = xp.concatenate([image, image[head]], axis=axis)
    return xp.ascontiguousarray(image)


def rounded(backend: Backend, values: Array, steps: float, out: Array = None) -> Array:
    """Return values (H, W, ...) rounded to so many steps in 1; written to `out` if it is given."""
    xp = backend.xp
    result = xp.empty(values.shape, np.float32) if out is None else out
    rows = max(1, backend.chunk // values.shape[1])

    def work(top: int) -> None:
        part = result[top : top + rows]
        xp.multiply(values[top : top + rows], steps, out=part)
        xp.rint(part, out=part)
        part /= steps

    backend.each(work, range(0, len(values), rows))
    return result


class Patches:
    """The patches of a canvas, by their numbers.

    canvas: (H, W, C) device array, contiguous. patch: side. at: the rows, and the columns, of a patch that are read, by default
    all.
    """

    def __init__(self, backend: Backend, canvas: Array, patch: int, at: range | None = None) -> None:
        at = at or range(patch)
        # None where they are not all of a canvas.
        self.canvas, self.patch = canvas if len(at) == patch else None, patch
        height, width, channels = canvas.shape
        pixel, count = canvas.itemsize * channels, height * width - (patch - 1) * (width + 1)
        self.length = len(at) ** 2 * channels
        # A row without gaps is one piece of memory.
        shape = (len(at) * channels,) if at.step == 1 else (len(at), channels)
        self._windows = backend.xp.lib.stride_tricks.as_strided(
            canvas,
            (count, len(at), *shape),
            (pixel, pixel * width * at.step, *(pixel * at.step, canvas.itemsize)[-len(shape) :]),
        )

    def extract(self, index: Array) -> Array:
        """Return the patches with the numbers `index` (n,), as (n, length)."""
        return self._windows[index].reshape(len(index), self.length)


class GuidedPatches:
    """Patches of an image with those of its guide behind them: its parts."""

    def __init__(self, backend: Backend, image: Patches, guide: Patches) -> None:
        self._xp, self.parts = backend.xp, (image, guide)
        self.length, self.canvas = image.length + guide.length, None

    def extract(self, index: Array) -> Array:
        """Return the patches with the numbers `index` (n,), as (n, length)."""
        return self._xp.concatenate([part.extract(index) for part in self.parts], axis=1)


def spots(patch: int) -> range:
    """Return the rows, which are the columns too, of a patch where a guide is compared: its ends and its middle.

    A guide is smooth or made of areas: all of its pixels would tell little more, and take eight channels three times as long.
    """
    return range(0, patch, max(1, (patch - 1) // 2))[:3]


def guide_patches(backend: Backend, canvas: Array, patch: int) -> Patches:
    """Return the patches of a guide's canvas at `spots`, multiplied so that these count what all of a patch would."""
    at = spots(patch)
    return Patches(backend, canvas * np.float32(patch / len(at)), patch, at)


def whole_patches(mask: Mask, patch: int) -> Mask:
    """Return, for every position of a patch in a host mask (H, W), whether all pixels in it are True."""
    return np.asarray(~windows_any(np, ~mask, (patch, patch)))
