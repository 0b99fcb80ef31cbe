"""Several images merged into one (paper, Sec. 4.6)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, count, pairwise
from typing import Literal

import numpy as np

from patchnn import Image, InputError, Plan, Shape, SizeLike, Source, Task, cheapest_path, option, resize
from patchnn_tasks.importance import carving_scale, rarity, smaller
from patchnn_tasks.retarget import arranged, carved, nearest
from patchnn_tasks.shared import check_reach, levels_down, size, wanted

MIRRORED = 0.1
"""Share of an image's width that its neighbour's mirror image reaches into it: the room that a seam has."""
STRIP = 0.06
"""Share of an image's width whose colours count as those at its edge."""
ALONG = 0.08
"""Over what share of an edge's length colours are averaged before neighbours take each other's."""
ALIKE, UNLIKE = (0.3, 0.45), (0.45, 0.6)
"""Neighbours' colours meet fully where they differ by up to ALIKE, and not at all from UNLIKE on (RGB distance): different
things, and where all is plain and one is only lighter, as skies are."""
PLAINLY = 0.5
"""Squared difference of two images that is plainly seen: a seam pays no more for a larger one."""
DETOUR = 0.5
"""What a seam pays for being at the end of its room and not in the middle: there one image is cut, and the other repeated."""
THING = 0.1
"""What it pays beside that for the contrast between it and the middle: of a thing that is cut off, or repeated."""
NEAR, FAR = 0.12, 0.4
"""Share of an image's width over which it takes on its neighbour's colours: where there is detail, which hides the change,
and where all is plain, as in a sky, which shows it."""
PLAIN, DETAILED = 0.02, 0.08
"""Standard deviation of the colours at an edge up to which it is plain, and from which on it is detailed."""
SOFT = 1.5
"""Columns over which one image turns into the next at a seam."""
MENDED = 8
"""Columns on each side of a seam that patches mend: a patch, and all that is of two images."""
LEVELS = 3
"""Levels above the coarsest at which they do: more would bring in things from elsewhere."""
ORDER = 10.0
"""What it counts beside the colours that a patch comes from elsewhere in the collage, the longest side of an image being 1."""
LAYERS = 4
"""Channels of a sheet beside its image's: the number of the source, the row and the column in it, and whether the pixel stays."""


@dataclass(frozen=True, eq=False)
class Collage(Task):
    """Merge images into one, side by side.

    Each stays as it is; patches of both mend what is next to a seam.
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
            rows = harmonise_all(rows, self.overlap)
        numbers = count()
        sheets = [[sheet(image, next(numbers)) for image in row] for row in rows]
        whole = join_all(sheets, self.overlap)
        if self.size is not None:
            start = whole.shape[:2]
            end = wanted(self.size, start)
            check_reach(start, end)
            whole = fitted(join_all(condense_all(sheets, start, end), self.overlap), end)
        origin = whole[:, :, -LAYERS:-1].astype(np.intp)
        corners = np.array(list(corners_of(rows, self.overlap)), np.float32)
        longest = max(max(image.shape[:2]) for row in rows for image in row)
        return Plan(
            sources=[
                Source(image, guide=(corner + np.moveaxis(np.indices(image.shape[:2]), 0, 2)) / longest)
                for image, corner in zip(chain(*rows), corners, strict=True)
            ],
            guess=whole[:, :, :-LAYERS],
            keep=whole[:, :, -1] > 0,
            origin=origin,
            yields=True,
            guide=(corners[origin[:, :, 0]] + origin[:, :, 1:]) / longest,
            guide_weights=ORDER,
            coarsest=levels_down(whole.shape[:2], LEVELS),
        )


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
        height = round(row[0].shape[0] * max(widths) / width)
        shares = _shares([image.shape[1] for image in row], max(widths) / width)
        result.append([_sized(image, (height, share)) for image, share in zip(row, shares, strict=True)])
    return result


def corners_of(rows: list[list[Image]], overlap: float) -> Iterator[tuple[float, float]]:
    """Yield the row and the column where each image starts in a collage."""
    top = 0.0
    for row in rows:
        left = 0.0
        for image in row:
            yield top, left
            left += image.shape[1] * (1 - overlap)
        top += row[0].shape[0] * (1 - overlap)


def harmonise_all(rows: list[list[Image]], overlap: float = 0) -> list[list[Image]]:
    """Let the colours of neighbours meet, within every row and between rows."""
    rows = [harmonise(row, overlap) for row in rows]
    strips = [np.concatenate(row, axis=1).swapaxes(0, 1) for row in rows]
    harmonised = [strip.swapaxes(0, 1) for strip in harmonise(strips, overlap)]
    edges = [list(accumulate(image.shape[1] for image in row))[:-1] for row in rows]
    return [np.split(strip, at, axis=1) for strip, at in zip(harmonised, edges, strict=True)]


def harmonise(images: Sequence[Image], overlap: float = 0) -> list[Image]:
    """Let the colours of images of one height meet at the edges between them, or in the middle of what overlaps.

    The smooth part of the difference along an edge goes in halves to both sides and fades out across each image.
    Where neighbours differ too much, they are different things, and keep their colours.
    """
    from scipy import ndimage

    results = [image.copy() for image in images]
    low, high = min(0.0, *(float(i.min()) for i in images)), max(1.0, *(float(i.max()) for i in images))
    for left, right in pairwise(results):
        narrower = min(left.shape[1], right.shape[1])
        hidden = round(overlap * narrower) // 2
        shown = slice(hidden, hidden + max(3, int(STRIP * narrower)))
        colours = left.shape[2] - (left.shape[2] in (2, 4))
        edges = left[:, ::-1][:, shown], right[:, shown]
        ends = [np.median(edge, axis=1) for edge in edges]
        step = ndimage.gaussian_filter1d(ends[1] - ends[0], ALONG * len(left), axis=0, mode="nearest")[:, :colours]
        distance = np.linalg.norm(step, axis=1, keepdims=True)
        detail = np.maximum(*(edge.std(1).mean(1) for edge in edges))
        detail = ndimage.gaussian_filter1d(detail, ALONG * len(left), mode="nearest")[:, None]
        plain = np.clip((DETAILED - detail) / (DETAILED - PLAIN), 0, 1)
        lighter = np.abs(step.sum(1, keepdims=True)) / (math.sqrt(colours) * distance + 1e-9)
        alike, unlike = (least + (most - least) * plain * lighter for least, most in (ALIKE, UNLIKE))
        step *= np.clip((unlike - distance) / (unlike - alike), 0, 1)
        reach = NEAR + (FAR - NEAR) * plain
        for image, share in ((left[:, ::-1], 0.5), (right, -0.5)):
            away = np.maximum(np.arange(image.shape[1], dtype=np.float32) - hidden, 0) / image.shape[1] / reach
            across = np.clip(1 - away, 0, 1)
            fade = (across * across * (3 - 2 * across))[:, :, None]
            opacity = image[:, :, colours:] if colours < image.shape[2] else np.float32(1)
            image[:, :, :colours] += share * step[:, None] * fade * opacity
            np.clip(image[:, :, :colours], low, high * opacity, out=image[:, :, :colours])
    return results


def sheet(image: Image, number: int) -> Image:
    """Return an image as a sheet, (H, W, C + LAYERS): with the places that its pixels come from, and all of them to stay."""
    rows, columns = np.indices(image.shape[:2], np.float32)
    origin = np.full_like(rows, number), rows, columns, np.ones_like(rows)
    return np.concatenate([image, np.stack(origin, axis=2)], axis=2)


def join_all(rows: list[list[Image]], overlap: float) -> Image:
    """Join the sheets of every row, and the rows."""
    strips = [join(row, overlap) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    turned = [fitted(strip, (strip.shape[0], width)).swapaxes(0, 1) for strip in strips]
    return np.ascontiguousarray(join(turned, overlap).swapaxes(0, 1))


def join(sheets: Sequence[Image], overlap: float = 0) -> Image:
    """Join sheets of one height from left to right, along the seams that show least.

    overlap: share of the narrower of two neighbours that both cover. Without one, neighbours continue as their mirror images
    around the edge, and the seam runs through these.
    """
    result = sheets[0]
    for before, sheet in pairwise(sheets):
        narrower = min(before.shape[1], sheet.shape[1])
        shared = round(overlap * narrower)
        if shared < 2:
            reach = max(1, int(MIRRORED * narrower))
            under = np.concatenate([result[:, -reach:], result[:, -reach:][:, ::-1]], axis=1)
            over = np.concatenate([sheet[:, :reach][:, ::-1], sheet[:, :reach]], axis=1)
            parts = result[:, :-reach], _across(under, over, THING), sheet[:, reach:]
        else:
            parts = result[:, :-shared], _across(result[:, -shared:], sheet[:, :shared]), sheet[:, shared:]
        result = np.concatenate(parts, axis=1)
    return result


def condense_all(rows: list[list[Image]], start: Shape, end: Shape) -> list[list[Image]]:
    """Bring every sheet to the size that it has where the collage is not `start` but `end`."""
    heights = _shares([row[0].shape[0] for row in rows], end[0] / start[0])
    widths = [_shares([sheet.shape[1] for sheet in row], end[1] / start[1]) for row in rows]
    return [
        [condense(sheet, (height, width)) for sheet, width in zip(row, columns, strict=True)]
        for row, height, columns in zip(rows, heights, widths, strict=True)
    ]


def condense(sheet: Image, shape: Shape) -> Image:
    """Carve a sheet, or let it grow; what seams tear does not stay."""
    image = sheet[:, :, :-LAYERS]
    scale = carving_scale(image.shape[:2])
    thin = max(1, scale // 2)
    places = carved(image, smaller(image, thin), rarity(smaller(image, scale)), thin, shape).places
    result: Image = sheet[tuple(np.moveaxis(places, 2, 0))]
    result[:, :, :-LAYERS], result[:, :, -1] = arranged(image, places)
    return result


def fitted(sheet: Image, shape: Shape) -> Image:
    """Return a sheet at another shape."""
    if sheet.shape[:2] == shape:
        return sheet
    return np.concatenate([_sized(sheet[:, :, :-LAYERS], shape), nearest(sheet[:, :, -LAYERS:], shape)], axis=2)


def _across(under: Image, over: Image, thing: float = 0) -> Image:
    """Turn from one sheet, on the left, into another along the path where they differ least.

    thing: what the path pays for the contrast between it and the middle.
    """
    from scipy import ndimage

    one, other = under[:, :, :-LAYERS], over[:, :, :-LAYERS]
    contrast = sum(np.abs(np.gradient(i, axis=axis)).sum(2) for i in (one, other) for axis in (0, 1) if i.shape[axis] > 1)
    differ = np.minimum(np.square(one - other).sum(2), PLAINLY)
    cost = ndimage.gaussian_filter(differ, 1) + 0.05 * contrast + 1e-4
    width = one.shape[1]
    away = np.abs(np.arange(width) - (width - 1) / 2) / width
    total = np.cumsum(contrast, axis=1)
    between = np.abs(total - total[:, [(width - 1) // 2]])
    path = cheapest_path((cost + DETOUR * away + thing * between).astype(np.float32))
    past = np.arange(width) - path[:, None]
    near = np.abs(past) <= MENDED
    weight = (1 / (1 + np.exp(-past[near] / SOFT)))[:, None]
    joined = np.where((past > 0)[:, :, None], over, under)
    joined[near, :-LAYERS] = one[near] + (other[near] - one[near]) * weight
    joined[near, -1] = 0
    return joined


def _shares(sides: Sequence[int], factor: float) -> list[int]:
    """Return sides that are so many times as long, rounded so that their sum is."""
    # Rounded edges, not rounded sides.
    edges = [round(edge * factor) for edge in accumulate(sides, initial=0)]
    return [last - first for first, last in pairwise(edges)]


def _scaled(image: Image, factor: float) -> Image:
    if factor == 1:
        return image
    # An even width keeps the pixels of all levels where they are, whatever comes to the right.
    return _sized(image, (round(image.shape[0] * factor), max(2, int(image.shape[1] * factor) // 2 * 2)))


def _sized(image: Image, shape: Shape) -> Image:
    if image.shape[:2] == shape:
        return image
    return np.clip(resize(image, shape), image.min(), image.max())
