"""Figures of the tasks that make a new image: generate, retarget, analogy, collage, tile."""

from __future__ import annotations

import sys

import numpy as np
from PIL import Image as Pillow

from figures.kit import EXAMPLES, Gallery, figure, holed, row, stack
from patchnn import resize
from patchnn_tasks import Analogy, Collage, Generate, Retarget


@figure
def teaser(gallery: Gallery) -> Pillow.Image:
    balloons, boats, horse = (gallery.read(f"{name}.png") for name in ("balloons", "boats", "horse"))
    varied = [gallery.make(Generate(image=balloons), seed) for seed in (4, 8)]
    narrow, wide = (gallery.make(Retarget(image=balloons, size=size)) for size in ("55%x100%", "145%x100%"))
    drawn = gallery.make(Analogy(source=gallery.read("galaxies.jpg"), structure=horse))
    both = gallery.make(Collage(images=(balloons, boats)))
    return stack(
        [
            row([balloons, *varied], ["an image", "generate", "generate, another seed"], 0.9),
            row([narrow, wide, horse], ["retarget", "retarget", "a silhouette for"], 0.9),
            row([drawn, both], ["analogy, of galaxies", "collage, with an image of boats"], 0.9),
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
    balloons, sides = gallery.read("balloons.png"), (24, 48, 96)
    made = [gallery.make(Generate(image=balloons), 3, coarsest=side) for side in sides]
    return row([balloons, *made], ["the image", *(f"--coarsest {side}" for side in sides)], 0.75)


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
    for name, zoom in (("balloons.png", 0.73), ("rocket.jpg", 0.82), ("coffee.jpg", 0.44)):
        image, ways = gallery.read(name), ("warp", "carve", "patches")
        made = [gallery.make(Retarget(image=image, size="50%x100%", by=by)) for by in ways]
        squeezed = np.clip(resize(image, made[0].shape[:2]), 0, 1)
        rows.append(row([image, squeezed, *made], ["the image", "merely squeezed", *(f"--by {way}" for way in ways)], zoom))
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
def collage_size(gallery: Gallery) -> Pillow.Image:
    images = gallery.read("balloons.png"), gallery.read("boats.png")
    made = [gallery.make(Collage(images=images, size=size)) for size in ("100%", "70%x100%", "50%x100%")]
    return stack([row(made[:1], ["as wide as both"], 0.7), row(made[1:], ["--size 70%x100%", "--size 50%x100%"], 0.7)])


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
