"""Images to patches (paper, Sec. 3.1, step 1), and masks over windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from patchnn.engine.arrays import Mask
from patchnn.engine.backend import Array, Backend
from patchnn.engine.kernels import windows_any
from patchnn.engine.numbering import Layout

__all__ = ["Patches", "on_canvas", "whole_patches", "windows_any"]


def on_canvas(xp: Any, image: Array, layout: Layout) -> Array:
    """Return an output (H, W, C) on its layout's canvas: its first rows follow below where the rows wrap, and its first
    columns on the right, where they serve only a layout whose columns wrap.
    """
    for axis, side in enumerate(layout.shape):
        if side > image.shape[axis]:
            head = (slice(None),) * axis + (slice(side - image.shape[axis]),)
            image = xp.concatenate([image, image[head]], axis=axis)
    return xp.ascontiguousarray(image)


class Patches:
    """The patches of a canvas, by their numbers.

    canvas: (H, W, C) device array, contiguous. patch: side.
    """

    def __init__(self, backend: Backend, canvas: Array, patch: int) -> None:
        self.canvas, self.patch = canvas, patch
        height, width, channels = canvas.shape
        pixel = canvas.itemsize * channels
        self.length = patch * patch * channels
        self._windows = backend.xp.lib.stride_tricks.as_strided(
            canvas,
            (height * width - (patch - 1) * (width + 1), patch, patch * channels),
            (pixel, pixel * width, canvas.itemsize),
        )

    def extract(self, index: Array) -> Array:
        """Return the patches with the numbers `index` (n,), as (n, p*p*C)."""
        return self._windows[index].reshape(len(index), self.length)


def whole_patches(mask: Mask, patch: int) -> Mask:
    """Return, for every position of a patch in a host mask (H, W), whether all pixels in it are True."""
    return np.asarray(~windows_any(np, ~mask, (patch, patch)))
