"""Figures of how it works: a real run, level by level, and its field."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow

from figures.kit import Gallery, enlarge, figure, row, sized, stack
from patchnn import Image, Plan, Progress, Result, Source, pnn, resize, synthesize
from patchnn_tasks import Generate, Retarget


def watched(gallery: Gallery) -> tuple[Image, Result, list[Progress], list[Image]]:
    """Return the source, a result, and the progress and the image at the end of every level."""
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
            row([blend, shown], ["a colour for every place in it", "the field: the place that every patch was copied from"]),
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
    """One level: query, key and value, and the image after several steps."""
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
    return row([result.image, heat], ["the output", "source pixels that vote: dark one, bright many"])


@figure
def distances(gallery: Gallery) -> Pillow.Image:
    """The paper's Fig. 10, summed up: the distances of patches to their nearest in the source."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    rocket = gallery.read("rocket.jpg", 120)
    made = gallery.make(Generate(image=rocket, noise=0.75), 3)
    narrow = gallery.make(Retarget(image=rocket, size="60%x100%"))
    squeezed = resize(rocket, narrow.shape[:2])
    noisy = np.clip(rocket + 0.02 * np.random.RandomState(0).standard_normal(rocket.shape).astype(np.float32), 0, 1)
    lines = [
        ("generate", made),
        ("retarget to 60 %", narrow),
        ("merely squeezed to 60 %", squeezed),
        ("2 % noise on the image", noisy),
    ]
    plot, axes = pyplot.subplots(figsize=(7.2, 3.4), dpi=110, layout="constrained")
    for name, image in lines:
        far = np.maximum(nearest(image, rocket), 1e-8)
        axes.plot(np.sort(far), np.linspace(0, 1, len(far)), linewidth=1.8, label=name)
    axes.set(xscale="log", xlabel="mean squared distance to the nearest source patch", ylabel="share of patches that are nearer")
    axes.legend(frameon=False)
    plot.canvas.draw()
    drawn = Pillow.fromarray(np.asarray(plot.canvas.buffer_rgba())).convert("RGB")  # type: ignore[attr-defined]  # Agg's canvas has it; pyplot's stub does not say so
    pyplot.close(plot)
    if gallery.small:
        medians = [float(np.median(nearest(image, rocket))) for _, image in lines]
        assert max(medians[:2]) < min(medians[2:]), f"farther from the source than an altered image: {medians}"
    return drawn


def nearest(image: Image, source: Image, side: int = 7) -> np.ndarray:
    """Return the mean squared distance of every patch of an image to the nearest of the source."""
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
