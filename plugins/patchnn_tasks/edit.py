"""Edits made by hand become seamless: moving, copying, deleting, painting (paper, Sec. 4.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patchnn import PNN, Image, InputError, Mask, Plan, Source, Task, option
from patchnn_tasks.shared import noise, until_it_spans

UNSTEERED = 5
"""The same for the widest seam: every patch must see both sides."""
GRAIN = 4, 0.1
"""Noise where strokes are painted, as a multiple of how much the source's neighbours differ, and at most. Patches like an even
colour would be even ones, or a blur of others."""
SHARP = 0.13
"""Standard deviation of the last votes there: leaves and stones have edges. At seams, softer ones are seen less."""


@dataclass(frozen=True, eq=False)
class Edit(Task):
    """Make a rough edit seamless: pieces of an image that were moved, copied or painted over by hand.

    Copied pieces are kept, and the seams around them are made anew. Painted strokes become what their colours suggest.
    """

    examples = ("photo.jpg edited.png", "photo.jpg edited.png out.png --keep mask.png")

    source: Image = option(help="The image as it was.")
    edited: Image = option(help="The same image with the edit, of the same size.")
    keep: Mask | None = option(None, "Pixels that stay as the edit has them: white or opaque in an image of the same size.")
    free: Mask | None = option(None, "Pixels that are made anew, whatever the edit has there.")
    noise: float = noise("How far to leave painted strokes and seams; another seed then gives an alternative.")

    def plan(self) -> Plan:
        """Put the pieces into the source one by one, and free the seams that show."""
        # SciPy is loaded when it is needed: every command imports this file.
        from patchnn_tasks.composition import STEERED, Composition
        from patchnn_tasks.pieces import width

        if self.edited.shape != self.source.shape:
            sizes = [f"{width}×{height}" for height, width in (image.shape[:2] for image in (self.edited, self.source))]
            raise InputError(f"edited is {sizes[0]}, source {sizes[1]}: an edit keeps the size", about="edited")
        work = Composition(self.source, self.edited)
        if self.free is not None:
            work.free |= self.free
        if self.keep is not None:
            work.free &= ~self.keep
            work.image = np.where(self.keep[:, :, None], self.edited, work.image)
        if not work.changed.any() and not work.free.any():
            raise InputError("edited is the same image as source: there is nothing to mend", about="edited")
        painted = work.painted & work.free
        strokes = bool(painted.any())
        seams = max(1, width(work.free & ~painted))
        coarsest = until_it_spans(self.source.shape[:2], seams, UNSTEERED)
        if strokes:
            # Steering works at the coarsest level: more iterations would wash the painted colour out.
            coarsest = max(coarsest, until_it_spans(self.source.shape[:2], max(width(painted), STEERED), STEERED))
        usable = work.usable(self.free)
        return Plan(
            sources=[Source(self.source, usable=usable)],
            guess=work.image,
            keep=~work.free,
            windows=work.windows(usable),
            origin=work.origin,
            noise=max(self.noise, _grain(self.source)) if strokes else self.noise,
            coarsest=coarsest,
            coarsest_iterations=1 if strokes or self.noise else 10,
            # Patches near the pixels that stay count more, so that what is made anew joins them; the last votes keep it sharp.
            step=PNN(rim=1.3, final=4, feather=8, final_sigma=SHARP if strokes else PNN.final_sigma),
            notes=work.notes,
        )


def _grain(image: Image) -> float:
    """Return the noise that makes a painted stroke as grained as an image is: a drawing is not."""
    # Some 256 rows tell.
    rows = image[:: 1 + image.shape[0] // 256]
    return min(GRAIN[0] * float(np.median(np.abs(np.diff(rows, axis=1)))), GRAIN[1])
