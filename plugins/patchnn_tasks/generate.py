"""New pictures of the same scene (paper, Sec. 4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from patchnn import Image, Plan, Size, Source, Task, option


@dataclass(frozen=True, eq=False)
class Generate(Task):
    """Vary a picture: the same things in a new arrangement.

    The noise decides how new it is; with none, and at the same size, the picture itself comes back.
    """

    image: Image = option(help="The picture to vary.")
    noise: float = option(0.75, "How far to leave the picture's own layout.", min=0)
    size: Size | None = option(None, "Size of the result, as 300x200 or 150%; by default the picture's.")
    source: tuple[Image, ...] = option((), "Another picture whose patches may be used; may be given again.")

    def plan(self) -> Plan:
        """Start from the picture at the coarsest level, with noise."""
        shape = self.image.shape[:2]
        return Plan(
            sources=[Source(picture) for picture in (self.image, *self.source)],
            guess=self.image,
            rounds=[self.size.of(shape) if self.size else shape],
            noise=self.noise,
            coarsest=14,
        )
