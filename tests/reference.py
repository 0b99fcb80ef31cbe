"""The engine's parts written a second time, slowly and plainly, in float64: what the tests hold it against."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from patchnn.engine.arrays import Image, Mask, Shape
from patchnn.engine.atlas import Field
from patchnn.engine.plan import Plan
from patchnn.engine.synthesize import Synthesis

NO_WRAP = (False, False)


def patches(image: np.ndarray, patch: int, wrap: tuple[bool, bool] = NO_WRAP) -> np.ndarray:
    """All patches of an image, (h, w, p, p, C)."""
    padded = np.pad(image, [*((0, (patch - 1) * joined) for joined in wrap), (0, 0)], mode="wrap")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (patch, patch), axis=(0, 1))
    return np.moveaxis(windows, 2, -1)


def distances(queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Mean squared distances of every query patch to every key patch, (N, M) float64."""
    size = math.prod(queries.shape[-3:])
    queries, keys = queries.reshape(-1, size).astype(float), keys.reshape(-1, size).astype(float)
    return np.stack([((query - keys) ** 2).mean(-1) for query in queries])


def scores(distance: np.ndarray, alpha: float) -> np.ndarray:
    """Distances normalised for completeness (paper, Sec. 3.2)."""
    return distance if alpha == math.inf else distance / (alpha + distance.min(0))


def completeness_error(output: Image, source: Image, patch: int) -> float:
    """How far the source's patches are, on average, from the nearest one of the output."""
    return float(distances(patches(output, patch), patches(source, patch)).min(0).mean())


def fold(
    parts: np.ndarray,
    shape: Shape,
    wrap: tuple[bool, bool] = NO_WRAP,
    sigma: float = 1.7,
    confidence: np.ndarray | None = None,
) -> np.ndarray:
    """The Gaussian-weighted mean of overlapping patches (h, w, p, p, C); NaN ones take no part, pixels without any are NaN.

    confidence: (h, w), a factor on each patch's weight.
    """
    patch = parts.shape[2]
    line = np.exp(-((np.arange(patch) * 2 / (patch - 1) - 1) ** 2) / (2 * sigma**2))
    total, weight = np.zeros((*shape, parts.shape[4])), np.zeros((*shape, 1))
    for row in range(parts.shape[0]):
        for column in range(parts.shape[1]):
            if np.isnan(parts[row, column]).any():
                continue
            for dy in range(patch):
                for dx in range(patch):
                    at = (row + dy) % shape[0], (column + dx) % shape[1]
                    share = line[dy] * line[dx] * (1 if confidence is None else confidence[row, column])
                    total[at] += share * parts[row, column, dy, dx]
                    weight[at] += share
    return np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)


def named(field: Field, sources: Sequence[Image], patch: int) -> np.ndarray:
    """The source patches that a field names, (h, w, p, p, C) float64; NaN where it names none."""
    parts = np.full((*field.source.shape, patch, patch, sources[0].shape[2]), np.nan)
    for at, source in np.ndenumerate(field.source):
        row, column = field.row[at], field.col[at]
        if source >= 0:
            assert row >= 0
            assert column >= 0
            parts[at] = sources[source][row : row + patch, column : column + patch]
    return parts


def assert_same_patches(plan: Plan, first: Synthesis, second: Synthesis) -> None:
    """The same image by the same patches; where two sources hold the same one, either may be named."""
    np.testing.assert_array_equal(first.image, second.image)
    images = [source.image for source in plan.sources]
    np.testing.assert_array_equal(*(named(result.field, images, plan.patch) for result in (first, second)))


def usable_patches(usable: Mask, patch: int) -> Mask:
    """Where a patch lies wholly in usable pixels, (h, w)."""
    return patches(usable[:, :, None], patch).all((2, 3, 4))


def resize(
    image: Image, shape: Shape, scale: float | tuple[float, float] | None = None, wrap: tuple[bool, bool] = NO_WRAP
) -> np.ndarray:
    """Cubic resampling, pixel by pixel from its definition."""
    for axis in (0, 1):
        columns = np.moveaxis(image.astype(float), axis, 0)
        size, count = columns.shape[0], shape[axis]
        factor = count / size if scale is None else scale[axis] if isinstance(scale, tuple) else scale
        stretch = max(1.0, 1 / factor)
        out = np.zeros((count, *columns.shape[1:]))
        for row in range(count):
            centre = (size - 1) / 2 + (row - (count - 1) / 2) / factor
            total = 0.0
            for at in range(math.floor(centre - 2 * stretch), math.ceil(centre + 2 * stretch) + 1):
                weight = cubic((at - centre) / stretch)
                total += weight
                out[row] += weight * columns[at % size if wrap[axis] else reflect(at, size)]
            out[row] /= total
        image = np.moveaxis(out, 0, axis)
    return image


def cubic(x: float) -> float:
    x = abs(x)
    if x < 1:
        return 1 - 2.5 * x**2 + 1.5 * x**3
    return 2 - 4 * x + 2.5 * x**2 - 0.5 * x**3 if x < 2 else 0.0


def reflect(at: int, size: int) -> int:
    while not 0 <= at < size:
        at = -1 - at if at < 0 else 2 * size - 1 - at
    return at
