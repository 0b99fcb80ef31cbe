"""Layouts of strips: how much moves in them, that things stay whole, and that every size and image has some."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import patchnn.engine.strips
from patchnn import Image, Starts, read_image, resize
from patchnn.engine.joins import Joins
from patchnn.engine.layouts import changed_share
from patchnn.engine.strips import DRAWN, LEAST, STRIPS, _Layouts, _lengthened, _pieces, lay_out
from patchnn.testing import tiny_image
from samples import random_image

BOATS = resize(read_image("examples/images/boats.png"), (36, 48))


def laid_out(image: Image, shape: tuple[int, int] | None = None, seed: int = 0, variety: float = 0.5) -> Image:
    guess = image if shape is None else resize(image, shape)
    return lay_out(guess, [image], Starts(variety=variety), [seed])[0]


def varieties(image: Image, *layouts: list[tuple[int, int]]) -> list[float]:
    """How much each layout moves: strips as the numbers of the places that they start and end at."""
    drawn = _Layouts(Joins([image]), image, np.random.RandomState(0))
    strips = np.zeros((len(layouts), max(map(len, layouts)), 2), np.int64)
    for number, layout in enumerate(layouts):
        strips[number, : len(layout)] = layout
    drawn.starts, ends = np.moveaxis(strips, 2, 0)
    drawn.lengths = drawn.joins.places[ends] - drawn.joins.places[drawn.starts]
    return drawn._variety(image).tolist()


def test_what_stays_and_what_all_moves_together_is_no_variety() -> None:
    image = random_image((30, 60))
    assert len(Joins([image]).places) == 61
    same, parts, aside, halves, thirds = varieties(
        image,
        [(0, 60)],
        [(0, 25), (25, 31), (31, 60)],
        [(3, 60), (0, 3)],
        [(30, 60), (0, 30)],
        [(40, 60), (20, 40), (0, 20)],
    )
    assert same == parts == 0
    assert aside < 0.1
    assert 0.4 < halves <= 0.55
    assert halves < thirds < 0.75


@pytest.mark.parametrize("variety", [0.2, 0.5])
def test_about_as_much_moves_as_is_wanted(variety: float) -> None:
    found = [lay_out(BOATS, [BOATS], Starts(variety=variety), [seed])[1] for seed in range(8)]
    assert variety - 0.1 < np.median(found) < 2 * variety + 0.1
    assert min(found) >= LEAST * variety


def test_more_variety_moves_more_and_shows() -> None:
    found = []
    for wanted in (0.1, 0.25, 0.5):
        made = [lay_out(BOATS, [BOATS], Starts(variety=wanted), [seed]) for seed in range(6)]
        found.append((np.mean([variety for _, variety in made]), np.mean([changed_share(image, BOATS) for image, _ in made])))
    moved, shown = np.transpose(found)
    assert moved[0] < moved[1] < moved[2]
    assert moved[0] < moved[2] - 0.1
    assert shown[0] < shown[2] - 0.05


def test_things_stay_whole_in_layouts() -> None:
    y, x = np.mgrid[:48, :96]
    discs = np.any([(y - row) ** 2 + (x - column) ** 2 <= 16 for row, column in ((20, 15), (26, 45), (23, 80))], axis=0)
    image = np.repeat(np.where(discs, 0.1, 0.7)[:, :, None], 3, axis=2).astype(np.float32) + 0.02 * random_image((48, 96))
    for seed in range(8):
        labels, count = ndimage.label(laid_out(image, seed=seed).min(2) < 0.4)
        assert count
        areas = np.bincount(labels.ravel())[1:]
        # A seam along a rim may take a pixel of it, or leave one.
        assert (np.minimum(areas, abs(areas - discs.sum() // 3)) <= 2).all()


def test_layouts_begin_and_end_as_images_do(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.full((24, 48, 3), 0.5, np.float32)
    image[6:18, 8:40] = random_image((12, 32))

    def cut() -> float:
        return float(np.mean([np.abs(laid_out(image, seed=seed)[:, [0, -1]] - 0.5).mean() for seed in range(10)]))

    found = cut()
    monkeypatch.setattr(Joins, "_ends", lambda joins, end: np.zeros(len(joins.places), np.float32))
    assert found < 0.75 * cut()


def test_a_seed_is_a_layout() -> None:
    layouts = [laid_out(BOATS, seed=seed) for seed in range(6)]
    np.testing.assert_array_equal(laid_out(BOATS, seed=2), layouts[2])
    for number, layout in enumerate(layouts):
        assert all(np.abs(layout - other).mean() > 0.01 for other in layouts[:number])
    # A second attempt has layouts of its own.
    again = [lay_out(BOATS, [BOATS], Starts(), [2, attempt])[0] for attempt in (0, 1)]
    assert np.abs(again[0] - again[1]).mean() > 0.01


@pytest.mark.parametrize(("rows", "columns"), [(24, 32), (24, 96), (24, 11), (25, 32), (72, 32), (8, 32), (72, 96), (8, 11)])
def test_sizes_keep_the_order_of_rows(rows: int, columns: int) -> None:
    image = tiny_image((24, 32))
    # A channel that tells the height.
    image[:, :, 2] = np.linspace(0, 1, 24, dtype=np.float32)[:, None]
    made = laid_out(image, (rows, columns), seed=1)
    assert made.shape == (rows, columns, 3)
    heights = made[:, :, 2]
    if rows == 24:
        np.testing.assert_allclose(heights, image[:, :1, 2].repeat(columns, 1), atol=1e-6)
    else:
        # Rows that come again, or are left out, in what is otherwise still from top to bottom.
        assert np.corrcoef(heights.mean(1), np.arange(rows))[0, 1] > 0.5
        assert rows > 24 or (np.diff(heights, axis=0) > -0.01).all()
        assert rows < 24 or np.abs(heights[[0, -1]] - [[0], [1]]).max() < 0.25


@given(st.data())
def test_every_image_has_layouts_of_every_size(data: st.DataObject) -> None:
    side = st.integers(7, 40)
    channels = data.draw(st.sampled_from([1, 3, 4]))
    sources = [
        np.float32(0.3)
        + np.float32(0.4) * random_image((data.draw(side), data.draw(side)), channels, data.draw(st.integers(0, 9)))
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    if data.draw(st.booleans()):
        sources[0][:] = sources[0][0, 0]
    shape = data.draw(side | st.integers(7, 120)), data.draw(side | st.integers(7, 120))
    starts = Starts(variety=data.draw(st.floats(0, 1)), count=data.draw(st.integers(1, 100)))
    made, variety = lay_out(resize(sources[0], shape), sources, starts, [data.draw(st.integers(0, 2**32 - 1))])
    assert made.shape == (*shape, channels)
    assert made.dtype == np.float32
    assert 0 <= variety <= 1
    # Resampling and fading leave the range a little.
    assert 0.15 < made.min() <= made.max() < 0.85


@pytest.mark.parametrize("shape", [(12, 240), (240, 12), (7, 7), (8, 7)])
def test_panoramas_and_tiny_images_move_too(shape: tuple[int, int]) -> None:
    image = random_image(shape)
    found = [lay_out(image, [image], Starts(), [seed]) for seed in range(4)]
    assert min(variety for _, variety in found) > 0.1
    assert all(0 <= made.min() <= made.max() <= 1 for made, _ in found)


def test_a_plain_image_has_no_variety() -> None:
    wall = np.full((20, 30, 3), 0.5, np.float32)
    made, variety = lay_out(wall, [wall], Starts(), [0])
    assert variety == 0
    np.testing.assert_allclose(made, wall, atol=1e-6)


def test_sources_of_other_heights_take_part() -> None:
    one, other = random_image((24, 32)), random_image((61, 50), seed=1)
    # A little blue tells which is which, half of it where they fade into one another.
    one[:, :, 2], other[:, :, 2] = 0, 0.1
    for shape in ((24, 32), (40, 60)):
        made = [lay_out(resize(one, shape), [one, other], Starts(), [seed])[0] for seed in range(8)]
        shares = [(layout[:, :, 2] > 0.05).mean() for layout in made]
        assert max(shares) > 0.1
        assert min(shares) < 0.9


def test_what_is_opaque_stays_so() -> None:
    opaque = np.concatenate([BOATS, np.ones_like(BOATS[:, :, :1])], axis=2)
    for shape in ((36, 48), (45, 60)):
        np.testing.assert_allclose(laid_out(opaque, shape)[:, :, 3], 1, atol=1e-6)


def test_a_large_image_is_laid_out_at_a_smaller_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patchnn.engine.strips, "LARGEST", 24)
    made, variety = lay_out(BOATS, [BOATS], Starts(), [1])
    small, same = lay_out(resize(BOATS, (24, 32)), [resize(BOATS, (24, 32))], Starts(), [1])
    assert variety == same
    np.testing.assert_array_equal(made, resize(small, (36, 48)))


def test_pieces_are_a_source_from_end_to_end() -> None:
    for steps in (1, 7, 64):
        starts, ends = _pieces(np.random.RandomState(0), steps)
        assert starts.shape == (DRAWN, STRIPS[1])
        np.testing.assert_array_equal(starts[:, 1:], ends[:, :-1])
        assert (starts[:, 0] == 0).all()
        assert (ends[:, -1] == steps).all()
        assert (starts <= ends).all()
    count = (ends > starts).sum(1)
    assert count.min() >= 2
    assert count.max() == STRIPS[1]
    # Some leave one strip nearly whole, some cut everything small.
    longest = (ends - starts).max(1) / steps
    assert longest.min() < 0.3 < 0.8 < longest.max()


@pytest.mark.parametrize("width", [9, 20, 29, 31, 45, 100])
def test_columns_come_again_or_are_left_out_where_it_does_not_show(width: int) -> None:
    image = np.repeat(np.linspace(0, 1, 30, dtype=np.float32)[None, :, None], 12, axis=0)
    # Plain in the middle: there it does not show.
    image[:, 8:22] = image[:, 8:9]
    made = _lengthened(image, width, np.random.RandomState(0))
    assert made.shape == (12, width, 1)
    if width in (29, 31):
        np.testing.assert_allclose(made[:, :6], image[:, :6], atol=1e-6)
        np.testing.assert_allclose(made[:, -6:], image[:, -6:], atol=1e-6)
