"""Seam carving keeps its laws: sizes, order, what goes first, what stays, what must go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchnn_tasks import carving
from patchnn_tasks.carving import FORBIDDEN, enlarged
from patchnn_tasks.importance import detail, firmness, rarity


def scene(width=40, height=24, seed=0):
    """Plain ground with a square of noise at columns 10 to 18."""
    image = np.full((height, width, 3), 0.5, np.float32)
    image[6:14, 10:18] = np.random.RandomState(seed).uniform(0, 1, (8, 8, 3))
    return image


def carve(image, shape, **how):
    return image[tuple(np.moveaxis(carving.carve(image, shape, **how).places, 2, 0))]


@given(st.integers(4, 60), st.integers(4, 60))
def test_the_result_has_the_shape_and_no_new_values(rows, columns):
    result = carve(scene(), (rows, columns))
    assert result.shape == (rows, columns, 3)
    assert set(np.unique(result)) <= set(np.unique(scene()))


def test_pixels_stay_in_their_order():
    ramp = np.tile(np.linspace(0, 1, 30, dtype=np.float32)[None, :, None], (12, 1, 1))
    for columns in (11, 29, 31, 70):
        assert (np.diff(carve(ramp, (12, columns))[:, :, 0], axis=1) >= 0).all()


def test_the_image_at_its_own_size_is_itself():
    assert np.array_equal(carve(scene(), (24, 40)), scene())


@pytest.mark.parametrize("columns", [22, 39, 60, 80])
@pytest.mark.parametrize("turned", [False, True])
def test_plain_ground_gives_and_takes_the_room(columns, turned):
    image = scene()
    result = carve(image.swapaxes(0, 1), (columns, 24)).swapaxes(0, 1) if turned else carve(image, (24, columns))
    square = image[6:14, 10:18]
    assert any(np.array_equal(result[6:14, left : left + 8], square) for left in range(columns - 7))


def test_important_columns_stay_though_they_are_plain():
    image = np.full((20, 40, 3), 0.5, np.float32)
    image[:, 5:9] = np.linspace(0.4, 0.6, 4)[:, None]
    image[:, 20:] = np.random.RandomState(1).uniform(0, 1, (20, 20, 3))
    importance = np.zeros((20, 40), np.float32)
    importance[:, 4:30] = FORBIDDEN
    result = carve(image, (20, 28), importance=importance)
    kept = image[:, 4:30]
    assert any(np.array_equal(result[:, left : left + 26], kept) for left in range(3))


@pytest.mark.parametrize("columns", [20, 40, 50])
def test_what_is_dropped_is_gone_at_any_size(columns):
    image = scene()
    drop = np.zeros((24, 40), np.bool_)
    drop[6:14, 10:18] = True
    result = carve(image, (24, columns), drop=drop)
    assert result.shape == (24, columns, 3)
    assert (result == 0.5).all()


def test_seams_are_dear_when_plain_ground_runs_out():
    image = scene()
    spared, cut = (carving.carve(image, (24, columns)).dearness for columns in (34, 12))
    assert spared < 0.01 < cut
    assert carving.carve(image, (24, 60)).dearness == 0, "growth removes nothing"


def test_growth_repeats_all_of_a_plain_area_and_not_one_line():
    ramp = np.tile(np.linspace(0.45, 0.55, 40, dtype=np.float32)[None, :, None], (12, 1, 1))
    result = carve(ramp, (12, 80))
    _, counts = np.unique(result[6, :, 0], return_counts=True)
    assert counts.max() <= 8


def test_things_are_rarer_than_the_ground():
    image = np.random.RandomState(2).normal(0.4, 0.02, (40, 60, 3)).astype(np.float32)
    image[12:20, 30:38] = 0.9
    rare = rarity(image)
    thing = np.zeros(rare.shape, np.bool_)
    thing[13:19, 31:37] = True
    ground = np.ones(rare.shape, np.bool_)
    ground[8:24, 26:42] = False
    assert rare[thing].min() > 3 * rare[ground].max()


def test_detail_is_the_contrast_that_a_smaller_image_hides():
    image = np.full((24, 40, 1), 0.5, np.float32)
    image[8:16, 8:16] = np.indices((8, 8)).sum(0)[:, :, None] % 2
    costs = detail(image, 4)
    assert costs.shape == (6, 10)
    assert costs[2:4, 2:4].min() > 1.5
    assert (costs[:, 5:] == 0).all()
    assert detail(image, 7).shape == (4, 6), "an image need not hold a whole number of squares"


def test_squares_of_pixels_move_as_one():
    image = np.arange(24 * 41, dtype=np.float32).reshape(24, 41, 1)
    where = enlarged(carving.carve(image[::4, ::4], (6, 8)).places, 4, (24, 41), (24, 31))
    assert where.shape == (24, 31, 2)
    assert (where < (24, 41)).all()
    squares = where[:, :28].reshape(6, 4, 7, 4, 2)
    assert (squares[:, :, :, :1] % 4 == squares[:, :, :1, :1] % 4).all()
    assert (squares - squares[:, :1, :, :1] == np.moveaxis(np.indices((4, 4)), 0, 2)[None, :, None]).all()


def test_all_of_a_large_thing_is_firm():
    y, x = np.mgrid[:120, :180]
    image = (0.5 + np.random.RandomState(0).normal(0, 0.05, (120, 180, 3))).astype(np.float32)
    image[np.hypot(y - 60, x - 90) < 20] = 0.9, 0.2, 0.1
    firm = firmness(image, image, rarity(image), 1)
    assert firm[60, 90] > 100 * np.median(firm)
