"""What several tasks have in common: an option, the authors' alpha, and how deep a pyramid goes."""

from __future__ import annotations

import math
from typing import Any

from patchnn import Shape, option

PAPER_ALPHA = 0.005
"""The authors' completeness for tasks that should show all of their sources."""
STEP = 1.1
"""A size is reached in steps of at most this ratio (paper, Sec. 4: gradually)."""


def noise(help: str) -> Any:
    """The option --noise of tasks that need none to work."""
    return option(0.0, help, min=0)


def levels_down(shape: Shape, levels: int, ratio: float = 4 / 3) -> float:
    """Return the coarsest side of a pyramid with so many levels above the coarsest."""
    return max(2.0, min(shape) / ratio**levels)


def until_it_spans(shape: Shape, span: float, pixels: float) -> float:
    """Return the coarsest side at which what spans `span` pixels of a picture spans only so many."""
    return max(2.0, min(shape) * min(1.0, pixels / span))


def gradual(start: Shape, end: Shape, rounds: int | None = None) -> list[Shape]:
    """Return the shapes of the steps that lead from one to the other in equal ratios, the last one's being `end`.

    rounds: how many; by default as many as keep every step within STEP.
    """
    ratios = [math.log(last / first) for first, last in zip(start, end, strict=True)]
    count = rounds or max(1, math.ceil(max(map(abs, ratios)) / math.log(STEP) - 1e-9))
    steps = [
        [round(side * math.exp(ratio * n / count)) for side, ratio in zip(start, ratios, strict=True)]
        for n in range(1, count + 1)
    ]
    return [(rows, columns) for rows, columns in steps]
