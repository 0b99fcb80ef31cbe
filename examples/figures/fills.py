"""Figures of inpaint and edit, which keep most of the image."""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from figures.kit import Gallery, figure, holed, row, stack
from patchnn import Image, Shape, colour, resize, run
from patchnn_tasks import Edit, Inpaint


@figure
def inpaint(gallery: Gallery) -> Pillow.Image:
    rows = []
    for name, mask, zoom in (("balloons.png", "balloons-hole.png", 0.8), ("rocket.jpg", "rocket-mask.png", 0.9)):
        image, hole = gallery.read(name), gallery.mask(mask)
        made = gallery.make(Inpaint(image=image, mask=hole))
        rows.append(row([image, holed(image, hole), made], ["the image", "the hole", "filled"], zoom))
    return stack(rows)


@figure
def inpaint_kinds(gallery: Gallery) -> Pillow.Image:
    """Scratches, text, a texture and a quarter of an image; places are in shares of its sides."""
    rows = []
    coffee, boats = gallery.read("coffee.jpg", 240), gallery.read("boats.png")
    for image, kind in ((coffee, "scratches"), (boats, "text"), (coffee, "wood"), (boats, "a large hole")):
        cover = _cover(image.shape[:2], kind)
        marked = image * (1 - cover[:, :, None]) + cover[:, :, None]
        made = gallery.make(Inpaint(image=marked, mask=cover))
        rows.append(row([marked, made], [kind, "filled"], 0.9 if image is coffee else 0.85))
    return stack(rows)


def _cover(shape: Shape, kind: str) -> Image:
    """Return what the white marks of a kind cover of each pixel, from 0 to 1, drawn four times as large."""
    height, width = (4 * side for side in shape)
    mask = Pillow.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    if kind == "scratches":
        for x in range(1, 9):
            draw.line((width * x / 9, 0, width * (x - 0.7) / 9, height), fill=255, width=max(6, height // 150))
    elif kind == "text":
        font = ImageFont.load_default(height / 6)
        for line in range(4):
            draw.text((width * 0.03, height * (0.03 + line / 4.2)), "Copyright Copyright Copyright", fill=255, font=font)
    elif kind == "wood":
        draw.ellipse((width * 0.02, height * 0.7, width * 0.2, height * 0.97), fill=255)
    else:
        draw.rectangle((width * 0.3, height * 0.25, width * 0.8, height * 0.75), fill=255)
    return np.asarray(mask.resize(shape[::-1], Pillow.Resampling.BOX), np.float32) / 255


@figure
def inpaint_fill(gallery: Gallery) -> Pillow.Image:
    balloons, hole, fills = gallery.read("balloons.png"), gallery.mask("balloons-mask.png"), ("#5a96dc", "#c83c28", "#ffffff")
    painted = [holed(balloons, hole, colour(fill, 3)) for fill in fills]
    made = [gallery.make(Inpaint(image=balloons, mask=hole, fill=fill)) for fill in fills]
    return stack([row(painted, [f"--fill {fill}" for fill in fills], 0.8), row(made, (), 0.8)])


@figure
def inpaint_noise(gallery: Gallery) -> Pillow.Image:
    rocket, hole, rows = gallery.read("rocket.jpg"), gallery.mask("rocket-mask.png"), []
    for noise in (0, 1):
        made = [gallery.make(Inpaint(image=rocket, mask=hole, noise=noise), seed=seed) for seed in (1, 2, 3)]
        option = f"--noise {noise} " if noise else ""
        rows.append(row([holed(rocket, hole), *made], ["the hole", *(f"{option}--seed {seed}" for seed in (1, 2, 3))], 0.75))
    return stack(rows)


@figure
def inpaint_wrong(gallery: Gallery) -> Pillow.Image:
    """What is left, and what is cut; places are in pixels of the whole image."""
    balloons, rows = gallery.read("balloons.png"), []
    y, x = np.mgrid[: balloons.shape[0], : balloons.shape[1]] / gallery.scale
    envelope = np.hypot((y - 107) / 24, (x - 190) / 20) < 1
    whole = envelope | ((np.abs(y - 130) < 20) & (np.abs(x - 190) < 12))
    half = (np.abs(x - 282) < 32) & (np.abs(y - 32) < 20)
    all_of_it = (np.abs(x - 282) < 32) & (np.abs(y - 58) < 46)
    for bad, good, labels in (
        (envelope, whole, ("a basket is left out", "all of it")),
        (half, all_of_it, ("a balloon is cut", "all of it")),
    ):
        made = [gallery.make(Inpaint(image=balloons, mask=hole)) for hole in (bad, good)]
        tiles = [holed(balloons, bad), made[0], holed(balloons, good), made[1]]
        rows.append(row(tiles, [labels[0], "filled", labels[1], "filled"], 0.6))
    return stack(rows)


@figure
def edit(gallery: Gallery) -> Pillow.Image:
    rows = []
    for name, zoom in (("balloons.png", 0.8), ("rocket.jpg", 0.9)):
        before, after = gallery.read(name), gallery.read(name.replace(".", "-edited."))
        made = gallery.make(Edit(source=before, edited=after))
        rows.append(row([before, after, made], ["the image", "a rough edit", "made seamless"], zoom))
    return stack(rows)


@figure
def edit_kinds(gallery: Gallery) -> Pillow.Image:
    """Five edits by hand."""
    box = partial(_box, gallery.scale)
    boats, coffee = gallery.read("boats.png"), gallery.read("coffee.jpg")
    moved, scaled, painted, recoloured = boats.copy(), coffee.copy(), boats.copy(), boats.copy()
    moved[box(150, 206, 180, 230)] = boats[box(150, 206, 100, 150)]
    moved[box(150, 206, 100, 150)] = boats[box(150, 206, 0, 50)]
    spoon = coffee[box(225, 335, 310, 420)]
    spoon = np.clip(resize(spoon, scaled[box(240, 394, 440, 594)].shape[:2]), 0, 1)
    y, x = np.mgrid[-1 : 1 : spoon.shape[0] * 1j, -1 : 1 : spoon.shape[1] * 1j]
    scaled[box(240, 394, 440, 594)] = np.where((np.hypot(y, x) < 0.97)[:, :, None], spoon, scaled[box(240, 394, 440, 594)])
    y, x = np.mgrid[: boats.shape[0], : boats.shape[1]] / gallery.scale
    painted[np.hypot((y - 110) / 13, (x - 310) / 40) < 1] = (0.85, 0.9, 0.95)
    sail = (boats[:, :, 0] > boats[:, :, 2] + 0.25) & (x > 95) & (x < 145)
    recoloured[sail] = boats[sail][:, [1, 0, 2]]
    towers = gallery.read("towers.png")
    extended = towers.copy()
    extended[box(10, 60, 50, 82)] = towers[box(50, 100, 50, 82)]
    rows = [
        (boats, moved, "moved, the gap covered"),
        (towers, extended, "extended"),
        (coffee, scaled, "scaled"),
        (boats, painted, "painted"),
        (boats, recoloured, "recoloured in its place"),
    ]
    return stack(
        [
            row([before, after, gallery.make(Edit(source=before, edited=after))], ["the image", what, "made seamless"], zoom)
            for (before, after, what), zoom in zip(rows, (0.8, 0.9, 0.48, 0.8, 0.8), strict=True)
        ]
    )


@figure
def edit_wrong(gallery: Gallery) -> Pillow.Image:
    """Three edits that need a word."""
    box = partial(_box, gallery.scale)
    boats, balloons = gallery.read("boats.png"), gallery.read("balloons.png")
    y, x = np.mgrid[: boats.shape[0], : boats.shape[1]] / gallery.scale
    sun = np.hypot(y - 50, x - 60) < 22
    sunny, meadow, freed = boats.copy(), balloons.copy(), np.zeros(balloons.shape[:2], np.bool_)
    sunny[sun] = (1, 0.85, 0.3)
    meadow[box(100, 150, 220, 290)] = balloons[box(180, 230, 120, 190)]
    freed[box(85, 160, 205, 300)] = True
    # Not checked: the source has no such yellow, so what borders on it cannot be like the source.
    red, kept = (run(Edit(source=boats, edited=sunny, keep=keep), seed=1).image for keep in (None, sun))
    anew = gallery.make(Edit(source=balloons, edited=meadow, free=freed))
    return stack(
        [
            row(
                [sunny, red, kept],
                ["a sun is painted", "made seamless", "--keep"],
                0.8,
            ),
            row(
                [meadow, gallery.make(Edit(source=balloons, edited=meadow)), anew],
                ["a meadow in the sky", "made seamless", "--free"],
                0.8,
            ),
        ]
    )


def _box(scale: float, top: int, bottom: int, left: int, right: int) -> tuple[slice, slice]:
    """Return a part of an image of which pixels are given at scale 1."""
    rows, columns = ((round(a * scale), round(b * scale)) for a, b in ((top, bottom), (left, right)))
    return slice(*rows), slice(*columns)
