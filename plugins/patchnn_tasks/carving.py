"""Seam carving: change an image's size along the lines that are missed least (Rubinstein, Shamir, Avidan 2008).

A *seam* is a connected line of pixels, one in every row. Removing it makes the image one column narrower, repeating it makes
the image one column wider. A seam costs the contrast that its removal creates, between the pixels that become neighbours,
and the importance of its pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from patchnn import Image, Mask, Shape

__all__ = ["carve", "cheapest_path", "rarity"]

FORBIDDEN = 1e4
"""Importance of a pixel to keep: more than everything else along a seam. A pixel to drop has its negative."""
RIM = 3
"""Outer columns that seams avoid: the rim has no neighbours to differ from, so it would always be the cheapest."""
RIM_COST = 10.0
GROWTH = 8
"""An image grows by one part in this many before new seams are sought, so that seams concentrate where nothing is."""
REPEATED = 0.007
"""What a pixel costs more each time it is repeated, so that all of a plain area grows and not one line of it."""
NEIGHBOURHOOD = 5
"""Side of the patches that rarity compares, in pixels."""
COMMON = 0.1
"""A patch is as common as the nearest tenth of all patches is like it."""
SAMPLE = 600
"""How many patches rarity compares with."""

Costs = NDArray[np.float32]
Columns = NDArray[np.float32]


def carve(
    image: Image, shape: Shape, *, importance: Costs | None = None, drop: Mask | None = None, smoothness: float = 0
) -> Image:
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
    smoothness : float
        Over how many pixels neighbouring rows share their seams, so that outlines bend instead of breaking; 0 leaves every
        pixel as it is.

    Returns
    -------
    (rows, columns, C) float32
        Every row and column holds the image's pixels in their order.
    """
    costs = np.zeros(image.shape[:2], np.float32) if importance is None else importance.astype(np.float32)
    if drop is not None and drop.any() and not drop.all():
        costs = np.where(drop, np.float32(-FORBIDDEN), costs)
        across, down = drop.sum(1).max() / drop.shape[1], drop.sum(0).max() / drop.shape[0]
        if across <= down:
            image, costs = _narrow_away(image, costs, smoothness)
        else:
            turned, costs = _narrow_away(image.swapaxes(0, 1), costs.T, smoothness)
            image, costs = turned.swapaxes(0, 1), costs.T
    image, costs = _to_width(image, costs, shape[1], smoothness)
    turned, _ = _to_width(image.swapaxes(0, 1), costs.T, shape[0], smoothness)
    return np.ascontiguousarray(turned.swapaxes(0, 1), np.float32)


def rarity(image: Image) -> Costs:
    """Return how unlike the rest of the image the surroundings of every pixel are.

    A pixel's rarity is the distance within which a tenth of the image's patches lie from its own: small in sky, grass and
    whatever else there is much of, large on things.

    Parameters
    ----------
    image : (H, W, C) float32
        Small: the work grows with the number of its pixels, and rarity is meant for what one sees at a glance.

    Returns
    -------
    (H, W) float32
        Root mean squared distances, in the image's units.
    """
    height, width, _ = image.shape
    reach = NEIGHBOURHOOD // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), "symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (NEIGHBOURHOOD, NEIGHBOURHOOD), axis=(0, 1))
    patches = windows.reshape(height * width, -1)
    # A step that shares no factor with the width visits all columns alike.
    step = max(1, height * width // SAMPLE)
    while np.gcd(step, width) > 1 and step > 1:
        step -= 1
    others = patches[::step]
    squares = (patches**2).sum(1)[:, None] + (others**2).sum(1) - 2 * patches @ others.T
    tenth = int(COMMON * len(others))
    nearest = np.partition(squares, tenth, axis=1)[:, tenth]
    return np.sqrt(np.maximum(nearest, 0) / patches.shape[1]).reshape(height, width).astype(np.float32)


def _narrow_away(image: Image, costs: Costs, smoothness: float) -> tuple[Image, Costs]:
    """Remove seams until no pixel to drop remains."""
    # A seam moves by at most one column per row, so the first pass may leave pixels of a slanted region behind.
    while (costs < 0).any() and image.shape[1] > 2:
        count = min(int((costs < 0).sum(1).max()), image.shape[1] - 2)
        image, costs = _to_width(image, costs, image.shape[1] - count, smoothness=0)
    return image, costs


def _to_width(image: Image, costs: Costs, width: int, smoothness: float) -> tuple[Image, Costs]:
    """Return the image and its costs at another width."""
    if width == image.shape[1]:
        return image, costs
    source = _columns(image, costs, width)
    if smoothness:
        from scipy import ndimage

        source = ndimage.gaussian_filter(source, (smoothness, smoothness / 2), mode="nearest")
    return _read(image, source), _read(costs[:, :, None], np.rint(source))[:, :, 0]


def _read(image: Image, columns: Columns) -> Image:
    """Return the pixels at fractional columns of every row, interpolated."""
    left = columns.astype(np.intp)
    right = np.minimum(left + 1, image.shape[1] - 1)
    weight = (columns - left)[:, :, None]
    first, second = (np.take_along_axis(image, at[:, :, None], axis=1) for at in (left, right))
    return np.where(weight > 0, first * (1 - weight) + second * weight, first)


def _columns(image: Image, costs: Costs, width: int) -> Columns:
    """Return, for every pixel of the image at another width, the column that it comes from."""
    columns = np.tile(np.arange(image.shape[1], dtype=np.float32), (len(image), 1))
    while image.shape[1] != width:
        now = image.shape[1]
        if width < now:
            copies = (_seam_numbers(image, costs, now - width) == now - width).astype(np.intp)
        else:
            count = min(width - now, max(1, now // GROWTH))
            repeated = _seam_numbers(image, costs, count) < count
            costs = costs + np.float32(REPEATED) * repeated
            copies = 1 + repeated
        at = np.repeat(np.tile(np.arange(now), len(image)), copies.ravel()).reshape(len(image), -1)
        image = np.take_along_axis(image, at[:, :, None], axis=1)
        costs, columns = (np.take_along_axis(array, at, axis=1) for array in (costs, columns))
    return columns


def _seam_numbers(image: Image, costs: Costs, count: int) -> NDArray[np.intp]:
    """Find so many seams, each without the ones before; return the number of every pixel's seam, `count` for none."""
    numbers = np.full(image.shape[:2], count)
    columns = np.tile(np.arange(image.shape[1]), (len(image), 1))
    rows = np.arange(len(image))
    for number in range(count):
        seam = _cheapest_seam(image, costs)
        numbers[rows, columns[rows, seam]] = number
        rest = np.ones(columns.shape, np.bool_)
        rest[rows, seam] = False
        image = image[rest].reshape(len(image), -1, image.shape[2])
        costs, columns = costs[rest].reshape(len(image), -1), columns[rest].reshape(len(image), -1)
    return numbers


def _cheapest_seam(image: Image, costs: Costs) -> NDArray[np.intp]:
    """Return the column of the cheapest seam in every row."""
    padded = np.pad(image, ((0, 0), (1, 1), (0, 0)), "edge")
    left, right = padded[:, :-2], padded[:, 2:]
    above = np.concatenate([image[:1], image[:-1]])
    straight = np.abs(right - left).mean(2) + costs
    rim = min(RIM, (image.shape[1] - 1) // 2)
    straight[:, :rim] += RIM_COST
    straight[:, image.shape[1] - rim :] += RIM_COST
    # From above left, straight down, from above right: a slanted step makes two more pixels neighbours.
    steps = np.stack([straight + np.abs(above - left).mean(2), straight, straight + np.abs(above - right).mean(2)], axis=1)
    return cheapest_path(steps)


def cheapest_path(steps: Costs) -> NDArray[np.intp]:
    """Return the column, in every row, of the connected path from top to bottom that costs least.

    Parameters
    ----------
    steps : (H, 3, W) or (H, W) float32
        What a path pays for a pixel that it reaches from above left, from straight above, from above right; or however it
        reaches the pixel.

    Returns
    -------
    (H,) int
        Columns of neighbouring rows differ by at most 1.
    """
    if steps.ndim == 2:
        steps = np.broadcast_to(steps[:, None], (len(steps), 3, steps.shape[1]))
    width = steps.shape[2]
    choices = np.empty((len(steps), width), np.intp)
    totals = np.full(width + 2, np.inf, np.float32)
    totals[1:-1] = steps[0, 1]
    neighbours = np.lib.stride_tricks.sliding_window_view(totals, 3).T
    for row in range(1, len(steps)):
        candidates = neighbours + steps[row]
        choices[row] = candidates.argmin(0)
        totals[1:-1] = candidates.min(0)
    seam = np.empty(len(steps), np.intp)
    seam[-1] = totals.argmin() - 1
    for row in range(len(steps) - 1, 0, -1):
        seam[row - 1] = seam[row] + choices[row, seam[row]] - 1
    return seam
