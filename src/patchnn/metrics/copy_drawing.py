"""What was copied, drawn."""

from __future__ import annotations

import colorsys
import math
from typing import Any

import numpy as np

from patchnn.engine.arrays import Image
from patchnn.images.decoded import as_colours
from patchnn.metrics.copying import Copies, Indices, luma

__all__ = ["copy_map"]


def copy_map(output: Any, copies: Copies) -> Image:
    """Draw what was copied: the output in grey, copied pixels tinted by their shift.

    The hue is the direction of the shift; pale colours are shifts of a few pixels.

    Parameters
    ----------
    output : array_like
        The image (H, W, C) in [0, 1].
    copies : Copies
        Its copied blocks, from `copied_blocks`.

    Returns
    -------
    ndarray
        (H, W, 3) float32 in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from patchnn.metrics import copied_blocks
    >>> source = np.random.default_rng(0).random((40, 48, 3))
    >>> copy_map(source, copied_blocks(source, source)).shape
    (40, 48, 3)
    """
    grey = luma(as_colours(output, "output")) / np.float32(255)
    tints = np.array([_colour(shift, grey.shape) for shift in copies.shifts] + [(1, 1, 1)], np.float32)
    tint = tints[copies.regions]
    weight = np.where(copies.regions >= 0, np.float32(0.5), np.float32(0))[:, :, None]
    return np.asarray(np.clip((0.25 + 0.5 * grey)[:, :, None] * (1 - weight) + weight * tint, 0, 1), np.float32)


def _colour(shift: Indices, shape: tuple[int, ...]) -> tuple[float, float, float]:
    rows, columns = (float(part) for part in shift)
    far = min(1.0, math.hypot(rows, columns) / (min(shape) / 4))
    return colorsys.hsv_to_rgb(math.atan2(rows, columns) / math.tau % 1, 0.25 + 0.75 * far, 1.0)
