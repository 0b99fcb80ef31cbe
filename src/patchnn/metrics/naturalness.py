"""NIQE: how unnatural an image looks (Mittal, Soundararajan, Bovik, *Making a "Completely Blind" Image Quality Analyzer*,
IEEE Signal Processing Letters 2013).

Written from the paper. Where the paper leaves a choice, this follows BasicSR's `calculate_niqe` with its defaults, so that the
values agree. The model of natural images is the one that the authors published, as BasicSR ships it (see pristine/NOTICE).
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.resample import resize
from patchnn.errors import InputError
from patchnn.images.decoded import as_colours

__all__ = ["niqe"]

BLOCK = 96
"""Side of the blocks that are measured, in pixels."""

_PRISTINE = Path(__file__).with_name("pristine") / "niqe_pris_params.npz"
# Luma of Y'CbCr as video has it, in [16, 235].
_LUMA = np.array([65.481, 128.553, 24.966], np.float64) / 255
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))

Values = NDArray[Any]


def niqe(image: Any) -> float:
    """Return the NIQE of an image: its distance from the statistics of natural images. Lower looks more natural.

    Parameters
    ----------
    image : array_like
        (H, W, C) in [0, 1]. Grey counts as RGB; transparent parts are seen on white. Only whole blocks of 96×96 count.

    Returns
    -------
    float
        Photographs have about 3 to 6.

    Raises
    ------
    InputError
        If the image has fewer than two such blocks, or fewer than two that are not flat.

    Examples
    --------
    >>> import numpy as np
    >>> niqe(np.random.default_rng(0).random((192, 192, 3))) > 6
    True
    """
    colours = as_colours(image, "the image")
    height, width = colours.shape[:2]
    rows, columns = height // BLOCK, width // BLOCK
    if rows * columns < 2:
        raise InputError(f"the image is {width}×{height}: NIQE needs two blocks of {BLOCK}×{BLOCK} pixels or more")
    # 32 bits, as in BasicSR: in flat places the values depend on how sums are rounded.
    pixels = np.round(colours[: rows * BLOCK, : columns * BLOCK] @ _LUMA + 16).astype(np.float32)
    half = resize(pixels, (rows * BLOCK // 2, columns * BLOCK // 2))[:, :, 0]
    features = np.concatenate([_features(pixels, BLOCK), _features(half, BLOCK // 2)], axis=1)
    whole = features[~np.isnan(features).any(axis=1)]
    if len(whole) < 2:
        raise InputError(f"the image is flat: NIQE needs two blocks of {BLOCK}×{BLOCK} pixels or more that vary")
    mean, covariance, _ = _pristine()
    apart = mean - np.nanmean(features, axis=0)
    # Eq. 10 of the paper.
    return float(np.sqrt(apart @ np.linalg.pinv((covariance + np.cov(whole, rowvar=False)) / 2) @ apart))


@lru_cache(maxsize=1)
def _pristine() -> tuple[Values, Values, Values]:
    """Return mean (36,) and covariance (36, 36) of the features of natural images, and the window (7, 7)."""
    with np.load(_PRISTINE) as file:
        return file["mu_pris_param"][0], file["cov_pris_param"], file["gaussian_window"]


def _features(pixels: Values, block: int) -> Values:
    """Return the 18 features of every block of an image (H, W) in [0, 255], (n, 18), NaN for flat blocks."""
    normal = _normalized(pixels)
    rows, columns = (side // block for side in pixels.shape)
    blocks = normal.reshape(rows, block, columns, block).swapaxes(1, 2).reshape(-1, block, block)
    return np.array([_statistics(one) for one in blocks])


def _normalized(pixels: Values) -> Values:
    """Return the mean-subtracted contrast-normalized coefficients (Eq. 1)."""
    from scipy.ndimage import convolve

    window = _pristine()[2]
    mean = convolve(pixels, window, mode="nearest")
    deviation = np.sqrt(np.abs(convolve(pixels**2, window, mode="nearest") - mean**2))
    return np.asarray((pixels - mean) / (deviation + 1))


def _statistics(block: Values) -> list[float]:
    """Return the parameters of the distributions of a block's coefficients and of their products with neighbours (Eq. 4-9)."""
    from scipy.special import gamma

    shape, left, right = _generalized_gaussian(block)
    features = [shape, (left + right) / 2]
    for step in _NEIGHBOURS:
        shape, left, right = _generalized_gaussian(block * np.roll(block, step, axis=(0, 1)))
        features += [shape, (right - left) * gamma(2 / shape) / gamma(1 / shape), left, right]
    return features


@lru_cache(maxsize=1)
def _shapes() -> tuple[Values, Values]:
    """Return the shapes to try, and the ratio (E|x|)² / E x² of a generalized Gaussian of each."""
    from scipy.special import gamma

    shapes = np.arange(0.2, 10.001, 0.001)
    return shapes, gamma(2 / shapes) ** 2 / (gamma(1 / shapes) * gamma(3 / shapes))


def _generalized_gaussian(values: Values) -> tuple[float, float, float]:
    """Fit an asymmetric generalized Gaussian by its moments; return shape, left and right scale (Eq. 7 and 8)."""
    from scipy.special import gamma

    shapes, ratios = _shapes()
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        # A block without values on one side gets NaN features, and is left out.
        warnings.simplefilter("ignore", RuntimeWarning)
        left, right = np.sqrt(np.mean(values[values < 0] ** 2)), np.sqrt(np.mean(values[values > 0] ** 2))
        skew = left / right
        ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    ratio *= (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = float(shapes[np.argmin((ratios - ratio) ** 2)])
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, float(left * scale), float(right * scale)
