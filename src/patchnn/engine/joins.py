"""What it costs to join any column of some images to any other, and strips of them, joined.

A seam between two strips costs where they differ, less where texture hides it, and where it cuts something that is rare at its
height. It follows the path from top to bottom that costs least (Kwatra et al., Graphcut textures, SIGGRAPH 2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Image
from patchnn.engine.seams import cheapest_path

__all__ = ["SIDE", "Joins"]

SIDE = 2
"""Columns on each side of a seam that tell what it cuts."""
PLACES = 64
"""Places at which strips may start and end, about."""
REACH = 0.1
"""How far a seam may be from the end of a strip, in heights of the image."""
APART = 0.15
"""How far apart two patches of one thing may be, in heights of the image: what is like them farther away is another."""
LEVEL = 1 / 24
"""How much higher or lower the same kind of thing may stand, in heights of the image."""
TEXTURE = 0.1
"""The difference, in parts of the contrast, that shows as much in a plain place as one like its texture in a textured one."""
RAREST = 3.0
"""The most that something counts as rare, in parts of the contrast."""
SHADE = 0.2
"""Strips whose colours differ by less, as two parts of a sky do, fade into one another."""
EVEN = 0.06
"""How far along a seam such a difference is averaged, in heights of the image."""

Costs = NDArray[np.float32]
Columns = NDArray[np.int64]


class Joins:
    """Images of one height side by side, and what it costs to join their columns.

    canvas: (H, W, C), the images, each with SIDE more columns at both ends. spans: for each image, the columns at which strips
    may start and end. places: all of them, (n,). between: (n, n), what a seam costs if one strip ends at a place and the next
    one starts at another. first, last: (n,), what it costs if the first strip starts at a place, or the last one ends there.
    """

    def __init__(self, images: Sequence[Image]) -> None:
        self.height = images[0].shape[0]
        self.canvas = np.concatenate([np.pad(image, ((0, 0), (SIDE, SIDE), (0, 0)), mode="edge") for image in images], axis=1)
        widths = [image.shape[1] for image in images]
        step = max(1, round(sum(widths) / PLACES))
        lows = np.cumsum([SIDE, *(width + 2 * SIDE for width in widths)])
        self.spans = [
            np.append(np.arange(low, low + width - step // 2, step), low + width)
            for low, width in zip(lows, widths, strict=False)
        ]
        self.places = np.concatenate(self.spans)
        self._low, self._high = (np.concatenate([np.full(len(span), span[end]) for span in self.spans]) for end in (0, -1))
        reach = max(1, round(REACH * self.height))
        self._offsets = np.arange(-reach, reach + 1)
        self._near, self._around = self._patches(1, 1), self._patches(2, SIDE)
        canvas = self.canvas.astype(np.float64)
        texture = _mean_around((_mean_around(canvas**2, 2) - _mean_around(canvas, 2) ** 2).mean(2), 1)
        self._texture = np.maximum((texture[:, SIDE - 1 : -SIDE] + texture[:, SIDE : 1 - SIDE]) / 2, 0)
        # Between the contrast of the row and that of the image: a thing in a plain sky counts, noise in it does not.
        whole = np.concatenate(images, axis=1)
        rows = _smooth(whole.var(1, dtype=np.float64).mean(1), self.height / 16)
        self._contrast = np.sqrt(whole.var((0, 1), dtype=np.float64).mean() * (rows + (2 / 255) ** 2)) + 1e-9
        self._rare = self._rarity()
        self.between = self._seams()
        self.first, self.last = (self._ends(end) for end in (0, -1))

    def _patches(self, rows: int, columns: int) -> NDArray[np.float64]:
        """Return what lies around every place between two columns: so many rows above and below, and columns on each side.

        The first of them is SIDE columns from the canvas's left end.
        """
        canvas = np.pad(self.canvas, ((rows, rows), (0, 0), (0, 0)), mode="edge")
        canvas = canvas[:, SIDE - columns : canvas.shape[1] - SIDE + columns]
        patches = np.lib.stride_tricks.sliding_window_view(canvas, (2 * rows + 1, 2 * columns), axis=(0, 1))
        return patches.reshape(*patches.shape[:2], -1).astype(np.float64)

    def _level(self, row: int) -> list[int]:
        """Return the rows in which the same kind of thing may stand."""
        step = max(1, round(LEVEL * self.height))
        return sorted({max(0, row - step), row, min(self.height - 1, row + step)})

    def _rarity(self) -> Costs:
        """Return how unlike everything else at its height each place is, (H, columns)."""
        at = np.arange(self._around.shape[1])
        same = np.abs(np.subtract.outer(at, at)) < APART * self.height
        found = np.full((self.height, len(at)), np.inf, np.float32)
        for row in range(self.height):
            for other in self._level(row):
                distances = _distances(self._around[row], self._around[other])
                distances[same] = np.inf
                np.minimum(found[row], distances.min(1), out=found[row])
        return np.asarray(np.minimum(found / self._contrast[:, None], RAREST), np.float32)

    def _costs(self, row: int, left: Columns, right: Columns) -> Costs:
        """Return what a seam costs in a row between each column of the left strip and each of the right one, (n, m)."""
        left, right = left - SIDE, right - SIDE
        differences = _distances(self._near[row, left], self._near[row, right])
        hidden = np.minimum.outer(self._texture[row, left], self._texture[row, right])
        rare = np.add.outer(self._rare[row, left], self._rare[row, right]) / 2
        # Squared: one thing that is cut is worse than a seam that hardly shows anywhere.
        return np.asarray((TEXTURE * differences / (TEXTURE * self._contrast[row] + hidden) + rare) ** 2, np.float32)

    def _seams(self) -> Costs:
        """Return what the cheapest seam between any two places costs: the root mean square over its rows, (n, n)."""
        at = self.places + self._offsets[:, None]
        outside = (at < self._low) | (at > self._high)
        columns, which = np.unique(np.clip(at, self._low, self._high), return_inverse=True)
        which = which.reshape(at.shape)
        blocked = np.where(outside[:, :, None] | outside[:, None, :], np.float32(np.inf), np.float32(0))
        total = blocked
        for row in range(self.height):
            best = total.copy()
            np.minimum(best[1:], total[:-1], out=best[1:])
            np.minimum(best[:-1], total[1:], out=best[:-1])
            total = best + self._costs(row, columns, columns)[which[:, :, None], which[:, None, :]] + blocked
        found = np.sqrt(total.min(0) / np.float32(self.height))
        # Where a strip goes on there is no seam.
        np.fill_diagonal(found, 0)
        return np.asarray(found, np.float32)

    def _ends(self, end: int) -> Costs:
        """Return how unlike the images' own left (0) or right (-1) ends each place is: elsewhere an end cuts things, (n,)."""
        inside = 0 if end == 0 else -2 * SIDE
        own = np.array([span[end] + inside for span in self.spans])
        at = np.clip(self.places + inside, 0, self._around.shape[1] - 1)
        own = np.clip(own, 0, self._around.shape[1] - 1)
        found = np.zeros(len(at))
        for row in range(self.height):
            nearest = [_distances(self._around[row, at], self._around[other, own]).min(1) for other in self._level(row)]
            found += np.min(nearest, axis=0) / self._contrast[row]
        return np.asarray(found / self.height, np.float32)

    def put_together(self, starts: Columns, ends: Columns) -> Image:
        """Return strips joined along their cheapest seams, from left to right: (n,) first columns, and columns after the last."""
        lengths = ends - starts
        lefts = np.cumsum(lengths) - lengths
        across = np.arange(lengths.sum())
        offsets = [self._seam(end, start) for end, start in zip(ends, starts[1:], strict=False)]
        # None lies left of the one before it: the strip between them would leave its image.
        seams = list(accumulate((left + at for left, at in zip(lefts[1:], offsets, strict=True)), np.maximum))
        steps = [self._step(end + at, start + at) for end, start, at in zip(ends, starts[1:], offsets, strict=False)]
        strip = np.zeros((self.height, len(across)), np.int64)
        for seam in seams:
            strip += across >= seam[:, None]
        columns = np.clip(across + (starts - lefts)[strip], 0, self.canvas.shape[1] - 1)
        return _faded(self.canvas[np.arange(self.height)[:, None], columns], strip, seams, steps)

    def _seam(self, end: int, start: int) -> Columns:
        """Return how far to the right of where one strip ends and the next starts their seam is, in every row."""
        inside = np.ones(len(self._offsets), np.bool_)
        for column in (end, start):
            place = np.searchsorted(self.places, column)
            inside &= (self._low[place] <= column + self._offsets) & (column + self._offsets <= self._high[place])
        offsets = self._offsets[inside]
        costs = [np.diagonal(self._costs(row, end + offsets, start + offsets)) for row in range(self.height)]
        return np.asarray(offsets[cheapest_path(np.stack(costs))], np.int64)

    def _step(self, left: Columns, right: Columns) -> NDArray[np.float64]:
        """Return how much the right strip differs at a seam from the left one, if that went on there, (H, C).

        left, right: (H,), the first column after the seam, in each. Side by side, their columns differ even where nothing shows.
        """
        rows, around = np.arange(self.height)[:, None], np.arange(-SIDE, SIDE)
        sides = (self.canvas[rows, columns[:, None] + around] for columns in (right, left))
        return np.asarray(np.subtract(*sides).mean(1), np.float64)


def _distances(some: NDArray[np.float64], others: NDArray[np.float64]) -> Costs:
    """Return the mean squared difference of each of some values (n, d) and each of others (m, d), (n, m)."""
    lengths = np.add.outer(np.einsum("ij,ij->i", some, some), np.einsum("ij,ij->i", others, others))
    # Rounded: what matrix libraries do differently is gone. It would choose between layouts that cost nothing.
    return np.asarray(np.maximum(np.round((lengths - 2 * some @ others.T) / some.shape[1], 9), 0), np.float32)


def _mean_around(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Return the mean of values (H, W, ...) over the square of pixels around each, (H, W, ...)."""
    padded = np.pad(values, [(reach, reach)] * 2 + [(0, 0)] * (values.ndim - 2), mode="symmetric")
    side = 2 * reach + 1
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1)).mean((-2, -1)))


def _smooth(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Return the mean of values (H, ...) over the rows, each weighted by a Gaussian of their distance, (H, ...)."""
    at = np.arange(len(values))
    weights = np.exp(-0.5 * (np.subtract.outer(at, at) / sigma) ** 2)
    return np.asarray(np.einsum("ij,j...->i...", weights / weights.sum(1, keepdims=True), values))


def _faded(image: Image, strip: Columns, seams: Sequence[Columns], steps: Sequence[NDArray[np.float64]]) -> Image:
    """Let strips of nearly the same colour fade into one another: half of the step at a seam goes to each side, and becomes less
    towards its other end.
    """
    height, width = strip.shape
    rows, across = np.arange(height)[:, None], np.arange(width)
    edges = np.stack([np.zeros(height, np.int64), *seams, np.full(height, width)])
    fading = np.zeros((len(edges), height, image.shape[2]))
    for number, step in enumerate(steps, 1):
        alike = np.exp(-((np.abs(step).max(1, keepdims=True) / SHADE) ** 4))
        total, weight = (_smooth(values, EVEN * height) for values in (step * alike, alike))
        fading[number] = alike * total / np.maximum(weight, 1e-3)
    low, high = edges[strip, rows], edges[strip + 1, rows]
    part = np.clip((across - low) / np.maximum(1, high - 1 - low), 0, 1)[:, :, None]
    return np.asarray(image + part * fading[strip + 1, rows] / 2 - (1 - part) * fading[strip, rows] / 2, np.float32)
