"""New images of the same scene (paper, Sec. 4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from patchnn import Image, Plan, SizeLike, Source, Starts, Task, option
from patchnn_tasks.shared import size, wanted


@dataclass(frozen=True, eq=False)
class Generate(Task):
    """Vary an image: the same things in a new arrangement.

    --variety says how much of the image moves. At 0, and at the same size, the image itself comes back.
    """

    examples = ("photo.jpg", "photo.jpg 150% wider.png --variety 0.6 --seed 3")

    image: Image = option(help="Image to vary.")
    variety: float = option(0.5, "Share of the image that moves to another place.", min=0, max=1)
    noise: float | None = option(
        None,
        "Noise added at the coarsest level, as in the paper, which takes 0.75. Replaces --variety.",
        min=0,
        max=1000,
    )
    size: SizeLike | None = size("the image's")
    source: tuple[Image, ...] = option((), "Another image whose patches may be used. Repeatable.")
    mirror: bool = option(False, "Also use patches of the mirror image.")

    def plan(self) -> Plan:
        """Start from the best of several layouts; or, as in the paper, from the image with noise at the coarsest level."""
        images = [self.image, *self.source]
        if self.mirror:
            images += [image[:, ::-1] for image in images]
        if self.noise:
            way: dict[str, Any] = {"noise": self.noise, "coarsest": 14}
        elif self.noise == 0 or self.variety == 0:
            # One step a level gives back every pixel of the image.
            way = {"coarsest": 14, **({"iterations": 1} if self.size is None else {})}
        else:
            way = {"starts": Starts(variety=self.variety), "coarsest": 48, "coarsest_iterations": 4, "iterations": 5}
        sources = [Source(image) for image in images]
        return Plan(sources, self.image, rounds=[wanted(self.size, self.image.shape[:2])], **way)
