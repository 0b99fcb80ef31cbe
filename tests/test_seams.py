"""Seams are what they are said to be: each the cheapest line of pixels of what the ones before it leave."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchnn import InputError, cheapest_path, cheapest_seams
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.kernels import RIM_COST
from strict import StrictBackend


def paths(shape: tuple[int, int]) -> Iterator[tuple[int, ...]]:
    """Every connected line of pixels, a column in every row."""
    for path in itertools.product(range(shape[1]), repeat=shape[0]):
        if np.abs(np.diff(path)).max(initial=0) <= 1:
            yield path


def price(image: np.ndarray, costs: np.ndarray, path: tuple[int, ...]) -> float:
    """What a seam costs, a pixel at a time."""
    total, last = 0.0, image.shape[1] - 1
    for row, column in enumerate(path):
        left, right = (image[row, min(max(column + way, 0), last)] for way in (-1, 1))
        total += np.abs(right - left).mean() + costs[row, column]
        # Below a seam that steps aside, the pixel above gets a new neighbour.
        if row and column != path[row - 1]:
            total += np.abs(image[row - 1, column] - (left if column > path[row - 1] else right)).mean()
    rim = min(3, last // 2)
    return total + RIM_COST * sum(column < rim or column > last - rim for column in path)


def test_a_path_costs_least_of_all() -> None:
    for seed in range(5):
        costs = np.random.RandomState(seed).uniform(size=(5, 4)).astype(np.float32)
        found = cheapest_path(costs)
        assert tuple(found) == min(paths((5, 4)), key=lambda path: sum(costs[range(5), path]))


@given(width=st.integers(2, 9), channels=st.integers(1, 4), seed=st.integers(0, 99))
def test_a_seam_costs_least_of_all(width: int, channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    image, costs = rng.random((4, width, channels), np.float32), rng.random((4, width), np.float32)
    found, prices = cheapest_seams(image, costs, 1)
    assert prices[0] * 4 == pytest.approx(min(price(image, costs, path) for path in paths((4, width))), rel=1e-5)
    assert 4 * prices[0] == pytest.approx(price(image, costs, tuple(found.argmax(1))), rel=1e-5)


@given(shape=st.tuples(st.integers(1, 12), st.integers(1, 15)), seed=st.integers(0, 99))
def test_each_seam_is_found_in_what_is_left(shape: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    image, costs = rng.random((*shape, 3), np.float32), rng.random(shape, np.float32)
    count = int(rng.integers(shape[1] + 1))
    found, prices = cheapest_seams(image, costs, count)
    assert (found.sum(1) == count).all()
    left = np.zeros(shape, np.bool_)
    for number in range(count):
        places = [np.flatnonzero(~row) for row in left]
        rest = [np.stack([line[at] for line, at in zip(values, places, strict=True)]) for values in (image, costs)]
        seam, one = cheapest_seams(rest[0], rest[1], 1)
        assert one[0] == prices[number]
        left[range(shape[0]), [at[row.argmax()] for at, row in zip(places, seam, strict=True)]] = True
    assert (found == left).all()


def test_the_double_finds_the_same_seams() -> None:
    rng = np.random.default_rng(3)
    planes, costs = rng.random((3, 14, 20), np.float32), rng.random((14, 20), np.float32)
    strict = StrictBackend()
    found = [strict.to_host(one) for one in strict.seams(strict.to_device(planes), strict.to_device(costs), 7)]
    for one, other in zip(found, NumpyBackend(1).seams(planes, costs, 7), strict=True):
        assert (one == other).all()


@pytest.mark.parametrize(("count", "rows"), [(21, 14), (-1, 14), (3, 13)])
def test_what_cannot_be_found_is_refused(count: int, rows: int) -> None:
    with pytest.raises(InputError, match="do not go with an image of 20×14"):
        cheapest_seams(np.zeros((14, 20, 3), np.float32), np.zeros((rows, 20), np.float32), count)
