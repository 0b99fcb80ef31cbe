"""Several images merged into one (paper, Sec. 4.6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np

from patchnn import Image, InputError, Plan, Shape, SizeLike, Source, Task, cheapest_path, option, resize
from patchnn_tasks.carving import rarity
from patchnn_tasks.retarget import carved, carving_scale, mended, smaller
from patchnn_tasks.shared import PAPER_ALPHA, check_reach, levels_down, size, wanted

MIRRORED = 0.1
"""Share of an image's width that its neighbour's mirror image reaches into it: the room that a seam has."""
STRIP = 0.06
"""Share of an image's width whose colours count as those at its edge."""
ALONG = 0.08
"""Over what share of an edge's length colours are averaged before neighbours take each other's."""
ALIKE, UNLIKE = 0.3, 0.45
"""Neighbours' colours meet fully where they differ by up to the first, and not at all from the second on (RGB distance)."""
DETOUR = 0.5
"""What a seam pays for being at the end of its room and not in the middle: there one image is cut, and the other repeated."""
NEAR, FAR = 0.12, 0.4
"""Share of an image's width over which it takes on its neighbour's colours: where there is detail, which hides the change,
and where all is plain, as in a sky, which shows it."""
PLAIN, DETAILED = 0.02, 0.08
"""Standard deviation of the colours at an edge up to which it is plain, and from which on it is detailed."""
SOFT = 1.5
"""Columns over which one image turns into the next at a seam."""


@dataclass(frozen=True, eq=False)
class Collage(Task):
    """Merge images into one, side by side.

    --coarsest decides how freely: the larger, the more each image stays as it is.
    """

    examples = ("photo.jpg other.jpg", "photo.jpg other.jpg --layout column --overlap 0.2 -o both.jpg")

    images: tuple[Image, ...] = option(help="The images to merge, from left to right.")
    layout: Literal["row", "column", "grid"] = option("row", "How the images lie: in a row, in a column, or in a grid.")
    size: SizeLike | None = size("of all together; in a smaller one each image moves closer together by itself")
    overlap: float = option(0.0, "Share of the smaller image by which neighbours overlap.", min=0, max=0.9)
    harmonise: bool = option(True, "Let the colours of neighbours meet at the edge between them.")

    def plan(self) -> Plan:
        """Start from the images in their places, brought to one height, their colours and edges joined."""
        if len(self.images) < 2:
            raise InputError("images holds one image: a collage needs two or more", about="images")
        rows = in_rows(self.images, self.layout)
        if self.harmonise:
            rows = harmonise_all(rows)
        sources = [Source(image) for row in rows for image in row]
        guess = join_all(rows, self.overlap)
        start = guess.shape[:2]
        if self.size is None:
            # One iteration at the coarsest level: more would bring odd pieces of the images into the seam.
            return Plan(sources=sources, guess=guess, alpha=PAPER_ALPHA, coarsest=levels_down(start, 5))
        end = wanted(self.size, start)
        check_reach(start, end)
        factors = end[0] / start[0], end[1] / start[1]
        scale = min(carving_scale(image.shape[:2]) for row in rows for image in row)
        condensed = [[condense(image, scale, factors) for image in row] for row in rows]
        return Plan(sources=sources, **mended(join_all(condensed, self.overlap), start, end, scale))


def in_rows(images: Sequence[Image], layout: str) -> list[list[Image]]:
    """Scale images to their places: all of a row to one height, all rows to one width.

    Images are scaled up rather than down, so that none loses detail.
    """
    columns = {"row": len(images), "column": 1, "grid": math.ceil(math.sqrt(len(images)))}[layout]
    rows = [list(images[n : n + columns]) for n in range(0, len(images), columns)]
    rows = [[_scaled(image, max(i.shape[0] for i in row) / image.shape[0]) for image in row] for row in rows]
    widths = [sum(image.shape[1] for image in row) for row in rows]
    result = []
    for row, width in zip(rows, widths, strict=True):
        # Rounded edges, not rounded widths: every row then has the same.
        edges = [round(edge * max(widths) / width) for edge in accumulate((i.shape[1] for i in row), initial=0)]
        height = round(row[0].shape[0] * max(widths) / width)
        result.append([_sized(image, (height, right - left)) for image, (left, right) in zip(row, pairwise(edges), strict=True)])
    return result


def harmonise_all(rows: list[list[Image]]) -> list[list[Image]]:
    """Let the colours of neighbours meet, within every row and between rows."""
    rows = [harmonise(row) for row in rows]
    strips = [np.concatenate(row, axis=1).swapaxes(0, 1) for row in rows]
    harmonised = [strip.swapaxes(0, 1) for strip in harmonise(strips)]
    edges = [list(accumulate(image.shape[1] for image in row))[:-1] for row in rows]
    return [np.split(strip, at, axis=1) for strip, at in zip(harmonised, edges, strict=True)]


def harmonise(images: Sequence[Image]) -> list[Image]:
    """Let the colours of images of one height meet at the edges between them.

    The smooth part of the difference along an edge goes in halves to both sides and fades out across each image.
    Where neighbours differ too much, they are different things, and keep their colours.
    """
    from scipy import ndimage

    results = [image.copy() for image in images]
    low, high = min(0.0, *(float(i.min()) for i in images)), max(1.0, *(float(i.max()) for i in images))
    for left, right in pairwise(results):
        strip = max(3, int(STRIP * min(left.shape[1], right.shape[1])))
        colours = left.shape[2] - (left.shape[2] in (2, 4))
        ends = np.median(left[:, -strip:], axis=1), np.median(right[:, :strip], axis=1)
        step = ndimage.gaussian_filter1d(ends[1] - ends[0], ALONG * len(left), axis=0, mode="nearest")[:, :colours]
        distance = np.linalg.norm(step, axis=1, keepdims=True)
        step *= np.clip((UNLIKE - distance) / (UNLIKE - ALIKE), 0, 1)
        detail = np.maximum(left[:, -strip:].std(1).mean(1), right[:, :strip].std(1).mean(1))
        detail = ndimage.gaussian_filter1d(detail, ALONG * len(left), mode="nearest")
        reach = NEAR + (FAR - NEAR) * np.clip((DETAILED - detail) / (DETAILED - PLAIN), 0, 1)
        for image, share in ((left[:, ::-1], 0.5), (right, -0.5)):
            away = np.arange(image.shape[1], dtype=np.float32) / image.shape[1] / reach[:, None]
            across = np.clip(1 - away, 0, 1)
            fade = (across * across * (3 - 2 * across))[:, :, None]
            opacity = image[:, :, colours:] if colours < image.shape[2] else np.float32(1)
            image[:, :, :colours] += share * step[:, None] * fade * opacity
            np.clip(image[:, :, :colours], low, high * opacity, out=image[:, :, :colours])
    return results


def join_all(rows: list[list[Image]], overlap: float) -> Image:
    """Join the images of every row, and the rows."""
    strips = [join(row, overlap) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    turned = [_sized(strip, (strip.shape[0], width)).swapaxes(0, 1) for strip in strips]
    return np.ascontiguousarray(join(turned, overlap).swapaxes(0, 1))


def join(images: Sequence[Image], overlap: float = 0) -> Image:
    """Join images of one height from left to right, along the seams that show least.

    overlap: share of the narrower of two neighbours that both cover. Without one, neighbours continue as their mirror images
    around the edge, and the seam runs through these.
    """
    result = images[0]
    for before, image in pairwise(images):
        narrower = min(before.shape[1], image.shape[1])
        shared = round(overlap * narrower)
        if shared < 2:
            reach = max(1, int(MIRRORED * narrower))
            under = np.concatenate([result[:, -reach:], result[:, -reach:][:, ::-1]], axis=1)
            over = np.concatenate([image[:, :reach][:, ::-1], image[:, :reach]], axis=1)
            parts = result[:, :-reach], _across(under, over), image[:, reach:]
        else:
            parts = result[:, :-shared], _across(result[:, -shared:], image[:, :shared]), image[:, shared:]
        result = np.concatenate(parts, axis=1)
    return result


def condense(image: Image, scale: int, factors: tuple[float, float]) -> Image:
    """Return an image carved at a size `scale` times smaller, by the factors for rows and columns."""
    rows, columns = (max(1, round(side * factor)) for side, factor in zip(image.shape[:2], factors, strict=True))
    small = smaller(image, scale)
    places = carved(image, small, rarity(small), scale, (rows, columns)).places
    return np.asarray(image[tuple(np.moveaxis(places, 2, 0))])


def _across(under: Image, over: Image) -> Image:
    """Turn from one image, on the left, into another along the path where they differ least."""
    from scipy import ndimage

    contrast = sum(np.abs(np.gradient(i, axis=axis)).sum(2) for i in (under, over) for axis in (0, 1) if i.shape[axis] > 1)
    cost = ndimage.gaussian_filter(np.square(under - over).sum(2), 1) + 0.05 * contrast + 1e-4
    away = np.abs(np.arange(under.shape[1]) - (under.shape[1] - 1) / 2) / under.shape[1]
    path = cheapest_path((cost + DETOUR * away).astype(np.float32))
    weight = 1 / (1 + np.exp((path[:, None] - np.arange(under.shape[1])) / SOFT))
    return (under + (over - under) * weight[:, :, None]).astype(np.float32)


def _scaled(image: Image, factor: float) -> Image:
    if factor == 1:
        return image
    # An even width keeps the pixels of all levels where they are, whatever comes to the right.
    return _sized(image, (round(image.shape[0] * factor), max(2, int(image.shape[1] * factor) // 2 * 2)))


def _sized(image: Image, shape: Shape) -> Image:
    if image.shape[:2] == shape:
        return image
    return np.clip(resize(image, shape), image.min(), image.max())
