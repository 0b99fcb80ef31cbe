"""The same scene at another size (paper, Sec. 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

from patchnn import Image, InputError, Plan, Size, Source, Task, option
from patchnn_tasks.shared import towards


@dataclass(frozen=True, eq=False)
class Retarget(Task):
    """Bring a picture to another size or aspect, with its objects in it and as far as possible in shape."""

    image: Image = option(help="The picture to retarget.")
    size: Size | None = option(None, "Size of the result, width x height, as 150%x100% or 400x200; must be given.")
    rounds: int | None = option(None, "How many steps lead to that size; by default enough for each to be small.", min=1, max=50)

    def plan(self) -> Plan:
        """Go to the size in small steps at the coarsest level, where objects claim their places; then once to the finest."""
        if self.size is None:
            raise InputError(
                "size is missing: say how large the result shall be, as --size 150%x100% or --size 400x200", about="size"
            )
        shape = self.image.shape[:2]
        return Plan(sources=[Source(self.image)], guess=self.image, **towards(shape, self.size.of(shape), self.rounds))
