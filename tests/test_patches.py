"""Patches out of pictures and back: extraction and vote, against the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.patches import Patches, Vote, grid_shape, windows_any
from patchnn.engine.plan import Shape
from pictures import picture

BACKEND = NumpyBackend(threads=2)

shapes = st.tuples(st.integers(9, 20), st.integers(9, 20))
wraps = st.tuples(st.booleans(), st.booleans())
sides = st.integers(2, 9)
channel_counts = st.integers(1, 4)


def identity(shape: Shape, patch: int, wrap: tuple[bool, bool] = (False, False)) -> np.ndarray:
    """The field in which every patch lies where it is; in a picture that wraps, as far as it does not cross the ends."""
    rows, columns = grid_shape(shape, patch, wrap)
    return np.arange(rows)[:, None] * shape[1] + np.arange(columns)


def random_field(shape: Shape, source: Shape, patch: int, wrap: tuple[bool, bool], seed: int) -> np.ndarray:
    rng, grid = np.random.default_rng(seed), grid_shape(shape, patch, wrap)
    return rng.integers(source[0] - patch + 1, size=grid) * source[1] + rng.integers(source[1] - patch + 1, size=grid)


@given(shapes, sides, wraps, channel_counts)
def test_patches_are_the_windows_of_the_picture(shape: Shape, patch: int, wrap: tuple[bool, bool], channels: int) -> None:
    image = picture(shape, channels)
    expected = reference.patches(image, patch, wrap).reshape(-1, patch * patch * channels)
    found = Patches(BACKEND, image, patch, wrap)
    assert found.grid == grid_shape(shape, patch, wrap)
    order = np.random.default_rng(0).permutation(len(expected))
    np.testing.assert_array_equal(found.extract(order), expected[order])


@given(shapes, sides, channel_counts)
def test_on_a_whole_grid_a_patch_has_the_number_of_its_first_pixel(shape: Shape, patch: int, channels: int) -> None:
    image = picture(shape, channels)
    expected = reference.patches(image, patch).reshape(-1, patch * patch * channels)
    found = Patches(BACKEND, image, patch, whole=True).extract(identity(shape, patch).reshape(-1))
    np.testing.assert_array_equal(found, expected)


@given(shapes, sides, channel_counts)
def test_the_vote_of_a_pictures_own_patches_is_the_picture(shape: Shape, patch: int, channels: int) -> None:
    image = picture(shape, channels)
    voted = Vote(BACKEND, image, shape, patch, (False, False))(identity(shape, patch))
    np.testing.assert_allclose(voted, image, atol=1e-6)


@given(shapes, shapes, sides, wraps, channel_counts, st.integers(0, 99))
def test_a_vote_is_the_weighted_mean(
    shape: Shape, source: Shape, patch: int, wrap: tuple[bool, bool], channels: int, seed: int
) -> None:
    values, field = picture(source, channels), random_field(shape, source, patch, wrap, seed)
    parts = reference.patches(values, patch)[field // source[1], field % source[1]]
    voted = Vote(BACKEND, values, shape, patch, wrap)(field)
    assert voted.dtype == np.float32
    np.testing.assert_allclose(voted, reference.fold(parts, shape, wrap), atol=1e-5)


@given(shapes, sides, wraps, st.integers(0, 99), st.sampled_from([0.01, 0.1, 0.7]))
def test_a_vote_kept_up_to_date_is_a_fresh_vote(
    shape: Shape, patch: int, wrap: tuple[bool, bool], seed: int, share: float
) -> None:
    source = (15, 12)
    values, rng = picture(source), np.random.default_rng(seed)
    field = random_field(shape, source, patch, wrap, seed)
    vote = Vote(BACKEND, values, shape, patch, wrap)
    for turn in range(4):
        np.testing.assert_array_equal(vote(field), Vote(BACKEND, values, shape, patch, wrap)(field))
        other = random_field(shape, source, patch, wrap, seed + turn + 1)
        field = np.where(rng.random(field.shape) < share, other, field)


@given(shapes, sides, st.integers(0, 99))
def test_patches_that_are_nowhere_do_not_disturb_the_others(shape: Shape, patch: int, seed: int) -> None:
    values, field = picture((15, 12)), random_field(shape, (15, 12), patch, (False, False), seed)
    parts = reference.patches(values, patch)[field // 12, field % 12].astype(float)
    absent = np.zeros(field.shape, np.bool_)
    absent[: field.shape[0] // 2] = True
    parts[absent] = np.nan
    voted = Vote(BACKEND, values, shape, patch, (False, False))(np.where(absent, -1, field))
    # Pixels that some absent patch covers are for the caller to pin.
    covered = windows_any(np, np.pad(absent, patch - 1), (patch, patch))
    np.testing.assert_allclose(voted[~covered], reference.fold(parts, shape)[~covered], atol=1e-5)


@given(shapes, sides, wraps, st.integers(1, 50), st.integers(1, 4))
def test_pieces_and_threads_do_not_change_a_vote(
    shape: Shape, patch: int, wrap: tuple[bool, bool], chunk: int, threads: int
) -> None:
    backend = NumpyBackend(threads)
    backend.chunk = chunk
    values, field = picture((15, 12)), random_field(shape, (15, 12), patch, wrap, 0)
    expected = Vote(BACKEND, values, shape, patch, wrap)(field)
    np.testing.assert_array_equal(Vote(backend, values, shape, patch, wrap)(field), expected)


@pytest.mark.parametrize("window", [(1, 1), (2, 3), (7, 7), (9, 4)])
def test_windows_are_looked_through_whole(window: Shape) -> None:
    mask = np.random.default_rng(0).random((12, 15)) < 0.03
    expected = np.lib.stride_tricks.sliding_window_view(mask, window).any((2, 3))
    np.testing.assert_array_equal(windows_any(np, mask, window), expected)
