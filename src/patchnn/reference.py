"""The whole method (GPNN, CVPR 2022) in plain NumPy: slow, small, and what the engine is tested against."""

from __future__ import annotations

import math

import numpy as np

from patchnn.engine.resample import level_shape, resize

__all__ = ["gpnn", "step"]


def gpnn(
    source: np.ndarray,
    guess: np.ndarray,
    levels: int,
    *,
    alpha: float = math.inf,
    patch: int = 7,
    ratio: float = 4 / 3,
    iterations: int = 10,
    coarsest_iterations: int = 1,
) -> np.ndarray:
    """Return an image of the guess's shape, made of the source's patches, from coarse to fine (Sec. 3, Fig. 2)."""
    sources, guesses = (_pyramid(image, levels, ratio) for image in (source, guess))
    image = guesses[levels]
    for level in range(levels, -1, -1):
        value = sources[level]
        if level == levels:
            key, steps = value, coarsest_iterations
        else:
            # Keys as blurred as the queries are: both come from the coarser level.
            key, steps = resize(sources[level + 1], value.shape[:2], ratio), iterations
            image = resize(image, guesses[level].shape[:2], ratio)
        for _ in range(steps):
            image = step(image, key, value, alpha, patch)
    return image


def step(query: np.ndarray, key: np.ndarray, value: np.ndarray, alpha: float, patch: int) -> np.ndarray:
    """Return an image after one step of patch nearest neighbours (Sec. 3.1, Fig. 3)."""
    # 1. Extract all overlapping patches.
    queries, keys, values = (_patches(image, patch) for image in (query, key, value))
    # 2. Distances: the mean squared difference of every query to every key.
    distance = ((queries[:, None] - keys[None]) ** 2).mean(-1)
    # 3. Normalise for completeness: a key that no query is near to becomes attractive (Sec. 3.2).
    score = distance if alpha == math.inf else distance / (alpha + distance.min(axis=0))
    # 4. Nearest neighbours.
    nearest = score.argmin(axis=1)
    # 5. Replace every query by the value at the key's position.
    chosen = values[nearest].reshape(*(side - patch + 1 for side in query.shape[:2]), patch, patch, -1)
    # 6. Fold: where patches overlap, their mean, with more weight on their middle.
    line = np.exp(-0.5 * (np.linspace(-1, 1, patch) / 1.7) ** 2)
    total, weight = np.zeros(query.shape), np.zeros((*query.shape[:2], 1))
    for (row, column), _ in np.ndenumerate(chosen[..., 0, 0, 0]):
        window = slice(row, row + patch), slice(column, column + patch)
        total[window] += np.outer(line, line)[..., None] * chosen[row, column]
        weight[window] += np.outer(line, line)[..., None]
    return (total / weight).astype(np.float32)


def _pyramid(image: np.ndarray, levels: int, ratio: float) -> list[np.ndarray]:
    images = [image]
    for level in range(1, levels + 1):
        images.append(resize(images[-1], level_shape(image.shape[:2], ratio, level), 1 / ratio))
    return images


def _patches(image: np.ndarray, patch: int) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(float), (patch, patch), axis=(0, 1))
    return np.moveaxis(windows, 2, -1).reshape(-1, patch * patch * image.shape[2])
