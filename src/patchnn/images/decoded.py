"""A picture as it comes from a file: its pixels, and what the file says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from patchnn.engine.plan import Image, Mask, as_image
from patchnn.errors import InputError

__all__ = [
    "DEPTHS",
    "BitDepth",
    "DecodedImage",
    "FileTraits",
    "Found",
    "as_colours",
    "premultiply",
    "unpremultiply",
]

BitDepth: TypeAlias = Literal[8, 16, "float"]
DEPTHS: tuple[BitDepth, ...] = (8, 16, "float")
"""Bits a channel, from the coarsest to the finest; float is 32 bits."""

_TRACE = 1e-6
"""Alpha that is none: less than 16 bits can say."""


@dataclass(frozen=True)
class FileTraits:
    """What a picture passes on to those that are made from it.

    depth: bits a channel. icc: the colour profile's bytes. span: which values of a float file 0 and 1 stand for; (0, 1)
    unless some of its values lie outside.
    """

    depth: BitDepth = 8
    icc: bytes | None = None
    span: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """A decoded file. pixels: (H, W, C) float32, as patchnn.Image has them. frames: how many pictures the file holds."""

    pixels: Image
    traits: FileTraits
    frames: int = 1

    def mask(self) -> Mask:
        """Return (H, W) bool: True where it is white, or, if anything in it is transparent, where it is opaque."""
        if self.pixels.shape[2] in (2, 4) and self.pixels[:, :, -1].min() < 1:
            return np.asarray(self.pixels[:, :, -1] > 0.5)
        colours = 1 if self.pixels.shape[2] < 3 else 3
        return np.asarray(self.pixels[:, :, :colours].mean(axis=2) > 0.5)


class Found(NamedTuple):
    """What a decoder finds in a file.

    height, width: of the pixels as they are stored. block: returns some rows and columns of them, (h, w) or (h, w, C) in the
    file's own numbers: uint8, uint16, or any others for what they are. icc: its colour profile. associated: whether its
    colours are multiplied by its opacity already. orientation: EXIF's, still to be undone.
    """

    height: int
    width: int
    block: Callable[[slice, slice], Any]
    icc: Any = None
    associated: bool = False
    frames: int = 1
    orientation: int = 1

    @classmethod
    def of(cls, pixels: Any, **facts: Any) -> Found:
        """Return what a decoder finds that gives all pixels at once."""
        height, width = pixels.shape[:2]
        return cls(height, width, lambda rows, columns: pixels[rows, columns], **facts)


def premultiply(pixels: Any) -> Image:
    """Multiply the colours of 2 or 4 channels by the last one, alpha, so that colour under transparency counts for nothing."""
    if pixels.shape[2] not in (2, 4):
        return np.asarray(pixels)
    return np.concatenate([pixels[:, :, :-1] * pixels[:, :, -1:], pixels[:, :, -1:]], axis=2)


def unpremultiply(image: Image) -> Image:
    """Undo premultiply; what is fully transparent becomes black."""
    if image.shape[2] not in (2, 4):
        return image
    alpha = image[:, :, -1:]
    with np.errstate(over="ignore"):
        colour = np.divide(image[:, :, :-1], alpha, out=np.zeros_like(image[:, :, :-1]), where=alpha > _TRACE)
    return np.concatenate([colour, alpha], axis=2)


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
