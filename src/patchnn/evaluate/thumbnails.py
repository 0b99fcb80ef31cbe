"""Small images for contact sheets and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from patchnn.engine.arrays import Image
from patchnn.images.decoded import as_colours

if TYPE_CHECKING:
    from PIL.Image import Image as Thumbnail

__all__ = ["scale_to_fit", "thumbnail"]

SMALL = 120
"""An image smaller than this is enlarged by a whole factor, which keeps its pixels."""


def scale_to_fit(shapes: list[tuple[int, int]], longest: int) -> float:
    """Return the factor that shows images of these shapes with no side longer than `longest`.

    It is 1 for images that fit, and a whole number for very small ones.
    """
    side = max(max(shape) for shape in shapes)
    return longest / side if side > longest else max(1, min(SMALL, longest) // side)


def thumbnail(image: Image, scale: float) -> Thumbnail:
    """Return an image (H, W, C) in [0, 1] at `scale` as a Pillow image, RGB on white; unchanged pixels at scale 1."""
    from PIL import Image as Pillow

    shown = Pillow.fromarray(as_colours(image, "the image").astype(np.uint8))
    if scale == 1:
        return shown
    width, height = (max(1, round(side * scale)) for side in shown.size)
    return shown.resize((width, height), Pillow.Resampling.LANCZOS if scale < 1 else Pillow.Resampling.NEAREST)
