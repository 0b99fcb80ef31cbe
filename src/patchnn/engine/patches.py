"""Pictures to patches and back: extraction, and the vote of overlapping patches (paper, Sec. 3.1, steps 1 and 6)."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from patchnn.engine.backend import Array, Backend
from patchnn.engine.plan import Mask, Shape

__all__ = ["Patches", "Vote", "grid_shape", "vote_weights", "whole_patches", "windows_any"]


def grid_shape(shape: Shape, patch: int, wrap: tuple[bool, bool]) -> Shape:
    """Return how many rows and columns of patch positions a picture has; a wrapped axis has one at every pixel."""
    rows, columns = (size if joined else size - patch + 1 for size, joined in zip(shape, wrap, strict=True))
    return rows, columns


@lru_cache(maxsize=16)
def vote_weights(patch: int) -> np.ndarray:
    """Return the weight of a patch's rows in the vote; a pixel's is the product of its row's and its column's.

    A Gaussian of standard deviation 1.7 where the patch spans [-1, 1] (the authors' setting). Shape (patch,), float32.
    """
    return np.asarray(np.exp(-0.5 * (np.linspace(-1, 1, patch) / 1.7) ** 2), np.float32)


class Patches:
    """The patches of one picture, numbered along the rows of its grid of positions.

    image: (H, W, C) device array. patch: side. wrap: axes whose ends join. With whole=True the grid is as wide as the
    picture, so that a position's number is that of its first pixel; the positions at the right and lower rim, where no
    patch fits, must then not be asked for.
    """

    def __init__(
        self, backend: Backend, image: Array, patch: int, wrap: tuple[bool, bool] = (False, False), whole: bool = False
    ) -> None:
        xp = backend.xp
        self.backend, self.patch = backend, patch
        self.grid = image.shape[:2] if whole else grid_shape(image.shape[:2], patch, wrap)
        for axis in (0, 1):
            if wrap[axis]:
                head = (slice(None),) * axis + (slice(patch - 1),)
                image = xp.concatenate([image, image[head]], axis=axis)
        image = xp.ascontiguousarray(image)
        height, self.width, channels = image.shape
        pixel = image.itemsize * channels
        self.length = patch * patch * channels
        self._windows = xp.lib.stride_tricks.as_strided(
            image,
            (height * self.width - (patch - 1) * (self.width + 1), patch, patch * channels),
            (pixel, pixel * self.width, image.itemsize),
        )

    def extract(self, index: Array) -> Array:
        """Return the patches at `index` (n,) as (n, p*p*C)."""
        if self.width != self.grid[1]:
            index = index + index // self.grid[1] * (self.width - self.grid[1])
        return self._windows[index].reshape(len(index), self.length)


class Vote:
    """The weighted mean of overlapping patches, kept up to date as the field changes (paper, Sec. 3.1, step 6).

    values: (H, W, C) device atlas. shape: the output's. pinned: (H, W, C) and free: (H, W) bool, both on the device or
    None: a picture, and which of its pixels are voted on. The result is the same as voting afresh everywhere: only
    pixels that a changed patch covers are computed, and a pixel on whose source all patches agree is copied from there.
    """

    def __init__(
        self,
        backend: Backend,
        values: Array,
        shape: Shape,
        patch: int,
        wrap: tuple[bool, bool],
        pinned: Array = None,
        free: Array = None,
    ) -> None:
        xp = backend.xp
        self.backend, self.shape, self.patch, self.wrap = backend, shape, patch, wrap
        self.channels = values.shape[2]
        # Four channels, so that a pixel is one 16-byte item: gathering those is several times faster than rows of three.
        self.lanes = 4 if self.channels == 3 else self.channels
        self.width = values.shape[1]
        count = values.shape[0] * self.width
        # Where no patch lies, the field points to these black pixels, from whichever corner of a patch it is read.
        self.nowhere = count
        rim = (patch - 1) * (self.width + 1) + 1
        pixels = xp.zeros((count + rim, self.lanes), np.float32)
        pixels[:count, : self.channels] = values.reshape(count, self.channels)
        self.pixels = pixels.view(np.complex128).reshape(-1) if self.lanes == 4 else pixels
        self.stride = shape[1] + patch - 1
        self.field = xp.full((shape[0] + patch - 1, self.stride), self.nowhere, np.int64)
        self.image = xp.zeros((*shape, self.channels), np.float32) if pinned is None else pinned.copy()
        self.free = free
        self.sums = [backend.to_device(self._weight_sum(n, joined)) for n, joined in zip(shape, wrap, strict=True)]

    def __call__(self, field: Array) -> Array:
        """Return the picture that `field` (h, w) votes for, (H, W, C); the array is this object's own."""
        xp = self.backend.xp
        changed = self._place(field)
        flat = self.image.reshape(-1, self.channels)
        touched = windows_any(xp, changed, (self.patch, self.patch))
        if self.free is not None:
            touched &= self.free
        apart = touched & self._disagreement()
        for work, pixels in (self._copy, touched & ~apart), (self._mix, apart):
            self.backend.each_chunk(partial(work, flat), xp.flatnonzero(pixels.reshape(-1)))
        return self.image

    def _place(self, field: Array) -> Array:
        """Take over a field; return where it differs from the last."""
        xp, rim = self.backend.xp, self.patch - 1
        extended = xp.full(self.field.shape, self.nowhere, np.int64)
        height, width = field.shape
        extended[rim : rim + height, rim : rim + width] = field
        extended[extended < 0] = self.nowhere
        if self.wrap[0]:
            extended[:rim] = extended[height : height + rim]
        if self.wrap[1]:
            extended[:, :rim] = extended[:, width : width + rim]
        changed = extended != self.field
        self.field = extended
        return changed

    def _disagreement(self) -> Array:
        """Return (H, W) bool: whether the patches that cover a pixel differ on which source pixel it is."""
        xp, patch, field = self.backend.xp, self.patch, self.field
        across = windows_any(xp, field[:, 1:] != field[:, :-1] + 1, (patch, patch - 1))
        down = windows_any(xp, field[1:] != field[:-1] + self.width, (patch - 1, patch))
        return across | down

    def _copy(self, flat: Array, pixels: Array) -> None:
        """Set these pixels of `flat` (H*W, C) to the one source pixel that their patches agree on."""
        items = self.pixels[self.field.reshape(-1)[self._last_patch(*self._place_of(pixels))]]
        flat[pixels] = items.view(np.float32).reshape(-1, self.lanes)[:, : self.channels]

    def _mix(self, flat: Array, pixels: Array) -> None:
        """Set these pixels of `flat` (H*W, C) to the weighted mean over their patches."""
        xp, backend = self.backend.xp, self.backend
        rows, columns = self._place_of(pixels)
        first = self._last_patch(rows, columns)
        field = self.field.reshape(-1)
        position, index = xp.empty_like(first), xp.empty_like(first)
        items = xp.empty((len(pixels), *self.pixels.shape[1:]), self.pixels.dtype)
        colours = items.view(np.float32).reshape(len(pixels), self.lanes)
        total = xp.zeros((len(pixels), self.lanes), np.float32)
        weights = vote_weights(self.patch)
        for dy in range(self.patch):
            for dx in range(self.patch):
                xp.subtract(first, dy * self.stride + dx, out=position)
                backend.take(field, position, index)
                backend.take(self.pixels[dy * self.width + dx :], index, items)
                xp.multiply(colours, float(weights[dy] * weights[dx]), out=colours)
                xp.add(total, colours, out=total)
        weight = self.sums[0][rows] * self.sums[1][columns]
        flat[pixels] = total[:, : self.channels] / weight[:, None]

    def _place_of(self, pixels: Array) -> tuple[Array, Array]:
        return pixels // self.shape[1], pixels % self.shape[1]

    def _last_patch(self, rows: Array, columns: Array) -> Array:
        """Return where in the extended field the patch stands that begins at each pixel."""
        rim = self.patch - 1
        return (rows + rim) * self.stride + columns + rim

    def _weight_sum(self, size: int, wrap: bool) -> np.ndarray:
        """Return what the weights of all patches that cover a row (or a column) add up to, (size,) float32."""
        weights = vote_weights(self.patch)
        if wrap:
            return np.full(size, weights.sum(), np.float32)
        return np.convolve(np.ones(size - self.patch + 1, np.float32), weights)


def whole_patches(mask: Mask, patch: int) -> Mask:
    """Return, for every position of a patch in a host mask (H, W), whether all pixels in it are True."""
    return np.asarray(~windows_any(np, ~mask, (patch, patch)))


def windows_any(xp: Any, mask: Array, window: Shape) -> Array:
    """Return, for every place of a window in a (H, W) bool mask, whether any pixel in it is True."""
    for axis in (0, 1):
        reach = 1
        while reach < window[axis]:
            step = min(reach, window[axis] - reach)
            mask = mask[:-step] | mask[step:] if axis == 0 else mask[:, :-step] | mask[:, step:]
            reach += step
    return mask
