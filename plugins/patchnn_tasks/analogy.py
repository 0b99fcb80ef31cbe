"""One picture's content in another's layout: image analogies, sketch to image (paper, Sec. 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from patchnn import Image, Plan, Size, Source, Task, option
from patchnn_tasks.shared import PAPER_ALPHA, levels_down, size, wanted


@dataclass(frozen=True, eq=False)
class Analogy(Task):
    """Lay out the patches of one picture as another is laid out: a photograph, a drawing, a letter.

    --coarsest decides how much of the layout is kept: the larger, the more.
    """

    source: Image = option(help="The picture whose patches are used.")
    structure: Image = option(help="The picture whose layout is followed.")
    size: Size | None = size("the structure's")

    def plan(self) -> Plan:
        """Start from the structure a few levels down, and go through the result once more."""
        shape = wanted(self.size, self.structure.shape[:2])
        return Plan(
            sources=[Source(self.source)],
            guess=self.structure,
            rounds=[shape, shape],
            alpha=PAPER_ALPHA,
            coarsest=levels_down(shape, 4),
        )
