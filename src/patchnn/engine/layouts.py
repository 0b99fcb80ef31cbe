"""Which layouts a plan tries at its coarsest level, and how much of an image looks different."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from patchnn.engine.arrays import Image, Mask, require

__all__ = ["Starts", "changed_share", "looks_different", "structured"]

VISIBLE = 16 / 255
"""A pixel looks different when one of its channels differs by more."""
STRUCTURE = 6 / 255
"""A pixel has structure when it differs by more from the one above it or the one on its left."""


@dataclass(frozen=True)
class Starts:
    """Several layouts to try at the coarsest level; the first round starts from the best.

    With a wanted variety, each is made of upright strips of the sources in a new order, joined along the seams that show least;
    the best has about that variety at the least cost. Where the output is larger, strips and rows come again. Guides, kept and
    unusable pixels count only after that. Without a variety, each is what the plan itself makes of the guess with noise of its
    own there, and the one whose patches fit best is kept.

    Parameters
    ----------
    variety : float, 0 to 1, or None
        The share of the guess that moves in the layout, about; less if it would cut things, and seldom more than 0.7.
        None: layouts from noise.
    count : int, 1 to 100
        How many to compare. With a variety: of those in which nothing is cut that shows, the fewer, the more seeds differ.
    withheld : float, 0 to 0.9
        Without a wanted variety: the share of the source patches that a layout does without at the coarsest levels. They lie in
        a few regions, others for each layout, so that layouts differ even where the surroundings decide what fits.

    Raises
    ------
    InputError
        If a value is out of range; `about` names the field.
    """

    variety: float | None = 0.5
    count: int = 12
    withheld: float = 0.0

    def __post_init__(self) -> None:
        if self.variety is not None:
            require(self.variety, "variety", 0, 1, "between 0 and 1, or None")
        require(self.count, "count", 1, 100, "between 1 and 100", whole=True)
        require(self.withheld, "withheld", 0, 0.9, "between 0 and 0.9")


def changed_share(image: Image, guess: Image) -> float:
    """Return the share of the pixels with structure, in either image, that look different."""
    either = structured(guess) | structured(image)
    if not either.any():
        return 0.0
    return float(looks_different(image, guess)[either].mean())


def looks_different(some: Image, others: Image) -> Mask:
    """Return the pixels that look different in two images, which may broadcast: (..., C) to (...) bool."""
    return np.asarray(_over_channels(np.maximum, np.abs(some - others)) > VISIBLE)


def structured(image: Image) -> Mask:
    """Return the pixels that differ from the one above them or the one on their left, (H, W) bool."""
    grey = _over_channels(np.add, image) / image.shape[-1]
    found = np.zeros(grey.shape, np.bool_)
    found[:, 1:] |= np.abs(np.diff(grey, axis=1)) > STRUCTURE
    found[1:] |= np.abs(np.diff(grey, axis=0)) > STRUCTURE
    return found


def _over_channels(operation: np.ufunc, image: Image) -> np.ndarray:
    """Return what an operation makes of the channels of every pixel, (H, W): over a short axis, NumPy's own way is slow."""
    return np.asarray(reduce(operation, np.moveaxis(image, -1, 0)))
