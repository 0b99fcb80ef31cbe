"""Feathering: colour steps in a fill, at its rim and where patches from different places meet, fade out."""

from __future__ import annotations

import numpy as np

from patchnn.engine.arrays import Image, Mask
from patchnn.engine.backend import Array
from patchnn.engine.resample import surround
from patchnn.engine.search import Level

__all__ = ["feather"]

LIMIT = 0.15
"""The most that a colour moves, and the largest step that fades: a larger one is an edge, and would smear."""
SMOOTH = 2.0
"""Standard deviation, in pixels, of the blur of what is added among details: these stay as sharp as the patches are."""
CALM = 0.015
"""How far apart neighbours are where there is nothing to blur, as in a sky: there, a blur would leave a line."""
ACCURACY = 0.01
"""Part of the steps that the solution may leave over."""
REACH = 10
"""Pixels around a hole that are looked at: as far as the blur goes, and two more for differences."""


def feather(level: Level, nnf: Array, image: Array, reach: float) -> Array:
    """Return a level's image without the steps that its patches do not have.

    A patch knows how colour goes on from one pixel to the next. Where patches from different places meet, and at the rim of kept
    pixels, the image goes on otherwise. What is added to the image makes up for the difference, as smoothly as that can be, and
    within about `reach` pixels: a screened Poisson equation (Darabi et al., Image Melding, SIGGRAPH 2012).

    level: with `keep` and `pinned`. nnf: (h, w), the field that `image` (H, W, C) is the vote of.
    """
    from scipy import ndimage

    backend, xp = level.backend, level.backend.xp
    free = ~np.asarray(level.keep)
    window = surround(free, REACH)
    inside, shown = free[window], backend.to_host(image[window])
    numbers = _numbers(level, backend.to_host(nnf))[window]
    divergence, details = np.zeros_like(shown), np.zeros_like(shown)
    for axis, stride in enumerate(level.atlas.numbering.strides):
        first, second = _pairs(axis)
        slopes = _slopes(level, numbers, stride, axis)
        for part in (first, second):
            details[part] += np.abs(slopes) / 4
        apart = slopes - np.diff(shown, axis=axis)
        known = (numbers[first] >= 0) & (numbers[second] >= 0)
        # Channel by channel, so that a map of one channel fades as it would among others.
        apart[~known[:, :, None] | (np.abs(apart) > LIMIT)] = 0
        divergence[first] -= apart
        divergence[second] += apart
    change = _spread(np.where(inside[:, :, None], divergence, 0), inside, reach)
    busy, weight, blurred = (
        ndimage.gaussian_filter(part, (SMOOTH, SMOOTH, 0)) for part in (details, inside[:, :, None].astype(np.float32), change)
    )
    calm = np.exp(-((busy / CALM) ** 2))
    smooth = calm * change + (1 - calm) * blurred / np.maximum(weight, 1e-6)
    values = level.atlas.values
    moved = xp.clip(image[window] + backend.to_device(np.clip(smooth, -LIMIT, LIMIT)), values.min((0, 1)), values.max((0, 1)))
    result = image.copy()
    result[window] = xp.where(backend.to_device(inside)[:, :, None], moved, image[window])
    return result


def _numbers(level: Level, nnf: np.ndarray) -> np.ndarray:
    """Return the source pixel that the patch around every pixel has there, (H, W), as a number in the atlas; -1 for none."""
    half = level.numbering.patch // 2
    tops, lefts = (np.clip(np.arange(size) - half, 0, count - 1) for size, count in zip(level.shape, nnf.shape, strict=True))
    down, across = level.atlas.numbering.strides
    into = (np.arange(level.shape[0]) - tops)[:, None] * down + (np.arange(level.shape[1]) - lefts) * across
    number = nnf[np.ix_(tops, lefts)].astype(np.int64)
    return np.where(number < 0, -1, number + into)


def _slopes(level: Level, numbers: np.ndarray, stride: int, axis: int) -> Image:
    """Return how far apart neighbours along an axis are in the patches around them: the mean of what both say."""
    first, second = _pairs(axis)
    before, after = np.maximum(numbers[first], 0), np.maximum(numbers[second], stride)
    backend, pixels = level.backend, level.atlas.values.reshape(-1, level.atlas.values.shape[2])
    ends = [backend.to_host(pixels[backend.to_device(at)]) for at in (before, before + stride, after - stride, after)]
    return np.asarray((ends[1] - ends[0] + ends[3] - ends[2]) / 2, np.float32)


def _spread(divergence: Image, inside: Mask, reach: float) -> Image:
    """Solve x / reach² - Laplacian(x) = divergence inside a mask, x being 0 outside; the image's border is a mirror.

    By Chebyshev's iteration, which needs no sum over pixels: sums differ from one matrix library to the next.
    """
    low, high = reach**-2.0, reach**-2.0 + 8
    middle, half = (high + low) / 2, (high - low) / 2
    steps = int(np.ceil(np.arccosh(1 / ACCURACY) / np.arccosh(middle / half)))
    mask = inside[:, :, None].astype(np.float32)
    neighbours = np.zeros_like(mask)
    for axis in (0, 1):
        for part in _pairs(axis):
            neighbours[part] += 1
    diagonal = np.float32(low) + neighbours
    x, change, weight = np.zeros_like(divergence), np.zeros_like(divergence), 0.0
    for step in range(steps):
        around = np.zeros_like(x)
        for axis in (0, 1):
            first, second = _pairs(axis)
            around[first] += x[second]
            around[second] += x[first]
        rest = divergence - diagonal * x + around
        weight = 1 / middle if step == 0 else 1 / (middle - weight * half**2 / (2 if step == 1 else 4))
        momentum = weight * middle - 1
        change = (np.float32(weight) * rest + np.float32(momentum) * change) * mask
        x += change
    return x


def _pairs(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return what indexes every pixel but the last, and every pixel but the first, along an axis."""
    before = (slice(None),) * axis
    return (*before, slice(None, -1)), (*before, slice(1, None))
