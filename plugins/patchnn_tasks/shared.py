"""What several tasks have in common: an option, the authors' alpha, and how deep a pyramid goes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from patchnn import PNN, Image, InputError, Mask, Shape, Size, SizeLike, Starts, Window, option

PAPER_ALPHA = 0.005
"""The authors' completeness for tasks that should show all of their sources."""
FARTHEST = 10
"""A size can be this many times the image's, or as small a part of it."""
STEP = 1.1
"""A size is reached in steps of at most this ratio (paper, Sec. 4: gradually)."""

SHARE = 0.08
"""A coarser pixel is known if it sees at least this share of known pixels: what is filled grows from its rim at every level."""
GUIDE = (0.09, 0.01)
"""What a patch's row and column count in the distance, the longer side being 1: ground continues ground, and sky sky."""
GUIDED = 3
"""Levels that compare these, the coarsest first. At finer ones, rows of a texture would repeat."""
IN_STEP = 5
"""Levels that compare where patches stand in waves: as many as it takes until rows can be seen."""
DEPTH = (4.0, 1 / 11)
"""A filled pixel counts e^-d/depth of a known one where these levels compare patches, d pixels from the rim. The depth is at
least so many pixels, and at least this share of what is to fill."""
VARIETY = 0.2
"""Noise at the coarsest level of what is filled: another seed then fills it otherwise."""
TRIED = 2
"""Layouts tried where seeds are to differ more: the one whose patches fit best is kept."""

CELL = 16
"""Windows begin and end at multiples of so many pixels."""
MOST = 0.6
"""Where windows are more of an image, the whole image is no slower."""


def noise(help: str, default: float = 0.0) -> Any:
    """The option --noise: how far to leave the guess."""
    return option(default, help, min=0)


def size(default: str) -> Any:
    """The option --size of tasks that have one of their own, which `default` names."""
    return option(None, f"Size of the result, as 300x200 or 150%; by default {default}.")


def wanted(size: SizeLike | None, shape: Shape) -> Shape:
    """Return the shape that --size asks for, `shape` where it is not given."""
    return Size.parse(size).of(shape) if size else shape


def levels_down(shape: Shape, levels: int, ratio: float = 4 / 3) -> float:
    """Return the coarsest side of a pyramid with so many levels above the coarsest."""
    return max(2.0, min(shape) / ratio**levels)


def until_it_spans(shape: Shape, span: float, pixels: float) -> float:
    """Return the coarsest side at which what spans `span` pixels of an image spans only so many."""
    return max(2.0, min(shape) * min(1.0, pixels / span))


def grown(keep: Mask, span: float, pixels: float, noise: float, feather: float, waves: int = 0) -> dict[str, Any]:
    """Return what a Plan needs so that pixels which are not kept are filled from their rim inwards.

    The plan's guide says where each pixel stands, as rows and columns, and in `waves` more channels (`waves.py`). span: pixels
    that the widest part to fill spans, and `pixels` that it spans at the coarsest level.
    """
    torn = max(0.0, noise - 1)
    return {
        "keep": keep,
        "known_share": SHARE,
        "guide_weights": [*GUIDE, *[1.0] * waves],
        "guide_levels": [*[GUIDED] * len(GUIDE), *[IN_STEP] * waves],
        "pixel_weights": _sureness(keep, max(DEPTH[0], DEPTH[1] * span)),
        "weight_levels": GUIDED,
        # Patches of other places make other fills that are as good; more noise tears them apart.
        "starts": Starts(variety=None, count=TRIED, withheld=min(noise, 1) / 2) if noise else None,
        "noise": VARIETY + torn,
        # The smaller that part is there, the less noise can do against its rim.
        "coarsest": until_it_spans(keep.shape, span, pixels * (1 + min(torn, 2))),
        "coarsest_iterations": 10,
        "step": PNN(rim=1.3, final=4, final_sigma=0.13, feather=feather),
    }


def _sureness(keep: Mask, depth: float) -> Image:
    """Return what each pixel counts: 1 where it is known, and less the farther it is from there."""
    from scipy import ndimage

    weights = np.ones(keep.shape, np.float32)
    near = around(~keep, 1)
    weights[near] = np.exp(-ndimage.distance_transform_edt(~keep[near]) / depth)
    return weights


def around(mask: Mask, margin: int) -> Window:
    """Return the rows and columns that hold all True pixels of a (H, W) mask and `margin` more on every side."""
    ends = []
    for axis in (1, 0):
        at = np.flatnonzero(mask.any(axis))
        ends.append(slice(max(0, int(at[0]) - margin), min(mask.shape[1 - axis], int(at[-1]) + 1 + margin)))
    return ends[0], ends[1]


def windows_around(free: Mask, margin: int) -> list[Window] | None:
    """Return windows that hold the True pixels of a (H, W) mask, and what is within about `margin` pixels of them.

    Windows that would touch become one. None where they are most of the image.
    """
    from scipy import ndimage

    rows, columns = (-(-side // CELL) for side in free.shape)
    padded = np.pad(free, [(0, rows * CELL - free.shape[0]), (0, columns * CELL - free.shape[1])])
    taken = padded.reshape(rows, CELL, columns, CELL).any((1, 3))
    groups, count = ndimage.label(taken)
    reach, before = -(-margin // CELL), 0
    while count != before:
        before, shown, windows = count, np.zeros_like(taken), []
        for hole in ndimage.find_objects(groups):
            down, across = (slice(max(0, side.start - reach), side.stop + reach) for side in hole)
            shown[down, across] = True
            windows.append((down, across))
        groups, count = ndimage.label(shown, np.ones((3, 3)))
        groups *= taken
    if shown.mean() > MOST:
        return None
    height, width = free.shape
    return [
        (slice(down.start * CELL, min(height, down.stop * CELL)), slice(across.start * CELL, min(width, across.stop * CELL)))
        for down, across in windows
    ]


def check_reach(start: Shape, end: Shape) -> None:
    """Raise InputError if a side changes more than FARTHEST times."""
    if any(max(last / first, first / last) > FARTHEST for first, last in zip(start, end, strict=True)):
        raise InputError(
            f"size is {end[1]}×{end[0]}, the image's {start[1]}×{start[0]}: a side can become at most {FARTHEST} times as "
            "long, or as short",
            about="size",
        )


def shape_at(shape: Shape, level: int, ratio: float = 4 / 3) -> Shape:
    """Return the shape of an image some levels down its pyramid."""
    rows, columns = (math.ceil(side / ratio**level - 1e-9) for side in shape)
    return rows, columns


def towards(start: Shape, end: Shape, rounds: int | None = None) -> dict[str, Any]:
    """Return what a Plan needs to go from one size to another and lose no object on the way.

    The size is reached in small steps of equal ratio at the coarsest level, where the sources' patches claim their
    places; only the last round goes to the finest. rounds: how many; by default as many as keep each within STEP.
    """
    check_reach(start, end)
    ratios = [math.log(last / first) for first, last in zip(start, end, strict=True)]
    count = rounds or max(1, math.ceil(max(map(abs, ratios)) / math.log(STEP) - 1e-9))
    shapes = [
        tuple(round(side * math.exp(r * n / count)) for side, r in zip(start, ratios, strict=True)) for n in range(1, count + 1)
    ]
    # Objects that must fit into less room are seen whole at the coarsest level; where there is more room, a patch
    # there must hold a whole object, or it is stretched.
    coarsest = 28 if sum(ratios) < 0 else 14
    return {"rounds": shapes, "climb": 0, "claims": 3, "ratio": 1.25, "coarsest": coarsest, "coarsest_iterations": 3}
