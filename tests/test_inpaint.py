"""`inpaint` removes by default: what holes are, what they are filled with, and how the fill meets its rim."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from patchnn import InputError, run
from patchnn.engine.arrays import Image, Mask
from patchnn.testing import tiny_image, tiny_mask
from patchnn_tasks import Inpaint

SHAPE = (40, 48)


def filled(image: Image, hole: Any, seed: int = 1, **options: Any) -> Image:
    return run(Inpaint(image=image, mask=hole, **options), seed=seed, backend="numpy").image


def meadow(seed: int = 0) -> Image:
    """Rows that darken downwards, with grain: what a row looks like says at which height it is."""
    grain = np.random.default_rng(seed).normal(0, 0.03, (60, 80, 3))
    return np.clip(np.linspace(0.9, 0.1, 60)[:, None, None] + grain, 0, 1).astype(np.float32)


def centre(shape: tuple[int, int], margin: int = 20) -> Mask:
    hole = np.zeros(shape, np.bool_)
    hole[margin:-margin, margin:-margin] = True
    return hole


def test_what_the_hole_holds_does_not_matter() -> None:
    hole = tiny_mask(SHAPE)
    image = tiny_image(SHAPE)
    painted = np.where(hole[:, :, None], np.float32([1, 0, 0.8]), image)
    np.testing.assert_array_equal(filled(image, hole), filled(painted, hole))
    assert (filled(image, hole, fill="own") != filled(painted, hole, fill="own")).any()


@pytest.mark.parametrize("invert", [False, True])
def test_half_covered_pixels_are_holes_too(invert: bool) -> None:
    cover = np.zeros(SHAPE, np.float32)
    cover[10:20, 10:20] = 1
    cover[20, 10:20], cover[9, 10:20] = 0.15, 0.05
    image = tiny_image(SHAPE)
    changed = (filled(image, 1 - cover if invert else cover, invert_mask=invert) != image).any(axis=2)
    assert changed[20, 10:20].mean() > 0.5
    assert not changed[9].any()


def test_a_grey_mask_counts_between_its_own_extremes() -> None:
    hole = tiny_mask(SHAPE)
    image = tiny_image(SHAPE)
    grey = np.where(hole, np.float32(0.8), np.float32(0.12))
    np.testing.assert_array_equal(filled(image, grey), filled(image, hole))


@pytest.mark.parametrize("wrong", [np.full(SHAPE, 1.5), np.full(SHAPE, np.nan), np.ones(SHAPE, np.uint8), np.zeros((9, 9))])
def test_a_mask_of_other_values_is_refused(wrong: Any) -> None:
    with pytest.raises(InputError, match="mask"):
        Inpaint(image=tiny_image(SHAPE), mask=wrong)


def test_grow_makes_a_hole_larger_by_so_many_pixels() -> None:
    image, hole = tiny_image(SHAPE), np.zeros(SHAPE, np.bool_)
    hole[18:22, 20:24] = True
    grown = (filled(image, hole, grow=3) != image).any(axis=2)
    assert grown[15:25, 17:27].mean() > 0.7
    assert not grown[:15].any()
    assert not grown[:, 28:].any()
    with pytest.raises(InputError, match="mask covers the whole image"):
        Inpaint(image=image, mask=hole, grow=100).plan()


def test_a_fill_comes_from_its_own_height() -> None:
    image = meadow()
    hole = centre(image.shape[:2])
    made = filled(image, hole)
    rows = np.arange(60)[20:-20]
    off = [abs(float(made[row, 20:-20].mean() - image[row].mean())) for row in rows]
    assert max(off) < 0.06


def test_feathering_hides_the_step_at_the_rim() -> None:
    """A slope of brightness from left to right has patches of the right colour nowhere beside the hole's own columns."""
    image = tiny_image((60, 80)) * 0.2 + np.linspace(0, 0.7, 80, dtype=np.float32)[None, :, None]
    hole = np.zeros((60, 80), np.bool_)
    hole[:, 30:50] = True
    hole[0] = hole[-1] = False

    def step(made: Image) -> float:
        return float(np.abs(made[1:-1, [29, 50]] - made[1:-1, [30, 49]]).mean())

    hard, soft = filled(image, hole, feather=0), filled(image, hole)
    assert step(soft) < 0.8 * step(hard)
    np.testing.assert_array_equal(soft[~hole], image[~hole])
    assert soft.min() >= image.min()
    assert soft.max() <= image.max()
    # Neighbours move alike: details stay as they are.
    moved = (soft - hard)[1:-1, 30:50]
    assert np.abs(np.diff(moved, axis=1)).mean() < 0.3 * np.abs(moved).mean()


def test_feathering_hides_the_step_where_two_sides_meet() -> None:
    """The hole's sides are unlike: patches of both meet in it, and what they differ by must not show as a line."""
    image = tiny_image((60, 80)) * 0.005 + np.where(np.arange(80) < 40, 0.4, 0.46).astype(np.float32)[None, :, None]
    hole = np.zeros((60, 80), np.bool_)
    hole[:, 30:50] = True

    def line(made: Image) -> float:
        return float(np.abs(np.diff(made[25:35, 29:51].mean((0, 2)))).max())

    assert line(filled(image, hole, feather=20)) < 0.7 * line(filled(image, hole, feather=0))


def test_noise_makes_seeds_differ() -> None:
    image = tiny_image((60, 80))
    hole = centre((60, 80))

    def apart(noise: float) -> float:
        first, second = (filled(image, hole, seed=seed, noise=noise)[hole] for seed in (1, 2))
        return float(np.abs(first - second).mean())

    assert apart(1) > 0.01


def test_noise_up_to_1_withholds_patches_and_tears_nothing() -> None:
    image, hole = tiny_image((60, 80)), centre((60, 80))
    plain, noisy = (Inpaint(image=image, mask=hole, noise=noise).plan() for noise in (0, 1))
    assert plain.starts is None
    assert noisy.starts is not None
    assert noisy.starts.withheld == 0.5
    assert (noisy.noise, noisy.coarsest) == (plain.noise, plain.coarsest)
    torn = Inpaint(image=image, mask=hole, noise=2).plan()
    assert torn.noise > noisy.noise
    assert torn.coarsest > noisy.coarsest


def test_a_painted_hole_gets_a_note() -> None:
    image, hole = tiny_image(SHAPE), tiny_mask(SHAPE)
    painted = np.where(hole[:, :, None], np.float32([1, 0, 0.8]), image)
    assert Inpaint(image=image, mask=hole).plan().notes == ()
    (note,) = Inpaint(image=painted, mask=hole).plan().notes
    assert "--fill own" in note
    assert Inpaint(image=painted, mask=hole, fill="own").plan().notes == ()
