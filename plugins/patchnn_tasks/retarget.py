"""The same scene at another size (paper, Sec. 4.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from patchnn import Image, InputError, Mask, Plan, Shape, SizeLike, Source, Task, option, resize
from patchnn_tasks.carving import FORBIDDEN, Carved, Costs, Places, carve, contrast, detail, enlarged, rarity
from patchnn_tasks.shared import check_reach, shape_at, towards, wanted
from patchnn_tasks.warping import View, warp

CARVED = 96
"""Shorter side at which an image is carved, in pixels, about: coarser, masts are thinner than a pixel."""
RARE = 0.6
"""Weight of a pixel's rarity beside the contrast that removing it creates."""
DETAIL = 0.5
"""Weight of the contrast that a pixel stands for at the image's own size."""
ORDER = 0.1
"""What it counts beside the colours that a patch comes from elsewhere than the seams put it, the longer side being 1."""
UNIFORM = 0.66
"""An image is a texture if half of it is at least so rare, beside the rarest hundredth: then nothing stands out."""

DEAR = 0.0156
"""From this dearness on (`Carved.dearness`), seams cut into things, and the image is warped."""
STROKES = 0.3
"""An image is writing if a twentieth of its pixels differ by so much from what surrounds them, and half of them hardly do."""
HARDLY = 0.05
"""Share of that which is hardly."""
CONTRASTED = 5
"""The power of what there is to see that firmness is: then things keep their shape, and the ground gives way."""
FINE = 0.5
"""Weight of the contrast at the image's own size, beside rarity, in what there is to see."""
SPREAD = 3.0
"""Standard deviation, in pixels of the smaller image, of the blur that what is around a thing shares its firmness by."""
GIVING = 0.03
"""Firmness of the plainest ground, the mean being 1: so that all of it gives way and not one column."""
KEPT = 1e3
"""Firmness of what is to keep its shape."""
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
        "parts may merge or repeat: for textures and crowds), or auto (patches for a texture; for anything else carve, mended "
        "more freely, where enough ground can go, and warp where not).",
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
        finer = max(1, scale // 2)
        free = self.by == "auto" and self.drop is None
        grows = all(np.greater_equal(end, shape))
        writing = is_writing(self.image[::finer, ::finer])
        if self.by == "warp" or (free and (grows or writing)):
            return self._warped(end, small, rare, scale, writing)
        carving = carved(self.image, small, rare, scale, end, self.keep, self.drop)
        if free and carving.dearness > DEAR:
            return self._warped(end, small, rare, scale)
        return self._from(carving, end, scale)

    def _warped(self, end: Shape, small: Image, rare: Costs, scale: int, writing: bool = False) -> Plan:
        """Return a plan whose result is the warped image as it is: patches would make streaks of what is stretched."""
        shown = costs(self.image, rare, scale, self.keep)
        if writing:
            # All letters alike.
            view = View(small, shown, firmness(self.image, small, rare, scale, self.keep, contrasted=1), followed=0)
        else:
            view = View(small, shown, firmness(self.image, small, rare, scale, self.keep))
        guess, places = warp(self.image, end, view)
        # No window holds a pixel to make.
        return Plan(sources=[Source(self.image)], guess=guess, keep=np.ones(end, np.bool_), origin=places, windows=[])

    def _carved_thinly(self, end: Shape, rare: Costs, scale: int) -> Plan:
        """Return a plan that starts from thin seams, and leaves all but torn edges alone."""
        carving = carved(self.image, smaller(self.image, scale), rare, scale, end, self.keep, self.drop)
        plan = self._from(carving, end, scale)
        if self.drop is not None:
            return plan
        start, grows = self.image.shape[:2], all(np.greater_equal(end, self.image.shape[:2]))
        guess = stretched(self.image, carving.places) if grows else plan.guess
        kept = ~torn(guess, carving.places, 2 if grows else 1)
        return replace(plan, keep=kept, origin=carving.places, **mended(guess, start, end, scale, freely=False))

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


def carving_scale(shape: Shape) -> int:
    """Return how many times smaller an image is carved: a power of 2, so that its pixels lie on those of a pyramid's level."""
    return int(2 ** max(0, round(math.log2(min(shape) / CARVED))))


def smaller(image: Image, scale: int) -> Image:
    """Return an image so many times smaller."""
    return np.clip(resize(image, shape_at(image.shape[:2], 1, scale)), image.min(), image.max())


def costs(image: Image, rare: Costs, scale: int, keep: Mask | None = None) -> Costs:
    """Return what the pixels of the image `scale` times smaller cost a seam, from their rarity; more than all others, to keep."""
    importance = RARE * rare + DETAIL * detail(image, scale)
    return importance if keep is None else np.where(covered(keep, rare.shape), np.float32(FORBIDDEN), importance)


def firmness(
    image: Image, small: Image, rare: Costs, scale: int, keep: Mask | None = None, contrasted: float = CONTRASTED
) -> Costs:
    """Return how firmly each part of an image is to keep its shape: the more, the rarer it is and the more contrast it has.

    small: the image `scale` times smaller; rare: its rarity. keep: (H, W) bool, what keeps it whatever is there.
    """
    from scipy import ndimage

    # At a quarter of the size, all of a face or a coat is rare, and not its outline alone.
    coarse = resize(rarity(smaller(small, 4))[:, :, None], rare.shape)[:, :, 0]
    shown = np.maximum((rare + coarse) / 2 + FINE * detail(image, scale), 0) ** contrasted
    firm = ndimage.gaussian_filter(shown, SPREAD, mode="nearest") / max(shown.mean(), np.float32(1e-9)) + GIVING
    if keep is not None:
        firm = np.where(covered(keep, firm.shape), np.float32(KEPT), firm)
    return np.asarray(firm, np.float32)


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


def is_texture(rare: Costs) -> bool:
    """Tell whether nothing in an image stands out, from its rarity."""
    usual, most = np.quantile(rare, [0.5, 0.99])
    return bool(usual >= UNIFORM * most)


def is_writing(image: Image) -> bool:
    """Tell whether an image is mostly thin strokes on plain ground: letters, a drawing."""
    light = image[:, :, :3].mean(2)
    # A quarter of the pixels tells as well as all.
    around = np.lib.stride_tricks.sliding_window_view(np.pad(light, 2, "symmetric"), (5, 5))[::2, ::2]
    medians = np.partition(around.reshape(-1, 25), 12, axis=1)[:, 12]
    strokes = np.abs(light[::2, ::2].ravel() - medians)
    half, most = np.quantile(strokes, [0.5, 0.95])
    return bool(most >= STROKES and half <= HARDLY * most)


def covered(mask: Mask, shape: Shape) -> Mask:
    """Shrink a mask so that a pixel is True where any pixel under it is."""
    rows, columns = (np.arange(old) * new // old for old, new in zip(mask.shape, shape, strict=True))
    result = np.zeros(shape, np.bool_)
    np.logical_or.at(result, (rows[:, None], columns), mask)
    return result
