"""Seam carving: change an image's size along the lines that are missed least (Rubinstein, Shamir, Avidan 2008).

A *seam* is a connected line of pixels, one in every row (`patchnn.cheapest_seams`). Removing it makes the image one column
narrower, repeating it makes the image one column wider.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from patchnn import Image, Mask, Shape, cheapest_seams

__all__ = ["FORBIDDEN", "Carved", "Costs", "Places", "carve", "enlarged"]

FORBIDDEN = 1e4
"""Importance of a pixel to keep: more than everything else along a seam. A pixel to drop has its negative."""
GROWTH = 3
"""An image grows by one part in this many before new seams are sought: fewer at once repeat one place again and again."""
REPEATED = 0.02
"""What a pixel costs more each time it is repeated, so that all of a plain area grows and not one line of it."""

Costs = NDArray[np.float32]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Carved:
    """What became of an image at another shape.

    Attributes
    ----------
    places
        (rows, columns, 2) int: the row and column in the image that every pixel of the result comes from: in every row and
        column of the result they are the image's in their order.
    dearness
        How much more of contrast and importance the dearest tenth of the removed seams cost, for a pixel, than all of them:
        room that runs out.
    """

    places: Places
    dearness: float


def carve(image: Image, shape: Shape, *, importance: Costs | None = None, drop: Mask | None = None) -> Carved:
    """Bring an image to another shape by removing or repeating seams: columns first, then rows.

    Parameters
    ----------
    image : (H, W, C) float32
    shape : (rows, columns)
        The shape of the result.
    importance : (H, W) float32, optional
        What removing or repeating a pixel costs, beside the contrast; FORBIDDEN for one that must stay as it is.
    drop : (H, W) bool, optional
        Pixels to remove. All of them go, even where the image then has to grow again.
    """
    costs = np.zeros(image.shape[:2], np.float32) if importance is None else importance.astype(np.float32)
    canvas = _Canvas(image, costs, np.moveaxis(np.indices(image.shape[:2]), 0, 2))
    if drop is not None and drop.any() and not drop.all():
        canvas.costs = np.where(drop, np.float32(-FORBIDDEN), costs)
        across, down = drop.sum(1).max() / drop.shape[1], drop.sum(0).max() / drop.shape[0]
        canvas = canvas.without_dropped() if across <= down else canvas.turned().without_dropped().turned()
    canvas = canvas.to_width(shape[1]).turned().to_width(shape[0]).turned()
    return Carved(canvas.places, canvas.dearness)


def enlarged(places: Places, scale: int, image: Shape, shape: Shape) -> Places:
    """Return where the pixels of a result `scale` times as large come from in an image so much larger than the carved one.

    Whole squares of pixels move, so every seam is `scale` pixels wide, and pixels that stay together lie on the same grid at
    the coarser levels as in the image.
    """
    inside = np.moveaxis(np.indices((scale, scale)), 0, 2)
    rows, columns = places.shape[:2]
    large = places[:, None, :, None] * scale + inside[:, None]
    large = large.reshape(rows * scale, columns * scale, 2)[: shape[0], : shape[1]]
    return np.asarray(np.minimum(large, np.subtract(image, 1)), np.intp)


@dataclass
class _Canvas:
    """An image that is being carved: its pixels, what they cost, and where they come from."""

    image: Image
    costs: Costs
    places: Places
    dearness: float = 0.0

    def turned(self) -> _Canvas:
        """Return it with rows for columns."""
        return _Canvas(self.image.swapaxes(0, 1), self.costs.T, self.places.swapaxes(0, 1), self.dearness)

    def without_dropped(self) -> _Canvas:
        """Remove seams until no pixel to drop remains."""
        canvas = self
        # A seam moves by at most one column per row, so the first pass may leave pixels of a slanted region behind.
        while (canvas.costs < 0).any() and canvas.image.shape[1] > 2:
            count = min(int((canvas.costs < 0).sum(1).max()), canvas.image.shape[1] - 2)
            canvas = canvas.to_width(canvas.image.shape[1] - count)
        return canvas

    def to_width(self, width: int) -> _Canvas:
        """Return it at another width."""
        canvas = self
        while canvas.image.shape[1] != width:
            now, costs, dearness = canvas.image.shape[1], canvas.costs, canvas.dearness
            if width < now:
                found, prices = cheapest_seams(canvas.image, costs, now - width)
                copies = (~found).astype(np.intp)
                dearness = max(dearness, prices[-max(1, len(prices) // 10) :].mean() - prices.mean())
            else:
                count = min(width - now, max(1, now // GROWTH))
                repeated = cheapest_seams(canvas.image, costs, count)[0]
                costs = costs + np.float32(REPEATED) * repeated.astype(np.float32)
                copies = 1 + repeated
            columns = np.repeat(np.tile(np.arange(now), len(copies)), copies.ravel()).reshape(len(copies), -1)
            at = np.arange(len(copies))[:, None], columns
            canvas = _Canvas(canvas.image[at], costs[at], canvas.places[at], dearness)
        return canvas
