"""Pixels that image files are made of, files of them, and what they must be read as."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import tifffile
from PIL import Image as Pillow
from PIL.ImageCms import ImageCmsProfile, createProfile

HEIGHT, WIDTH = 6, 9
RGB = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
GREY = RGB[:, :, 0]
RGBA = np.dstack([RGB, RGB[:, :, 1]])
PALETTE = Pillow.fromarray(RGB).quantize(16)
DEEP_RGBA = np.random.default_rng(3).integers(0, 65536, (HEIGHT, WIDTH, 4), dtype=np.uint16)
PROFILE = ImageCmsProfile(createProfile("sRGB")).tobytes()
GREY_PROFILE = PROFILE[:16] + b"GRAY" + PROFILE[20:]
SMOOTH = np.add.outer(np.arange(16) * 4, np.arange(24) * 6).astype(np.uint8)


def unit(pixels: Any) -> Any:
    """What a file's pixels are read as: [0, 1], colours multiplied by alpha."""
    pixels = (pixels if pixels.ndim == 3 else pixels[:, :, None]) / np.float32(255 if pixels.dtype == np.uint8 else 65535)
    if pixels.shape[2] in (2, 4):
        pixels[:, :, :-1] *= pixels[:, :, -1:]
    return pixels


def with_clear_index(opaque: Any) -> Pillow.Image:
    """A black palette image, transparent where its index is 0."""
    image = Pillow.fromarray(opaque.astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 0, 0, 0])
    image.info["transparency"] = 0
    return image


MASKS: dict[str, Callable[[Any], Pillow.Image]] = {
    "bits": lambda grey: Pillow.fromarray(grey > 127),
    "grey": Pillow.fromarray,
    "rgb": lambda grey: Pillow.fromarray(np.dstack([grey] * 3)),
    "white with alpha": lambda grey: Pillow.fromarray(np.dstack([np.full_like(grey, 255)] * 3 + [grey])),
    "black with alpha": lambda grey: Pillow.fromarray(np.dstack([np.zeros_like(grey)] * 3 + [grey])),
    "opaque rgba": lambda grey: Pillow.fromarray(np.dstack([grey] * 3 + [np.full_like(grey, 255)])),
    "grey with alpha": lambda grey: Pillow.fromarray(np.dstack([np.zeros_like(grey), grey])),
    "palette": lambda grey: Pillow.fromarray(grey).convert("P"),
    "palette with a clear colour": lambda grey: with_clear_index(grey > 127),
    "16 bits": lambda grey: Pillow.fromarray(grey * np.uint16(257)),
}
"""Images whose mask is where a grey level is above one half."""


CHANNELS = {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}


def numbers(channels: int, depth: Any) -> Any:
    """Random pixels in a file's own numbers, with every value of alpha from none to full."""
    drawn = np.random.default_rng(1).random((HEIGHT, WIDTH, 4))
    drawn[0, :2, 3] = 0, 1
    pixels = drawn[:, :, CHANNELS[channels]].astype(np.float32)
    return pixels if depth == "float" else np.round(pixels * (2**depth - 1)).astype(f"u{depth // 8}")


def tiff(pixels: Any, **settings: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **settings)
    return file.getvalue()


def by_pillow(image: Pillow.Image, kind: str, **settings: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()
