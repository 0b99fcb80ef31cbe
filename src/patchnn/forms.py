"""The forms in which callers hold images: arrays, Pillow images, files. Each becomes a patchnn image, and a result goes back."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from patchnn.engine.arrays import Image
from patchnn.errors import InputError
from patchnn.images import DecodedImage, FileTraits, read_file, read_image
from patchnn.images.decoded import premultiply, unpremultiply

__all__ = ["Form", "take_image", "take_mask"]

FLOAT = np.dtype(np.float32)
WHOLE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
"""Integers that can be an image's, and what white is there."""
PLAIN = ("1", "L", "LA", "RGB", "RGBA", "I;16", "I", "F")
"""Modes of Pillow whose pixels are read as they are; the others become colours first."""


@dataclass(frozen=True)
class Form:
    """How a caller holds an image, so that a result can go back the same way.

    dtype: of its pixels. flat: whether it is (H, W). icc: the colour profile of a Pillow image. pillow: whether it is one.
    """

    dtype: Any = FLOAT
    flat: bool = False
    pillow: bool = False
    icc: bytes | None = None

    def restore(self, image: Image) -> Any:
        """Return a result in this form."""
        pixels: Any = image
        if white := WHOLE.get(self.dtype):
            pixels = np.floor(np.clip(unpremultiply(image), 0, 1) * np.float32(white) + np.float32(0.5))
        pixels = pixels.astype(self.dtype)
        if pixels.shape[2] == 1 and (self.flat or self.pillow):
            pixels = pixels[:, :, 0]
        if not self.pillow:
            return pixels
        from PIL import Image as Pillow

        made = Pillow.fromarray(pixels)
        if self.icc and pixels.ndim == 3:
            made.info["icc_profile"] = self.icc
        return made


def take_image(value: Any, name: str) -> tuple[Image, Form]:
    """Return an image that a caller holds, and the form it came in.

    Parameters
    ----------
    value
        A file's name, a Pillow image, or an array (H, W) or (H, W, C) of uint8, uint16, or floats in [0, 1]. The colours of
        integers are not multiplied by opacity, those of floats are, as in `patchnn.Image`.
    name
        What errors call it.

    Raises
    ------
    InputError
        If it is none of these.
    """
    if isinstance(value, str | os.PathLike):
        return read_image(value), Form()
    if _is_pillow(value):
        pixels, form = _from_pillow(value)
    else:
        pixels = np.asarray(value)
        form = Form(pixels.dtype, pixels.ndim == 2)
    if white := WHOLE.get(pixels.dtype):
        shaped = pixels[:, :, None] if pixels.ndim == 2 else pixels
        if shaped.ndim == 3:
            return premultiply(shaped.astype(np.float32) / np.float32(white)), form
    elif pixels.dtype.kind != "f":
        holds = "True and False" if pixels.dtype == np.bool_ else f"{pixels.dtype} values"
        raise InputError(f"{name} holds {holds}: an image is uint8, uint16, or floats in [0, 1]", about=name)
    return pixels, form


def take_mask(value: Any, name: str, *, soft: bool) -> Any:
    """Return a mask that a caller holds: (H, W) bool, or with `soft` the share of each pixel that it covers, float32.

    Parameters
    ----------
    value
        A file's name, a Pillow image, or an array of bool, of integers (0 and 1, or 0 to 255), or of floats from 0 to 1.
    name
        What errors call it.

    Raises
    ------
    InputError
        If it is none of these, or a photograph.
    """
    if isinstance(value, str | os.PathLike):
        decoded = read_file(value)
    else:
        pixels = _from_pillow(value)[0] if _is_pillow(value) else np.asarray(value)
        if pixels.ndim == 3 and pixels.shape[2] == 1:
            pixels = pixels[:, :, 0]
        if pixels.dtype == np.bool_:
            return pixels
        shares = _shares(pixels, name)
        if shares.ndim == 2:
            return shares if soft else shares > 0.5
        decoded = DecodedImage(premultiply(shares), FileTraits(), name=name)
    return decoded.coverage() if soft else decoded.mask()


def _shares(pixels: Any, name: str) -> Any:
    """Return a mask's numbers as floats from 0 to 1."""
    low, high = (float(pixels.min()), float(pixels.max())) if pixels.size and pixels.dtype.kind in "uif" else (0.0, -1.0)
    # Integers of every type hold 0 and 1, or 0 and 255; 16 bits also what a 16-bit file holds.
    white = 1 if pixels.dtype.kind == "f" or high <= 1 else 255 if high <= 255 or pixels.dtype != np.uint16 else 65535
    if pixels.ndim not in (2, 3) or not 0 <= low <= high <= white:
        raise InputError(
            f"{name} is no mask: it must hold True and False, 0 and 1, 0 to 255, or floats from 0 to 1, as (height, width)",
            about=name,
        )
    return (pixels / white).astype(np.float32)


def _is_pillow(value: Any) -> bool:
    # Someone who holds one has imported Pillow.
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)


def _from_pillow(image: Any) -> tuple[Any, Form]:
    """Return a Pillow image's pixels and its form."""
    if image.mode not in PLAIN or "transparency" in image.info:
        clear = image.has_transparency_data
        image = image.convert("RGBA" if clear else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    pixels = np.asarray(image)
    return pixels, Form(pixels.dtype, pillow=True, icc=image.info.get("icc_profile"))
