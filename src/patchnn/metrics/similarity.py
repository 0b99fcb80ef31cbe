"""The distances between the patches of two images: the paper's coherence and completeness, as errors.

The protocol: both images at half size (antialiased cubic), rounded to 8 bits; 7×7 patches; the distance of a patch to the
nearest of the other image, as the mean squared difference of its values on 0..255; the mean over all patches.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Image
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.numbering import Numbering
from patchnn.engine.patches import Patches
from patchnn.engine.resample import resize
from patchnn.engine.search.exact import nearest
from patchnn.errors import InputError, concerning
from patchnn.images.decoded import as_colours

__all__ = ["METHODS", "PATCH", "coherence", "completeness", "nearest_distances"]

METHODS = ("auto", "exact", "approximate")

PATCH = 7
"""Side of a patch, in pixels of the halved images."""

SAMPLE = 2048
"""Patches that the approximation compares, at least."""

AUTO_PAIRS = 1 << 29
"""Pairs of patches that auto compares, unless SAMPLE needs more: all pairs in images of up to about 300×300 pixels."""

_MEMORY = 1 << 28
_CENTRE = np.float32(127)


def coherence(output: Any, source: Any, *, patch: int = PATCH, method: str = "auto") -> float:
    """Return the coherence error: the mean distance of output patches to their nearest in the source.

    It is 0 if every patch was copied (bidirectional similarity: Simakov, Caspi, Shechtman, Irani, CVPR 2008; GPNN, Sec. 3.2).

    Parameters
    ----------
    output, source : array_like
        Images (H, W, C) in [0, 1], of any sizes.
    patch, method
        As in `nearest_distances`.

    Returns
    -------
    float
        The mean of `nearest_distances(output, source)`.

    Raises
    ------
    InputError
        As `nearest_distances` does.

    Examples
    --------
    >>> import numpy as np
    >>> source = np.random.default_rng(0).random((32, 40, 3))
    >>> coherence(source, source)
    0.0
    >>> coherence(source[:, ::-1], source) > 0
    True
    """
    return float(nearest_distances(output, source, patch=patch, method=method).mean(dtype=np.float64))


def completeness(output: Any, source: Any, *, patch: int = PATCH, method: str = "auto") -> float:
    """Return the completeness error: the mean distance of source patches to their nearest in the output.

    It is 0 if the output shows every patch of the source.

    Parameters
    ----------
    output, source : array_like
        Images (H, W, C) in [0, 1], of any sizes.
    patch, method
        As in `nearest_distances`.

    Returns
    -------
    float
        The mean of `nearest_distances(source, output)`.

    Raises
    ------
    InputError
        As `nearest_distances` does.

    Examples
    --------
    >>> import numpy as np
    >>> source = np.random.default_rng(0).random((32, 40, 3))
    >>> completeness(source, source)
    0.0
    """
    return float(_distances((source, "source"), (output, "output"), patch, method).mean(dtype=np.float64))


def nearest_distances(output: Any, source: Any, *, patch: int = PATCH, method: str = "auto") -> NDArray[np.float32]:
    """Return the distance of each output patch to its nearest in the source.

    A distance is the mean squared difference of a patch's values on 0..255, both images at half size and 8 bits.

    Parameters
    ----------
    output, source : array_like
        Images (H, W, C) in [0, 1], of any sizes. Grey counts as RGB; transparent parts are seen on white.
    patch : int
        Side of a patch, in pixels of the halved images.
    method : {"auto", "exact", "approximate"}
        "exact" compares all output patches, "approximate" 2048 that are spread evenly, each with all source patches.
        "auto" compares all up to 2**29 pairs; for larger images, as many as make that many pairs, and at least 2048.

    Returns
    -------
    (n,) float32 array
        The distances, row by row.

    Raises
    ------
    InputError
        If no patch fits into half of an image, or an argument has another value.

    Examples
    --------
    >>> import numpy as np
    >>> source = np.random.default_rng(0).random((32, 40, 3))
    >>> float(nearest_distances(source, source).max())
    0.0
    """
    return _distances((output, "output"), (source, "source"), patch, method)


def _distances(output: tuple[Any, str], source: tuple[Any, str], patch: int, method: str) -> NDArray[np.float32]:
    """Return `nearest_distances` of two images, each with its name for errors."""
    if method not in METHODS:
        raise InputError(f"method is {method!r}: it must be {', '.join(METHODS[:-1])} or {METHODS[-1]}", about="method")
    if not isinstance(patch, int) or patch < 2:
        raise InputError(f"patch is {patch!r}: it must be a whole number, 2 or more", about="patch")
    backend = NumpyBackend()
    with backend.session():
        halves = [_half(image, name, patch) - _CENTRE for image, name in (output, source)]
        queries, keys = (Patches(backend, image, patch) for image in halves)
        here, there = (Numbering.of_sources([(image.shape[0], image.shape[1])], patch) for image in halves)
        patches, places = (math.prod(numbering.grids[0]) for numbering in (here, there))
        count = {"exact": patches, "approximate": SAMPLE, "auto": max(SAMPLE, AUTO_PAIRS // places)}[method]
        index = np.flatnonzero(here.positions()) if count >= patches else _evenly(here, count)
        distances: NDArray[np.float32] = nearest(backend, queries, index, keys, np.flatnonzero(there.positions()), _MEMORY)[1]
    return distances


def _half(image: Any, name: str, patch: int) -> Image:
    """Return an image's colours at half size, (H // 2, W // 2, 3) float32, whole numbers in [0, 255]."""
    with concerning(name):
        colours = as_colours(image, name)
    height, width = colours.shape[:2]
    if min(height, width) < 2 * patch:
        raise InputError(
            f"{name} is {width}×{height}: each side must be {2 * patch} pixels or more, for patches at half size", name
        )
    smaller = resize(colours, (height // 2, width // 2))
    return np.asarray(np.floor(np.clip(smaller, 0, 255) + np.float32(0.5)))


def _evenly(numbering: Numbering, count: int) -> NDArray[np.int64]:
    """Return the numbers of `count` patches spread evenly over an image: a Fibonacci lattice."""
    grid = numbering.grids[0]
    n = np.arange(count)
    rows = ((n + 0.5) / count * grid[0]).astype(np.int64)
    columns = (n * ((math.sqrt(5) - 1) / 2) % 1 * grid[1]).astype(np.int64)
    return np.asarray(numbering.ravel((rows, columns)))
