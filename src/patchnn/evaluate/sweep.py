"""One picture under many settings: what each combination gives, measured and drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patchnn.engine.plan import Image
from patchnn.errors import InputError
from patchnn.evaluate.contact_sheet import Cell, contact_sheet
from patchnn.evaluate.figures import FIGURES, measure, summarize
from patchnn.metrics import diversity
from patchnn.runner import run
from patchnn.task import Task, plain

__all__ = ["Tried", "draw", "try_out"]

SHOWN = ("coherence", "completeness", "copy_share", "distance", "diversity")
"""The figures under a picture."""

NOTE = (
    "Coherence and completeness are errors: the lower, the better. Copy share: how much lies in blocks copied as they are. "
    "Distance: mean absolute difference to the source, 0 to 255."
)


@dataclass(frozen=True, eq=False)
class Tried:
    """What one combination gave: its values by option, the pictures (H, W, C), and each figure's median over them."""

    values: Mapping[str, Any]
    pictures: Sequence[Image]
    figures: Mapping[str, float | None]

    def to_json(self) -> dict[str, Any]:
        """Return values and figures as JSON values."""
        return {**{name: plain(value) for name, value in self.values.items()}, **self.figures}


def try_out(task: Task, source: Image, values: Mapping[str, Any], seeds: Sequence[int], **how: Any) -> Tried:
    """Carry out a task with each seed, and measure the results against `source`, (H, W, C) in [0, 1].

    values: what is said of the combination. how: as `run` takes it.
    """
    pictures = [run(task, seed=seed, **how).image for seed in seeds]
    measured = [measure(picture, source)[0] for picture in pictures]
    figures = {key: _median([one[key] for one in measured]) for key in measured[0]}
    try:
        figures["diversity"] = diversity(pictures, source) if len(pictures) > 1 else None
    except InputError:
        # A source of one colour has no diversity to compare with.
        figures["diversity"] = None
    return Tried(values, pictures, {key: value for key, value in figures.items() if value is not None})


def draw(title: str, about: str, source: Image, names: Sequence[str], grid: Sequence[Sequence[Tried]]) -> Image:
    """Draw what was tried as a contact sheet, (H, W, 3) in [0, 1].

    names: of the option that changes along a row and, if there are several rows, of the one that changes down them.
    grid: by row and column.
    """
    columns = [_label(names[0], tried) for tried in grid[0]]
    rows = [_label(names[1], row[0]) if len(names) > 1 else ("", "") for row in grid]
    cells = [[Cell(tried.pictures, _texts(tried.figures)) for tried in row] for row in grid]
    return contact_sheet(title, f"{about}. {NOTE}", source, columns, rows, cells)


def _label(name: str, tried: Tried) -> tuple[str, str]:
    return name.replace("_", "-"), f"{tried.values[name]:g}"


def _texts(figures: Mapping[str, float | None]) -> dict[str, str]:
    shown = {figure.key: figure for figure in FIGURES}
    return {shown[key].name: shown[key].text(figures[key]) for key in SHOWN if key in figures}


def _median(values: Sequence[float | None]) -> float | None:
    summary = summarize(values)
    return summary["median"] if summary else None
