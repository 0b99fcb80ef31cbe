"""The hot loops, as functions of arrays. A backend calls them as its methods and may replace each with a faster one.

They are written for any array library. What they return must not depend on how the patches are split into chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from patchnn.engine.chance import near, random_numbers

__all__ = [
    "ANYWHERE",
    "FEATURE",
    "NEVER",
    "changed",
    "cheapest_path",
    "clearly_below",
    "distances",
    "fold",
    "improve",
    "measure",
    "mix",
    "project",
    "seams",
    "whole",
    "windows_any",
]

Array: TypeAlias = Any

FEATURE = np.int16
"""What features are kept as: whole numbers of a unit that the caller chooses. Half the memory, and as many more in a cache."""
NEVER = -(2**15)
"""The first feature of a patch that must not be matched. All others are within 2**15 - 1 of 0."""

ANYWHERE = -1
"""The radius of random candidates taken from all keys."""

MARGIN = np.float32(1 - 1e-3)
"""A candidate must score below this share of the best so far. Matrix libraries differ in the last bits of a distance; with the
margin they still choose alike among equal patches."""

TRACE = np.float32(1e-9)
"""Scores that differ by less are equal. This is a root mean square of 0.008 levels of 255."""

RIM = 3
"""Outer columns that seams avoid: the rim has no neighbours to differ from, so it would always be the cheapest."""
RIM_COST = np.float32(10)


def project(backend: Any, patches: Any, index: Array, basis: Array, out: Array, rows: Array) -> None:
    """Write the features of patches: out[rows] = patches @ basis.

    patches: of one canvas. index: (n,) numbers. basis: (length, k). out: float32, or FEATURE for whole numbers. rows: (n,), or
    None: `out` is (n, k) then.
    """
    store(backend.xp, backend.xp.matmul(patches.extract(index), basis), out, rows)


def store(xp: Any, features: Array, out: Array, rows: Array) -> None:
    """Write features: out[rows], whole numbers or float32, as `out` is. rows: (n,), or None for all."""
    out[slice(None) if rows is None else rows] = whole(xp, features) if out.dtype == FEATURE else features


def whole(xp: Any, features: Array) -> Array:
    """Round features in place to whole numbers that FEATURE can hold, and return them."""
    xp.rint(features, out=features)
    return xp.clip(features, NEVER + 1, -NEVER - 1, out=features)


def measure(
    backend: Any,
    index: Array,
    features: Array,
    rows: Array,
    keys: Array,
    field: Array,
    distance: Array,
    unit: float,
    weights: Array = None,
    key_weights: Array = None,
) -> None:
    """Write the squared distances of patches to their matches: see `improve` for the arrays."""
    mine, trust = _rows(backend, features, rows), _rows(backend, weights, rows)
    distance[index] = backend.distances(mine, keys, field[index], unit, trust, key_weights)


def _rows(backend: Any, array: Array, rows: Array) -> Array:
    """Return array[rows]; None for None, and the array itself where `rows` is None."""
    if array is None or rows is None:
        return array
    return backend.take(array, rows, backend.xp.empty((len(rows), array.shape[1]), array.dtype))


def distances(
    backend: Any, features: Array, keys: Array, match: Array, unit: float, weights: Array = None, key_weights: Array = None
) -> Array:
    """Return the squared distance of each row of `features` (n, k) to keys[match], times `unit`, (n,); of NEVER, infinity.

    weights: (n, k) what the values of each row count, or None. key_weights: the same of the keys, (numbers, k), or None.
    """
    xp = backend.xp
    near = backend.take(keys, match, xp.empty(features.shape, keys.dtype))
    difference = near.astype(np.float32)
    difference -= features
    if weights is None and key_weights is None:
        distance = xp.einsum("ij,ij->i", difference, difference)
    else:
        distance = xp.einsum("ij,ij,ij->i", difference, difference, key_weights[match] if weights is None else weights)
    distance *= np.float32(unit)
    distance[near[:, 0] == NEVER] = np.inf
    return distance


def changed(backend: Any, new: Array, seen: Array, least: float) -> Array:
    """Return the pixels that moved by more than `least` in any channel, (H, W) bool, and copy these to `seen`."""
    pixels = backend.xp.zeros(new.shape[:2], np.bool_)
    for channel in range(new.shape[2]):
        pixels |= abs(new[:, :, channel] - seen[:, :, channel]) > least
    backend.xp.copyto(seen, new, where=pixels[:, :, None])
    return pixels


def improve(
    backend: Any,
    index: Array,
    features: Array,
    rows: Array,
    keys: Array,
    allowed: Array,
    before: Array,
    field: Array,
    distance: Array,
    moved: Array,
    strides: tuple[Sequence[int], Sequence[int]],
    steps: Sequence[int],
    radii: Sequence[int],
    scale: Array,
    salt: int,
    unit: float,
    weights: Array = None,
    key_weights: Array = None,
) -> None:
    """Offer patches their neighbours' matches, shifted, and random keys near their own match; keep what scores best.

    index: (n,) numbers of these patches. features, keys: of both sides, FEATURE. rows: where in `features` these patches' are,
    (n,), or None: they are all of them, in order. allowed: numbers of the keys that may be taken. before: the field to read
    neighbours from; field, distance and moved are written at `index` alone. strides: of both sides. steps: how far neighbours
    are. radii: of the random candidates, one for each, or ANYWHERE. scale: a factor on the distance to every key, or None
    (Level.factors). salt: of the random numbers. unit: the squared distance of two features that differ by 1. weights,
    key_weights: what the values of `features` and `keys` count, in their order, or None.
    """
    xp = backend.xp
    mine, trust = _rows(backend, features, rows), _rows(backend, weights, rows)
    match = before[index].astype(np.int64)
    best = distance[index]
    if scale is not None:
        best *= scale[match]

    def offer(rows: Array, candidate: Array) -> None:
        """Let the patches in these rows, (n,), take a candidate each if it scores better."""
        offered = backend.distances(mine[rows], keys, candidate, unit, None if trust is None else trust[rows], key_weights)
        if scale is not None:
            xp.multiply(offered, scale[candidate], out=offered)
        better = offered < clearly_below(best[rows])
        rows = rows[better]
        match[rows] = candidate[better]
        best[rows] = offered[better]

    for step in steps:
        for here, there in zip(*strides, strict=True):
            for way in (step, -step):
                # Past an end some other patch is asked: as good a guess as any.
                neighbour = between(xp, index - way * here, len(before))
                candidate = between(xp, before[neighbour].astype(np.int64) + way * there, len(keys))
                # In a coherent region the neighbour only says what is known already.
                new = xp.flatnonzero(candidate != match)
                offer(new, candidate[new])
    for turn, radius in enumerate(radii):
        chance = random_numbers(xp, index, salt * 64 + turn)
        candidate = allowed[chance % len(allowed)] if radius == ANYWHERE else match + near(chance, radius, strides[1])
        offer(xp.arange(len(index)), between(xp, candidate.astype(np.int64), len(keys)))
    distance[index] = best if scale is None else best / scale[match]
    field[index] = match
    moved[index] = match != before[index]


def clearly_below(score: Array) -> Array:
    """Return what a score must be below to be better than these by more than rounding, (n,)."""
    return score * MARGIN - TRACE


def fold(
    backend: Any,
    image: Array,
    pixels: Array,
    field: Array,
    before: Array,
    patch: int,
    strides: Sequence[int],
    weights: Sequence[float],
    sums: tuple[Array, Array],
    confidence: Array,
    free: Array,
    limits: tuple[Array, Array],
) -> None:
    """Set the pixels of `image` (H, W, C) that a changed patch covers to the weighted mean of the patches that cover them.

    pixels: the source canvas as `Backend.pack` returns it. field: (H + patch - 1, W + patch - 1) int32, a number there for every
    patch that covers a pixel, `patch - 1` of them before the first one. before: the field of the last call, or None if every
    patch changed. strides: of the numbers there. weights: of a patch's pixels. sums: (H,) and (W,), whose product is the sum of
    the weights. confidence: flat like `field`, a factor on the weights of each patch, or None. free: (H, W) bool, which pixels
    may be written, or None. limits: the least and the largest value of each channel.

    Where all patches that cover a pixel agree on its source pixel, it is copied from there.
    """
    xp, (down, across) = backend.xp, strides
    (_, width, channels), reach = image.shape, patch - 1
    moved = xp.ones(field.shape, np.bool_) if before is None else field != before
    touched = windows_any(xp, moved, (patch, patch))
    if free is not None:
        touched &= free
    apart = windows_any(xp, field[:, 1:] != field[:, :-1] + across, (patch, reach))
    apart |= windows_any(xp, field[1:] != field[:-1] + down, (reach, patch))
    flat, target, wide = field.reshape(-1), image.reshape(-1, channels), field.shape[1]
    steps = [row * wide + column for row in range(patch) for column in range(patch)]
    offsets = steps, [row * down + column * across for row in range(patch) for column in range(patch)]

    def last(index: Array) -> Array:
        """Return the patches that begin at these pixels: the last of those that cover them."""
        return (index // width + reach) * wide + index % width + reach

    def copy(index: Array) -> None:
        target[index] = backend.unpack(pixels[flat[last(index)]])[:, :channels]

    def average(index: Array) -> None:
        total, weight = backend.mix(pixels, flat, last(index), offsets, weights, confidence)
        if weight is None:
            weight = sums[0][index // width] * sums[1][index % width]
        target[index] = xp.clip(total[:, :channels] / weight[:, None], *limits)

    for work, chosen in (copy, touched & ~apart), (average, touched & apart):
        backend.each_chunk(work, xp.flatnonzero(chosen.reshape(-1)))


def mix(
    backend: Any,
    pixels: Array,
    field: Array,
    last: Array,
    offsets: tuple[Sequence[int], Sequence[int]],
    weights: Sequence[float],
    confidence: Array,
) -> tuple[Array, Array]:
    """Return the weighted sum over the patches that cover each of some output pixels, and the sum of their confidence.

    pixels: the source canvas as `Backend.pack` returns it. field: flat, a number there for each patch here. last: (n,) numbers
    of the patches that begin at these pixels. offsets: of both sides. weights: of a patch's pixels, in the same order.
    confidence: of each patch here, or None; the second result is then None too.
    """
    xp = backend.xp
    position, index = xp.empty_like(last), xp.empty(len(last), field.dtype)
    items = xp.empty((len(last), *pixels.shape[1:]), pixels.dtype)
    colours = backend.unpack(items)
    total = xp.zeros(colours.shape, np.float32)
    trust = None if confidence is None else xp.zeros(len(last), np.float32)
    for here, there, weight in zip(*offsets, weights, strict=True):
        xp.subtract(last, here, out=position)
        backend.take(field, position, index)
        backend.take(pixels[there:], index, items)
        if trust is None:
            xp.multiply(colours, weight, out=colours)
        else:
            factor = confidence[position] * np.float32(weight)
            trust += factor
            xp.multiply(colours, factor[:, None], out=colours)
        xp.add(total, colours, out=total)
    return total, trust


def seams(backend: Any, planes: Array, costs: Array, count: int) -> tuple[Array, Array]:
    """Find so many seams, each the cheapest of what those before it leave: see `patchnn.cheapest_seams`.

    planes: (C, H, W) float32, the image by its channels. costs: (H, W) float32. Returns the pixels of all seams, (H, W) bool, and
    what each seam costs for a pixel, (count,) float32.
    """
    xp, (_, height, width) = backend.xp, planes.shape
    rows, columns = xp.arange(height), xp.broadcast_to(xp.arange(width), (height, width))
    found, prices = xp.zeros((height, width), np.bool_), xp.empty(count, np.float32)
    for number in range(count):
        seam, price = cheapest_path(xp, _seam_steps(xp, planes, costs))
        prices[number] = price / np.float32(height)
        found[rows, columns[rows, seam]] = True
        rest = xp.ones(costs.shape, np.bool_)
        rest[rows, seam] = False
        # A channel at a time: all at once take several times as long.
        planes = xp.stack([planes[channel][rest].reshape(height, -1) for channel in range(len(planes))])
        costs, columns = costs[rest].reshape(height, -1), columns[rest].reshape(height, -1)
    return found, prices


def _seam_steps(xp: Any, planes: Array, costs: Array) -> Array:
    """Return what a seam pays for every pixel, (H, 3, W), as `cheapest_path` asks."""
    width = costs.shape[1]
    padded = xp.concatenate([planes[:, :, :1], planes, planes[:, :, -1:]], axis=2)
    left, right = padded[:, :, :-2], padded[:, :, 2:]
    above = xp.concatenate([planes[:, :1], planes[:, :-1]], axis=1)
    straight = _contrast(right, left)
    straight += costs
    rim = min(RIM, (width - 1) // 2)
    straight[:, :rim] += RIM_COST
    straight[:, width - rim :] += RIM_COST
    # From above left, straight down, from above right: a slanted step makes two more pixels neighbours.
    return xp.stack([straight + _contrast(above, left), straight, straight + _contrast(above, right)], axis=1)


def _contrast(one: Array, other: Array) -> Array:
    """Return how much (C, H, W) planes differ: the mean over the channels."""
    total = abs(one[0] - other[0])
    for channel in range(1, len(one)):
        total += abs(one[channel] - other[channel])
    total /= np.float32(len(one))
    return total


def cheapest_path(xp: Any, steps: Array) -> tuple[Array, Any]:
    """Return the columns of the path from top to bottom that costs least, (H,), and its cost: see `patchnn.cheapest_path`.

    steps: (H, 3, W) float32, what a path pays for a pixel that it reaches from above left, from straight above, from above right.
    """
    height, _, width = steps.shape
    # What the cheapest path to a pixel costs: by the way that it comes, and at all.
    ways, totals = steps.copy(), xp.full((height, width + 2), np.inf, np.float32)
    totals[0, 1:-1] = steps[0, 1]
    neighbours = xp.lib.stride_tricks.sliding_window_view(totals, width, axis=1)
    for row in range(1, height):
        now, total = ways[row], totals[row, 1:-1]
        now += neighbours[row - 1]
        xp.minimum(now[0], now[1], out=total)
        xp.minimum(now[2], total, out=total)
    column = int(totals[-1].argmin()) - 1
    price, seam = totals[-1, column + 1], [column]
    for row in range(height - 1, 0, -1):
        three = ways[row, :, column].tolist()
        column += three.index(min(three)) - 1
        seam.append(column)
    return xp.array(seam[::-1]), price


def windows_any(xp: Any, mask: Array, window: tuple[int, int]) -> Array:
    """Return, for every position of a window in a (H, W) bool mask, whether any pixel in it is True."""
    for axis in (0, 1):
        reach = 1
        while reach < window[axis]:
            step = min(reach, window[axis] - reach)
            mask = mask[:-step] | mask[step:] if axis == 0 else mask[:, :-step] | mask[:, step:]
            reach += step
    return mask


def between(xp: Array, number: Array, count: int) -> Array:
    """Bring numbers into range(count), in place."""
    xp.maximum(number, 0, out=number)
    return xp.minimum(number, count - 1, out=number)
