"""Where a variation starts: upright strips of the sources in a new order, joined along the seams that show least.

In most images things stand side by side, so strips that are cut between them keep them whole, each at its height. One table holds
what it costs to join any two places, so that judging a layout takes no time: many are drawn, and the best is put together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Image
from patchnn.engine.joins import SIDE, Columns, Joins
from patchnn.engine.layouts import Starts, looks_different, structured
from patchnn.engine.resample import resize

__all__ = ["lay_out"]

LARGEST = 96
"""The shorter side of an image that is laid out; what is larger is reduced for it."""
DRAWN = 1000
"""Layouts that are drawn."""
STRIPS = 4, 10
"""Strips that each source is cut into, at least and at most."""
MAIN = 0.1, 0.9
"""The share of a source that one of its strips takes, at least and at most: where only large pieces fit, there must be some."""
CLEAN = 0.7
"""A layout is clean if none of its seams costs more, nor its ends."""
DIRTIER = 1.1
"""Where none is clean, those are used that cost at most so many times as much as the cleanest."""
LEAST = 0.25
"""The least share of the wanted variety that a layout may have."""
AIM = 1.7
"""What layouts aim at, in parts of the wanted variety: most fall short."""
SLACK = 0.1
"""How far from that is as good."""
PRICE = 0.05
"""What the squared cost of a seam counts, when a miss of the whole variety counts 1."""
CHEAPEST = 4
"""Of so many places to add rows at, or to leave some out, one is taken at random."""


def lay_out(guess: Image, sources: Sequence[Image], starts: Starts, seed: Sequence[int]) -> tuple[Image, float]:
    """Return a layout of the guess's size, (H, W, C), and its variety: the share of the guess that is elsewhere in it."""
    height, width = guess.shape[:2]
    if min(height, width) > LARGEST:
        factor = LARGEST / min(height, width)
        image, variety = lay_out(_scaled(guess, factor), [_scaled(source, factor) for source in sources], starts, seed)
        return resize(image, (height, width)), variety
    # RandomState's stream is frozen for good: a seed must give the same image in years to come.
    random = np.random.RandomState([*seed, 1])
    tall = sources[0].shape[0]
    joins = Joins([source if source.shape[0] == tall else _scaled(source, tall / source.shape[0]) for source in sources])
    seen = guess if height == tall else resize(guess, (tall, width))
    first, last, variety = _Layouts(joins, seen, random).best(starts)
    image = joins.put_together(first, last)
    if height != tall:
        image = np.swapaxes(_lengthened(np.swapaxes(image, 0, 1), height, random), 0, 1)
    return np.clip(image, 0, 1), variety


class _Layouts:
    """Layouts drawn at random, each of at most k strips: what they cost, and how new they are.

    starts, ends: (n, k) numbers of places. lengths: (n, k) columns, 0 after the last strip. count: (n,) strips.
    """

    def __init__(self, joins: Joins, guess: Image, random: np.random.RandomState) -> None:
        self.joins, self.width = joins, guess.shape[1]
        pieces = [_pieces(random, len(span) - 1) for span in joins.spans]
        firsts = np.cumsum([0, *(len(span) for span in joins.spans)])
        starts, ends = (np.concatenate([one[at] + first for one, first in zip(pieces, firsts, strict=False)], 1) for at in (0, 1))
        # All pieces in a random order, and again until the width is filled.
        whole = sum(int(span[-1] - span[0]) for span in joins.spans)
        orders = [np.argsort(random.random_sample(starts.shape), 1) for _ in range(-(-self.width // whole))]
        starts, ends = (np.concatenate([np.take_along_axis(side, order, 1) for order in orders], 1) for side in (starts, ends))
        lengths = joins.places[ends] - joins.places[starts]
        lengths = np.clip(self.width - (np.cumsum(lengths, 1) - lengths), 0, lengths)
        order = np.argsort(lengths == 0, 1, kind="stable")
        self.starts, self.ends, self.lengths = (np.take_along_axis(side, order, 1) for side in (starts, ends, lengths))
        self.count = (self.lengths > 0).sum(1)
        self.variety = self._variety(guess)
        self.seams, self.border = self._costs()

    def best(self, starts: Starts) -> tuple[Columns, Columns, float]:
        """Return the first columns of the best layout's strips, those after their last, and its variety.

        Of the first few clean ones, it has the least sum of what it costs and how far its variety is from what is aimed at.
        """
        wanted = starts.variety or 0.0
        worst = np.maximum(self.seams.max(1), self.border)
        worst[self.variety < min(LEAST * wanted, self.variety.max())] = np.inf
        few = np.flatnonzero(worst <= max(CLEAN, DIRTIER * worst.min()))[: starts.count]
        miss = np.maximum(0, np.abs(self.variety - min(1, AIM * wanted)) - SLACK)
        cost = miss + PRICE * ((self.seams**2).sum(1) + self.border**2)
        best = few[np.argmin(cost[few])]
        used = slice(0, self.count[best])
        first = self.joins.places[self.starts[best, used]]
        return first, first + self.lengths[best, used], float(self.variety[best])

    def _costs(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what the seams of each layout cost, (n, k - 1), and its two ends, (n,)."""
        joins, rows = self.joins, np.arange(len(self.count))
        there = np.arange(1, self.lengths.shape[1]) < self.count[:, None]
        seams = np.where(there, joins.between[self.ends[:, :-1], self.starts[:, 1:]], 0)
        last = joins.places[self.starts[rows, self.count - 1]] + self.lengths[rows, self.count - 1]
        place = np.abs(joins.places - last[:, None]).argmin(1)
        return seams, joins.first[self.starts[:, 0]] + joins.last[place]

    def _variety(self, guess: Image) -> NDArray[np.float64]:
        """Return the share of the guess that is elsewhere in each layout, (n,).

        It is the least of two shares of what has structure: of the pixels that look different, and of those that did not move
        with the largest piece. So the whole guess moved to the side has none.
        """
        canvas, across = self.joins.canvas, np.arange(self.width)
        lefts = np.cumsum(self.lengths, 1) - self.lengths
        strip = np.zeros((len(lefts), self.width), np.int64)
        for left in lefts[:, 1:].T:
            strip += across >= left[:, None]
        columns = across + np.take_along_axis(self.joins.places[self.starts] - lefts, strip, 1)
        # What looks different, and what has structure, if a column of the guess became one of the canvas.
        differ, counted = (np.zeros((self.width, canvas.shape[1])) for _ in range(2))
        here, there = structured(guess), structured(canvas)
        for row in range(len(canvas)):
            either = here[row, :, None] | there[row]
            differ += either & looks_different(guess[row, :, None], canvas[row])
            counted += either
        changed = differ[across, columns].sum(1) / np.maximum(1, counted[across, columns].sum(1))
        weights, moves = there.sum(0)[columns], columns - across + self.width
        pieces = np.zeros((len(columns), canvas.shape[1] + self.width + 2))
        np.add.at(pieces, (np.arange(len(columns))[:, None], moves), weights)
        # Give or take a column.
        pieces = pieces[:, :-2] + pieces[:, 1:-1] + pieces[:, 2:]
        return np.asarray(np.minimum(changed, 1 - pieces.max(1) / np.maximum(1, weights.sum(1))))


def _pieces(random: np.random.RandomState, steps: int) -> tuple[Columns, Columns]:
    """Cut a row of so many steps into pieces, DRAWN times: where they start and end, (DRAWN, k) each. Some are empty."""
    shares = random.gamma(2.0, size=(DRAWN, STRIPS[1]))
    shares[np.arange(STRIPS[1]) >= random.randint(STRIPS[0], STRIPS[1] + 1, DRAWN)[:, None]] = 0
    main = random.uniform(*MAIN, DRAWN)
    shares[:, 0] = 0
    shares *= ((1 - main) / shares.sum(1))[:, None]
    shares[:, 0] = main
    shares = np.take_along_axis(shares, np.argsort(random.random_sample(shares.shape), 1), 1)
    ends = np.minimum(np.round(np.cumsum(shares, 1) * steps), steps).astype(np.int64)
    ends[:, -1] = steps
    return np.concatenate([np.zeros((DRAWN, 1), np.int64), ends[:, :-1]], 1), ends


def _lengthened(image: Image, width: int, random: np.random.RandomState) -> Image:
    """Return an image made wider by columns that come again, or narrower by columns left out; what remains keeps its order."""
    while image.shape[1] != width:
        joins, own = Joins([image]), image.shape[1]
        more = int(np.clip(width - own, -(own // 2), own // 2))
        starts = joins.places[(joins.places + more >= SIDE) & (joins.places + more <= SIDE + own)]
        ends = np.abs(np.subtract.outer(starts + more, joins.places)).argmin(1)
        costs = joins.between[ends, np.searchsorted(joins.places, starts)]
        start = starts[np.argsort(costs, kind="stable")[random.randint(min(CHEAPEST, len(starts)))]]
        image = joins.put_together(np.array([SIDE, start]), np.array([start + more, SIDE + own]))
    return image


def _scaled(image: Image, factor: float) -> Image:
    rows, columns = (max(1, round(side * factor)) for side in image.shape[:2])
    return resize(image, (rows, columns))
