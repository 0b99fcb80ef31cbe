"""The same scene at another size (paper, Sec. 4.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from patchnn import Image, InputError, Mask, Plan, Shape, SizeLike, Source, Task, option
from patchnn_tasks.carving import Carved, Costs, Places, carve, enlarged
from patchnn_tasks.importance import (
    CONTRASTED,
    carving_scale,
    contrast,
    costs,
    covered,
    firmness,
    is_texture,
    is_writing,
    rarity,
    smaller,
)
from patchnn_tasks.shared import check_reach, levels_down, shape_at, towards, wanted
from patchnn_tasks.warping import FOLLOWED, View, warp

ORDER = 0.1
"""What it counts beside the colours that a patch comes from elsewhere than the seams put it, the longer side being 1."""

DEAR = 0.0156
"""From this dearness on (`Carved.dearness`), seams cut into things, and the image is warped."""
AMPLE = 0.1
"""If seams take less than this share of what is firm, ground is ample, and the image is warped: patches break thin things."""
MILD = 0.7
"""If more than this share of its pixels is left, an image is warped: what little gives way shows less than what patches mend."""
EVEN = 1.0
"""Pixels over which those that seams repeat are spread."""
SEEN = 0.03
"""Contrast of an edge from which on one sees that it is torn."""
MARGIN = 3
"""Pixels around a torn edge that are mended: half a patch."""


@dataclass(frozen=True, eq=False)
class Retarget(Task):
    """Bring an image to another size or aspect, with its objects in it and as far as possible in shape."""

    examples = ("photo.jpg 60%x100%", "photo.jpg 400x300 small.jpg --keep mask.png")

    image: Image = option(help="The image to retarget.")
    size: SizeLike | None = option(None, "Size of the result, width x height, as 150%x100% or 400x200; required without --drop.")
    by: Literal["auto", "warp", "carve", "patches"] = option(
        "auto",
        "What makes room: warp (plain parts are squeezed or stretched), carve (lines of pixels go or are repeated), patches (all "
        "parts may merge or repeat: for textures and crowds), or auto (patches for a texture; for anything else warp, or, where "
        "much plain ground goes, carve, mended more freely).",
    )
    keep: Mask | None = option(None, "Where the image must keep its shape: white or opaque pixels, as over a face.")
    drop: Mask | None = option(None, "What must go: white or opaque pixels, as over a passer-by.")
    rounds: int | None = option(
        None, "With --by patches: how many steps lead to the size; by default enough for each to be small.", min=1, max=50
    )

    def plan(self) -> Plan:
        """Start from the warped or carved image, or go to the size in small steps that patches decide."""
        shape = self.image.shape[:2]
        if self.size is None and self.drop is None:
            raise InputError("size is missing: give the result's, as --size 150%x100% or --size 400x200", about="size")
        end = wanted(self.size, shape)
        check_reach(shape, end)
        for name in self._masks():
            if self.by == "patches" or (self.by == "warp" and name == "drop"):
                raise InputError(f"{name} does not go with --by {self.by}: use --by carve, or auto", about=name)
        scale = carving_scale(shape)
        small = smaller(self.image, scale)
        rare = rarity(small)
        if self.by == "patches" or (self.by == "auto" and not self._masks() and is_texture(rare)):
            return Plan(sources=[Source(self.image)], guess=self.image, **towards(shape, end, self.rounds))
        if self.by == "carve":
            return self._carved_thinly(end, rare, max(1, scale // 2))
        if self.drop is not None:
            return self._from(carved(self.image, small, rare, scale, end, self.keep, self.drop), end, scale)
        finer = max(1, scale // 2)
        mild = end[0] * end[1] > MILD * shape[0] * shape[1]
        # Letters become narrower or wider all alike.
        writing = is_writing(self.image[::finer, ::finer])
        firm = firmness(self.image, small, rare, scale, self.keep, 0 if writing else CONTRASTED)
        if self.by == "warp" or mild or writing:
            return self._warped(end, rare, firm, finer, 0 if writing else FOLLOWED)
        carving = carved(self.image, small, rare, scale, end, self.keep)
        if carving.dearness > DEAR or taken(firm, carving.places[::scale, ::scale] // scale) < AMPLE:
            return self._warped(end, rare, firm, finer)
        return self._from(carving, end, scale)

    def _warped(self, end: Shape, rare: Costs, firm: Costs, scale: int, followed: float = FOLLOWED) -> Plan:
        """Return a plan whose result is the warped image as it is: patches would make streaks of what is stretched."""
        # At this scale seams spare what is small.
        seen = smaller(self.image, scale)
        view = View(seen, costs(self.image, nearest(rare, seen.shape[:2]), scale, self.keep), firm, followed)
        guess, places = warp(self.image, end, view)
        return Plan(
            sources=[Source(self.image)],
            guess=guess,
            keep=np.ones(end, np.bool_),
            origin=places,
            # No window holds a pixel to make. With guides, all of it is made.
            windows=[],
            yields=True,
            coarsest=levels_down(end, 4),
        )

    def _carved_thinly(self, end: Shape, rare: Costs, scale: int) -> Plan:
        """Return a plan that starts from thin seams, and leaves all but torn edges alone."""
        carving = carved(self.image, smaller(self.image, scale), rare, scale, end, self.keep, self.drop)
        plan = self._from(carving, end, scale)
        if self.drop is not None:
            return plan
        guess, kept = arranged(self.image, carving.places)
        thinly = mended(guess, self.image.shape[:2], end, scale, freely=False)
        return replace(plan, keep=kept, origin=carving.places, **thinly)

    def _from(self, carving: Carved, end: Shape, scale: int) -> Plan:
        """Return a plan in which patches mend what was carved, and come from where the seams put them."""
        shape, at = self.image.shape[:2], tuple(np.moveaxis(carving.places, 2, 0))
        order = np.moveaxis(np.indices(shape, np.float32), 0, 2) / max(shape)
        return Plan(
            sources=[Source(self.image, usable=self._usable(), guide=order)],
            guide=order[at],
            guide_weights=ORDER,
            **mended(self.image[at], shape, end, scale),
        )

    def sketch(self) -> Image | None:
        """Return the image stretched: each pixel is the nearest one."""
        return nearest(self.image, wanted(self.size, self.image.shape[:2]))

    def _masks(self) -> list[str]:
        """Return the names of the masks that are given."""
        return [name for name in ("keep", "drop") if getattr(self, name) is not None]

    def _usable(self) -> Mask | None:
        if self.drop is None:
            return None
        if self.drop.all():
            raise InputError("drop covers the whole image: leave something to make the result of", about="drop")
        return ~self.drop


def nearest(values: np.ndarray, shape: Shape) -> np.ndarray:
    """Return values (H, W, ...) brought to another shape, each from the nearest place."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(shape, values.shape, strict=False))
    return np.asarray(values[rows[:, None], columns])


def carved(
    image: Image, small: Image, rare: Costs, scale: int, end: Shape, keep: Mask | None = None, drop: Mask | None = None
) -> Carved:
    """Bring an image to another shape by seams that are found in a smaller one, and so wide that they cover its pixels.

    small: the image `scale` times smaller; rare: its rarity, at that size or at a still smaller one. end: the shape of the
    result. keep, drop: (H, W) bool masks. Returns places in the image.
    """
    gone = None if drop is None else covered(drop, small.shape[:2])
    carving = carve(
        small, shape_at(end, 1, scale), importance=costs(image, nearest(rare, small.shape[:2]), scale, keep), drop=gone
    )
    return replace(carving, places=enlarged(carving.places, scale, image.shape[:2], end))


def arranged(image: Image, places: Places) -> tuple[Image, Mask]:
    """Return an image's pixels as carving puts them, smooth where it grew, and which of them no torn edge is near."""
    grows = all(np.greater_equal(places.shape[:2], image.shape[:2]))
    result = stretched(image, places) if grows else image[tuple(np.moveaxis(places, 2, 0))]
    return result, ~torn(result, places, 2 if grows else 1)


def stretched(image: Image, places: Places) -> Image:
    """Return an image's colours at places that lie as close as they do or closer, even between pixels of the image."""
    from scipy import ndimage

    even = [places[:, :, axis].astype(np.float32) for axis in (0, 1)]
    for axis in (0, 1):
        if places.shape[axis] > image.shape[axis]:
            even[axis] = ndimage.gaussian_filter1d(even[axis], EVEN, axis=axis, mode="nearest")
    row, column = (at.astype(np.intp) for at in even)
    down, across = (np.subtract(at, least, dtype=np.float32)[:, :, None] for at, least in zip(even, (row, column), strict=True))
    pixels, first = image.reshape(-1, image.shape[2]), row * image.shape[1] + column

    def line(first: Places) -> Image:
        # What is taken from beyond an end counts nothing.
        left, right = (pixels.take(first + step, axis=0, mode="clip") for step in (0, 1))
        return left + (right - left) * across

    upper = line(first)
    return upper + (line(first + image.shape[1]) - upper) * down if down.any() else upper


def taken(firm: Costs, places: Places) -> float:
    """Return which share of what is firm comes from no place: seams took it."""
    left = np.zeros_like(firm)
    left[tuple(np.moveaxis(places, 2, 0))] = 1
    return float(1 - (firm * left).sum() / firm.sum())


def torn(image: Image, places: Places, apart: int) -> Mask:
    """Return what is around the edges of a carved image that are torn: their rows or columns moved so many pixels apart."""
    from scipy import ndimage

    tears = np.zeros(image.shape[:2], np.bool_)
    for axis in (0, 1):
        moved = np.abs(np.diff(places[:, :, 1 - axis], axis=axis)) >= apart
        tears |= np.insert(moved & (contrast(image, axis) >= SEEN), 0, False, axis=axis)
    return np.asarray(ndimage.binary_dilation(tears, iterations=MARGIN))


def mended(guess: Image, start: Shape, end: Shape, scale: int, freely: bool = True) -> dict[str, Any]:
    """Return what a Plan needs to mend a guess that was carved `scale` times smaller from an image of the shape `start`.

    freely: what seams push together is put in order at the size where it was carved, which may drop thin things. What they
    stretch has its order.
    """
    freely = freely and end[0] * end[1] < start[0] * start[1]
    down = scale if freely else max(1, scale // 2)
    return {
        "guess": guess,
        "rounds": [end],
        # What was moved by whole pixels of the smaller image is moved by whole pixels of every level.
        "ratio": 2,
        "coarsest": max(2.0, min(end) / down),
        # More would drop thin things where they touch others for the first time, as the foot of a tree.
        "coarsest_iterations": 1 if freely and down > 1 else 3,
    }
