"""One image under many settings: the results of each combination, measured and drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patchnn.engine.arrays import Image
from patchnn.errors import InputError
from patchnn.evaluate.contact_sheet import Cell, contact_sheet
from patchnn.evaluate.figures import FIGURES, measure, summarize
from patchnn.metrics import diversity
from patchnn.runner import run
from patchnn.task import Task, plain

__all__ = ["Tried", "draw", "try_out"]

SHOWN = ("coherence", "completeness", "copy_share", "distance", "diversity")
"""The figures under a result."""

NOTE = (
    "Coherence and completeness are errors: lower is better. Copy share: the part in blocks copied unchanged. "
    "Distance: mean absolute difference to the source, 0 to 255."
)


@dataclass(frozen=True, eq=False)
class Tried:
    """The results of one combination: its values by option, the images (H, W, C), and the median of each figure."""

    values: Mapping[str, Any]
    images: Sequence[Image]
    figures: Mapping[str, float | None]

    def to_json(self) -> dict[str, Any]:
        """Return values and figures as JSON values."""
        return {**{name: plain(value) for name, value in self.values.items()}, **self.figures}


def try_out(task: Task, source: Image, values: Mapping[str, Any], seeds: Sequence[int], **how: Any) -> Tried:
    """Run a task with each seed, and measure the results against `source`, (H, W, C) in [0, 1].

    values: the values of the combination, by option. how: arguments of `run`.
    """
    images = [run(task, seed=seed, **how).image for seed in seeds]
    measured = [measure(image, source)[0] for image in images]
    figures = {key: _median([one[key] for one in measured]) for key in measured[0]}
    try:
        figures["diversity"] = diversity(images, source) if len(images) > 1 else None
    except InputError:
        # A source of a single colour has no diversity to compare with.
        figures["diversity"] = None
    return Tried(values, images, {key: value for key, value in figures.items() if value is not None})


def draw(title: str, about: str, source: Image, names: Sequence[str], grid: Sequence[Sequence[Tried]]) -> Image:
    """Return a contact sheet of the results, (H, W, 3) in [0, 1].

    names: the option that changes along a row and, for several rows, the one that changes down a column. grid: the
    combinations by row and column.
    """
    columns = [_label(names[0], tried) for tried in grid[0]]
    rows = [_label(names[1], row[0]) if len(names) > 1 else ("", "") for row in grid]
    cells = [[Cell(tried.images, _texts(tried.figures)) for tried in row] for row in grid]
    return contact_sheet(title, f"{about}. {NOTE}", source, columns, rows, cells)


def _label(name: str, tried: Tried) -> tuple[str, str]:
    return name.replace("_", "-"), f"{tried.values[name]:g}"


def _texts(figures: Mapping[str, float | None]) -> dict[str, str]:
    shown = {figure.key: figure for figure in FIGURES}
    return {shown[key].name: shown[key].text(figures[key]) for key in SHOWN if key in figures}


def _median(values: Sequence[float | None]) -> float | None:
    summary = summarize(values)
    return summary["median"] if summary else None
