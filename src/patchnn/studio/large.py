"""Large photographs: the page shows and edits them at a workable size, and asks for the whole when a result is saved."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Image, Shape
from patchnn.engine.resample import resize

__all__ = ["WORKABLE", "enlarged", "painted", "workable"]

WORKABLE = 2_000_000
"""Pixels above which an image is opened at a workable size, of about so many."""


def workable(image: Image) -> Image:
    """Return an image at its workable size: itself, if it is not large."""
    height, width = image.shape[:2]
    scale = math.sqrt(WORKABLE / (height * width))
    if scale >= 1:
        return image
    return np.clip(resize(image, (round(height * scale), round(width * scale))), image.min(), image.max())


def enlarged(pixels: NDArray[np.uint8], shape: Shape) -> NDArray[np.uint8]:
    """Return (h, w, ...) marks at the size of the whole image: each pixel becomes as many as it stands for."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(shape, pixels.shape, strict=False))
    return np.asarray(pixels[rows[:, None], columns])


def painted(whole: NDArray[np.uint8], layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a whole image, (H, W, 4), with what was painted at the workable size: the pixels of `layer` that are not clear."""
    above = enlarged(layer, (whole.shape[0], whole.shape[1]))
    return np.where(above[:, :, 3:] > 0, above, whole)
