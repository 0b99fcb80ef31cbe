"""Removals beside PyPatchMatch, and thin holes beside OpenCV: draws a contact sheet and prints PSNR in the holes.

    pip install pypatchmatch opencv-python-headless
    python benchmarks/fill.py [-o docs/images/benchmarks/removals.jpg]

The images are those of examples/images, which may be shipped. Nothing else of the repository needs the two packages.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from patchnn import Image, Mask, run
from patchnn_tasks import Inpaint

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "examples"))

REMOVALS = {
    "rocket": ("rocket.jpg", 213, "rectangle", (0.42, 0.16, 0.58, 1.0)),
    "mast": ("rocket.jpg", 213, "rectangle", (0.26, 0.25, 0.34, 0.8)),
    "spoon": ("coffee.jpg", 240, "ellipse", (0.5, 0.5, 0.72, 0.84)),
    "cup": ("coffee.jpg", 240, "ellipse", (0.26, 0.02, 0.72, 0.72)),
    "boat": ("boats.png", 240, "rectangle", (0.26, 0.6, 0.41, 0.86)),
    "two boats": ("boats.png", 240, "rectangle", (0.58, 0.5, 0.96, 0.94)),
    "balloon": ("balloons.png", 240, "ellipse", (0.46, 0.33, 0.6, 0.62)),
    "galaxy": ("galaxies.jpg", 213, "ellipse", (0.4, 0.4, 0.6, 0.7)),
}
"""Image, rows, and a shape in shares of its sides: left, top, right, bottom."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "images" / "benchmarks" / "removals.jpg")
    options = parser.parse_args()
    from figures import Gallery
    from figures.kit import holed, row, stack

    gallery, rows = Gallery(options.output.parent, small=False), []
    for what, (name, height, shape, place) in REMOVALS.items():
        image = gallery.read(name, height)
        hole = drawn(image.shape[:2], shape, place)
        tiles = [holed(image, hole), fill(image, hole), peer(image, hole)]
        rows.append(row(tiles, [f"{what}, {hole.mean():.0%}", "patchnn", "PyPatchMatch"], 0.8))
        print(what, flush=True)
    halves = [stack(rows[: len(rows) // 2]), stack(rows[len(rows) // 2 :])]
    sheet = Pillow.new("RGB", (sum(half.width for half in halves) + 20, max(half.height for half in halves)), "white")
    for number, half in enumerate(halves):
        sheet.paste(half, (number * (halves[0].width + 20), 0))
    sheet.save(options.output, quality=86, optimize=True)
    thin(gallery)


def thin(gallery: Any) -> None:
    """Print PSNR and the time of thin holes: scratches and text of 2 to 10 pixels."""
    import cv2

    for name, height in (("coffee.jpg", 400), ("rocket.jpg", 400), ("galaxies.jpg", 213), ("boats.png", 240)):
        image = gallery.read(name, height)
        for width in (2, 5, 10):
            hole = drawn(image.shape[:2], "lines", width)
            eight = to_bytes(np.where(hole[:, :, None], 0, image))
            radius = cv2.inpaint(np.ascontiguousarray(eight), hole.astype(np.uint8), 3, cv2.INPAINT_NS)
            found = [psnr(made, image, hole) for made in (fill(image, hole), peer(image, hole), radius / 255)]
            ours, theirs, smooth = found
            print(f"{name}, lines of {width} pixels: patchnn {ours:.1f}, PyPatchMatch {theirs:.1f}, OpenCV NS {smooth:.1f} dB")


def drawn(size: tuple[int, int], shape: str, place: Any) -> Mask:
    """Return a hole in an image of this size, drawn as lines, a rectangle or an ellipse."""
    canvas = Pillow.new("L", size[::-1])
    draw = ImageDraw.Draw(canvas)
    if shape == "lines":
        for x in range(-size[0], size[1], 60):
            draw.line((x, 0, x + size[0] // 2, size[0]), fill=255, width=place)
    else:
        box = tuple(round(share * size[1 - axis % 2]) for axis, share in enumerate(place))
        (draw.ellipse if shape == "ellipse" else draw.rectangle)(box, fill=255)
    return np.asarray(canvas) > 0


def fill(image: Image, hole: Mask) -> Image:
    return run(Inpaint(image=np.where(hole[:, :, None], 0, image), mask=hole), seed=1).image


def peer(image: Image, hole: Mask) -> Image:
    """Return what PyPatchMatch makes of a hole, at the patch size that is best on photographs."""
    from patchmatch import patch_match

    patch_match.set_random_seed(1)
    blank = to_bytes(np.where(hole[:, :, None], 0, image))
    return np.asarray(patch_match.inpaint(blank, hole.astype(np.uint8) * 255, patch_size=7) / np.float32(255))


def to_bytes(image: Image) -> np.ndarray:
    return np.floor(np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def psnr(made: Image, image: Image, hole: Mask) -> float:
    return float(-10 * np.log10(((made - image)[hole] ** 2).mean()))


if __name__ == "__main__":
    main()
