"""The figures of an output: their names, meanings and formats, and how they are measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Image
from patchnn.images.decoded import as_colours
from patchnn.metrics.scores import score

__all__ = ["FIGURES", "Figure", "distance", "measure", "summarize"]


@dataclass(frozen=True)
class Figure:
    """One figure: its key in JSON, its name in tables, its meaning, its format, and which end is better."""

    key: str
    name: str
    about: str
    form: str
    better: Literal["low", "high"] | None = None

    def text(self, value: float | None) -> str:
        """Return a value as tables show it, a dash for None."""
        return "–" if value is None else f"{value:{self.form}}"

    @property
    def percent(self) -> bool:
        """Whether the figure is a share in percent."""
        return self.form.endswith("%")


FIGURES = (
    Figure("sifid", "SIFID", "Distance from the source in the first features of Inception-v3.", "#.3g", "low"),
    Figure("niqe", "NIQE", "How unnatural the image looks, by its statistics; photographs have about 3 to 6.", ".2f", "low"),
    Figure(
        "diversity",
        "diversity",
        "How much the samples differ: the standard deviation of a pixel over them, in units of the source's.",
        ".3f",
    ),
    Figure("seconds", "seconds", "Time for one sample, from reading the image to writing the sample.", ".2f", "low"),
    Figure("coherence", "coherence", "Error: the distance of output patches to their nearest in the source.", ".1f", "low"),
    Figure(
        "completeness",
        "completeness",
        "Error: the distance of source patches to their nearest in the output.",
        ".1f",
        "low",
    ),
    Figure("copy_share", "copy share", "The share of the output in blocks copied unchanged, of 1/8 of its side or more.", ".1%"),
    Figure("largest_copy", "largest copy", "The share of the largest of these regions.", ".1%"),
    Figure("distance", "distance", "Mean absolute difference to the source, pixel by pixel, 0 to 255.", ".1f"),
)
"""The columns of tables: those of the paper's Table 1 that can be computed, then others."""


def measure(
    output: Image, source: Image, *, sifid: bool = False, weights: Any = None
) -> tuple[dict[str, float | None], NDArray[np.float32]]:
    """Return the figures of one output by key, None for those it lacks, and the distances of its patches to the source.

    output, source: (H, W, C) in [0, 1], of any sizes. sifid, weights: as `patchnn.metrics.score` takes them.
    """
    found = score(output, source, sifid=sifid, weights=weights)
    figures: dict[str, float | None] = {
        "sifid": found.sifid,
        "niqe": found.niqe,
        "coherence": found.coherence,
        "completeness": found.completeness,
        "copy_share": found.copy_share,
        "largest_copy": found.largest_copy,
        "distance": distance(output, source),
    }
    return figures, found.distances


def distance(output: Image, source: Image) -> float | None:
    """Return the mean absolute difference of two images' colours, 0 to 255, or None if their sizes differ."""
    first, second = as_colours(output, "output"), as_colours(source, "source")
    return float(np.abs(first - second).mean(dtype=np.float64)) if first.shape == second.shape else None


def summarize(values: Iterable[float | None]) -> dict[str, float] | None:
    """Return the median and mean of the values that are not None, or None without any."""
    known = [value for value in values if value is not None]
    return {"median": statistics.median(known), "mean": statistics.fmean(known)} if known else None
