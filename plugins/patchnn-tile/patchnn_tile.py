"""Seamless textures: an image that continues at its own other end."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from patchnn import Image, Plan, Shape, Size, SizeLike, Source, Task, option, resize


@dataclass(frozen=True, eq=False)
class Tile(Task):
    """Make a seamless texture: one that can be laid side by side with itself."""

    examples = ("photo.jpg", "photo.jpg 50% tile.png --axes x")

    image: Image = option(help="The texture to make seamless.")
    axes: Literal["both", "x", "y"] = option("both", "Which ends meet: left and right (x), top and bottom (y), or both.")
    size: SizeLike | None = option(None, "Size of the tile, as 300x200 or 150%; by default the image's.")
    flatten: bool = option(False, "Take off light that varies across the image: it would show as a repeat.")
    source: tuple[Image, ...] = option((), "Another image whose patches may be used. Repeatable.")

    def plan(self) -> Plan:
        """Start from the middle of the image, its ends joined, and let all of it be seen."""
        images = [self.image, *self.source]
        if self.flatten:
            images = [flattened(image) for image in images]
        old = images[0].shape[:2]
        shape = Size.parse(self.size).of(old) if self.size else old
        return Plan(
            sources=[Source(image) for image in images],
            guess=middle(images[0], shape),
            rounds=[shape],
            wrap=(self.axes != "x", self.axes != "y"),
            alpha=0.005,
            # A smaller tile shows less of the image, in pieces of the same size.
            coarsest=max(2.0, 28 * min(1, min(shape) / min(old))),
            coarsest_iterations=10,
        )


def middle(image: Image, shape: Shape) -> Image:
    """Return what fits into a shape: squeezed, a texture would be blurred."""
    top, left = (max(0, old - new) // 2 for old, new in zip(image.shape, shape, strict=False))
    return image[top : top + shape[0], left : left + shape[1]]


def flattened(image: Image) -> Image:
    """Return an image whose colours are everywhere, in the mean, those of the whole image."""
    # What a few pixels can show is light; what they cannot is the texture.
    scale = 4 / min(image.shape[:2])
    few = resize(image, (max(2, round(image.shape[0] * scale)), max(2, round(image.shape[1] * scale))))
    light = resize(few, image.shape[:2])
    change = light.mean((0, 1)) - light
    lightest = np.float32(max(1, image.max()))
    if image.shape[2] in (2, 4):
        # Colours are multiplied by opacity, which stays.
        opacity = image[:, :, -1:]
        change, lightest = change * opacity, lightest * opacity
        change[:, :, -1] = 0
    return np.clip(image + change, 0, lightest)
