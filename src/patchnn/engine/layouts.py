"""Which layouts a plan tries at its coarsest level, where they start, and how much of an image looks different."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Image, Mask, require

__all__ = ["SPREAD", "Starts", "changed_share", "shuffled"]

SPREAD = 0.3
"""How far a layout's main strip may be from what the variety leaves, so that layouts differ."""
VISIBLE = 16 / 255
"""A pixel looks different when one of its channels differs by more."""
STRUCTURE = 6 / 255
"""A pixel has structure when it differs by more from the one above it or the one on its left."""
MORE = 3
"""Strips that a layout may have beyond those that its variety takes: how many differs from one to the next."""


@dataclass(frozen=True)
class Starts:
    """Several layouts to try at the coarsest level; the first round starts from the best.

    Each is the guess, cut into upright strips in a new order, with noise of its own, in which every source patch claims a place.
    The best one has nearly the wanted variety and a small error. Without a wanted variety, each is what the plan itself makes of
    the noise there, and the one whose patches fit best is kept.

    Parameters
    ----------
    variety : float, 0 to 1, or None
        The share of the guess that moves in the layout. None: only `count` matters.
    count, turns : int, 1 to 100
        How many to try at a time, and how many times at most, while the best is far from that variety.
    patch : int, 2 or more
        Side of a patch in the first of these layouts: large patches move large pieces. Smaller if the coarsest level is small.
    iterations : int, 1 to 1000
        Steps of each.
    rows : float, 0 or more
        How firmly patches keep their height in the image: the weight of their squared distance from it, in image heights.
    withheld : float, 0 to 0.9
        Without a wanted variety: the share of the source patches that a layout does without at the coarsest levels. They lie in
        a few regions, others for each layout, so that layouts differ even where the surroundings decide what fits.
    edges : float, 0 or more
        How firmly the left and right edge stay like those of the sources, so that they cut no things: the weight of the squared
        difference.

    Raises
    ------
    InputError
        If a value is out of range; `about` names the field.
    """

    variety: float | None = 0.5
    count: int = 6
    turns: int = 4
    patch: int = 9
    iterations: int = 8
    rows: float = 1.0
    withheld: float = 0.0
    edges: float = 0.7

    def __post_init__(self) -> None:
        if self.variety is not None:
            require(self.variety, "variety", 0, 1, "between 0 and 1, or None")
        require(self.count, "count", 1, 100, "between 1 and 100", whole=True)
        require(self.turns, "turns", 1, 100, "between 1 and 100", whole=True)
        require(self.patch, "patch", 2, math.inf, "2 or more", whole=True)
        require(self.iterations, "iterations", 1, 1000, "between 1 and 1000", whole=True)
        require(self.rows, "rows", 0, 1e6, "0 or more")
        require(self.withheld, "withheld", 0, 0.9, "between 0 and 0.9")
        require(self.edges, "edges", 0, 1e6, "0 or more")


def shuffled(width: int, variety: float, seed: Sequence[int]) -> NDArray[np.int64]:
    """Return the columns of an image of this width, cut into upright strips that come in another order, (width,) int.

    One strip takes about what the wanted variety leaves: it stays in one piece. The others share the rest at random.
    """
    # RandomState's stream is frozen for good: a seed must give the same image in years to come.
    random = np.random.RandomState([*seed, 1])
    stays = min(0.95, max(0.12, 1 - variety + random.uniform(-SPREAD, SPREAD)))
    count = min(max(2, math.ceil(1 / stays)) + random.randint(MORE), width)
    shares = np.append(stays, random.dirichlet(np.ones(count - 1)) * (1 - stays))[random.permutation(count)]
    cuts = np.unique(np.clip(np.round(np.cumsum(shares[:-1]) * width).astype(np.int64), 1, width - 1))
    strips = np.split(np.arange(width), cuts)
    order = np.arange(len(strips))
    # Two strips that follow each other as before would be one.
    while (np.diff(order) == 1).any():
        order = random.permutation(len(strips))
    return np.concatenate([strips[number] for number in order])


def changed_share(image: Image, guess: Image) -> float:
    """Return the share of the pixels with structure, in either image, that look different."""
    structured = _structure(guess) | _structure(image)
    if not structured.any():
        return 0.0
    return float((_over_channels(np.maximum, np.abs(image - guess)) > VISIBLE)[structured].mean())


def _structure(image: Image) -> Mask:
    """Return the pixels that differ from the one above them or the one on their left, (H, W) bool."""
    grey = _over_channels(np.add, image) / image.shape[2]
    found = np.zeros(grey.shape, np.bool_)
    found[:, 1:] |= np.abs(np.diff(grey, axis=1)) > STRUCTURE
    found[1:] |= np.abs(np.diff(grey, axis=0)) > STRUCTURE
    return found


def _over_channels(operation: np.ufunc, image: Image) -> np.ndarray:
    """Return what an operation makes of the channels of every pixel, (H, W): over a short axis, NumPy's own way is slow."""
    return np.asarray(reduce(operation, np.moveaxis(image, 2, 0)))
