"""Warping: change an image's size by a smooth map that leaves things their shape (Wolf, Guttmann, Cohen-Or 2007).

The image is cut into cells. Each is to have the width that is wanted of it, and its row to move as the next ones do, the more
*firmly* the more there is to see. What is wanted lies between the cell's own width and what seams would leave of it, which
spare whole things. So ground is squeezed or stretched, upright lines stay upright, and nothing is torn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from patchnn import Image, Shape, resize
from patchnn_tasks.carving import carve

__all__ = ["View", "borders", "warp"]

CELLS = 32, 64
"""Cells from top to bottom and from left to right of a square; longer sides have more. Along upright lines little changes."""
MOST = 256
"""As many at most, however long a side is."""
FOLLOWED = 0.6
"""How far the width that is wanted of a cell is what seams leave of it, and not its own."""
ALIKE = 3.0, 0.3
"""How firmly neighbouring rows move alike: beside how firm they are there, and anywhere."""
NARROW = 0.1
"""What is squeezed grows firmer, down to this share of the width that is wanted of it."""
WIDE = 2.0
"""What is stretched grows softer, up to so many times the width of all that is equally firm."""
ROUNDS = 8
"""How often firmness follows widths: they hardly change any more."""
BAND = 64
"""Rows that are warped at once."""
GRID = 1024
"""Places are multiples of 1 / GRID of a cell: processors solve equations alike up to that."""

Firmness = NDArray[np.float32]
Places = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class View:
    """What is to see in an image, at a small size.

    Parameters
    ----------
    image : (h, w, C) float32
    costs : (h, w) float32
        What removing or repeating a pixel costs a seam, beside the contrast.
    firmness : (h', w') float32, more than 0
        How firmly each part keeps its shape, beside the others; at that size or another.
    followed : float, 0 to 1
        How far seams are followed.
    """

    image: Image
    costs: Firmness
    firmness: Firmness
    followed: float = FOLLOWED

    def cells(self, ratio: float) -> tuple[Firmness, Firmness]:
        """Return the firmness of cells, and the widths that are wanted of them where all become `ratio` times as wide."""
        from scipy import ndimage

        square = min(self.image.shape[:2])
        sides = [min(MOST, max(3, round(n * side / square))) for n, side in zip(CELLS, self.image.shape, strict=False)]

        def coarse(values: Firmness) -> Firmness:
            return np.asarray(np.maximum(resize(values[:, :, None], (sides[0], sides[1]))[:, :, 0], values.min()))

        left = np.ones_like(self.costs)
        if self.followed:
            rows, columns = self.image.shape[:2]
            kept = carve(self.image, (rows, max(1, round(columns * ratio))), importance=self.costs).places
            at = np.ravel_multi_index(np.moveaxis(kept, 2, 0), left.shape).ravel()
            left = np.bincount(at, minlength=left.size).reshape(left.shape).astype(np.float32)
        left = ndimage.gaussian_filter(coarse(left), 1, mode="nearest")
        return coarse(self.firmness), np.asarray(1 - self.followed * (1 - left), np.float32)

    def warped(self, at: Places, ratio: float) -> View:
        """Return it warped as the image is, from the borders of cells."""

        def also(values: Image) -> Image:
            return _columns(values, _edges(at, values.shape[:2], max(2, round(values.shape[1] * ratio))))

        layers = also(np.dstack([self.image, self.costs]))
        return replace(self, image=layers[:, :, :-1], costs=layers[:, :, -1], firmness=also(self.firmness[:, :, None])[:, :, 0])

    def turned(self) -> View:
        """Return it with rows for columns."""
        return replace(self, image=self.image.swapaxes(0, 1), costs=self.costs.T, firmness=self.firmness.T)


def warp(image: Image, shape: Shape, view: View) -> tuple[Image, NDArray[np.int32]]:
    """Bring an image to another shape by squeezing or stretching where it is least firm: columns first, then rows.

    Parameters
    ----------
    image : (H, W, C) float32
    shape : (rows, columns)
        The shape of the result.
    view
        The image at a smaller size, or at its own, and what counts in it.

    Returns
    -------
    image : (rows, columns, C) float32
    places : (rows, columns, 2) int
        The row and column in the image that every pixel of the result comes from, about.
    """
    places = np.moveaxis(np.indices(image.shape[:2], np.int32), 0, 2)
    for rows, columns in (shape, shape[::-1]):
        before = image.shape[1]
        if columns != before:
            ratio = columns / before
            at = borders(*view.cells(ratio), ratio)
            edges = _edges(at, image.shape[:2], columns)
            image = _columns(image, edges)
            if len(image) != rows:
                view = view.warped(at, ratio)
            middle = np.minimum((edges[:, 1:] + edges[:, :-1]) / 2, before - 1).astype(np.intp)
            places = np.take_along_axis(places, middle[:, :, None], axis=1)
        image, places, view = image.swapaxes(0, 1), places.swapaxes(0, 1), view.turned()
    return np.ascontiguousarray(image), places


def borders(firmness: Firmness, wanted: Firmness, ratio: float) -> Places:
    """Return where the borders of cells go when all of them together become `ratio` times as wide.

    Minimises the sum of f (w - v)² over the cells, f their firmness, w their new width and v the wanted one, and of the squared
    differences between neighbouring rows, as firmly as `ALIKE` says.

    Parameters
    ----------
    firmness, wanted : (h, w) float32, more than 0
        At least 2 rows of 3 cells.
    ratio : float

    Returns
    -------
    (h, w + 1) float64
        In cells, from 0 to ratio * w, in order along every row.
    """
    from scipy.linalg import solveh_banded

    rows, cells = firmness.shape
    width = ratio * cells
    at = np.tile(np.linspace(0, width, cells + 1), (rows, 1))
    between = (firmness[:, :-1] + firmness[:, 1:]) / 2
    alike = np.zeros((rows + 1, cells - 1))
    alike[1:-1] = ALIKE[0] * (between[:-1] + between[1:]) / 2 + ALIKE[1]
    firm = firmness.astype(np.float64)
    # One unknown for each border between cells, column by column: its own factor, the next row's and the next column's.
    bands = np.zeros((rows + 1, (cells - 1) * rows))
    for _ in range(ROUNDS):
        left, right = firm[:, :-1], firm[:, 1:]
        push = left * wanted[:, :-1] - right * wanted[:, 1:]
        push[:, -1] += right[:, -1] * width
        bands[0] = (left + right + alike[:-1] + alike[1:]).T.ravel()
        bands[1] = -alike[1:].T.ravel()
        bands[rows] = -right.T.ravel()
        at[:, 1:-1] = solveh_banded(bands, push.T.ravel(), lower=True).reshape(-1, rows).T
        share = np.diff(at, axis=1) / np.maximum(wanted, NARROW)
        # The mean with what it was keeps this from swinging.
        firm = np.sqrt(firm * firmness / np.clip(share, NARROW, max(1, WIDE * ratio)))
    return np.asarray(np.maximum.accumulate(np.round(np.clip(at, 0, width) * GRID) / GRID, axis=1))


def _edges(at: Places, shape: Shape, columns: int) -> Image:
    """Return where the borders of columns lie in an image of this shape, (H, columns + 1), from the borders of its cells."""
    whole, cells = np.linspace(0, 1, columns + 1), np.linspace(0, shape[1], at.shape[1])
    coarse = np.array([np.interp(whole * row[-1], row, cells) for row in at], np.float32)
    rows = np.clip((np.arange(shape[0], dtype=np.float32) + 0.5) * len(at) / shape[0] - 0.5, 0, len(at) - 1)
    above = np.minimum(rows.astype(np.intp), len(at) - 2)
    return np.asarray(coarse[above] + (coarse[above + 1] - coarse[above]) * (rows - above.astype(np.float32))[:, None])


def _columns(image: Image, edges: Image) -> Image:
    """Return an image whose columns have these borders in it: the mean of what lies between them, or of a pixel's width."""
    height, width, channels = image.shape
    result = np.empty((height, edges.shape[1] - 1, channels), np.float32)
    for first in range(0, height, BAND):
        band = slice(first, first + BAND)
        between = edges[band].astype(np.float64)
        middle, half = (between[:, 1:] + between[:, :-1]) / 2, np.maximum(np.diff(between), 1) / 2
        start, end = np.maximum(middle - half, 0), np.minimum(middle + half, width)
        sums = np.zeros((len(between), width + 1))
        for channel in range(channels):
            np.cumsum(image[band, :, channel], axis=1, out=sums[:, 1:])
            result[band, :, channel] = (_up_to(end, sums) - _up_to(start, sums)) / (end - start)
    return result


def _up_to(ends: Places, sums: Places) -> Places:
    """Return what the pixels of rows add up to from a row's start to places in it, from the sums at its pixels' borders."""
    whole = np.minimum(ends.astype(np.intp), sums.shape[1] - 2)
    at = whole + np.arange(len(sums))[:, None] * sums.shape[1]
    below = sums.take(at)
    return np.asarray(below + (sums.take(at + 1) - below) * (ends - whole))
