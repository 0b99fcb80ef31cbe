"""Images, masks and numbers, checked: an error is one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from patchnn.errors import InputError

__all__ = [
    "Image",
    "Mask",
    "Shape",
    "Window",
    "as_coverage",
    "as_image",
    "as_mask",
    "as_text",
    "as_windows",
    "check_seed",
    "require",
    "require_optional",
]

Image: TypeAlias = NDArray[np.float32]
"""An image: (H, W, C) float32, nominally in [0, 1].

C is 1 for grey, 3 for RGB; 2 and 4 have alpha as the last channel, and then colours are multiplied by it ("premultiplied"),
so that colour under transparency is neither matched nor mixed in. Reading and writing files does and undoes this.
"""

Mask: TypeAlias = NDArray[np.bool_]
"""A yes or no for every pixel: (H, W) bool."""

Shape: TypeAlias = tuple[int, int]
"""Rows and columns, in pixels."""

Window: TypeAlias = tuple[slice, slice]
"""Rows and columns of a part of an image."""


def as_image(value: Any, name: str) -> Image:
    """Return `value` as an image (H, W, C) float32; `name` is what an error calls it.

    A (H, W) array becomes one channel. Raises InputError for any other shape, for integers (whose scale is
    not known here), and for NaN or infinite values.
    """
    array = np.asarray(value)
    if array.dtype.kind != "f":
        raise InputError(f"{name} holds {array.dtype} values: give floats in [0, 1], or read the file with patchnn.read_image")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or 0 in array.shape:
        raise InputError(f"{name} has the shape {array.shape}: an image is (height, width, channels)")
    with np.errstate(over="ignore", invalid="ignore"):
        image = np.ascontiguousarray(array, np.float32)
        # One sum is enough to see a NaN or an infinity, and costs no array of booleans.
        total = float(image.sum(dtype=np.float64))
    if not math.isfinite(total):
        raise InputError(f"{name} holds NaN or infinite values")
    return image


def as_coverage(value: Any, name: str, shape: Shape) -> NDArray[np.float32]:
    """Return `value`, a mask or shares from 0 to 1, as (H, W) float32 of `shape`; raises InputError for anything else."""
    array = np.asarray(value)
    if array.dtype == np.bool_:
        return as_mask(array, name, shape).astype(np.float32)
    if array.dtype.kind != "f" or not (array.size and 0 <= array.min() <= array.max() <= 1):
        raise InputError(f"{name} must hold True and False, or shares from 0 to 1")
    if array.shape != shape:
        raise InputError(f"{name} is {as_text(array.shape)}, the image {as_text(shape)}: they must have one size")
    return array.astype(np.float32)


def as_mask(value: Any, name: str, shape: Shape) -> Mask:
    """Return `value` as a (H, W) bool mask of `shape`; raises InputError if it has another."""
    mask = np.asarray(value)
    if mask.dtype != np.bool_:
        raise InputError(f"{name} holds {mask.dtype} values: a mask is boolean")
    if mask.shape != shape:
        raise InputError(f"{name} is {as_text(mask.shape)}, the image {as_text(shape)}: they must have one size")
    return mask


def require(value: Any, name: str, low: float, high: float, needed: str, whole: bool = False) -> None:
    """Raise InputError unless `value` is a number from low to high; `needed` is how the error says that."""
    kind = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    # NaN fails every comparison, so it ends here too.
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= high:
        shown = repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "..."
        raise InputError(f"{name} is {shown}: it must be {'a whole number, ' if whole else ''}{needed}", about=name)


def require_optional(value: Any, name: str, low: int) -> None:
    """Raise InputError unless `value` is None or a whole number, `low` or more."""
    if value is not None:
        require(value, name, low, math.inf, f"{low} or more, or None", whole=True)


def as_windows(windows: Sequence[Window], needed: Mask, side: int) -> tuple[Window, ...]:
    """Return windows with their ends as whole numbers.

    Raises InputError where two overlap, one is narrower than `side`, or a True pixel of `needed` (H, W) is in none.
    """
    found, seen = [], np.zeros_like(needed)
    for window in windows:
        rows, columns = (slice(*part.indices(size)[:2]) for part, size in zip(window, needed.shape, strict=True))
        if min(rows.stop - rows.start, columns.stop - columns.start) < side:
            raise InputError(f"a window holds no patch of {side}×{side} pixels", about="windows")
        if seen[rows, columns].any():
            raise InputError("windows overlap: each pixel is made once", about="windows")
        seen[rows, columns] = True
        found.append((rows, columns))
    if (needed & ~seen).any():
        raise InputError("windows must hold all pixels that are not kept", about="windows")
    return tuple(found)


def check_seed(seed: Any) -> None:
    """Raise InputError unless a value is a seed."""
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise InputError(f"seed is {seed}: it must be a whole number from 0 to {2**32 - 1}", about="seed")


def as_text(shape: Sequence[int]) -> str:
    """Return a shape as text: width × height."""
    return f"{shape[1]}×{shape[0]}" if len(shape) > 1 else str(tuple(shape))
