"""Seamless textures: an image that continues at its own other end."""

from dataclasses import dataclass
from typing import Literal

from patchnn import Image, Plan, Size, SizeLike, Source, Task, option


@dataclass(frozen=True, eq=False)
class Tile(Task):
    """Make a seamless texture: one that can be laid side by side with itself."""

    examples = ("photo.jpg", "photo.jpg 50% tile.png --axes x")

    image: Image = option(help="The texture to make seamless.")
    axes: Literal["both", "x", "y"] = option("both", "Which ends meet: left and right (x), top and bottom (y), or both.")
    size: SizeLike | None = option(None, "Size of the tile, as 300x200 or 150%; by default the image's.")

    def plan(self) -> Plan:
        """Start from the image itself, its ends joined, and let all of it be seen."""
        shape = self.image.shape[:2]
        return Plan(
            sources=[Source(self.image)],
            guess=self.image,
            rounds=[Size.parse(self.size).of(shape) if self.size else shape],
            wrap=(self.axes != "x", self.axes != "y"),
            alpha=0.005,
            coarsest=28,
            coarsest_iterations=10,
        )
