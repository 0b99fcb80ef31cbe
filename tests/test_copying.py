"""What was copied in blocks: found where it is, and nowhere else."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchnn import Image, read_image
from patchnn.metrics import copied_blocks, copy_drawing, copy_map, copy_share, copying
from samples import random_image

PHOTOGRAPH = Path(__file__).parents[1] / "examples" / "images" / "coffee.jpg"

shapes = st.tuples(st.integers(40, 56), st.integers(40, 90))
seeds = st.integers(0, 99)


def jpeg(image: Image, quality: int = 75) -> Image:
    """An image after JPEG with halved colours, as the paper's published outputs have been."""
    import PIL.Image

    file = io.BytesIO()
    PIL.Image.fromarray((image * 255 + 0.5).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(PIL.Image.open(file), np.float32) / 255


def photograph() -> Image:
    return read_image(PHOTOGRAPH)[100:260, 60:260]


def pasted(size: int, shape: tuple[int, int] = (80, 96), at: tuple[int, int] = (31, 45)) -> tuple[Image, Image, Any]:
    """An output with one square out of the source, the source, and where in the output it lies."""
    output, source = random_image(shape, seed=1), random_image((90, 100), seed=2)
    place = slice(at[0], at[0] + size), slice(at[1], at[1] + size)
    output[place] = source[10 : 10 + size, 70 - size : 70]
    return output, source, place


@given(shapes, seeds)
def test_an_image_is_a_copy_of_itself(shape: tuple[int, int], seed: int) -> None:
    image = random_image(shape, seed=seed)
    copies = copied_blocks(image, image)
    assert (copies.share, copies.largest, copies.telling) == (1, 1, pytest.approx(1, abs=0.01))
    np.testing.assert_array_equal(copies.shifts, [[0, 0]])
    assert (copies.regions == 0).mean() == pytest.approx(copies.telling)


@given(shapes, shapes, seeds)
def test_nothing_is_copied_from_another_image(one: tuple[int, int], other: tuple[int, int], seed: int) -> None:
    copies = copied_blocks(random_image(one, seed=seed), random_image(other, seed=seed + 1))
    assert (copies.share, copies.largest, copies.telling) == (0, 0, pytest.approx(1, abs=0.01))
    assert copies.shifts.shape == (0, 2)
    assert (copies.regions == -1).all()


@given(st.tuples(st.integers(60, 90), st.integers(60, 90)), st.integers(14, 46), st.integers(14, 46), seeds)
def test_a_rolled_image_is_its_four_parts(shape: tuple[int, int], down: int, right: int, seed: int) -> None:
    image = random_image(shape, seed=seed)
    copies = copied_blocks(np.roll(image, (down, right), (0, 1)), image)
    height, width = shape
    expected = {(-y, -x) for y in (down, down - height) for x in (right, right - width)}
    assert {tuple(shift) for shift in copies.shifts.tolist()} == expected
    # Smoothing reaches two pixels over a seam.
    lost = 1 - (height - 4) * (width - 4) / (height * width)
    assert 1 - 1.5 * lost <= copies.share <= 1
    parts = [h * w for h in (down, height - down) for w in (right, width - right)]
    assert copies.largest == pytest.approx(max(parts) / (height * width), abs=1.5 * lost)


@given(st.tuples(st.integers(40, 70), st.integers(40, 70)), st.integers(0, 30), st.integers(0, 30), seeds)
def test_a_part_of_an_image_is_a_copy(shape: tuple[int, int], top: int, left: int, seed: int) -> None:
    source = random_image((100, 100), seed=seed)
    part = np.ascontiguousarray(source[top : top + shape[0], left : left + shape[1]])
    copies = copied_blocks(part, source)
    # At its rim a part is smoothed with what lies inside it, its source with what lies beyond.
    assert copies.share >= (shape[0] - 4) * (shape[1] - 4) / (shape[0] * shape[1])
    np.testing.assert_array_equal(copies.shifts, [[top, left]])


def test_every_pixel_of_a_region_is_the_source_at_its_shift() -> None:
    source = photograph()
    output = np.concatenate([source[40:130, 100:], source[10:100, :90], random_image((90, 50)), source[60:150, 50:130]], axis=1)
    copies = copied_blocks(output, source)
    assert 0.6 < copies.share < 0.9
    rows, columns = np.nonzero(copies.regions >= 0)
    shifts = copies.shifts[copies.regions[rows, columns]]
    there = source[rows + shifts[:, 0], columns + shifts[:, 1]]
    assert (there == output[rows, columns]).all(axis=1).mean() > 0.98
    assert copies.share == pytest.approx(len(rows) / (copies.telling * copies.regions.size))


def test_pieces_side_by_side_are_all_found() -> None:
    source = random_image((160, 340), seed=3)
    output = np.concatenate([source[5:155, :70], random_image((150, 50)), source[5:155, 120:210], source[5:155, 230:330]], axis=1)
    copies = copied_blocks(output, source)
    np.testing.assert_array_equal(np.sort(copies.shifts, axis=0), [[5, 0], [5, 20]])
    assert copies.share == pytest.approx(260 / 310, abs=0.05)
    # The first and the second piece have one shift, and do not touch.
    assert copies.largest == pytest.approx(100 / 310, abs=0.03)


@pytest.mark.parametrize(("size", "found"), [(9, False), (14, True), (20, True)])
def test_a_block_counts_from_an_eighth_of_the_side(size: int, found: bool) -> None:
    # An eighth of 80 is 10, and smoothing takes two pixels on every side.
    output, source, place = pasted(size)
    copies = copied_blocks(output, source)
    assert (copies.share > 0) == found
    if found:
        np.testing.assert_array_equal(copies.shifts, [[10 - 31, 70 - size - 45]])
        inside = np.zeros(copies.regions.shape, np.bool_)
        inside[place] = True
        assert not (copies.regions[~inside] >= 0).any()
        assert (copies.regions[inside] >= 0).sum() >= (size - 4) ** 2
        assert copies.largest == copies.share


def test_jpeg_does_not_hide_a_copy() -> None:
    source = photograph()
    rolled = np.roll(source, (37, 53), (0, 1))
    assert copy_share(jpeg(source), source) > 0.99
    assert copy_share(jpeg(rolled), jpeg(source)) > 0.8


def test_what_only_looks_alike_is_not_a_copy() -> None:
    source = photograph()
    assert copy_share(source[:, ::-1], source) < 0.02
    assert copy_share(np.clip(source * 0.9, 0, 1), source) < 0.05
    softer = np.mean([np.roll(source, (y, x), (0, 1)) for y in range(-2, 3) for x in range(-2, 3)], axis=0)
    assert copy_share(softer, source) < 0.02


def sky(seed: int) -> Image:
    """A plain half above a textured one."""
    return np.concatenate([np.full((50, 90, 3), 0.7, np.float32), random_image((40, 90), seed=seed)])


def test_plain_places_tell_nothing() -> None:
    own, other = copied_blocks(sky(1), sky(1)), copied_blocks(sky(1), sky(2))
    assert (own.share, own.largest) == (1, 1)
    assert own.telling == pytest.approx(0.5, abs=0.12)
    assert other.share == 0
    assert other.telling == own.telling
    for upside_down in (sky(1)[::-1], sky(1).swapaxes(0, 1)[:, ::-1]):
        assert copied_blocks(upside_down, upside_down).share == 1
    plain = copied_blocks(np.full((60, 60), 0.5), np.full((60, 60), 0.5))
    assert (plain.share, plain.largest, plain.telling) == (0, 0, 0)


def test_a_straight_edge_and_a_slope_tell_nothing() -> None:
    rows = np.linspace(0, 1, 80)[:, None] * np.ones(90)
    assert copied_blocks(rows, rows).telling == 0
    assert copied_blocks(np.round(rows), np.round(rows)).telling == 0


def test_a_pattern_that_fits_everywhere_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    board = (np.indices((140, 140)) // 2).sum(0) % 2 * 1.0
    copies = copied_blocks(board, board)
    # Only at the rim is a patch one of few.
    assert copies.telling < 0.4
    assert copies.regions[20:-20, 20:-20].max() == -1
    monkeypatch.setattr(copying, "PLACES", 10**6)
    assert copied_blocks(board, board).telling == 1


def test_several_equal_places_do_not_hide_a_copy() -> None:
    tile = random_image((30, 30), seed=4)
    source = np.tile(tile, (4, 4, 1))
    output = np.tile(tile, (3, 5, 1))[7:, 11:]
    copies = copied_blocks(output, source)
    assert copies.share > 0.9
    assert copies.largest > 0.8
    # What fits at several shifts is given to the one that most patches named.
    assert (copies.regions == 0).mean() > 0.8


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from patchnn.engine.backend import NumpyBackend

    source = photograph()
    output = np.roll(source, (60, 70), (0, 1))
    first = copied_blocks(output, source)
    monkeypatch.setattr(copying, "NumpyBackend", lambda: NumpyBackend(threads=5))
    second = copied_blocks(output, source)
    np.testing.assert_array_equal(first.regions, second.regions)
    np.testing.assert_array_equal(first.shifts, second.shifts)


def test_images_smaller_than_a_block() -> None:
    copies = copied_blocks(random_image((5, 30)), random_image((90, 90)))
    assert (copies.share, copies.telling, copies.regions.shape) == (0, 0, (5, 30))
    assert copy_share(random_image((90, 90)), random_image((8, 30))) == 0


def test_the_map_tints_what_was_copied() -> None:
    output, source, _ = pasted(24)
    copies = copied_blocks(output, source)
    drawn = copy_map(output, copies)
    assert drawn.shape == output.shape
    assert 0 <= drawn.min() <= drawn.max() <= 1
    copied = copies.regions >= 0
    np.testing.assert_array_equal((np.ptp(drawn, axis=2) > 0.1), copied)
    twice = copied_blocks(np.roll(source, (30, 40), (0, 1)), source)
    assert len(np.unique([copy_drawing._colour(shift, source.shape[:2]) for shift in twice.shifts], axis=0)) == 4
