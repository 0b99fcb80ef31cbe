"""Filling holes, steered by what is painted in them: conditional inpainting (paper, Sec. 4.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patchnn import Image, InputError, Mask, Plan, Source, Task, colour, fill_holes, option
from patchnn_tasks.shared import noise, until_it_spans

STEERED = 8
"""Pixels that the widest hole spans at the coarsest level: a patch and a bit, so that its colour is seen whole."""
UNSTEERED = 5
"""The same where the surroundings decide: every patch must see some of them."""


@dataclass(frozen=True, eq=False)
class Inpaint(Task):
    """Fill holes with patches from outside them.

    What the hole is painted with steers what comes in: the picture's own colours there, or one given by --fill.
    """

    image: Image = option(help="The picture with holes.")
    mask: Mask = option(help="Where the holes are: white or opaque pixels of a picture of the same size.")
    fill: str = option(
        "own",
        "What steers the filling: own (the picture's colours there), none (the surroundings: to remove a thing), or a colour.",
        words=("own", "none"),
    )
    invert_mask: bool = option(False, "The holes are black or transparent in the mask.")
    noise: float = noise("How far to leave what the hole is painted with; another seed then fills it otherwise.")

    def plan(self) -> Plan:
        """Pin everything outside the hole and start where the hole is about as large as a patch."""
        from scipy import ndimage

        hole = ~self.mask if self.invert_mask else self.mask
        if not hole.any():
            raise InputError("mask has no hole: paint what shall be filled white, or give --invert-mask", about="mask")
        if hole.all():
            raise InputError("mask covers the whole picture: nothing is left to fill it from; try --invert-mask", about="mask")
        guess = self.image
        if self.fill == "none":
            guess = fill_holes(guess, ~hole)
        elif self.fill != "own":
            try:
                paint = colour(self.fill, guess.shape[2])
            except InputError as error:
                raise InputError(f"fill: {error}, or give own or none", about="fill") from None
            guess = np.where(hole[:, :, None], paint, guess)
        widest = 2 * ndimage.distance_transform_cdt(hole, "chessboard").max() - 1
        return Plan(
            sources=[Source(self.image, usable=~hole)],
            guess=guess,
            keep=~hole,
            noise=self.noise,
            coarsest=until_it_spans(hole.shape, widest, UNSTEERED if self.fill == "none" else STEERED),
            # Steering lives at the coarsest level: more iterations would wash the painted colour out.
            coarsest_iterations=10 if self.fill == "none" else 1,
        )
