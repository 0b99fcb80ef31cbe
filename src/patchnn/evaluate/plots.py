"""The plots of a report, as SVG for light and dark pages."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from patchnn.errors import PatchnnError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "EDGES",
    "FAINT",
    "INK",
    "check_plots",
    "count_distances",
    "new_axes",
    "plain",
    "plot_distances",
    "plot_figure",
    "to_svg",
]

EDGES: NDArray[np.float64] = 2.0 ** np.arange(-1, 7.01, 0.25)
"""The edges of the bins of distances, root mean square on 0..255. The outermost bins hold what is beyond."""

COLOURS = ("#3478f6", "#e8710a", "#1e9e57", "#b455d6", "#d6336c", "#8a8a8e")
"""The colours of the methods in turn, visible on light and dark pages."""

INK, FAINT = "#010101", "#020202"
"""Colours that matplotlib draws with; the page's own replace them."""
_STYLE = "<style>:root{color:#1d1d1f}@media(prefers-color-scheme:dark){:root{color:#f2f2f4}}</style>"


def check_plots() -> None:
    """Raise PatchnnError if matplotlib is missing."""
    try:
        import matplotlib.figure  # noqa: F401  # only checks that it is installed
    except ImportError:
        raise PatchnnError("a report needs matplotlib for its plots: pip install 'patchnn[report]'") from None


def count_distances(distances: NDArray[np.float32]) -> list[int]:
    """Return the number of patches in each bin between EDGES; distances: mean squared differences on 0..255."""
    inside = np.clip(np.sqrt(distances), EDGES[0], np.nextafter(EDGES[-1], 0))
    return [int(n) for n in np.histogram(inside, EDGES)[0]]


def plot_distances(counts: Mapping[str, Sequence[float]], size: tuple[float, float] = (5.6, 3)) -> str:
    """Return an SVG of the distances of patches to their nearest in the source, by method (paper, Sec. 5, Fig. 10).

    counts: the share of patches in each bin between EDGES, by method. size: in inches of 96 pixels.
    """
    figure, axes = new_axes(size)
    for number, (name, shares) in enumerate(counts.items()):
        colour = COLOURS[number % len(COLOURS)]
        axes.stairs(100 * np.asarray(shares), EDGES, color=colour, linewidth=1.8, label=plain(name))
        axes.stairs(100 * np.asarray(shares), EDGES, color=colour, fill=True, alpha=0.12)
    axes.set_xscale("log", base=2)
    ticks = [0.5, 1, 2, 4, 8, 16, 32, 64, 128]
    axes.set_xticks(ticks, ["≤0.5", *(f"{tick:g}" for tick in ticks[1:])])
    axes.set_xlim(0.93 * EDGES[0], EDGES[-1])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("distance of a patch to its nearest in the source (root mean square, 0 to 255)")
    axes.set_ylabel("% of patches")
    if len(counts) > 1:
        axes.legend(frameon=False, labelcolor=INK)
    return to_svg(figure)


def plot_figure(title: str, names: Sequence[str], values: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Return an SVG of one figure for every image.

    names: of the images. values: of every output of each image, by method. A dash marks the median, a bar the range.
    """
    figure, axes = new_axes((5.2, 2.6))
    for number, images in enumerate(values.values()):
        colour = COLOURS[number % len(COLOURS)]
        width = 0.7 / len(values)
        places = np.array([place for place, several in enumerate(images) if several]) + (number - (len(values) - 1) / 2) * width
        ends = np.array([(min(several), np.median(several), max(several)) for several in images if several]).reshape(-1, 3)
        axes.vlines(places, ends[:, 0], ends[:, 2], color=colour, alpha=0.35, linewidth=4)
        axes.hlines(ends[:, 1], places - 0.4 * width, places + 0.4 * width, color=colour, linewidth=2)
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_ylim(bottom=0)
    slanted = sum(map(len, names)) > 40
    named = len(names) <= 30
    shown = [plain(name if len(name) <= 14 else f"{name[:12]}…") for name in names]
    axes.set_xticks(range(len(names)) if named else [], shown if named else [], rotation=90 if slanted else 0)
    return to_svg(figure)


def plain(name: str) -> str:
    """Return a name that matplotlib shows literally: no formula, not hidden, valid text."""
    return name.replace("$", r"\$").lstrip("_").encode("utf-8", "replace").decode()


def new_axes(size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Return an empty plot of a size in inches of 96 pixels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.patch.set_visible(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9, length=0)
    axes.tick_params(axis="x", which="minor", length=0)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=INK, fontsize=9)
    return figure, axes


def to_svg(figure: Figure) -> str:
    """Return a plot as an SVG whose ink is light on a dark page."""
    import matplotlib

    text = io.StringIO()
    settings: dict[str, Any] = {"svg.fonttype": "none", "svg.hashsalt": "patchnn", "font.family": "sans-serif"}
    bare = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # The browser has the glyphs that matplotlib's own font lacks.
        warnings.simplefilter("ignore")
        figure.savefig(text, format="svg", transparent=True, metadata=bare)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    head, body = svg.split(">", 1)
    body = body.replace(INK, "currentColor").replace(FAINT, "#8a8a8e66")
    return f"{head}>{_STYLE}{body}"
