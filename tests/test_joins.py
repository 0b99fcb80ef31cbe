"""Seams between strips: what they cost, what they go round, and what becomes of the columns on both sides."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import patchnn.engine.joins
from patchnn import Image
from patchnn.engine.joins import REACH, SIDE, Joins, _distances
from patchnn.testing import tiny_image
from samples import random_image


def together(joins: Joins, *strips: tuple[int, int]) -> Image:
    """Strips of the first image, from their first columns to those after the last, put together."""
    starts, ends = np.array(strips).T + SIDE
    return joins.put_together(starts, ends)


def on_a_plain(thing: np.ndarray, ground: float = 0.7) -> Image:
    """Three channels: what is dark on a plain ground."""
    return np.repeat(np.where(thing, 0.1, ground).astype(np.float32)[:, :, None], 3, axis=2)


def disc(shape: tuple[int, int], row: int, column: int, radius: int) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (y - row) ** 2 + (x - column) ** 2 <= radius**2


def test_strips_that_go_on_are_the_image_itself() -> None:
    image = tiny_image((40, 60))
    joins = Joins([image])
    np.testing.assert_array_equal(together(joins, (0, 60)), image)
    np.testing.assert_array_equal(together(joins, (0, 20), (20, 27), (27, 60)), image)
    np.testing.assert_array_equal(together(joins, (10, 20), (20, 50)), image[:, 10:50])


def test_away_from_seams_a_layout_is_its_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patchnn.engine.joins, "_faded", lambda image, *given: image)
    image = random_image((40, 60))
    made, reach = together(Joins([image]), (40, 60), (0, 25), (25, 40)), round(REACH * 40)
    assert made.shape == image.shape
    plain = np.concatenate([image[:, 40:], image[:, :40]], axis=1)
    np.testing.assert_array_equal(made[:, : 20 - reach], plain[:, : 20 - reach])
    np.testing.assert_array_equal(made[:, 20 + reach :], plain[:, 20 + reach :])
    # Near them it is one or the other, each at its height.
    longer = np.concatenate([image[:, 40:], image[:, :1].repeat(reach, 1)], axis=1)
    sides = longer[:, 20 - reach : 20], plain[:, 20 - reach : 20]
    assert ((made[:, 20 - reach : 20] == sides[0]) | (made[:, 20 - reach : 20] == sides[1])).all()


@given(st.data())
def test_no_strip_leaves_its_image(data: st.DataObject) -> None:
    height, seed = data.draw(st.integers(7, 60)), data.draw(st.integers(0, 99))
    widths = [data.draw(st.integers(7, 30)) for _ in range(2)]
    dark, light = (random_image((height, width), 1, seed) for width in widths)
    joins = Joins([dark * 0.4, light * 0.4 + 0.6])
    for number, span in enumerate(joins.spans):
        ends = st.lists(st.integers(0, len(span) - 1), min_size=2, max_size=2, unique=True).map(sorted)
        starts, ends = span[np.array(data.draw(st.lists(ends, min_size=1, max_size=8)))].T
        made = joins.put_together(starts, ends)
        assert made.shape == (height, (ends - starts).sum(), 1)
        # Fading moves a colour by half a small step at most.
        assert (made > 0.5).all() if number else (made < 0.5).all()


def test_narrow_strips_whose_seams_cross_stay_in_their_image(monkeypatch: pytest.MonkeyPatch) -> None:
    dark, light = np.zeros((60, 9, 1), np.float32), np.ones((60, 12, 1), np.float32)
    joins = Joins([dark, light])
    # The seam before the last strip lies left of all others, farther than the second strip goes on to the left.
    seams = iter([0, 3, -6])
    monkeypatch.setattr(joins, "_seam", lambda end, start: np.full(60, next(seams)))
    low = joins.spans[1][0]
    made = joins.put_together(low + np.array([4, 0, 1, 7]), low + np.array([10, 1, 2, 12]))
    assert (made == 1).all()


@pytest.mark.parametrize("cut", range(22, 39, 2))
def test_a_seam_goes_round_a_thing(cut: int) -> None:
    for thing in (disc((60, 90), 30, 30, 4), disc((60, 90), 30, 30, 4) | (np.abs(np.arange(90) - 30) < 2)):
        image = on_a_plain(thing)
        image += 0.02 * random_image((60, 90))
        joins = Joins([image])
        end, start = (int(joins.places[np.abs(joins.places - SIDE - column).argmin()]) - SIDE for column in (cut, 70))
        dark = together(joins, (0, end), (start, 90)).min(2) < 0.4
        assert dark.sum() in (0, thing.sum())


def test_a_seam_costs_what_the_cheapest_path_costs() -> None:
    joins = Joins([random_image((5, 8)), random_image((5, 7), seed=1)])
    assert len(joins.places) == 9 + 8
    offsets = (-1, 0, 1)
    for (number, end), (other, start) in itertools.product(enumerate(joins.places), repeat=2):
        if number == other:
            assert joins.between[number, other] == 0
            continue
        allowed = [at for at in offsets if all(_inside(joins, place, place + at) for place in (end, start))]
        prices = [[joins._costs(row, np.array([end + at]), np.array([start + at]))[0, 0] for at in allowed] for row in range(5)]
        paths = itertools.product(range(len(allowed)), repeat=5)
        best = min(
            sum(price[at] for price, at in zip(prices, path, strict=True))
            for path in paths
            if np.abs(np.diff([allowed[at] for at in path])).max() <= 1
        )
        assert joins.between[number, other] == pytest.approx(np.sqrt(best / 5), rel=1e-5)


def _inside(joins: Joins, place: int, column: int) -> bool:
    (span,) = (span for span in joins.spans if span[0] <= place <= span[-1])
    return bool(span[0] <= column <= span[-1])


def test_places_are_columns_of_the_images_from_end_to_end() -> None:
    images = [random_image((20, 50)), random_image((20, 7), seed=1), random_image((20, 131), seed=2)]
    joins = Joins(images)
    for image, span in zip(images, joins.spans, strict=True):
        np.testing.assert_array_equal(joins.canvas[:, span[0] : span[-1]], image)
        assert (np.diff(span) > 0).all()
    np.testing.assert_array_equal(joins.places, np.concatenate(joins.spans))
    assert (np.diff(joins.places) > 0).all()
    assert joins.between.shape == (len(joins.places),) * 2
    assert np.isfinite(joins.between).all()


def test_seams_cost_less_where_they_do_not_show() -> None:
    image = on_a_plain(disc((40, 64), 20, 32, 6)) + 0.02 * random_image((40, 64))
    joins = Joins([image])
    through, beside = (joins.between[32, :].copy(), joins.between[10, :].copy())
    elsewhere = np.r_[0:5, 50:60]
    assert through[elsewhere].min() > 1.5 * beside[elsewhere].max()


def test_a_layout_may_begin_and_end_where_an_image_does() -> None:
    images = [random_image((20, 30)), random_image((20, 24), seed=1)]
    joins = Joins(images)
    firsts = np.cumsum([0, len(joins.spans[0])])
    lasts = np.cumsum([len(span) for span in joins.spans]) - 1
    for costs, own in ((joins.first, firsts), (joins.last, lasts)):
        assert (costs[own] == 0).all()
        assert (np.delete(costs, own) > 0.05).all()


def test_a_step_between_two_parts_of_a_sky_fades_and_one_between_materials_stays() -> None:
    def side_by_side(*tones: float) -> Image:
        joins = Joins([np.full((24, 20, 1), tone, np.float32) for tone in tones])
        starts, ends = np.array([span[[0, -1]] for span in joins.spans]).T
        return joins.put_together(starts, ends)

    sky = side_by_side(0.5, 0.58, 0.53)
    assert np.abs(np.diff(sky, axis=1)).max() < 0.005
    # The outer ends of a layout keep their colours.
    np.testing.assert_allclose(sky[:, [0, -1], 0], [[0.5, 0.53]] * 24, atol=1e-6)
    wall = side_by_side(0.2, 0.8, 0.4)
    np.testing.assert_allclose(wall, wall.round(1), atol=1e-3)
    assert [*np.unique(wall.round(1))] == pytest.approx([0.2, 0.4, 0.8])


@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 99))
def test_distances_are_those_of_every_pair_and_exactly_0_between_equals(count: int, length: int, seed: int) -> None:
    some, others = np.random.default_rng(seed).random((2, count, length))
    expected = ((some[:, None] - others) ** 2).mean(2)
    np.testing.assert_allclose(_distances(some, others), expected, atol=1e-6)
    # Of two layouts that cost nothing, what a matrix library rounds must not choose.
    assert (np.diagonal(_distances(some, some.copy())) == 0).all()


def test_images_that_repeat_are_joined_where_they_agree() -> None:
    tile = random_image((24, 16))
    image = np.tile(tile, (1, 4, 1))
    joins = Joins([image])
    made = together(joins, (0, 20), (36, 64))
    np.testing.assert_allclose(made, image[:, :48], atol=1e-6)
