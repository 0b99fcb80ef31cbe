"""The images of a survey as files that differ in nothing but what they show."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from patchnn.engine.arrays import Image
from patchnn.errors import InputError
from patchnn.evaluate.thumbnails import thumbnail

__all__ = ["Encoder", "crop_alike", "draw_scene", "scramble"]

LONGEST = 1024
"""The longest side of an encoded image, in pixels."""

SPARE = 0.05
"""The share of a side that may be cropped so that the images of a question have one size."""

TILES = 5
"""A scrambled image consists of this many tiles along each side."""


class Encoder:
    """Encodes images as JPEG files with the same settings and without metadata, 4:2:0 as most published images have.

    quality: of the JPEG files, 1 to 95.
    """

    def __init__(self, quality: int) -> None:
        self._quality = quality

    def encode(self, image: Image) -> bytes:
        """Return an image (H, W, C) in [0, 1] as a file, smaller if a side is longer than LONGEST."""
        data = io.BytesIO()
        scale = min(1.0, LONGEST / max(image.shape[:2]))
        thumbnail(image, scale).save(data, "JPEG", quality=self._quality, subsampling="4:2:0")
        return data.getvalue()

    @staticmethod
    def pad(files: dict[str, bytes]) -> dict[str, bytes]:
        """Return files of one length: a decoder ignores the zeros after the end of an image."""
        longest = max(map(len, files.values()), default=0)
        return {name: data.ljust(longest, b"\0") for name, data in files.items()}


def crop_alike(images: Sequence[Image], names: Sequence[str]) -> list[Image]:
    """Return the middles of images, in the size that all of them have.

    names: of their files. Raises InputError, naming two, where a side would lose more than SPARE.
    """
    for axis in (0, 1):
        sides = [image.shape[axis] for image in images]
        large, small = int(np.argmax(sides)), int(np.argmin(sides))
        if sides[large] * (1 - SPARE) > sides[small]:
            sizes = [f"{names[n]} is {images[n].shape[1]}×{images[n].shape[0]}" for n in (large, small)]
            raise InputError(
                f"{' and '.join(sizes)}: images that are shown together must have one size; "
                "--setup competition shows no originals"
            )
    height, width = (min(image.shape[axis] for image in images) for axis in (0, 1))
    return [_middle(image, height, width) for image in images]


def scramble(image: Image, random: np.random.RandomState) -> Image:
    """Return an obvious fake: an image with its tiles moved and turned upside down."""
    height, width = (max(1, side // TILES) for side in image.shape[:2])
    places = [(y * height, x * width) for y in range(image.shape[0] // height) for x in range(image.shape[1] // width)]
    mixed = image.copy()
    for (top, left), number in zip(places, random.permutation(len(places)), strict=True):
        y, x = places[number]
        mixed[top : top + height, left : left + width] = image[y : y + height, x : x + width][::-1]
    return mixed


def draw_scene(random: np.random.RandomState) -> Image:
    """Return a drawing of hills under a sun, (180, 240, 3) in [0, 1], for practice."""
    y, x = np.mgrid[:180, :240].astype(np.float32)
    sky = np.stack([0.95 - 0.35 * (1 - y / 180), 0.75 + 0.1 * y / 180, 0.6 + 0.35 * (1 - y / 180)], axis=-1)
    scene = sky + 0.02 * random.standard_normal(sky.shape)
    column, row = random.uniform(40, 200), random.uniform(25, 60)
    scene[np.hypot(x - column, y - row) < 16] = (1.0, 0.9, 0.55)
    for depth, colour in enumerate(((0.45, 0.55, 0.62), (0.32, 0.47, 0.42), (0.2, 0.34, 0.22))):
        phase, waves = random.uniform(0, 2 * np.pi, 3), random.uniform(0.012, 0.06, 3)
        top = 85 + 30 * depth + sum(9 / (k + 1) * np.sin(waves[k] * x[0] * (k + 1) + phase[k]) for k in range(3))
        hill = y > top
        grain = 0.04 * random.standard_normal((180, 240, 1)) + 0.06 * np.sin(0.35 * y + 0.1 * x)[..., None]
        scene = np.where(hill[..., None], np.asarray(colour) + grain, scene)
    return np.clip(scene, 0, 1).astype(np.float32)


def _middle(image: Image, height: int, width: int) -> Image:
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]
