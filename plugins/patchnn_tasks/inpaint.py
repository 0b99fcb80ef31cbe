"""Filling holes: by their surroundings, or steered by what is painted in them (paper, Sec. 4.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from patchnn import PNN, Image, InputError, Mask, Plan, Source, Task, Window, colour, option
from patchnn_tasks.shared import around, grown, noise, until_it_spans, windows_around

STEERED = 8
"""Pixels that the widest hole spans at the coarsest level: a patch and a bit, so that its colour is seen whole."""
REMOVED = 8
"""The same where the surroundings decide. Holes shrink on the way there, so that every patch sees mostly these."""
COVERED = 0.1
"""A pixel is a hole if the mask covers more of it: half-covered rims of text and outlines hold its colour too."""
CONTEXT = 1.0
"""How far around a hole patches are looked for, as a multiple of its width: the whole image gains 0.1 dB, and takes its time."""
LEAST_CONTEXT = 128
"""The same at least, in pixels."""


@dataclass(frozen=True, eq=False)
class Inpaint(Task):
    """Remove things, or fill holes: with patches from outside them.

    The surroundings decide what comes in. With --fill, a colour or what is painted in the hole does.
    """

    examples = ("photo.jpg mask.png", "photo.jpg mask.png out.png --fill blue")

    image: Image = option(help="The image with holes.")
    mask: Mask = option(help="Where the holes are: white or opaque pixels of an image of the same size.", soft=True)
    fill: str = option(
        "none",
        "What steers the filling: none (the surroundings: to remove a thing), own (what is painted in the hole), or a colour.",
        words=("none", "own"),
    )
    invert_mask: bool = option(False, "The holes are black or transparent in the mask.")
    grow: float = option(
        0.0, "Pixels by which the holes grow beyond the mask, where it is too tight.", min=0, max=1000, pixels=True
    )
    feather: float = option(
        8.0,
        "Pixels over which steps in colour fade, at a hole's rim and inside it; 0 turns it off.",
        min=0,
        max=1000,
        pixels=True,
    )
    noise: float = noise("How much farther seeds differ; with --fill, how far to leave what the hole is painted with.")

    def plan(self) -> Plan:
        """Pin everything outside the hole and start where the hole is about as large as a patch."""
        hole = self._hole()
        widest = _widest(hole)
        windows = windows_around(hole, max(LEAST_CONTEXT, math.ceil(CONTEXT * widest)))
        if self.fill == "none":
            return self._removal(hole, widest, windows)
        return Plan(
            sources=[Source(self.image, usable=~hole)],
            guess=self._painted(hole),
            keep=~hole,
            noise=self.noise,
            coarsest=until_it_spans(hole.shape, widest, STEERED),
            step=PNN(feather=self.feather),
            windows=windows,
        )

    def _removal(self, hole: Mask, widest: int, windows: list[Window] | None) -> Plan:
        """Let the hole grow shut from its rim, patches coming from about the same height, and in step with rows."""
        # SciPy is loaded when it is needed: every command imports this file.
        from patchnn_tasks.waves import waves

        # One array for each: the engine then builds one pyramid for source and output, in which the hole is filled smoothly.
        known, found = ~hole, waves(self.image, hole, widest, windows)
        repeats = max((phases.shape[2] for _, phases in found), default=0)
        # Zeros take no memory until they are written to, and nothing outside the windows is looked at.
        guide = np.zeros((*hole.shape, 2 + repeats), np.float32)
        down, across = (np.arange(size, dtype=np.float32) / max(hole.shape) for size in hole.shape)
        for rows, columns in windows or [(slice(None), slice(None))]:
            guide[rows, columns, 0], guide[rows, columns, 1] = down[rows, None], across[columns]
        for part, phases in found:
            guide[part][:, :, 2 : 2 + phases.shape[2]] = phases
        return Plan(
            sources=[Source(self.image, usable=known, guide=guide)],
            guess=self.image,
            guide=guide,
            windows=windows,
            notes=_one_colour(self.image, hole),
            **grown(known, widest, REMOVED, self.noise, self.feather, repeats),
        )

    def _hole(self) -> Mask:
        """Return the pixels to fill."""
        from scipy import ndimage

        marked = np.asarray(self.mask, np.float32)
        # Greys count by their place between the mask's own extremes; a mask of one tone is white or black.
        low, high = min(marked.min(), 0.25), max(marked.max(), 0.75)
        if self.invert_mask:
            marked, low, high = -marked, -high, -low
        hole = marked > low + COVERED * (high - low)
        if not hole.any():
            raise InputError("mask has no hole: paint what is to be filled white, or give --invert-mask", about="mask")
        if self.grow:
            hole = ndimage.distance_transform_edt(~hole) <= self.grow
        if hole.all():
            raise InputError("mask covers the whole image: nothing is left to fill it from; try --invert-mask", about="mask")
        return np.asarray(hole)

    def _painted(self, hole: Mask) -> Image:
        """Return the image with what steers the filling in its hole."""
        if self.fill == "own":
            return self.image
        try:
            paint = colour(self.fill, self.image.shape[2])
        except InputError as error:
            raise InputError(f"fill: {error}, or give own or none", about="fill") from None
        return np.where(hole[:, :, None], paint, self.image)


def _widest(hole: Mask) -> int:
    """Return the side of the largest square that fits into the holes, to within a pixel; holes go on beyond the border."""
    from scipy import ndimage

    return 2 * int(ndimage.distance_transform_cdt(hole[around(hole, 1)], "chessboard").max()) - 1


def _one_colour(image: Image, hole: Mask) -> tuple[str, ...]:
    """Return a note for who painted the hole and expects to see that colour."""
    inside = image[hole]
    if np.ptp(inside, axis=0).max() > 1 / 255:
        return ()
    return ("the hole is all one colour: --fill own steers the filling by it",)
