"""Progress: what an observer of a run gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from patchnn.engine.arrays import Image, Shape

__all__ = ["Observer", "Progress"]


@dataclass(frozen=True, eq=False)
class Progress:
    """What an observer gets: where the run starts, each start that is tried, and the output after every iteration.

    Attributes
    ----------
    round, rounds
        The round, from 1, and how many there are.
    level, levels
        The level, from levels - 1 down to 0, the finest, and how many there are in this round.
    iteration, iterations
        The iteration at this level, from 1, and how many there are. Before the first of all it is 0: `image` is then what
        the run starts from, or another start that is tried, or what that became.
    fraction
        The share of all iterations that is done, 1.0 in the last event. If a result is made again, it goes back to 0.
    image
        A function that returns a copy of the output as it is now, (H, W, C) float32 on the host.
    shape
        Rows and columns of the finished output.
    """

    round: int
    rounds: int
    level: int
    levels: int
    iteration: int
    iterations: int
    fraction: float
    image: Callable[[], Image]
    shape: Shape = (0, 0)


Observer: TypeAlias = Callable[[Progress], object]
