"""Make every picture of the documentation again: `python examples/gallery.py` writes them to docs/images/.

Inputs are examples/images/ (see the README there); seeds are fixed. Names choose some of the figures, --small makes all small
and only to check that they are plausible, -o writes them elsewhere. Needs the extra `docs`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from patchnn import (
    Image,
    Mask,
    Plan,
    Progress,
    Result,
    Shape,
    Source,
    Task,
    colour,
    pnn,
    read_image,
    resize,
    run,
    synthesize,
)
from patchnn.animate import Animation
from patchnn_tasks import Analogy, Collage, Edit, Generate, Inpaint, Retarget

HERE = Path(__file__).parent
HEIGHTS = {"rocket": 213, "galaxies": 213, "coffee": 400}
"""Rows of the photographs here; the drawings keep their own."""
GAP = 6
LINE = 20
"""Height of a label, in pixels."""
COHERENT = 0.002
"""A plausible picture is one that its nearest patches in the sources make again, up to this mean squared error."""

FIGURES: dict[str, Callable[[Gallery], Pillow.Image]] = {}


def figure(make: Callable[[Gallery], Pillow.Image]) -> Callable[[Gallery], Pillow.Image]:
    """Register a figure; it becomes the file that has its function's name."""
    FIGURES[make.__name__.replace("_", "-")] = make
    return make


class Gallery:
    """Where the figures get their pictures from: read and made at one scale, and checked if they are small."""

    def __init__(self, folder: Path, small: bool) -> None:
        self.folder, self.small = folder, small
        self.scale = 0.3 if small else 1.0

    def read(self, name: str, height: int | None = None) -> Image:
        """Read one of the examples' pictures, in colour."""
        image = read_image(HERE / "images" / name)
        image = np.repeat(image, 3, 2) if image.shape[2] == 1 else image[:, :, :3]
        rows = height or HEIGHTS.get(name.partition(".")[0].partition("-")[0], image.shape[0])
        return np.clip(resize(image, sized(image.shape, rows * self.scale)), 0, 1)

    def mask(self, name: str) -> Mask:
        """Read one of the examples' masks."""
        return self.read(name)[:, :, 0] > 0.5

    def side(self, side: float | None) -> float | None:
        """Return a coarsest side at the gallery's scale."""
        return None if side is None else max(2, side * self.scale)

    def run(self, task: Task, seed: int = 1, **options: Any) -> Result:
        """Carry out a task; a small result is checked."""
        result = run(task, seed=seed, **options)
        if self.small:
            check(task, result)
        return result

    def make(self, task: Task, seed: int = 1, **options: Any) -> Image:
        return self.run(task, seed, **options).image


def check(task: Task, result: Result) -> None:
    """Raise AssertionError if a picture is not plausible: of another size, or not made of its sources' patches."""
    plan, image = task.plan(), result.image
    assert plan.rounds
    assert image.shape == (*plan.rounds[-1], plan.guess.shape[2]), f"{task}: {image.shape}"
    again = [pnn(image, source.image, source.image) for source in plan.sources]
    errors = np.min([np.square(image - other).mean(axis=2) for other in again], axis=0)
    free = slice(None) if plan.keep is None else ~plan.keep
    error = errors[free].mean()
    assert error < COHERENT, f"{type(task).__name__}: a coherence error of {error:.5f}"


# Laying out: rows of pictures with a line of text under each.


def sized(shape: Sequence[int], height: float) -> Shape:
    """Return the shape of so many rows with the same aspect."""
    return round(height), round(shape[1] * height / shape[0])


def picture(image: Image) -> Pillow.Image:
    return Pillow.fromarray(np.floor(np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8))


def row(images: Iterable[Image], labels: Iterable[str] = (), zoom: float = 1) -> Pillow.Image:
    """Lay pictures side by side on white, a label under each."""
    tiles = [picture(image) for image in images]
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
    """Lay rows one below the other on white."""
    parts = list(rows)
    canvas = Pillow.new("RGB", (max(part.width for part in parts), sum(part.height + GAP for part in parts) - GAP), "white")
    top = 0
    for part in parts:
        canvas.paste(part, (0, top))
        top += part.height + GAP
    return canvas


def enlarge(image: Image, shape: Shape) -> Image:
    """Enlarge without smoothing, so that pixels show."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(shape, image.shape, strict=False))
    return image[rows[:, None], columns]


def holed(image: Image, mask: Mask, colour: Any = 1.0) -> Image:
    return np.where(mask[:, :, None], np.float32(colour), image)


# The tasks, and each of their options at several values.


@figure
def teaser(gallery: Gallery) -> Pillow.Image:
    balloons, boats, sketch = (gallery.read(f"{name}.png") for name in ("balloons", "boats", "sketch"))
    varied = [gallery.make(Generate(image=balloons, noise=1), seed) for seed in (4, 8)]
    narrow, wide = (gallery.make(Retarget(image=balloons, size=size)) for size in ("55%x100%", "145%x100%"))
    drawn = gallery.make(Analogy(source=balloons, structure=sketch), coarsest=gallery.side(24))
    both = gallery.make(Collage(images=(balloons, boats)))
    return stack(
        [
            row([balloons, *varied], ["a picture", "generate", "generate, another seed"], 0.9),
            row([narrow, wide, sketch], ["retarget", "retarget", "a sketch for"], 0.9),
            row([drawn, both], ["analogy", "collage, with a picture of boats"], 0.9),
        ]
    )


@figure
def generate(gallery: Gallery) -> Pillow.Image:
    rows = []
    for name, noise, seeds in (("rocket.jpg", 0.75, (8, 12, 17)), ("galaxies.jpg", 1.5, (1, 2, 3))):
        image = gallery.read(name)
        made = [gallery.make(Generate(image=image, noise=noise), seed) for seed in seeds]
        rows.append(row([image, *made], ["the picture", *(f"--seed {seed}" for seed in seeds)], 0.75))
    return stack(rows)


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
    made = [gallery.make(Generate(image=boats, source=(balloons,), noise=1.5), seed) for seed in (2, 4)]
    return row([boats, balloons, *made], ["the picture", "--source", "--noise 1.5 --seed 2", "--noise 1.5 --seed 4"], 0.66)


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
    made = [gallery.make(Generate(image=rocket), 12, iterations=count) for count in counts]
    return row(made, [f"--iterations {count}" for count in counts], 0.75)


@figure
def ratio(gallery: Gallery) -> Pillow.Image:
    rocket, ratios = gallery.read("rocket.jpg"), (1.15, 1.3333, 2, 3)
    made = [gallery.make(Generate(image=rocket), 12, ratio=value) for value in ratios]
    return row(made, [f"--ratio {value:.3g}" for value in ratios], 0.75)


@figure
def retarget(gallery: Gallery) -> Pillow.Image:
    rows = []
    for name in ("balloons.png", "rocket.jpg"):
        image, zoom = gallery.read(name), 0.72 if name == "balloons.png" else 0.81
        for sizes in (("", "60%x100%", "50%x100%", "35%x100%"), ("150%x100%",), ("200%x100%",)):
            made = [gallery.make(Retarget(image=image, size=size)) if size else image for size in sizes]
            rows.append(row(made, [size or "the picture" for size in sizes], zoom))
    return stack(rows)


@figure
def retarget_height(gallery: Gallery) -> Pillow.Image:
    balloons, sizes = gallery.read("balloons.png"), ("100%x70%", "100%x140%", "70%")
    made = [gallery.make(Retarget(image=balloons, size=size)) for size in sizes]
    return row([balloons, *made], ["the picture", *(f"--size {size}" for size in sizes)], 0.66)


@figure
def retarget_coarsest(gallery: Gallery) -> Pillow.Image:
    rocket, sides = gallery.read("rocket.jpg"), (14, 28)
    made = [gallery.make(Retarget(image=rocket, size="200%x100%"), coarsest=gallery.side(side)) for side in sides]
    return stack(row([image], [f"--size 200%x100% --coarsest {side}"], 0.75) for image, side in zip(made, sides, strict=True))


@figure
def retarget_rounds(gallery: Gallery) -> Pillow.Image:
    balloons, rounds = gallery.read("balloons.png"), (1, 3, None)
    made = [gallery.make(Retarget(image=balloons, size="50%x100%", rounds=count)) for count in rounds]
    squeezed = np.clip(resize(balloons, made[0].shape[:2]), 0, 1)
    return row([balloons, squeezed, *made], ["the picture", "merely squeezed", "--rounds 1", "--rounds 3", "by default"], 0.8)


@figure
def analogy(gallery: Gallery) -> Pillow.Image:
    rows = []
    for names, side, zoom in (
        (("rocket.jpg", "towers.png"), None, 0.9),
        (("balloons.png", "sketch.png"), 24, 0.8),
        (("galaxies.jpg", "horse.png"), 70, 0.9),
    ):
        source, structure = (gallery.read(name) for name in names)
        made = gallery.make(Analogy(source=source, structure=structure), coarsest=gallery.side(side))
        rows.append(row([source, structure, made], ["source", "structure", f"--coarsest {side}" if side else "by default"], zoom))
    return stack(rows)


@figure
def analogy_coarsest(gallery: Gallery) -> Pillow.Image:
    rocket, towers, sides = gallery.read("rocket.jpg"), gallery.read("towers.png"), (20, 30, 60, 100)
    made = [gallery.make(Analogy(source=rocket, structure=towers), coarsest=gallery.side(side)) for side in sides]
    return row(made, [f"--coarsest {side}" for side in sides], 0.75)


@figure
def inpaint(gallery: Gallery) -> Pillow.Image:
    balloons, hole = gallery.read("balloons.png"), gallery.mask("balloons-hole.png")
    made = gallery.make(Inpaint(image=balloons, mask=hole, fill="none"))
    return row([balloons, holed(balloons, hole), made], ["the picture", "the hole", "--fill none"], 0.8)


@figure
def inpaint_fill(gallery: Gallery) -> Pillow.Image:
    balloons, hole, fills = gallery.read("balloons.png"), gallery.mask("balloons-mask.png"), ("#5a96dc", "#c83c28", "#ffffff")
    painted = [holed(balloons, hole, colour(fill, 3)) for fill in fills]
    made = [gallery.make(Inpaint(image=balloons, mask=hole, fill=fill)) for fill in fills]
    return stack([row(painted, [f"--fill {fill}" for fill in fills], 0.8), row(made, (), 0.8)])


@figure
def inpaint_noise(gallery: Gallery) -> Pillow.Image:
    rocket, hole, seeds = gallery.read("rocket.jpg"), gallery.mask("rocket-mask.png"), (1, 2, 3)
    made = [gallery.make(Inpaint(image=rocket, mask=hole, fill="none", noise=0.5), seed) for seed in seeds]
    labels = [f"--noise 0.5 --seed {seed}" for seed in seeds]
    return row([holed(rocket, hole), *made], ["the hole", *labels], 0.75)


@figure
def collage(gallery: Gallery) -> Pillow.Image:
    rows = []
    for names in (("balloons.png", "boats.png"), ("galaxies.jpg", "rocket.jpg")):
        pictures = tuple(gallery.read(name) for name in names)
        rows += [row(pictures), row([gallery.make(Collage(images=pictures))])]
    return stack(rows)


@figure
def collage_coarsest(gallery: Gallery) -> Pillow.Image:
    pictures = gallery.read("balloons.png"), gallery.read("boats.png")
    rows = [
        row([gallery.make(Collage(images=pictures), coarsest=gallery.side(side))], [f"--coarsest {side}"], 0.7)
        for side in (20, 100)
    ]
    return stack([*rows, row([gallery.make(Collage(images=pictures, size="70%x100%"))], ["--size 70%x100%"], 0.7)])


@figure
def edit(gallery: Gallery) -> Pillow.Image:
    rows = []
    for name, zoom in (("balloons.png", 0.8), ("rocket.jpg", 0.9)):
        before, after = gallery.read(name), gallery.read(name.replace(".", "-edited."))
        made = gallery.make(Edit(source=before, edited=after))
        rows.append(row([before, after, made], ["the picture", "a rough edit", "made seamless"], zoom))
    return stack(rows)


@figure
def edit_noise(gallery: Gallery) -> Pillow.Image:
    before, after, noises = gallery.read("rocket.jpg"), gallery.read("rocket-edited.jpg"), (0, 0.15, 0.4, 0.8)
    made = [gallery.make(Edit(source=before, edited=after, noise=noise), 2) for noise in noises]
    return row(made, [f"--noise {noise}" for noise in noises], 0.75)


@figure
def tile(gallery: Gallery) -> Pillow.Image:
    sys.path.append(str(HERE.parent / "plugins" / "patchnn-tile"))
    from patchnn_tile import Tile

    wood = gallery.read("coffee.jpg")
    wood = wood[round(wood.shape[0] * 0.75) :, round(wood.shape[1] * 0.8) :]
    pieces = [wood, *(gallery.make(Tile(image=wood, axes=axes)) for axes in ("both", "x"))]
    return row([np.tile(piece, (2, 2, 1)) for piece in pieces], ["a piece of wood, laid 2 x 2", "--axes both", "--axes x"])


# How it works: a real run, seen from inside.


def watched(gallery: Gallery) -> tuple[Image, Result, list[Progress], list[Image]]:
    """Carry out one run and keep what it was at the end of every level."""
    balloons, ends = gallery.read("balloons.png"), {}

    def observe(progress: Progress) -> None:
        ends[progress.level] = progress, progress.image()

    result = gallery.run(Generate(image=balloons, noise=1), 8, observe=observe)
    return balloons, result, [progress for progress, _ in ends.values()], [image for _, image in ends.values()]


@figure
def levels(gallery: Gallery) -> Pillow.Image:
    balloons, _, events, images = watched(gallery)
    tiles = [enlarge(image, sized(balloons.shape, 156 * gallery.scale)) for image in images]
    labels = [f"level {event.level}: {image.shape[1]} x {image.shape[0]}" for event, image in zip(events, images, strict=True)]
    chosen = [0, 1, 2, 3, 4, 5, 7, len(tiles) - 1] if len(tiles) > 8 else range(len(tiles))
    tiles, labels = [tiles[n] for n in chosen], [labels[n] for n in chosen]
    return stack(row(tiles[n : n + 4], labels[n : n + 4]) for n in range(0, len(tiles), 4))


@figure
def field(gallery: Gallery) -> Pillow.Image:
    balloons, result, *_ = watched(gallery)
    places = np.mgrid[: balloons.shape[0], : balloons.shape[1]].astype(np.float32)
    down, across = (axis / axis.max() for axis in places)
    colours = np.stack([across, down, 1 - across * 0.6 - down * 0.4], axis=2) * 0.8 + 0.1
    centre = 3
    shown = np.ones_like(balloons)
    shown[centre:-centre, centre:-centre] = colours[result.field.row + centre, result.field.col + centre]
    blend = 0.45 * balloons.mean(2, keepdims=True) + 0.55 * colours
    return stack(
        [
            row([balloons, result.image], ["the source", "the output"]),
            row([blend, shown], ["a colour for every place in it", "the field: where every patch comes from"]),
        ]
    )


@figure
def origins(gallery: Gallery) -> Pillow.Image:
    balloons, result, *_ = watched(gallery)
    tiles = [enlarge(image, (2 * image.shape[0], 2 * image.shape[1])) for image in (result.image, balloons)]
    spots = [(0.30, 0.14), (0.35, 0.62), (0.62, 0.30), (0.75, 0.55), (0.45, 0.86), (0.12, 0.80)]
    colours = ((1, 0, 0), (0, 0, 0), (1, 0, 1), (1, 1, 1), (1, 0.6, 0), (0, 1, 0))
    for (down, across), paint in zip(spots, colours, strict=True):
        row_, column = (round(part * side) for part, side in zip((down, across), result.field.row.shape, strict=True))
        places = (row_, column), (result.field.row[row_, column], result.field.col[row_, column])
        for drawn, (top, left) in zip(tiles, places, strict=True):
            frame = np.zeros(drawn.shape[:2], np.bool_)
            frame[max(0, 2 * top - 3) : 2 * top + 17, max(0, 2 * left - 3) : 2 * left + 17] = True
            frame[2 * top : 2 * top + 14, 2 * left : 2 * left + 14] = False
            drawn[frame] = paint
    return row(tiles, ["six patches of the output", "where they were copied from"], 0.66)


@figure
def step(gallery: Gallery) -> Pillow.Image:
    """One level from inside: what is matched with what, and what the vote makes of it."""
    value = gallery.read("balloons.png", 96)
    shape = value.shape[:2]
    small = resize(value, sized(shape, shape[0] * 0.75))
    key = resize(small, shape)
    guess = synthesize(Plan([Source(small)], small, noise=1), seed=4).image
    images = [resize(guess, shape)]
    for _ in range(10):
        images.append(pnn(images[-1], key, value))
    size = (shape[0] * 3, shape[1] * 3)
    tops = [enlarge(np.clip(image, 0, 1), size) for image in (images[0], key, value)]
    folds = [enlarge(np.clip(images[n], 0, 1), size) for n in (1, 2, 10)]
    return stack(
        [
            row(tops, ["query: the coarser output, enlarged", "key: the source, as blurred", "value: the source, sharp"], 0.75),
            row(folds, ["after 1 iteration", "after 2", "after 10"], 0.75),
        ]
    )


@figure
def votes(gallery: Gallery) -> Pillow.Image:
    balloons, result, *_ = watched(gallery)
    shape, width, reach = result.image.shape[:2], balloons.shape[1], 7
    voices = np.full((reach * reach, *shape), -1, np.int64)
    grid = result.field.row.shape
    for number, (down, across) in enumerate(np.ndindex(reach, reach)):
        place = (result.field.row + down) * width + result.field.col + across
        voices[number, down : down + grid[0], across : across + grid[1]] = place
    voices.sort(axis=0)
    different = (np.diff(voices, axis=0) != 0).sum(0) + (voices[0] >= 0)
    share = np.log2(np.maximum(different, 1)) / np.log2(reach * reach)
    heat = np.stack([np.clip(2 * share, 0, 1), np.clip(2 * share - 0.7, 0, 1), np.clip(0.4 - share, 0, 1)], axis=2)
    return row([result.image, heat], ["the output", "pixels of the source that vote: dark one, bright many"])


@figure
def distances(gallery: Gallery) -> Pillow.Image:
    """As the paper's Fig. 10, summed up: how far patches are from the nearest one in the source."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    rocket = gallery.read("rocket.jpg", 120)
    made = gallery.make(Generate(image=rocket), 3)
    wide = gallery.make(Retarget(image=rocket, size="150%x100%"))
    stretched = resize(rocket, wide.shape[:2])
    noisy = np.clip(rocket + 0.02 * np.random.RandomState(0).standard_normal(rocket.shape).astype(np.float32), 0, 1)
    lines = [
        ("generate", made),
        ("retarget to 150 %", wide),
        ("merely stretched to 150 %", stretched),
        ("noise of 2 % on the picture", noisy),
    ]
    plot, axes = pyplot.subplots(figsize=(7.2, 3.4), dpi=110, layout="constrained")
    for name, image in lines:
        far = np.maximum(nearest(image, rocket), 1e-8)
        axes.plot(np.sort(far), np.linspace(0, 1, len(far)), linewidth=1.8, label=name)
    axes.set(xscale="log", xlabel="mean squared distance to the nearest source patch", ylabel="share of patches that are nearer")
    axes.legend(frameon=False)
    plot.canvas.draw()
    drawn = Pillow.fromarray(np.asarray(plot.canvas.buffer_rgba())).convert("RGB")  # type: ignore[attr-defined]  # Agg's canvas has it, which pyplot does not tell
    pyplot.close(plot)
    if gallery.small:
        medians = [float(np.median(nearest(image, rocket))) for _, image in lines]
        assert max(medians[:2]) < min(medians[2:]), f"a made picture is farther from the source than an altered one: {medians}"
    return drawn


def nearest(image: Image, source: Image, side: int = 7) -> np.ndarray:
    """Return how far every patch of a picture is from the nearest one of the source, mean squared."""
    queries, keys = (
        np.lib.stride_tricks.sliding_window_view(part, (side, side), axis=(0, 1)).reshape(-1, side * side * 3)
        for part in (image, source)
    )
    norms = np.square(keys).sum(1)
    found = []
    for start in range(0, len(queries), 512):
        some = queries[start : start + 512]
        best = (norms - 2 * some @ keys.T).argmin(1)
        found.append(np.square(some - keys[best]).mean(1))
    return np.concatenate(found)


def animation(gallery: Gallery) -> None:
    """Write run.gif: a run as the option --animate shows it."""
    task = Generate(image=gallery.read("balloons.png", 160), noise=1)
    film = Animation(gallery.folder / "run.gif", task.plan().rounds or (), overwrite=True)
    gallery.run(task, 4, observe=film)
    film.write()


def main() -> None:
    """Make the figures that are asked for, by default all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="FIGURE", help=f"which: {', '.join(FIGURES)}, run; by default all")
    parser.add_argument("--small", action="store_true", help="make small ones and check that they are plausible")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="where to; by default docs/images, nowhere with --small"
    )
    asked = parser.parse_args()
    unknown = set(asked.names) - {*FIGURES, "run"}
    if unknown:
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    folder = asked.output or HERE.parent / "docs" / "images"
    gallery = Gallery(folder, asked.small)
    for name, make in FIGURES.items():
        if not asked.names or name in asked.names:
            drawn = make(gallery)
            print(f"{name}: {drawn.width}×{drawn.height}", flush=True)
            if asked.output or not asked.small:
                path = folder / f"{name}.{'png' if name == 'distances' else 'jpg'}"
                drawn.save(path, **({} if path.suffix == ".png" else {"quality": 86}), optimize=True)
    if (asked.output or not asked.small) and (not asked.names or "run" in asked.names):
        animation(gallery)


if __name__ == "__main__":
    main()
