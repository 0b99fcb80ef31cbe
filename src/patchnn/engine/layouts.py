"""Which layouts a plan tries at its coarsest level: plain data, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass

from patchnn.engine.arrays import require

__all__ = ["Starts"]


@dataclass(frozen=True)
class Starts:
    """Several layouts to try at the coarsest level; the first round starts from the best.

    Each is the guess with noise of its own, in which every source patch claims a place. The best one has the wanted variety, and
    of those that have it, the least error. Without a wanted variety, each is what the plan itself makes of the noise there, and
    the one whose patches fit best is kept.

    Parameters
    ----------
    variety : float, 0 to 1, or None
        The share of the guess that lies elsewhere in the layout. None: only `count` matters.
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

    Raises
    ------
    InputError
        If a value is out of range; `about` names the field.
    """

    variety: float | None = 0.5
    count: int = 6
    turns: int = 4
    patch: int = 13
    iterations: int = 8
    rows: float = 1.0
    withheld: float = 0.0

    def __post_init__(self) -> None:
        if self.variety is not None:
            require(self.variety, "variety", 0, 1, "between 0 and 1, or None")
        require(self.count, "count", 1, 100, "between 1 and 100", whole=True)
        require(self.turns, "turns", 1, 100, "between 1 and 100", whole=True)
        require(self.patch, "patch", 2, math.inf, "2 or more", whole=True)
        require(self.iterations, "iterations", 1, 1000, "between 1 and 1000", whole=True)
        require(self.rows, "rows", 0, 1e6, "0 or more")
        require(self.withheld, "withheld", 0, 0.9, "between 0 and 0.9")
