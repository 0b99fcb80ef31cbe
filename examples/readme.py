"""Make the README's pictures again: `python examples/readme.py` writes them to docs/images/.

Every row shows what goes in and what comes out of one task. Inputs are examples/images/ and what is drawn here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from patchnn import Image, read_image, resize, run, write_image
from patchnn_tasks import Analogy, Collage, Edit, Generate, Inpaint, Retarget

HERE = Path(__file__).parent
HEIGHT = 213
GAP = 6


def photograph(name: str) -> Image:
    """Read one of the examples' photographs at the README's height."""
    image = read_image(HERE / "images" / name)[:, :, :3]
    return np.clip(resize(image, (HEIGHT, round(image.shape[1] * HEIGHT / image.shape[0]))), 0, 1)


def generate() -> list[Image]:
    rocket = photograph("rocket.jpg")
    return [rocket, *(run(Generate(image=rocket), seed=seed).image for seed in (3, 4, 8))]


def retarget() -> list[Image]:
    rocket = photograph("rocket.jpg")
    return [rocket, *(run(Retarget(image=rocket, size=size), seed=1).image for size in ("60%x100%", "150%x100%"))]


def analogy() -> list[Image]:
    rocket = photograph("rocket.jpg")
    sketch = np.empty_like(rocket)
    sketch[:] = np.linspace((0.1, 0.16, 0.3), (0.3, 0.35, 0.45), HEIGHT)[:, None]
    sketch[185:] = (0.08, 0.08, 0.12)
    for left, top in ((60, 50), (200, 90)):
        sketch[top:190, left : left + 12] = (0.75, 0.75, 0.72)
    for left in (120, 150, 270):
        sketch[178:190, left : left + 12] = (1.0, 0.75, 0.3)
    return [rocket, sketch, run(Analogy(source=rocket, structure=sketch), seed=1).image]


def inpaint() -> list[Image]:
    rocket = photograph("rocket.jpg")
    hole = np.zeros(rocket.shape[:2], np.bool_)
    hole[40:, 160 - 24 : 160 + 26] = True
    fills = [run(Inpaint(image=rocket, mask=hole, fill=fill), seed=1).image for fill in ("none", "#e0b060")]
    return [np.where(hole[:, :, None], np.float32(1), rocket), *fills]


def collage() -> list[Image]:
    pictures = photograph("galaxies.jpg"), photograph("rocket.jpg")
    return [*pictures, run(Collage(images=pictures), seed=1).image]


def edit() -> list[Image]:
    rocket = photograph("rocket.jpg")
    edited = rocket.copy()
    edited[50:, 225:265] = rocket[50:, 140:180]
    edited[60:, 45:75] = rocket[60:, 100:130]
    return [rocket, edited, run(Edit(source=rocket, edited=edited), seed=1).image]


ROWS: tuple[Callable[[], list[Image]], ...] = (generate, retarget, analogy, inpaint, collage, edit)


def beside(images: list[Image]) -> Image:
    """Lay pictures of one height side by side on white."""
    gap = np.ones((images[0].shape[0], GAP, 3), np.float32)
    return np.concatenate([part for image in images for part in (image, gap)][:-1], axis=1)


def main() -> None:
    """Write one picture for each task."""
    folder = HERE.parent / "docs" / "images"
    folder.mkdir(exist_ok=True)
    for row in ROWS:
        write_image(folder / f"{row.__name__}.jpg", beside(row()), overwrite=True)


if __name__ == "__main__":
    main()
