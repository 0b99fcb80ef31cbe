"""New pictures of the same scene (paper, Sec. 4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from patchnn import Image, Plan, Size, Source, Task, option
from patchnn_tasks.shared import noise, size, wanted


@dataclass(frozen=True, eq=False)
class Generate(Task):
    """Vary a picture: the same things in a new arrangement.

    The noise decides how new it is; with none, and at the same size, the picture itself comes back.
    """

    image: Image = option(help="The picture to vary.")
    noise: float = noise("How far to leave the picture's own layout.", 0.75)
    size: Size | None = size("the picture's")
    source: tuple[Image, ...] = option((), "Another picture whose patches may be used; may be given again.")

    def plan(self) -> Plan:
        """Start from the picture at the coarsest level, with noise."""
        return Plan(
            sources=[Source(picture) for picture in (self.image, *self.source)],
            guess=self.image,
            rounds=[wanted(self.size, self.image.shape[:2])],
            noise=self.noise,
            coarsest=14,
            # With the authors' single one results leave the picture farther behind than theirs did (docs/quality.md).
            coarsest_iterations=2,
        )
