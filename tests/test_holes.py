"""Holes in a pyramid: which pixels of a coarser level are known, and what colour they have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from patchnn import InputError, Plan, Source, synthesize
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.output import Output
from patchnn.engine.resample import fill_holes, level_shape, pyramid, shrink_known
from patchnn.engine.sources import Sources
from patchnn.testing import tiny_image

BACKEND = NumpyBackend(threads=1)
RATIO = 4 / 3


def with_hole(share: float, side: int = 24, shape: tuple[int, int] = (64, 80), **rest: Any) -> Plan:
    hole = np.zeros(shape, np.bool_)
    hole[20 : 20 + side, 24 : 24 + side] = True
    image = np.where(hole[:, :, None], np.float32([1, 0, 1]), tiny_image(shape))
    return Plan([Source(image, usable=~hole)], image, keep=~hole, known_share=share, coarsest=8, **rest)


def test_holes_shrink_towards_coarser_levels() -> None:
    known = np.ones((64, 80), np.bool_)
    known[20:44, 24:48] = False
    shape = level_shape(known.shape, RATIO, 1)
    sizes = [(~shrink_known(BACKEND, known, shape, RATIO, share)).sum() for share in (0.5, 0.2, 0.05)]
    assert (24 / RATIO) ** 2 * 1.15 > sizes[0] > sizes[1] > sizes[2] > 0


def test_all_known_stays_known() -> None:
    known = np.ones((37, 53), np.bool_)
    assert shrink_known(BACKEND, known, level_shape(known.shape, RATIO, 1), RATIO, 1.0).all()
    assert not shrink_known(BACKEND, ~known, level_shape(known.shape, RATIO, 1), RATIO, 0.01).any()


def test_unknown_colours_reach_no_coarser_level() -> None:
    """One side of a hole is dark, the other bright, and the hole itself is at 9."""
    image = np.full((48, 48, 1), 0.2, np.float32)
    image[:, 24:] = 0.6
    known = np.ones((48, 48), np.bool_)
    known[16:32, 16:32] = False
    image[~known] = 9
    masks = [known]
    for level in (1, 2, 3):
        masks.append(shrink_known(BACKEND, masks[-1], level_shape((48, 48), RATIO, level), RATIO, 0.08))
    for coarser, mask in zip(pyramid(BACKEND, image, RATIO, 3, known=masks)[1:], masks[1:], strict=True):
        assert coarser[mask].max() < 0.7
        assert coarser[mask].min() > 0.1
        # Next to the hole a pixel is the mean of what is known: no third colour appears on the hole's left side.
        middle = coarser.shape[0] // 2
        assert abs(coarser[middle, 0, 0] - 0.2) < 0.02


def test_a_round_begins_where_there_still_is_a_hole() -> None:
    coarsest = {share: Output(with_hole(share, 12), BACKEND, 0, 99).coarsest for share in (1.0, 0.08)}
    assert 0 < coarsest[0.08] < coarsest[1.0]
    assert Output(with_hole(0.08, 1), BACKEND, 0, 99).coarsest == 0


@pytest.mark.parametrize("share", [1.0, 0.3, 0.08])
def test_the_hole_s_own_colour_never_comes_back(share: float) -> None:
    plan = with_hole(share)
    made = synthesize(plan, seed=1, backend="numpy").image
    assert plan.keep is not None
    np.testing.assert_array_equal(made[plan.keep], plan.guess[plan.keep])
    if share < 1:
        hole = made[~plan.keep]
        assert np.abs(hole - [1, 0, 1]).max(axis=1).min() > 0.05


def test_without_holes_the_share_changes_nothing() -> None:
    plan = Plan([Source(tiny_image())], tiny_image(), noise=0.5)
    made = [synthesize(replace(plan, known_share=share), seed=2, backend="numpy").image for share in (1.0, 0.1)]
    np.testing.assert_array_equal(*made)


@pytest.mark.parametrize("share", [0, 1.01, float("nan"), "half"])
def test_a_share_out_of_range_is_refused(share: Any) -> None:
    with pytest.raises(InputError, match="known_share is"):
        with_hole(share)


def test_a_guide_may_count_at_the_coarsest_levels_alone() -> None:
    image = tiny_image((48, 64))
    place = np.linspace(0, 1, 48, dtype=np.float32)[:, None, None] * np.ones((48, 64, 1), np.float32)
    plan = Plan([Source(image, guide=place)], image, guide=place, guide_weights=4.0, noise=1, guide_levels=2)
    output = Output(plan, BACKEND, 0, 99)
    output.open(Sources(plan, BACKEND, 99))
    guided = [output.guide(level) is not None for level in range(output.coarsest + 1)]
    assert guided == [False] * (output.coarsest - 1) + [True] * 2
    made = {levels: synthesize(replace(plan, guide_levels=levels), seed=1, backend="numpy").image for levels in (2, 99, None)}
    np.testing.assert_array_equal(made[99], made[None])
    assert (made[2] != made[None]).any()
    with pytest.raises(InputError, match="guide_levels is 0"):
        replace(plan, guide_levels=0)


def test_each_channel_of_a_guide_may_have_its_own_levels() -> None:
    image, guide = tiny_image((48, 64)), tiny_image((48, 64), seed=1)[:, :, :2]
    plan = Plan([Source(image, guide=guide)], image, guide=guide[::-1], noise=1, guide_levels=(1, None))
    output = Output(plan, BACKEND, 0, 99)
    output.open(Sources(plan, BACKEND, 99))
    assert [output.guide(level).shape[2] for level in range(output.coarsest + 1)] == [1] * output.coarsest + [2]
    # A channel that counts nothing changes nothing, at whatever levels.
    made = [
        synthesize(replace(plan, guide_weights=weights, guide_levels=levels), seed=1, search="exact").image
        for weights, levels in (((0, 1), (1, None)), ((0, 1), None), ((1, 1), (1, None)))
    ]
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0] != made[2]).any()
    with pytest.raises(InputError, match="guide_levels has 3 values, the guide 2 channels"):
        replace(plan, guide_levels=(1, 2, 3))


def test_a_pyramid_that_source_and_output_share_changes_nothing() -> None:
    hole = np.zeros((64, 80), np.bool_)
    hole[20:44, 24:48] = True
    image = fill_holes(tiny_image((64, 80)), ~hole)
    keep = ~hole
    shared = Plan([Source(image, usable=keep)], image, keep=keep, known_share=0.08, coarsest=8)
    apart = replace(shared, sources=[Source(image.copy(), usable=keep.copy())])
    assert [Sources(plan, BACKEND, 3).shared((64, 80))[0] is None for plan in (shared, apart)] == [False, True]
    made = [synthesize(plan, seed=1, backend="numpy").image for plan in (shared, apart)]
    np.testing.assert_allclose(*made, atol=1e-6)
