"""A texture of any size from an example: more of the same, without a seam or a repeat to be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from patchnn import Image, Plan, Shape, SizeLike, Source, Task, option, resize
from patchnn_tasks.shared import levels_down, shape_at, size, wanted

COARSEST = 20
"""Shorter side of the example where synthesis starts, in pixels: the things in it are a few pixels large there."""
PIECE = 13
"""Side of the pieces that the first layout is put together from, in pixels: smaller ones leave more seams to mend."""
COMPLETENESS = 0.5
"""How firmly all of the example is asked for: what is rare in it is not lost, what is common not repeated."""
LEVELS = 3
"""Levels that ask for it, the coarsest first: they decide the layout."""
ITERATIONS = 20
"""Steps at the coarsest level, until the pieces fit together."""
RATIO = 4 / 3


@dataclass(frozen=True, eq=False)
class Texture(Task):
    """Make a texture of any size from an example: grass, stones, fabric, a crowd.

    It starts from randomly chosen pieces of the example, so that every seed gives another texture, and large ones do not
    repeat it. --coarsest decides how large the pieces are that stay together: the smaller, the larger.
    """

    examples = ("photo.jpg", "photo.jpg 1000x600 large.png --seed 3")

    image: Image = option(help="The example.")
    size: SizeLike | None = size("twice the example's width and height")

    def plan(self, seed: int = 0) -> Plan:
        """Start from random pieces of the example, at a level where the things in it are about as large as a patch."""
        shape = self.image.shape[:2]
        end = wanted(self.size or "200%", shape)
        levels = max(0, round(math.log(min(shape) / COARSEST) / math.log(RATIO)))
        small = np.clip(resize(self.image, shape_at(shape, levels, RATIO)), 0, 1)
        return Plan(
            sources=[Source(self.image)],
            guess=shuffled(small, shape_at(end, levels, RATIO), seed),
            rounds=[end],
            ratio=RATIO,
            coarsest=levels_down(end, levels, RATIO),
            coarsest_iterations=ITERATIONS,
            completeness=COMPLETENESS,
            completeness_levels=LEVELS,
        )


def shuffled(image: Image, shape: Shape, seed: int) -> Image:
    """Return an image of the given shape that consists of square pieces of another one, taken from random places."""
    # RandomState's stream is frozen for good: a seed must give the same image in years to come.
    random = np.random.RandomState(seed)
    rows, columns = image.shape[:2]
    side = min(PIECE, rows, columns)
    result = np.empty((*shape, image.shape[2]), np.float32)
    for top in range(0, shape[0], side):
        for left in range(0, shape[1], side):
            row, column = random.randint(rows - side + 1), random.randint(columns - side + 1)
            part = result[top : top + side, left : left + side]
            part[:] = image[row : row + part.shape[0], column : column + part.shape[1]]
    return result
