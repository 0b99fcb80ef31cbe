"""An image as it comes from a file: its pixels, and what the file says about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from patchnn.engine.arrays import Image, Mask, as_image
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
"""Opacity below this counts as 0: 16 bits cannot hold it."""

_BLACK, _FEW_LEVELS = 0.1, 64
"""What counts as black in a mask (and, from 1, as white), and how many grey levels a drawn one may have."""

Coverage: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class FileTraits:
    """What results inherit from the file of their first image.

    Parameters
    ----------
    depth
        Bits a channel: 8, 16 or "float".
    icc
        The bytes of its colour profile.
    span
        The values of a float file that 0 and 1 stand for: (0, 1) unless some of its values are outside.
    """

    depth: BitDepth = 8
    icc: bytes | None = None
    span: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """An image, and what its file says about it.

    Parameters
    ----------
    pixels
        (H, W, C) float32 in [0, 1], colours multiplied by opacity, as patchnn.Image.
    traits
        What results inherit from it.
    frames
        How many images the file holds.
    name
        What errors call it.
    """

    pixels: Image
    traits: FileTraits
    frames: int = 1
    name: str = "the image"

    def coverage(self) -> Coverage:
        """Return how much of each pixel a mask names: its opacity if any pixel is transparent, else its brightness.

        Returns
        -------
        ndarray
            (H, W) float32 in [0, 1].

        Raises
        ------
        InputError
            If the image is a photograph: most of it neither black nor white, in many levels, and no pixel transparent.
        """
        opaque = self.pixels.shape[2] not in (2, 4) or bool((self.pixels[:, :, -1] == 1).all())
        if not opaque:
            return np.asarray(self.pixels[:, :, -1])
        colours = 1 if self.pixels.shape[2] < 3 else 3
        coverage = np.clip(self.pixels[:, :, :colours].mean(axis=2), 0, 1)
        between = coverage[(coverage > _BLACK) & (coverage < 1 - _BLACK)]
        if 2 * between.size > coverage.size and len(np.unique((between * 255).astype(np.uint8))) > _FEW_LEVELS:
            raise InputError(
                f"{self.name} looks like a photograph: a mask must be black and white, or transparent; "
                "if this is one, make its grey levels black or white first"
            )
        return np.asarray(coverage)

    def mask(self) -> Mask:
        """Return the pixels that a mask names: those covered by more than half.

        Returns
        -------
        ndarray
            (H, W) bool.

        Raises
        ------
        InputError
            If the image is a photograph, as for `coverage`.
        """
        return np.asarray(self.coverage() > 0.5)


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
    """Multiply the colours of 2 or 4 channels by the last one, opacity, so that colour under transparency counts for nothing."""
    if pixels.shape[2] not in (2, 4):
        return np.asarray(pixels)
    return np.concatenate([pixels[:, :, :-1] * pixels[:, :, -1:], pixels[:, :, -1:]], axis=2)


def unpremultiply(image: Image) -> Image:
    """Undo premultiply; what is fully transparent becomes black."""
    if image.shape[2] not in (2, 4):
        return image
    opacity = image[:, :, -1:]
    with np.errstate(over="ignore"):
        colour = np.divide(image[:, :, :-1], opacity, out=np.zeros_like(image[:, :, :-1]), where=opacity > _TRACE)
    return np.concatenate([colour, opacity], axis=2)


def as_colours(image: Any, name: str) -> Image:
    """Return the colours of an image (H, W, C) in [0, 1] as (H, W, 3) float32, whole numbers in [0, 255].

    Grey becomes RGB; transparent pixels are put on white; their colours are multiplied by opacity already. `name`
    is what an error calls the image. Raises InputError unless C is 1 to 4.
    """
    pixels = as_image(image, name)
    channels = pixels.shape[2]
    if channels > 4:
        raise InputError(f"{name} has {channels} channels: grey, RGB, and either with transparency can be measured")
    if channels in (2, 4):
        pixels = pixels[:, :, :-1] + (1 - pixels[:, :, -1:])
    colours = np.floor(np.clip(pixels, 0, 1) * np.float32(255) + np.float32(0.5))
    return np.ascontiguousarray(np.broadcast_to(colours, (*colours.shape[:2], 3)))
