"""Small pictures for sheets and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from patchnn.engine.plan import Image
from patchnn.images.decoded import as_colours

if TYPE_CHECKING:
    from PIL.Image import Image as Thumbnail

__all__ = ["scale_to_fit", "thumbnail"]

SMALL = 120
"""A picture smaller than this is enlarged by a whole factor, so that its pixels stay what they are."""


def scale_to_fit(shapes: list[tuple[int, int]], longest: int) -> float:
    """Return the factor by which pictures of these shapes are shown: 1 where none has a side longer than `longest`.

    Larger ones are shrunk to it, very small ones enlarged by a whole factor.
    """
    side = max(max(shape) for shape in shapes)
    return longest / side if side > longest else max(1, min(SMALL, longest) // side)


def thumbnail(image: Image, scale: float) -> Thumbnail:
    """Return a picture (H, W, C) in [0, 1] at `scale` as Pillow's, in RGB on white; its very pixels where the scale is 1."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(as_colours(image, "the picture").astype(np.uint8))
    if scale == 1:
        return picture
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Pillow.Resampling.LANCZOS if scale < 1 else Pillow.Resampling.NEAREST)
