"""Several pictures merged into one (paper, Sec. 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from patchnn import Image, InputError, Plan, Size, Source, Task, option, resize
from patchnn_tasks.shared import PAPER_ALPHA, levels_down, size, towards

FADE = 0.16
"""Share of a picture's width that is blended into its neighbour's in the guess, so that no edge is there to begin with."""


@dataclass(frozen=True, eq=False)
class Collage(Task):
    """Merge pictures into one, side by side.

    --coarsest decides how freely: the larger, the more each picture stays as it is.
    """

    images: tuple[Image, ...] = option(help="The pictures to merge, from left to right.")
    size: Size | None = size("of all side by side")

    def plan(self) -> Plan:
        """Start from the pictures laid side by side, brought to one height, with patches from all."""
        if len(self.images) < 2:
            raise InputError("images holds one picture: a collage needs two or more", about="images")
        height = max(image.shape[0] for image in self.images)
        guess = side_by_side([resize(i, (height, round(i.shape[1] * height / i.shape[0]))) for i in self.images])
        sources = [Source(image) for image in self.images]
        if self.size:
            return Plan(sources=sources, guess=guess, **towards(guess.shape[:2], self.size.of(guess.shape[:2])))
        # One iteration at the coarsest level: more would bring odd pieces of the pictures into the seam.
        return Plan(sources=sources, guess=guess, alpha=PAPER_ALPHA, coarsest=levels_down(guess.shape[:2], 5))


def side_by_side(images: list[Image]) -> Image:
    """Lay pictures of one height in a row, each fading into the next's mirror image around the edge between them."""
    row = np.concatenate(images, axis=1)
    edge = 0
    for left, right in pairwise(images):
        edge += left.shape[1]
        reach = max(1, int(FADE * min(left.shape[1], right.shape[1])))
        over = np.concatenate([left[:, -reach:], left[:, -reach:][:, ::-1]], axis=1)
        under = np.concatenate([right[:, :reach][:, ::-1], right[:, :reach]], axis=1)
        weight = np.linspace(0, 1, 2 * reach, dtype=np.float32)[None, :, None]
        row[:, edge - reach : edge + reach] = over * (1 - weight) + under * weight
    return row
