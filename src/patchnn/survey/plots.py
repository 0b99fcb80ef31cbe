"""The plots of a survey's report, as SVG for light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from patchnn.evaluate.plots import COLOURS, FAINT, INK, new_axes, plain, to_svg

__all__ = ["plot_shares"]

Interval = tuple[float, float, float]
"""A share and the ends of its interval, 0 to 1."""


def plot_shares(title: str, names: Sequence[str], shares: Mapping[str, Sequence[Interval | None]], chance: float = 0.5) -> str:
    """Return an SVG of shares in per cent with their intervals; a line marks what chance gives.

    names: along the axis, of images say. shares: by method, one for each name, None where there is none.
    """
    room = max(
        0.42 * len(names) * max(1, len(shares)) ** 0.5, 0.09 * sum(min(len(name), 16) for name in names[:3]) * len(names) / 3
    )
    figure, axes = new_axes((min(9.0, max(3.2, 1.4 + room)), 2.8))
    axes.axhline(100 * chance, color=FAINT, linewidth=1.4, linestyle=(0, (4, 3)))
    for number, (method, found) in enumerate(shares.items()):
        colour = COLOURS[number % len(COLOURS)]
        there = [place for place, one in enumerate(found) if one]
        places = np.array(there) + (number - (len(shares) - 1) / 2) * 0.7 / len(shares)
        values = 100 * np.array([found[place] for place in there]).reshape(-1, 3)
        axes.vlines(places, values[:, 1], values[:, 2], color=colour, alpha=0.45, linewidth=3)
        axes.plot(places, values[:, 0], "o", color=colour, markersize=5, label=plain(method))
    axes.set_title(plain(title), loc="left", fontsize=10, color=INK)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_ylim(0, 100)
    axes.set_yticks(range(0, 101, 25))
    shown = [plain(name if len(name) <= 16 else f"{name[:14]}…") for name in names]
    named = len(names) <= 40
    axes.set_xticks(range(len(names)) if named else [], shown if named else [], rotation=90 if sum(map(len, names)) > 40 else 0)
    return to_svg(figure)
