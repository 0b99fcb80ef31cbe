"""Patches out of images and back: extraction and vote, against the definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from patchnn.engine.arrays import Shape
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.numbering import Numbering
from patchnn.engine.patches import Patches, on_canvas, windows_any
from patchnn.engine.vote import Vote, rim_confidence
from samples import hole, random_image

BACKEND = NumpyBackend(threads=2)

shapes = st.tuples(st.integers(9, 20), st.integers(9, 20))
wraps = st.tuples(st.booleans(), st.booleans())
sides = st.integers(2, 9)
channel_counts = st.integers(1, 4)


NO_WRAP = (False, False)


def voted(field: np.ndarray, values: np.ndarray, shape: Shape, patch: int, wrap: tuple[bool, bool] = NO_WRAP) -> np.ndarray:
    """The vote of a field (h, w) of numbers in `values`."""
    return fresh(values, shape, patch, wrap)(field)


def fresh(
    values: np.ndarray,
    shape: Shape,
    patch: int,
    wrap: tuple[bool, bool] = NO_WRAP,
    backend: NumpyBackend = BACKEND,
    **options: Any,
) -> Vote:
    """A vote that has seen no field yet."""
    there = Numbering.of_sources([values.shape[:2]], patch)
    return Vote(backend, values, there, Numbering.of_output(shape, patch, wrap), wrap, **options)


def identity(shape: Shape, patch: int) -> np.ndarray:
    """The field in which every patch comes from where it is."""
    (rows, columns), width = Numbering.of_output(shape, patch).grids[0], shape[1]
    return np.arange(rows)[:, None] * width + np.arange(columns)


def random_field(shape: Shape, source: Shape, patch: int, wrap: tuple[bool, bool], seed: int) -> np.ndarray:
    rng, grid = np.random.default_rng(seed), Numbering.of_output(shape, patch, wrap).grids[0]
    return rng.integers(source[0] - patch + 1, size=grid) * source[1] + rng.integers(source[1] - patch + 1, size=grid)


@given(shapes, sides, wraps, channel_counts)
def test_patches_are_the_windows_of_the_image(shape: Shape, patch: int, wrap: tuple[bool, bool], channels: int) -> None:
    image, numbering = random_image(shape, channels), Numbering.of_output(shape, patch, wrap)
    expected = reference.patches(image, patch, wrap).reshape(-1, patch * patch * channels)
    found = Patches(BACKEND, on_canvas(np, image, numbering), patch)
    numbers = np.flatnonzero(numbering.positions())
    assert len(numbers) == len(expected)
    order = np.random.default_rng(0).permutation(len(expected))
    np.testing.assert_array_equal(found.extract(numbers[order]), expected[order])


@given(st.lists(shapes, min_size=1, max_size=3), sides)
def test_numbers_name_the_same_pixels_as_positions(sizes: list[Shape], patch: int) -> None:
    numbering = Numbering.of_sources(sizes, patch)
    canvas = np.arange(numbering.size).reshape(numbering.shape)
    numbers = np.flatnonzero(numbering.positions())
    position = numbering.unravel(numbers)
    np.testing.assert_array_equal(numbering.ravel(position), numbers)
    windows = np.lib.stride_tricks.sliding_window_view(canvas, (patch, patch)).reshape(-1, patch * patch)
    rows, columns = position
    expected = windows.reshape(*(side - patch + 1 for side in numbering.shape), -1)[rows, columns]
    np.testing.assert_array_equal(numbers[:, None] + np.array(numbering.offsets), expected)
    image = numbering.image_at(np, rows)
    for number, (top, size) in enumerate(zip(numbering.tops, sizes, strict=True)):
        here = image == number
        assert here.sum() == max(0, size[0] - patch + 1) * max(0, size[1] - patch + 1)
        assert ((rows[here] >= top) & (rows[here] + patch <= top + size[0]) & (columns[here] + patch <= size[1])).all()


@given(shapes, sides, channel_counts)
def test_the_vote_of_an_images_own_patches_is_the_image(shape: Shape, patch: int, channels: int) -> None:
    image = random_image(shape, channels)
    np.testing.assert_allclose(voted(identity(shape, patch), image, shape, patch), image, atol=1e-6)


@given(shapes, shapes, sides, wraps, channel_counts, st.integers(0, 99))
def test_a_vote_is_the_weighted_mean(
    shape: Shape, source: Shape, patch: int, wrap: tuple[bool, bool], channels: int, seed: int
) -> None:
    values, field = random_image(source, channels), random_field(shape, source, patch, wrap, seed)
    parts = reference.patches(values, patch)[field // source[1], field % source[1]]
    image = voted(field, values, shape, patch, wrap)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, reference.fold(parts, shape, wrap), atol=1e-5)


@given(shapes, shapes, sides, wraps, st.floats(0.2, 3), st.integers(0, 99))
def test_confidence_and_sigma_weigh_the_vote(
    shape: Shape, source: Shape, patch: int, wrap: tuple[bool, bool], sigma: float, seed: int
) -> None:
    values, field = random_image(source), random_field(shape, source, patch, wrap, seed)
    numbering = Numbering.of_output(shape, patch, wrap)
    confidence = np.random.default_rng(seed).uniform(0.1, 1, numbering.shape).astype(np.float32) * numbering.positions()
    parts = reference.patches(values, patch)[field // source[1], field % source[1]]
    image = fresh(values, shape, patch, wrap, confidence=confidence)(field, sigma)
    weight = confidence[: field.shape[0], : field.shape[1]]
    np.testing.assert_allclose(image, reference.fold(parts, shape, wrap, sigma, weight), atol=1e-5)


@given(shapes, sides, wraps, st.integers(0, 99), st.sampled_from([0.01, 0.1, 0.7]))
def test_a_vote_kept_up_to_date_is_a_fresh_vote(
    shape: Shape, patch: int, wrap: tuple[bool, bool], seed: int, share: float
) -> None:
    source = (15, 12)
    values, rng = random_image(source), np.random.default_rng(seed)
    field = random_field(shape, source, patch, wrap, seed)
    vote = fresh(values, shape, patch, wrap)
    for turn in range(4):
        sigma = 1.7 if turn < 2 else 0.3
        np.testing.assert_array_equal(vote(field, sigma), fresh(values, shape, patch, wrap)(field, sigma))
        other = random_field(shape, source, patch, wrap, seed + turn + 1)
        field = np.where(rng.random(field.shape) < share, other, field)


@given(shapes, sides, st.integers(0, 99))
def test_absent_patches_do_not_disturb_the_others(shape: Shape, patch: int, seed: int) -> None:
    values, field = random_image((15, 12)), random_field(shape, (15, 12), patch, NO_WRAP, seed)
    parts = reference.patches(values, patch)[field // 12, field % 12].astype(float)
    absent = np.zeros(field.shape, np.bool_)
    absent[: field.shape[0] // 2] = True
    parts[absent] = np.nan
    image = voted(np.where(absent, -1, field), values, shape, patch)
    # Pixels that some absent patch covers are for the caller to pin.
    covered = windows_any(np, np.pad(absent, patch - 1), (patch, patch))
    np.testing.assert_allclose(image[~covered], reference.fold(parts, shape)[~covered], atol=1e-5)


@given(shapes, sides, st.integers(0, 9))
def test_a_vote_stays_within_the_values_to_the_bit(shape: Shape, patch: int, seed: int) -> None:
    values = np.where(random_image((15, 12), seed=seed) > 0.5, np.float32(1), np.float32(0.9999))
    image = voted(random_field(shape, (15, 12), patch, NO_WRAP, seed), values, shape, patch)
    assert image.min() >= values.min()
    assert image.max() <= 1


@given(shapes, sides, wraps, st.integers(1, 50), st.integers(1, 4))
def test_pieces_and_threads_do_not_change_a_vote(
    shape: Shape, patch: int, wrap: tuple[bool, bool], chunk: int, threads: int
) -> None:
    backend = NumpyBackend(threads)
    backend.chunk = chunk
    values, field = random_image((15, 12)), random_field(shape, (15, 12), patch, wrap, 0)
    expected = voted(field, values, shape, patch, wrap)
    np.testing.assert_array_equal(fresh(values, shape, patch, wrap, backend)(field), expected)


def test_rim_confidence_falls_with_the_distance_from_kept_pixels() -> None:
    free = ~hole((20, 24), slice(4, 16), slice(5, 19))
    confidence = rim_confidence(free, Numbering.of_output((20, 24), 5), 1.3)
    # Patches by their first pixel: centred on a kept pixel, on the rim, and 6 pixels inside.
    assert confidence[0, 0] == 1
    np.testing.assert_allclose(confidence[2, 8], 1.3**-1, rtol=1e-6)
    np.testing.assert_allclose(confidence[7, 9], 1.3**-6, rtol=1e-6)


@pytest.mark.parametrize("window", [(1, 1), (2, 3), (7, 7), (9, 4)])
def test_windows_are_looked_through_whole(window: Shape) -> None:
    mask = np.random.default_rng(0).random((12, 15)) < 0.03
    expected = np.lib.stride_tricks.sliding_window_view(mask, window).any((2, 3))
    np.testing.assert_array_equal(windows_any(np, mask, window), expected)
