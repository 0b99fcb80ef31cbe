"""What every metric looks at: the colours of a picture as an 8-bit file holds them."""

from __future__ import annotations

from typing import Any

import numpy as np

from patchnn.engine.plan import Image, as_image
from patchnn.errors import InputError

__all__ = ["as_colours", "luma"]


def as_colours(image: Any, name: str) -> Image:
    """Return the colours of a picture (H, W, C) in [0, 1] as (H, W, 3) float32, whole numbers in [0, 255].

    Grey becomes RGB; what is transparent lies on white, as on a page, its colours being multiplied by alpha already. `name`
    is what an error calls the picture. Raises InputError unless C is 1 to 4.
    """
    pixels = as_image(image, name)
    channels = pixels.shape[2]
    if channels > 4:
        raise InputError(f"{name} has {channels} channels: grey, RGB, and either with transparency can be measured")
    if channels in (2, 4):
        pixels = pixels[:, :, :-1] + (1 - pixels[:, :, -1:])
    colours = np.floor(np.clip(pixels, 0, 1) * np.float32(255) + np.float32(0.5))
    return np.ascontiguousarray(np.broadcast_to(colours, (*colours.shape[:2], 3)))


def luma(colours: Image) -> Image:
    """Return the luma (H, W) in [0, 255] of colours (H, W, 3) in [0, 255], by the weights of ITU-R BT.601."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(colours @ weights, np.float32)
