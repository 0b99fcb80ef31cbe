"""Resampling, masks and fills: against their definitions, and what must hold whatever the sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from patchnn.engine.arrays import Shape
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.resample import fill_holes, level_shape, resample, resize, shrink_mask
from patchnn.errors import InputError
from samples import random_image

BACKEND = NumpyBackend(threads=1)

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40))
wraps = st.tuples(st.booleans(), st.booleans())
scales = st.none() | st.sampled_from([(s, s) for s in (0.3, 0.75, 4 / 3, 2.0)])


@given(shapes, shapes, scales, wraps, st.integers(1, 4))
def test_resampling_follows_its_definition(
    old: Shape, new: Shape, scale: tuple[float, float] | None, wrap: tuple[bool, bool], channels: int
) -> None:
    image = random_image(old, channels)
    result = resample(BACKEND, image, new, scale, wrap)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, reference.resize(image, new, scale and scale[0], wrap), atol=1e-5)


@pytest.mark.parametrize("rows", [30, 90, 400])
def test_sums_are_rounded_once(rows: int) -> None:
    # In float64, so that no kernel of the matrix library changes the result.
    image = random_image((120, 50))
    exact = reference.resize(image, (rows, 50))
    np.testing.assert_array_equal(resize(image, (rows, 50)), exact.astype(np.float32))


@given(shapes, wraps)
def test_an_image_of_its_own_size_stays(shape: Shape, wrap: tuple[bool, bool]) -> None:
    image = random_image(shape)
    np.testing.assert_array_equal(resample(BACKEND, image, shape, wrap=wrap), image)
    np.testing.assert_array_equal(resample(BACKEND, image, shape, (1, 1), wrap), image)


@given(shapes, shapes, scales, wraps, st.floats(-2, 2, width=32))
def test_one_colour_stays(
    old: Shape, new: Shape, scale: tuple[float, float] | None, wrap: tuple[bool, bool], colour: float
) -> None:
    # The weights of every output pixel add up to one, at the rims too.
    image = np.full((*old, 2), colour, np.float32)
    np.testing.assert_allclose(resample(BACKEND, image, new, scale, wrap), colour, atol=1e-5)


@given(shapes, st.tuples(st.integers(1, 30), st.integers(1, 30)), scales)
def test_mirroring_commutes(old: Shape, new: Shape, scale: tuple[float, float] | None) -> None:
    # The centre stays where it is, whatever the scale.
    image = random_image(old)
    np.testing.assert_allclose(resize(image[::-1, ::-1], new, scale), resize(image, new, scale)[::-1, ::-1], atol=1e-5)


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([2, 3]), st.integers(0, 11))
def test_a_wrapped_image_has_no_ends(rows: int, columns: int, times: int, roll: int) -> None:
    image = random_image((rows * times, columns * times))
    small = resample(BACKEND, image, (rows, columns), wrap=(True, True))
    rolled = resample(BACKEND, np.roll(image, roll * times, (0, 1)), (rows, columns), wrap=(True, True))
    np.testing.assert_allclose(rolled, np.roll(small, roll, (0, 1)), atol=1e-5)


@pytest.mark.parametrize("factor", [0.4, 0.75, 4 / 3, 3.0])
def test_a_ramp_keeps_its_slope_and_its_middle(factor: float) -> None:
    # Straight from the definition of a scale given apart from the size: one step is 1/factor pixels of the old image.
    ramp = np.linspace(-50, 50, 101, dtype=np.float32)[:, None, None] * np.ones((1, 3, 1), np.float32)
    middle = resize(ramp, (21, 3), (factor, 1))[5:-5, 1, 0]
    np.testing.assert_allclose(middle, np.arange(-5, 6) / factor, atol=0.02)


@pytest.mark.parametrize("period", [2, 3])
def test_shrinking_does_not_alias(period: int) -> None:
    stripes = (np.arange(48) % period == 0).astype(np.float32)[:, None, None] * np.ones((1, 4, 1), np.float32)
    small = resize(stripes, (12, 4))[2:-2]
    np.testing.assert_allclose(small, 1 / period, atol=0.05)


def test_two_axes_have_their_own_scales() -> None:
    image = random_image((13, 17))
    expected = reference.resize(image, (10, 20), (0.75, 1.3))
    np.testing.assert_allclose(resize(image, (10, 20), (0.75, 1.3)), expected, atol=1e-5)


def test_resize_takes_grey_arrays_and_leaves_its_input_alone() -> None:
    image = random_image((9, 8), 1)[:, :, 0]
    image.flags.writeable = False
    assert resize(image, (5, 5)).shape == (5, 5, 1)


@pytest.mark.parametrize(
    ("image", "shape", "said"),
    [
        (np.zeros((4, 4), np.uint8), (2, 2), "uint8"),
        (np.zeros((4, 4, 3, 1), np.float32), (2, 2), "(4, 4, 3, 1)"),
        (np.full((4, 4), np.nan), (2, 2), "NaN"),
        (np.zeros((4, 4)), (0, 2), "2×0"),
        (np.zeros((4, 4)), (2, -1), "-1×2"),
    ],
)
def test_resize_says_what_it_cannot_take(image: np.ndarray, shape: Shape, said: str) -> None:
    with pytest.raises(InputError) as raised:
        resize(image, shape)
    assert said in str(raised.value)


@given(shapes, st.sampled_from([1.1, 4 / 3, 1.5, 2.0]), st.integers(0, 8))
def test_levels_are_rounded_up(shape: Shape, ratio: float, level: int) -> None:
    for side, large in zip(level_shape(shape, ratio, level), shape, strict=True):
        exact = large / ratio**level
        assert exact - 1e-6 <= side < exact + 1


def test_rounding_errors_of_the_ratio_do_not_add_a_pixel() -> None:
    assert level_shape((48, 64), 4 / 3, 2) == (27, 36)
    assert level_shape((3**5, 4**5), 4 / 3, 0) == (243, 1024)
    assert level_shape((4**5, 4**5), 4 / 3, 5) == (243, 243)


@given(st.data(), shapes)
def test_a_shrunk_mask_is_true_only_over_true_pixels(data: st.DataObject, shape: Shape) -> None:
    small = data.draw(st.tuples(*(st.integers(1, side) for side in shape)))
    mask = np.random.default_rng(data.draw(st.integers(0, 99))).random(shape) < data.draw(st.sampled_from([0.5, 0.9, 0.99, 1.1]))
    shrunk = shrink_mask(mask, small)
    for at in np.ndindex(*small):
        # Every pixel that some of the small one's area lies on.
        ranges = [range(i * n // s, -(-(i + 1) * n // s)) for i, n, s in zip(at, shape, small, strict=True)]
        assert shrunk[at] == mask[np.ix_(*ranges)].all()


@given(st.data(), shapes, st.integers(1, 4))
def test_a_fill_keeps_what_is_known_and_invents_no_colours(data: st.DataObject, shape: Shape, channels: int) -> None:
    known = np.random.default_rng(data.draw(st.integers(0, 99))).random(shape) < data.draw(st.sampled_from([0.05, 0.5, 0.9]))
    known.flat[data.draw(st.integers(0, known.size - 1))] = True
    image = np.where(known[:, :, None], random_image(shape, channels), np.float32(1e6))
    filled = fill_holes(image, known)
    np.testing.assert_array_equal(filled[known], image[known])
    low, high = image[known].min(), image[known].max()
    # Cubic resampling overshoots by a quarter of the range at most, level by level less.
    slack = 0.3 * (high - low) + 1e-5
    assert filled.min() >= low - slack
    assert filled.max() <= high + slack


def test_a_fill_goes_on_smoothly() -> None:
    ramp = np.broadcast_to(np.linspace(0, 1, 32, dtype=np.float32)[None, :, None], (32, 32, 1))
    known = np.ones((32, 32), np.bool_)
    known[10:20, 10:20] = False
    np.testing.assert_allclose(fill_holes(np.where(known[:, :, None], ramp, 5), known), ramp, atol=0.1)
