"""What the figures share: example images at one scale, and rows of images with labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from patchnn import Image, Mask, Result, Shape, Task, pnn, read_image, resize, run

EXAMPLES = Path(__file__).parent.parent
HEIGHTS = {"rocket": 213, "galaxies": 213, "coffee": 400}
"""Rows of the photographs; the drawings keep their own size."""
GAP = 6
LINE = 20
"""Height of a label, in pixels."""
COHERENT = 0.004
"""Mean squared error up to which the nearest source patches must reproduce a plausible result."""
GUIDED = 0.012
"""The same for a result whose guide may ask for patches that the source hardly has."""

FIGURES: dict[str, Callable[[Gallery], Pillow.Image]] = {}


def figure(make: Callable[[Gallery], Pillow.Image]) -> Callable[[Gallery], Pillow.Image]:
    """Register a figure; its file has its function's name."""
    FIGURES[make.__name__.replace("_", "-")] = make
    return make


class Gallery:
    """Reads and makes the images of the figures at one scale, and checks small ones."""

    def __init__(self, folder: Path, small: bool) -> None:
        self.folder, self.small = folder, small
        self.scale = 0.3 if small else 1.0

    def read(self, name: str, height: int | None = None) -> Image:
        """Read an example image, in colour."""
        image = read_image(EXAMPLES / "images" / name)
        image = np.repeat(image, 3, 2) if image.shape[2] == 1 else image[:, :, :3]
        rows = height or HEIGHTS.get(name.partition(".")[0].partition("-")[0], image.shape[0])
        return np.clip(resize(image, sized(image.shape, rows * self.scale)), 0, 1)

    def mask(self, name: str) -> Mask:
        """Read an example mask."""
        return self.read(name)[:, :, 0] > 0.5

    def side(self, side: float | None) -> float | None:
        """Return a coarsest side at the scale of the gallery."""
        return None if side is None else max(2, side * self.scale)

    def run(self, task: Task, seed: int = 1, **options: Any) -> Result:
        """Run a task, and check a small result."""
        result = run(task, seed=seed, **options)
        if self.small:
            check(task, result)
        return result

    def make(self, task: Task, seed: int = 1, **options: Any) -> Image:
        return self.run(task, seed, **options).image


def check(task: Task, result: Result) -> None:
    """Raise AssertionError for a result of the wrong size, or not made of its sources' patches."""
    plan, image = result.plan, result.image
    assert plan.rounds
    assert image.shape == (*plan.rounds[-1], plan.guess.shape[2]), f"{task}: {image.shape}"
    if plan.keep is not None and plan.keep.all():
        return
    again = [pnn(image, source.image, source.image) for source in plan.sources]
    errors = np.min([np.square(image - other).mean(axis=2) for other in again], axis=0)
    free = slice(None) if plan.keep is None else ~plan.keep
    error = errors[free].mean()
    assert error < (COHERENT if plan.guide is None else GUIDED), f"{type(task).__name__}: a coherence error of {error:.5f}"


def sized(shape: Sequence[int], height: float) -> Shape:
    """Return the shape with so many rows and the same aspect."""
    return round(height), round(shape[1] * height / shape[0])


def to_pillow(image: Image) -> Pillow.Image:
    return Pillow.fromarray(np.floor(np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8))


def row(images: Iterable[Image], labels: Iterable[str] = (), zoom: float = 1) -> Pillow.Image:
    """Return images side by side on white, with a label under each."""
    tiles = [to_pillow(image) for image in images]
    tiles = [tile.resize((round(tile.width * zoom), round(tile.height * zoom)), Pillow.Resampling.LANCZOS) for tile in tiles]
    texts = list(labels)
    height = max(tile.height for tile in tiles)
    canvas = Pillow.new("RGB", (sum(tile.width + GAP for tile in tiles) - GAP, height + LINE * bool(texts)), "white")
    draw, left = ImageDraw.Draw(canvas), 0
    for number, tile in enumerate(tiles):
        canvas.paste(tile, (left, 0))
        if texts:
            draw.text((left + tile.width / 2, height + 15), texts[number], "#333333", ImageFont.load_default(13), anchor="ms")
        left += tile.width + GAP
    return canvas


def stack(rows: Iterable[Pillow.Image]) -> Pillow.Image:
    """Return rows one below the other on white."""
    parts = list(rows)
    canvas = Pillow.new("RGB", (max(part.width for part in parts), sum(part.height + GAP for part in parts) - GAP), "white")
    top = 0
    for part in parts:
        canvas.paste(part, (0, top))
        top += part.height + GAP
    return canvas


def enlarge(image: Image, shape: Shape) -> Image:
    """Return an image enlarged without smoothing, so that its pixels show."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(shape, image.shape, strict=False))
    return image[rows[:, None], columns]


def holed(image: Image, mask: Mask, colour: Any = 1.0) -> Image:
    return np.where(mask[:, :, None], np.float32(colour), image)
