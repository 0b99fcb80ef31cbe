"""Figures of the tasks, and of their options at several values."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from figures.kit import EXAMPLES, Gallery, figure, holed, row, stack
from patchnn import Image, Shape, colour, resize, run
from patchnn_tasks import Analogy, Collage, Edit, Generate, Inpaint, Retarget


@figure
def teaser(gallery: Gallery) -> Pillow.Image:
    balloons, boats, sketch = (gallery.read(f"{name}.png") for name in ("balloons", "boats", "sketch"))
    varied = [gallery.make(Generate(image=balloons), seed) for seed in (4, 8)]
    narrow, wide = (gallery.make(Retarget(image=balloons, size=size)) for size in ("55%x100%", "145%x100%"))
    drawn = gallery.make(Analogy(source=balloons, structure=sketch), coarsest=gallery.side(24))
    both = gallery.make(Collage(images=(balloons, boats)))
    return stack(
        [
            row([balloons, *varied], ["an image", "generate", "generate, another seed"], 0.9),
            row([narrow, wide, sketch], ["retarget", "retarget", "a sketch for"], 0.9),
            row([drawn, both], ["analogy", "collage, with an image of boats"], 0.9),
        ]
    )


@figure
def generate(gallery: Gallery) -> Pillow.Image:
    rows = []
    seeds = (1, 2, 3)
    for name in ("boats.png", "galaxies.jpg"):
        image = gallery.read(name)
        made = [gallery.make(Generate(image=image), seed) for seed in seeds]
        rows.append(row([image, *made], ["the image", *(f"--seed {seed}" for seed in seeds)], 0.75))
    return stack(rows)


@figure
def generate_variety(gallery: Gallery) -> Pillow.Image:
    balloons, varieties = gallery.read("balloons.png"), (0.2, 0.5, 0.8)
    rows = []
    for seed in (4, 7):
        made = [gallery.make(Generate(image=balloons, variety=variety), seed) for variety in varieties]
        rows.append(row([balloons, *made], ["the image", *(f"--variety {value:g} --seed {seed}" for value in varieties)], 0.66))
    return stack(rows)


@figure
def generate_grain(gallery: Gallery) -> Pillow.Image:
    galaxies, sides = gallery.read("galaxies.jpg"), (18, 24, 48)
    made = [gallery.make(Generate(image=galaxies), 1, coarsest=side) for side in sides]
    return row([galaxies, *made], ["the image", *(f"--coarsest {side}" for side in sides)], 0.75)


@figure
def generate_noise(gallery: Gallery) -> Pillow.Image:
    balloons, noises = gallery.read("balloons.png"), (0.0, 0.5, 1.0, 2.0)
    rows = []
    for seed in (4, 7):
        made = [gallery.make(Generate(image=balloons, noise=noise), seed) for noise in noises]
        rows.append(row(made, [f"--noise {noise:g} --seed {seed}" for noise in noises], 0.66))
    return stack(rows)


@figure
def generate_size(gallery: Gallery) -> Pillow.Image:
    balloons, sizes = gallery.read("balloons.png"), ("100%x100%", "60%x100%", "160%x100%")
    made = [gallery.make(Generate(image=balloons, size=size), 7) for size in sizes]
    return row(made, [f"--size {size}" for size in sizes], 0.8)


@figure
def generate_source(gallery: Gallery) -> Pillow.Image:
    boats, balloons = gallery.read("boats.png"), gallery.read("balloons.png")
    made = [gallery.make(Generate(image=boats, source=(balloons,)), seed) for seed in (2, 4)]
    return row([boats, balloons, *made], ["the image", "--source", "--seed 2", "--seed 4"], 0.66)


@figure
def alpha(gallery: Gallery) -> Pillow.Image:
    balloons, alphas = gallery.read("balloons.png"), (np.inf, 0.05, 0.005, 0.0005)
    labels = [f"--alpha {value:g}" for value in alphas]
    narrow = [gallery.make(Retarget(image=balloons, size="50%x100%"), alpha=value) for value in alphas]
    varied = [gallery.make(Generate(image=balloons, noise=1.5), 6, alpha=value) for value in alphas]
    return stack([row([balloons, *narrow], ["retarget --size 50%x100%:", *labels], 0.8), row(varied, labels, 0.66)])


@figure
def coarsest(gallery: Gallery) -> Pillow.Image:
    rocket, sides = gallery.read("rocket.jpg"), (10, 14, 28, 56)
    made = [gallery.make(Generate(image=rocket, noise=0.5), 8, coarsest=side) for side in sides]
    return row(made, [f"--coarsest {side}" for side in sides], 0.75)


@figure
def patch(gallery: Gallery) -> Pillow.Image:
    rocket, sides = gallery.read("rocket.jpg"), (3, 5, 7, 11)
    made = [gallery.make(Generate(image=rocket, noise=0.5), 8, patch=side) for side in sides]
    return row(made, [f"--patch {side}" for side in sides], 0.75)


@figure
def iterations(gallery: Gallery) -> Pillow.Image:
    rocket, counts = gallery.read("rocket.jpg"), (1, 2, 10, 30)
    made = [gallery.make(Generate(image=rocket, noise=0.75), 12, iterations=count) for count in counts]
    return row(made, [f"--iterations {count}" for count in counts], 0.75)


@figure
def ratio(gallery: Gallery) -> Pillow.Image:
    rocket, ratios = gallery.read("rocket.jpg"), (1.15, 1.3333, 2, 3)
    made = [gallery.make(Generate(image=rocket, noise=0.75), 12, ratio=value) for value in ratios]
    return row(made, [f"--ratio {value:.3g}" for value in ratios], 0.75)


@figure
def retarget(gallery: Gallery) -> Pillow.Image:
    rows = []
    for name in ("balloons.png", "rocket.jpg"):
        image, zoom = gallery.read(name), 0.72 if name == "balloons.png" else 0.81
        for sizes in (("", "60%x100%", "50%x100%", "35%x100%"), ("150%x100%",), ("200%x100%",)):
            made = [gallery.make(Retarget(image=image, size=size)) if size else image for size in sizes]
            rows.append(row(made, [size or "the image" for size in sizes], zoom))
    return stack(rows)


@figure
def retarget_height(gallery: Gallery) -> Pillow.Image:
    balloons, sizes = gallery.read("balloons.png"), ("100%x70%", "100%x140%", "70%")
    made = [gallery.make(Retarget(image=balloons, size=size)) for size in sizes]
    return row([balloons, *made], ["the image", *(f"--size {size}" for size in sizes)], 0.66)


@figure
def retarget_by(gallery: Gallery) -> Pillow.Image:
    rows = []
    for name, zoom in (("balloons.png", 0.8), ("rocket.jpg", 0.9)):
        image = gallery.read(name)
        made = [gallery.make(Retarget(image=image, size="50%x100%", by=by)) for by in ("carve", "patches")]
        squeezed = np.clip(resize(image, made[0].shape[:2]), 0, 1)
        rows.append(row([image, squeezed, *made], ["the image", "merely squeezed", "--by carve", "--by patches"], zoom))
    return stack(rows)


@figure
def retarget_masks(gallery: Gallery) -> Pillow.Image:
    balloons, drop = gallery.read("balloons.png"), gallery.mask("balloons-hole.png")
    gone = [gallery.make(Retarget(image=balloons, drop=drop, size=size)) for size in (None, "60%x100%")]
    first = row([holed(balloons, drop), *gone], ["to drop", "--drop", "--drop --size 60%x100%"], 0.8)
    coffee, keep = gallery.read("coffee.jpg", 240), gallery.read("coffee-keep.png", 240)[:, :, 0] > 0.5
    made = [gallery.make(Retarget(image=coffee, size="50%x100%", keep=mask)) for mask in (None, keep)]
    shown = np.where(keep[:, :, None], coffee, 0.4 * coffee + 0.6)
    return stack([first, row([shown, *made], ["to keep", "--size 50%x100%", "--size 50%x100% --keep"], 0.8)])


@figure
def analogy(gallery: Gallery) -> Pillow.Image:
    rows = []
    for names, zoom in ((("balloons.png", "sketch.png"), 0.8), (("galaxies.jpg", "horse.png"), 0.9)):
        source, structure = (gallery.read(name) for name in names)
        made = [gallery.make(Analogy(source=source, structure=structure, follow=f)) for f in ("auto", "paper")]
        rows.append(row([source, structure, *made], ["source", "structure", "by default", "--follow paper"], zoom))
    return stack(rows)


@figure
def analogy_strength(gallery: Gallery) -> Pillow.Image:
    galaxies, horse, strengths = gallery.read("galaxies.jpg"), gallery.read("horse.png"), ("texture", "balanced", "structure")
    made = [gallery.make(Analogy(source=galaxies, structure=horse, strength=strength)) for strength in strengths]
    return row(made, [f"--strength {strength}" for strength in strengths], 0.75)


@figure
def analogy_coarsest(gallery: Gallery) -> Pillow.Image:
    rocket, towers, sides = gallery.read("rocket.jpg"), gallery.read("towers.png"), (20, 30, 60, 100)
    tasks = Analogy(source=rocket, structure=towers, follow="colours")
    made = [gallery.make(tasks, coarsest=gallery.side(side)) for side in sides]
    return row(made, [f"--coarsest {side}" for side in sides], 0.75)


@figure
def guides(gallery: Gallery) -> Pillow.Image:
    rows = []
    for names, zoom in (
        (("balloons.png", "balloons-labels.png", "wanted-labels.png"), 0.62),
        (("sphere.png", "sphere-light.png", "pebbles-light.png"), 0.87),
    ):
        image, source, target = (gallery.read(name) for name in names)
        size = f"{target.shape[1]}x{target.shape[0]}"
        made = gallery.make(Generate(image=image, size=size), guides=[(source, target, 4)])
        rows.append(row([image, source, target, made], ["the image", "its guide", "the guide wanted", "generated"], zoom))
    return stack(rows)


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
def collage(gallery: Gallery) -> Pillow.Image:
    rows = []
    for names in (("balloons.png", "boats.png"), ("galaxies.jpg", "rocket.jpg")):
        images = tuple(gallery.read(name) for name in names)
        rows += [row(images), row([gallery.make(Collage(images=images))])]
    return stack(rows)


@figure
def collage_layout(gallery: Gallery) -> Pillow.Image:
    names = ("balloons.png", "boats.png", "rocket.jpg", "galaxies.jpg")
    images = tuple(gallery.read(name, 160) for name in names)
    made = [gallery.make(Collage(images=images, layout="grid", size=size)) for size in (None, "60%")]
    plain = [gallery.make(Collage(images=images[:2], harmonise=harmonise)) for harmonise in (True, False)]
    return stack(
        [row(made, ["--layout grid", "--layout grid --size 60%"], 0.9), row(plain, ["by default", "--no-harmonise"], 0.75)]
    )


@figure
def collage_coarsest(gallery: Gallery) -> Pillow.Image:
    images = gallery.read("balloons.png"), gallery.read("boats.png")
    rows = [
        row([gallery.make(Collage(images=images), coarsest=gallery.side(side))], [f"--coarsest {side}"], 0.7)
        for side in (20, 100)
    ]
    return stack([*rows, row([gallery.make(Collage(images=images, size="70%x100%"))], ["--size 70%x100%"], 0.7)])


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


@figure
def tile(gallery: Gallery) -> Pillow.Image:
    sys.path.insert(0, str(EXAMPLES.parent / "plugins" / "patchnn-tile"))
    from patchnn_tile import Tile

    wood = gallery.read("coffee.jpg")
    wood = wood[round(wood.shape[0] * 0.75) :, round(wood.shape[1] * 0.8) :]
    tasks = Tile(image=wood), Tile(image=wood, axes="x"), Tile(image=wood, flatten=True)
    pieces = [wood, *(gallery.make(task) for task in tasks)]
    labels = ["a piece of wood, laid 2 x 2", "--axes both", "--axes x", "--flatten"]
    return row([np.tile(piece, (2, 2, 1)) for piece in pieces], labels, 0.75)
