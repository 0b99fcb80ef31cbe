"""Warping keeps its laws: sizes, order, what is firm keeps its width and stands upright, pixels are averaged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from patchnn_tasks import warping
from patchnn_tasks.warping import View, borders


def firm_at(shape, rows, columns, firm=5.0):
    firmness = np.full(shape, 0.05, np.float32)
    firmness[rows, columns] = firm
    return firmness


def warp(image, shape, firmness, followed=0.0, costs=None):
    costs = np.zeros(firmness.shape, np.float32) if costs is None else costs
    small = np.full((*firmness.shape, 1), 0.5, np.float32)
    return warping.warp(image, shape, View(small, costs, firmness, followed))


FIRMNESS = arrays(np.float32, st.tuples(st.integers(2, 6), st.integers(3, 12)), elements=st.floats(0.0625, 1000, width=32))


@settings(max_examples=50)
@given(FIRMNESS, st.floats(0.1, 10))
def test_borders_stay_in_order_and_fill_the_width(firmness, ratio):
    at = borders(firmness, np.ones_like(firmness), ratio)
    assert at.shape == (len(firmness), firmness.shape[1] + 1)
    assert (np.diff(at, axis=1) >= 0).all()
    np.testing.assert_allclose(at[:, [0, -1]], [[0, ratio * firmness.shape[1]]] * len(firmness), atol=1e-3)


@pytest.mark.parametrize("ratio", [0.4, 1.0, 2.5])
def test_what_is_equally_firm_shares_the_room_equally(ratio):
    at = borders(np.full((4, 10), 0.7, np.float32), np.ones((4, 10), np.float32), ratio)
    np.testing.assert_allclose(at, np.tile(np.arange(11) * ratio, (4, 1)), atol=1e-3)


@pytest.mark.parametrize("ratio", [0.5, 0.8, 1.5, 2.5])
def test_what_is_firm_keeps_its_width(ratio):
    firmness = firm_at((8, 30), slice(None), slice(10, 18))
    at = borders(firmness, np.ones_like(firmness), ratio)
    kept, given = np.diff(at)[:, 10:18], np.diff(at)[:, :10]
    assert np.abs(kept - 1).max() < 0.12
    assert np.abs(given - 1).min() > 0.2


def test_squeezed_ground_keeps_some_of_its_width():
    at = borders(firm_at((8, 30), slice(None), slice(10, 26)), np.ones((8, 30), np.float32), 0.5)
    assert np.diff(at).min() > 0.02


def test_rows_move_as_their_neighbours_do():
    # Above, a thing to the left; below, one to the right: without the neighbours, rows would move apart by half of a thing.
    firmness = firm_at((16, 40), slice(0, 8), slice(4, 16))
    firmness[8:, 24:36] = 5
    at = borders(firmness, np.ones_like(firmness), 0.6)
    assert np.abs(np.diff(at, axis=0)).max() < 1
    # A long way down, they do differ.
    assert np.abs(at[0] - at[-1]).max() > 0.5


def test_cells_have_the_widths_that_are_wanted():
    wanted = np.full((8, 20), 0.2, np.float32)
    wanted[:, 5:10] = 1
    at = borders(np.ones((8, 20), np.float32), wanted, wanted.mean())
    np.testing.assert_allclose(np.diff(at), wanted, atol=2e-3)


def test_wanted_is_what_seams_leave():
    # Left of column 20 the ground is dear for seams, though no firmer than the rest.
    costs = np.zeros((40, 60), np.float32)
    costs[:, :20] = 1
    flat = np.ones((40, 60), np.float32)
    ramp = np.tile(np.arange(60, dtype=np.float32)[None, :, None], (40, 1, 1))
    for columns in (42, 80):
        even, followed = (warp(ramp, (40, columns), flat, follow, costs)[0] for follow in (0.0, 0.9))
        assert (even[20] < 20).sum() == pytest.approx(20 * columns / 60, abs=2)
        assert (followed[20] < 20).sum() == pytest.approx(20, abs=2)


def photo(shape=(40, 60)):
    return np.random.RandomState(2).uniform(0, 1, (*shape, 3)).astype(np.float32)


@pytest.mark.parametrize("shape", [(40, 30), (40, 100), (20, 60), (30, 90), (90, 7)])
def test_the_result_has_the_shape_and_places_in_the_image(shape):
    image, places = warp(photo(), shape, np.ones((10, 15), np.float32))
    assert image.shape == (*shape, 3)
    assert image.dtype == np.float32
    assert places.shape == (*shape, 2)
    assert (np.diff(places[:, :, 0], axis=0) >= 0).all()
    assert (np.diff(places[:, :, 1], axis=1) >= 0).all()
    assert places.min() >= 0
    assert (places.reshape(-1, 2).max(0) < (40, 60)).all()


def test_the_image_at_its_own_size_is_itself():
    image, places = warp(photo(), (40, 60), np.ones((10, 15), np.float32))
    np.testing.assert_array_equal(image, photo())
    np.testing.assert_array_equal(places, np.moveaxis(np.indices((40, 60)), 0, 2))


def test_what_does_not_move_is_not_blurred():
    image = photo()
    made = warp(image, (40, 44), firm_at((40, 60), slice(None), slice(20, 40), 1e3))[0]
    errors = [np.abs(made[:, n : n + 16] - image[:, 22:38]).max() for n in range(28)]
    assert min(errors) < 0.05


def test_rows_are_treated_as_columns_are():
    image, firmness = photo(), firm_at((40, 60), slice(5, 30), slice(10, 30))
    wide = warp(image, (40, 90), firmness)
    high = warp(image.swapaxes(0, 1), (90, 40), firmness.T)
    np.testing.assert_array_equal(wide[0], high[0].swapaxes(0, 1))
    np.testing.assert_array_equal(wide[1], high[1].swapaxes(0, 1)[:, :, ::-1])


def test_both_sides_change_and_things_keep_both():
    image = np.zeros((60, 80, 1), np.float32)
    image[20:40, 30:50] = 1
    made = warp(image, (42, 56), firm_at((60, 80), slice(18, 42), slice(28, 52)))[0][:, :, 0]
    assert made.max(0).sum() == pytest.approx(20, abs=3)
    assert made.max(1).sum() == pytest.approx(20, abs=3)


def test_what_is_firm_moves_with_the_image():
    image = np.zeros((60, 160, 1), np.float32)
    image[20:40, 120:150] = 1
    firmness = firm_at((60, 160), slice(20, 40), slice(118, 152))
    made = warp(image, (36, 60), firmness)[0][:, :, 0]
    heights = made[:, np.flatnonzero(made.max(0) > 0.5)[1:-1]].sum(0)
    assert heights.min() > 18


def test_stretched_ground_lies_between_its_pixels():
    ramp = np.tile(np.linspace(0, 1, 60, dtype=np.float32)[None, :, None], (40, 1, 1))
    made = warp(ramp, (40, 150), np.ones((10, 15), np.float32))[0]
    assert np.diff(made[:, 3:-3, 0]).min() > 0.003


def test_ground_may_be_stretched_twice_as_far_as_all():
    firmness = np.full((8, 30), 0.3, np.float32)
    firmness[:, 10:18] = 1.5
    at = borders(firmness, np.ones_like(firmness), 2.0)
    # Without that, things would take a good part of the room.
    assert np.diff(at)[:, 10:18].mean() < 1.2


def test_places_tell_where_colours_come_from():
    ramp = np.moveaxis(np.indices((40, 60), np.float32), 0, 2)
    image, places = warp(ramp, (70, 36), firm_at((40, 60), slice(8, 20), slice(30, 50)))
    assert np.abs(image - places).max() < 1.6


def test_squeezed_pixels_are_averaged():
    checks = (np.indices((40, 60)).sum(0) % 2).astype(np.float32)[:, :, None]
    made = warp(checks, (40, 15), np.ones((10, 15), np.float32))[0]
    assert np.abs(made - 0.5).max() < 0.01


def test_bands_make_no_difference(monkeypatch):
    shape, firmness = (40, 36), firm_at((40, 60), slice(8, 20), slice(30, 50))
    whole = warp(photo(), shape, firmness)[0]
    monkeypatch.setattr(warping, "BAND", 7)
    np.testing.assert_array_equal(warp(photo(), shape, firmness)[0], whole)
