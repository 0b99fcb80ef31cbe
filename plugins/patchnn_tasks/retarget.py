"""The same scene at another size (paper, Sec. 4.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from patchnn import Image, InputError, Mask, Plan, Shape, SizeLike, Source, Task, option, resize
from patchnn_tasks.carving import FORBIDDEN, Costs, carve, rarity
from patchnn_tasks.shared import check_reach, shape_at, towards, wanted

CARVED = 120
"""Shorter side at which an image is carved, in pixels: coarser, masts are thinner than a pixel."""
SMALLER, LARGER = 32, 60
"""Shorter side at which patches start to mend an image that became smaller, or larger. Seams squeeze things, which large patches
undo; what seams stretch is mostly ground, and smaller patches mend it without moving things."""
RARE = 0.5
"""Weight of a pixel's rarity beside the contrast that removing it creates."""
SMOOTHNESS = 1.0
"""Over how many rows seams are smoothed, so that masts and rims bend instead of breaking."""
UNIFORM = 0.75
"""An image is a texture if half of it is at least so rare as the rarest twentieth: then nothing stands out."""
RATIO = 4 / 3


@dataclass(frozen=True, eq=False)
class Retarget(Task):
    """Bring an image to another size or aspect, with its objects in it and as far as possible in shape."""

    examples = ("photo.jpg 60%x100%", "photo.jpg 400x300 small.jpg --keep mask.png")

    image: Image = option(help="The image to retarget.")
    size: SizeLike | None = option(None, "Size of the result, width x height, as 150%x100% or 400x200; required without --drop.")
    by: Literal["auto", "carve", "patches"] = option(
        "auto",
        "What makes room: carve (plain parts shrink or grow, things keep their shape), patches (all parts may merge or "
        "repeat: for textures and crowds), or auto (patches for a texture, carve for anything else).",
    )
    keep: Mask | None = option(None, "Where the image must keep its shape: white or opaque pixels, as over a face.")
    drop: Mask | None = option(None, "What must go: white or opaque pixels, as over a passer-by.")
    rounds: int | None = option(
        None, "With --by patches: how many steps lead to the size; by default enough for each to be small.", min=1, max=50
    )

    def plan(self) -> Plan:
        """Start from the carved image a few levels down, or go to the size in small steps that patches decide."""
        shape = self.image.shape[:2]
        if self.size is None and self.drop is None:
            raise InputError("size is missing: give the result's, as --size 150%x100% or --size 400x200", about="size")
        end = wanted(self.size, shape)
        check_reach(shape, end)
        usable = self._usable()
        masked = self.keep is not None or self.drop is not None
        if masked and self.by == "patches":
            name = "keep" if self.keep is not None else "drop"
            raise InputError(f"{name} needs seams: it does not go with --by patches", about=name)
        source = Source(self.image, usable=usable)
        small = smaller(self.image)
        rare = rarity(small)
        if self.by == "patches" or (self.by == "auto" and not masked and is_texture(rare)):
            return Plan(sources=[source], guess=self.image, **towards(shape, end, self.rounds))
        return Plan(sources=[source], **carved(small, rare, shape, end, self.keep, self.drop))

    def _usable(self) -> Mask | None:
        if self.drop is None:
            return None
        if self.drop.all():
            raise InputError("drop covers the whole image: leave something to make the result of", about="drop")
        return ~self.drop


def smaller(image: Image, whole: Shape | None = None) -> Image:
    """Return an image at the level where it is carved, or at that where the whole that it is a part of is."""
    shape = shape_at(image.shape[:2], _levels(whole or image.shape[:2]), RATIO)
    return np.clip(resize(image, shape), image.min(), image.max())


def carved(
    small: Image, rare: Costs, start: Shape, end: Shape, keep: Mask | None = None, drop: Mask | None = None
) -> dict[str, Any]:
    """Return what a Plan needs to bring an image to another size by carving.

    small: the image at the level where it is carved. rare: its rarity. start, end: shapes at the finest level. keep, drop:
    (H, W) bool masks of the image's size.
    """
    level = _levels(start)
    costs = RARE * rare
    if keep is not None:
        costs = np.where(covered(keep, small.shape[:2]), np.float32(FORBIDDEN), costs)
    gone = None if drop is None else covered(drop, small.shape[:2])
    guess = carve(small, shape_at(end, level, RATIO), importance=costs, drop=gone, smoothness=SMOOTHNESS)
    return carved_plan(guess, start, end)


def carved_plan(guess: Image, start: Shape, end: Shape) -> dict[str, Any]:
    """Return what a Plan needs to start from a guess that was carved from an image of the shape `start`."""
    shrinks = end[0] * end[1] < start[0] * start[1]
    coarsest = max(2.0, min(end) / RATIO ** _levels(start, SMALLER if shrinks else LARGER))
    return {"guess": guess, "rounds": [end], "alpha": 0.05, "ratio": RATIO, "coarsest": coarsest, "coarsest_iterations": 3}


def is_texture(rare: Costs) -> bool:
    """Tell whether nothing in an image stands out, from its rarity."""
    usual, most = np.quantile(rare, [0.5, 0.95])
    return bool(usual >= UNIFORM * most)


def covered(mask: Mask, shape: Shape) -> Mask:
    """Shrink a mask so that a pixel is True where any pixel under it is."""
    rows, columns = (np.arange(old) * new // old for old, new in zip(mask.shape, shape, strict=True))
    result = np.zeros(shape, np.bool_)
    np.logical_or.at(result, (rows[:, None], columns), mask)
    return result


def _levels(shape: Shape, side: float = CARVED) -> int:
    return max(0, round(math.log(min(shape) / side) / math.log(RATIO)))
