"""Changing the size of images: cubic, antialiased when shrinking, and the shapes of a pyramid."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from patchnn.engine.arrays import Image, Mask, Shape, as_image
from patchnn.engine.backend import Array, Backend, NumpyBackend
from patchnn.errors import InputError

__all__ = ["fill_holes", "level_shape", "pyramid", "resample", "resize", "shrink_known", "shrink_mask", "surround"]

_BLOCK = 16
"""Output rows that one matrix product makes: enough to be fast, few enough to waste little on zeros."""
_SMALL = 1 << 17
"""Values of a result that are computed before another thread has woken up."""
SEEN_WHOLE = 0.999
"""A pixel sees no unknown pixel where the weight of known ones is at least this."""


def resize(image: Any, shape: Shape, scale: float | tuple[float, float] | None = None) -> Image:
    """Resize an image with a cubic kernel, widened when shrinking so that nothing aliases. Edges reflect.

    Parameters
    ----------
    image : array_like, (H, W, C)
    shape : (int, int)
        Rows and columns of the result.
    scale : float or (float, float), optional
        The exact factor, or one for rows and one for columns, where `shape` was rounded: the centre then stays where it is.
        Default: `shape` over the image's.

    Returns
    -------
    ndarray
        (*shape, C) float32. Cubic overshoot is not clipped.

    Raises
    ------
    InputError
        If a side is less than a pixel, or a scale is not above 0.

    Examples
    --------
    >>> import numpy as np
    >>> resize(np.zeros((40, 60, 3)), (20, 30)).shape
    (20, 30, 3)
    """
    pixels = as_image(image, "the image to resize")
    rows, columns = (int(side) for side in shape)
    if min(rows, columns) < 1 or (rows, columns) != tuple(shape):
        raise InputError(f"an image cannot be resized to {shape[1]}×{shape[0]}: each side must be 1 or more, in whole pixels")
    scales = None if scale is None else tuple(float(s) for s in np.broadcast_to(scale, 2))
    if scales and not all(0 < s < math.inf for s in scales):
        raise InputError(f"scale is {scale}: it must be greater than 0")
    result: Image = resample(NumpyBackend(threads=1), pixels, (rows, columns), scales)
    return result


def resample(
    backend: Backend,
    image: Array,
    shape: Shape,
    scales: Sequence[float] | None = None,
    wrap: tuple[bool, bool] = (False, False),
    kernel: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Array:
    """Resize a device image as `resize` does; a wrapped axis continues at its other end instead of reflecting.

    kernel: weight by distance in pixels, 0 from 2 on. Default: Keys' cubic.
    """
    for axis in (0, 1):
        factor = scales[axis] if scales else shape[axis] / image.shape[axis]
        if image.shape[axis] != shape[axis] or factor != 1:
            image = _resample_axis(backend, image, axis, shape[axis], factor, wrap[axis], kernel or cubic)
    return backend.xp.ascontiguousarray(image)


def level_shape(shape: Shape, ratio: float, level: int) -> Shape:
    """Return the shape of an image at a level of its pyramid, level 0 being the image itself."""
    # The power of a ratio like 4/3 is off by a rounding error; 48 / (4/3)**2 must stay 27.
    factor = ratio**-level
    return math.ceil(shape[0] * factor - 1e-9), math.ceil(shape[1] * factor - 1e-9)


def pyramid(
    backend: Backend,
    image: Array,
    ratio: float,
    deepest: int,
    wrap: tuple[bool, bool] = (False, False),
    known: Sequence[Mask] | None = None,
) -> list[Array]:
    """Return a device image at levels 0 to `deepest`, each resized from the one before.

    known: a host mask (H, W) bool for every level. Pixels next to unknown ones are then the mean of the known pixels alone, and
    unknown pixels are filled smoothly from those.
    """
    levels = [image]
    for level in range(1, deepest + 1):
        shape, scales = level_shape(image.shape[:2], ratio, level), (1 / ratio,) * 2
        coarser = resample(backend, levels[-1], shape, scales, wrap)
        if known is not None and not known[level - 1].all():
            seen = backend.to_device(known[level - 1].astype(np.float32))[:, :, None]
            part = resample(backend, levels[-1] * seen, shape, scales, wrap, spline)
            weight = resample(backend, seen, shape, scales, wrap, spline)
            mean = part / backend.xp.maximum(weight, 1e-6)
            coarser = backend.xp.where(weight < SEEN_WHOLE, mean, coarser)
            coarser = backend.to_device(fill_holes(backend.to_host(coarser), known[level]))
        levels.append(coarser)
    return levels


def shrink_known(backend: Backend, mask: Mask, shape: Shape, ratio: float, share: float) -> Mask:
    """Shrink a mask so that a pixel is True where at least this share of what it sees is. Both (H, W) bool on the host."""
    seen = backend.to_device(mask.astype(np.float32))[:, :, None]
    weight = resample(backend, seen, shape, (1 / ratio,) * 2, kernel=spline)
    # Sums of weights are rounded: 1 can come out a little less.
    return np.asarray(backend.to_host(weight)[:, :, 0] > min(share, SEEN_WHOLE))


def shrink_mask(mask: Mask, shape: Shape) -> Mask:
    """Shrink a mask so that a pixel is True only where every pixel under it is. Both (H, W) bool."""
    integral = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int64)
    np.cumsum(np.cumsum(~mask, 0, dtype=np.int64), 1, out=integral[1:, 1:])
    edges = []
    for small, large in zip(shape, mask.shape, strict=True):
        at = np.arange(small + 1) * (large / small)
        edges.append((np.floor(at[:-1] + 1e-6).astype(int), np.minimum(np.ceil(at[1:] - 1e-6).astype(int), large)))
    (top, bottom), (left, right) = edges
    box = np.ix_
    holes = integral[box(bottom, right)] - integral[box(top, right)] - integral[box(bottom, left)] + integral[box(top, left)]
    return np.asarray(holes == 0)


def fill_holes(image: Image, known: Mask) -> Image:
    """Fill unknown pixels smoothly from known ones (push-pull, coarse to fine).

    Parameters
    ----------
    image : ndarray, (H, W, C) float32
    known : ndarray, (H, W) bool
        At least one True.

    Returns
    -------
    ndarray
        (H, W, C) float32. Known pixels are unchanged.

    Examples
    --------
    >>> import numpy as np
    >>> known = np.array([[True, False, False, True]])
    >>> bool(fill_holes(np.ones((1, 4, 1), np.float32), known).all())
    True
    """
    if known.all():
        return image
    window = surround(~known)
    if known[window].any() and known[window].size < known.size:
        image = image.copy()
        image[window] = fill_holes(image[window], known[window])
        return image
    height, width = image.shape[:2]
    padded = ((0, height % 2), (0, width % 2), (0, 0))
    weight = np.pad(known[:, :, None].astype(np.float32), padded)
    total = np.pad(np.where(known[:, :, None], image, 0), padded)

    def quarter(x: Image) -> Image:
        return np.asarray(x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, x.shape[2]).sum((1, 3)))

    weight, total = quarter(weight), quarter(total)
    mean = (total / np.maximum(weight, 1)).astype(np.float32)
    coarse = fill_holes(mean, weight[:, :, 0] > 0)
    return np.where(known[:, :, None], image, resize(coarse, (height, width)))


def surround(holes: Mask, margin: int | None = None) -> tuple[slice, slice]:
    """Return rows and columns that hold all holes and a margin in pixels on every side; by default as much again."""
    window = []
    for axis in (1, 0):
        at = np.flatnonzero(holes.any(axis))
        reach = int(at[-1] - at[0]) + 1 if margin is None else margin
        window.append(slice(max(0, int(at[0]) - reach), int(at[-1]) + 1 + reach))
    return window[0], window[1]


def cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = -1/2."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.asarray(np.where(x <= 1, near, np.where(x <= 2, far, 0)))


def spline(x: np.ndarray) -> np.ndarray:
    """Cubic B-spline: softer than `cubic` and never negative, so that means of known pixels stay in their range."""
    x = np.abs(x)
    return np.asarray(np.where(x <= 1, 2 / 3 - x**2 + x**3 / 2, np.maximum(0, 2 - x) ** 3 / 6))


def _resample_axis(
    backend: Backend, image: Array, axis: int, size: int, factor: float, wrap: bool, kernel: Callable[[np.ndarray], np.ndarray]
) -> Array:
    """Resize one axis of an image (H, W, C), a block of output rows, or columns, by one matrix product."""
    xp, channels = backend.xp, image.shape[2]
    starts, weights, pad = _block_weights(image.shape[axis], size, factor, wrap, kernel)
    before = (slice(None),) * axis
    if pad:
        image = xp.concatenate([image[(*before, slice(-pad, None))], image, image[(*before, slice(pad))]], axis=axis)
    device_weights = backend.to_device(weights)
    out = xp.empty((*image.shape[:axis], size, *image.shape[axis + 1 :]), np.float32)

    def work(block: int) -> None:
        part = out[(*before, slice(block * _BLOCK, (block + 1) * _BLOCK))]
        share = device_weights[block, : part.shape[axis]]
        # In float64: matrix libraries differ in the last bits of a sum, and none of that is left in float32.
        read = image[(*before, slice(starts[block], starts[block] + weights.shape[2]))].astype(np.float64)
        if axis == 0:
            product = xp.matmul(share, read.reshape(len(read), -1))
        else:
            # Zeros between the channels cost less than bringing columns together.
            each = xp.zeros((share.shape[1], channels, share.shape[0], channels))
            for channel in range(channels):
                each[:, channel, :, channel] = share.T
            product = xp.matmul(read.reshape(len(read), -1), each.reshape(share.shape[1] * channels, -1))
        part[:] = product.reshape(part.shape)

    if out.size < _SMALL:
        for block in range(len(starts)):
            work(block)
    else:
        backend.each(work, range(len(starts)))
    return out


@lru_cache(maxsize=256)
def _block_weights(
    size: int, rows: int, factor: float, wrap: bool, kernel: Callable[[np.ndarray], np.ndarray]
) -> tuple[tuple[int, ...], np.ndarray, int]:
    """Return where each block of output rows starts to read, its (rows, read) weights, and the rows to pad by wrapping.

    The grid keeps the image's centre where it is: output row i sits at (i - (rows - 1)/2) / factor + (size - 1)/2.
    """
    stretch = max(1.0, 1 / factor)
    centre = (np.arange(rows) - (rows - 1) / 2) / factor + (size - 1) / 2
    taps = math.ceil(4 * stretch - 1e-6)
    index = np.ceil(centre - 2 * stretch - 1e-6).astype(np.int64)[:, None] + np.arange(taps)
    weight = kernel((centre[:, None] - index) / stretch)
    weight /= weight.sum(1, keepdims=True)
    pad = 0
    if wrap:
        # A kernel wider than the image goes round more than once; its weights then meet on the same rows.
        pad = min(size, max(0, -int(index.min()), int(index.max()) - size + 1))
        index = np.where((index < -pad) | (index >= size + pad), index % size, index) + pad
    else:
        index %= 2 * size
        index = np.minimum(index, 2 * size - 1 - index)
    total = size + 2 * pad
    blocks = [slice(top, min(top + _BLOCK, rows)) for top in range(0, rows, _BLOCK)]
    read = min(total, max(int(index[b].max() - index[b].min()) + 1 for b in blocks))
    starts = tuple(min(int(index[b].min()), total - read) for b in blocks)
    weights = np.zeros((len(blocks), _BLOCK, read))
    for n, block in enumerate(blocks):
        row = np.broadcast_to(np.arange(block.stop - block.start)[:, None], index[block].shape)
        np.add.at(weights[n], (row, index[block] - starts[n]), weight[block])
    return starts, weights, pad
