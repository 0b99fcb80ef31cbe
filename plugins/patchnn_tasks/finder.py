"""Where in an image a part of another one is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from patchnn import Image, Mask, Shape

__all__ = ["Finder"]

PIXELS = 2_000_000
"""A larger source is searched at a smaller size first."""
COMPARED = 10_000
"""Pixels of a part that decide where exactly it is in a larger source, at most."""


class Finder:
    """Finds the part of an image that is most like a given shape, by convolving the whole image with it."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.step = math.ceil(math.sqrt(image.shape[0] * image.shape[1] / PIXELS))
        self.mean = float(image.mean())
        grey = self._shrink(_grey(image) - self.mean)
        self.shape: Shape = grey.shape
        self.padded = [fft.next_fast_len(n, real=True) for n in grey.shape]
        self.values, self.squares = fft.rfft2(grey, self.padded), fft.rfft2(grey**2, self.padded)

    def __call__(self, part: Image, mask: Mask) -> tuple[int, int]:
        """Return row and column of the best match for the masked pixels of a part, (h, w, C)."""
        grey = self._shrink(np.where(mask, _grey(part) - self.mean, 0))
        small = self._shrink(mask.astype(np.float64))
        product = self.squares * np.conj(fft.rfft2(small, self.padded)) - 2 * self.values * np.conj(fft.rfft2(grey, self.padded))
        rows, columns = (whole - own + 1 for whole, own in zip(self.shape, small.shape, strict=True))
        distance = fft.irfft2(product, self.padded)[:rows, :columns]
        row, col = (int(n) for n in np.unravel_index(distance.argmin(), distance.shape))
        return (row, col) if self.step == 1 else self._refine(part, mask, row * self.step, col * self.step)

    def _refine(self, part: Image, mask: Mask, row: int, col: int) -> tuple[int, int]:
        """Return the best match near one that was found at a smaller size."""
        height, width = mask.shape
        near = range(-2 * self.step, 2 * self.step + 1)
        places = [
            (row + down, col + right)
            for down in near
            for right in near
            if 0 <= row + down <= self.image.shape[0] - height and 0 <= col + right <= self.image.shape[1] - width
        ]
        rows, columns = (at[:: 1 + len(at) // COMPARED] for at in np.nonzero(mask))
        pixels = part[rows, columns]

        def distance(place: tuple[int, int]) -> float:
            return float(((self.image[rows + place[0], columns + place[1]] - pixels) ** 2).sum())

        return min(places, key=distance)

    def _shrink(self, grey: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the means of blocks where the image is large."""
        if self.step == 1:
            return grey
        rows, columns = (max(1, side // self.step) for side in grey.shape)
        blocks = grey[: rows * self.step, : columns * self.step]
        return np.asarray(blocks.reshape(rows, blocks.shape[0] // rows, columns, blocks.shape[1] // columns).mean((1, 3)))


def _grey(image: Image) -> NDArray[np.float64]:
    """Return the mean of the channels at every pixel, (H, W)."""
    # Channel by channel: over the last axis, which is short, NumPy's mean takes ten times as long.
    total = image[:, :, 0].astype(np.float64)
    for channel in range(1, image.shape[2]):
        total += image[:, :, channel]
    return np.asarray(total / image.shape[2])
