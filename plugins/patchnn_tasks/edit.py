"""Edits made by hand become seamless: moving, copying, deleting, reshuffling (paper, Sec. 4.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patchnn import Image, InputError, Plan, Source, Task, option
from patchnn_tasks.shared import noise, until_it_spans

SPAN = 10.5
"""Pixels that the largest edited region spans at the coarsest level: a patch and a half, so that the edit survives."""
CHANGED = 0.05
"""A pixel is edited where it differs by more than this: more than a JPEG's traces."""


@dataclass(frozen=True, eq=False)
class Edit(Task):
    """Make a rough edit seamless: pieces of a picture that were moved, copied or painted over by hand.

    --coarsest decides how freely: the larger, the more of the edit stays as it is.
    """

    source: Image = option(help="The picture as it was.")
    edited: Image = option(help="The same picture with the edit, of the same size.")
    noise: float = noise("How far to leave the edit; another seed then gives an alternative.")

    def plan(self) -> Plan:
        """Start from the edit where its largest region is a little more than a patch."""
        from scipy import ndimage

        if self.edited.shape != self.source.shape:
            sizes = [f"{width}×{height}" for height, width in (image.shape[:2] for image in (self.edited, self.source))]
            raise InputError(f"edited is {sizes[0]}, source {sizes[1]}: an edit keeps the size", about="edited")
        changed = np.abs(self.edited - self.source).max(axis=2) > CHANGED
        if not changed.any():
            raise InputError("edited is the same picture as source: there is nothing to mend", about="edited")
        parts, _ = ndimage.label(changed, structure=np.ones((3, 3)))
        widest = max(min(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in ndimage.find_objects(parts))
        # Seams need room to heal; what lies farther away stays as it is, to the bit.
        margin = max(14, 0.75 * widest)
        return Plan(
            sources=[Source(self.source)],
            guess=self.edited,
            keep=ndimage.distance_transform_cdt(~changed, "chessboard") > margin,
            noise=self.noise,
            coarsest=until_it_spans(changed.shape, widest, SPAN),
            coarsest_iterations=1 if self.noise else 10,
        )
