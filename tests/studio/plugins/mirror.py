"""A task with a knob of every type."""

from dataclasses import dataclass
from typing import Literal

from patchnn import Image, Plan, Source, Task, option


@dataclass(frozen=True, eq=False)
class Made(Task):
    """Mirror an image.

    --strength does nothing.
    """

    image: Image = option(help="The image to mirror.")
    across: Literal["left-right", "upside-down"] = option("left-right", "Which way.")
    strength: float = option(0.5, "How much of nothing.", min=0, max=1)
    loud: bool = option(False, "Whether to shout.")
    words: str = option("few", "What to say.", words=("few", "many"))

    def plan(self):
        turned = self.image[:, ::-1] if self.across == "left-right" else self.image[::-1]
        notes = (f"It was mirrored {self.across}: --across chooses another way.",) if self.loud else ()
        joined = (False, self.strength == 1)
        return Plan([Source(turned)], turned, coarsest=max(turned.shape), coarsest_iterations=1, wrap=joined, notes=notes)
