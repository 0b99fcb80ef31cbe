"""What a Plan and a Source take, and how they say what they do not take."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from patchnn.engine.plan import Plan, Source
from patchnn.engine.resample import level_shape
from patchnn.errors import InputError
from samples import plans, random_image

GUESS = random_image((20, 24))
SOURCE = Source(random_image((18, 16)))


def test_a_plan_needs_no_more_than_sources_and_a_guess() -> None:
    plan = Plan([SOURCE], GUESS)
    assert plan.rounds == ((20, 24),)
    assert plan.alpha == math.inf
    assert (plan.noise, plan.keep, plan.wrap) == (0, None, (False, False))
    assert (plan.patch, plan.ratio, plan.coarsest, plan.iterations, plan.coarsest_iterations) == (7, 4 / 3, 14, 10, 1)


def test_images_become_float32_with_channels_and_stay_the_callers() -> None:
    grey = np.linspace(0, 1, 20 * 24).reshape(20, 24)
    plan = Plan([Source(grey)], grey)
    for image in (plan.guess, plan.sources[0].image):
        assert image.shape == (20, 24, 1)
        assert image.dtype == np.float32
    assert grey.shape == (20, 24)


def test_plans_and_sources_are_frozen_and_can_be_laid_over() -> None:
    plan = Plan([SOURCE], GUESS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.patch = 5  # type: ignore[misc]  # frozen: what is tested
    with pytest.raises(dataclasses.FrozenInstanceError):
        SOURCE.usable = None  # type: ignore[misc]  # frozen: what is tested
    assert dataclasses.replace(plan, alpha=0.5).alpha == 0.5
    with pytest.raises(InputError, match="alpha"):
        dataclasses.replace(plan, alpha=-1)


KEEP = np.ones((20, 24), np.bool_)

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"alpha": 0}, "alpha is 0"),
    ({"alpha": -1.0}, "alpha is -1.0"),
    ({"alpha": math.nan}, "alpha is nan"),
    ({"noise": -0.1}, "noise is -0.1"),
    ({"noise": math.inf}, "noise is inf"),
    ({"noise": math.nan}, "noise is nan"),
    ({"patch": 1}, "patch is 1"),
    ({"patch": -7}, "patch is -7"),
    ({"ratio": 1}, "ratio is 1"),
    ({"ratio": 0.75}, "ratio is 0.75"),
    ({"ratio": math.inf}, "ratio is inf"),
    ({"ratio": math.nan}, "ratio is nan"),
    ({"coarsest": 1}, "coarsest is 1"),
    ({"coarsest": math.inf}, "coarsest is inf"),
    ({"coarsest": math.nan}, "coarsest is nan"),
    ({"iterations": 0}, "iterations is 0"),
    ({"coarsest_iterations": 0}, "coarsest_iterations is 0"),
    ({"sources": []}, "at least one source"),
    ({"sources": [Source(random_image((18, 16), 1))]}, "a source has 1 channels, the guess 3"),
    ({"sources": [SOURCE, Source(random_image((6, 30)))]}, "a source is 30×6"),
    ({"rounds": []}, "at least one round"),
    ({"rounds": [(20, 24), (30, 6)]}, "an output of 6×30"),
    ({"guess": random_image((6, 30))}, "an output of 30×6"),
    ({"guess": np.zeros((20, 24, 3), np.uint8)}, "the guess holds uint8"),
    ({"guess": np.zeros((20, 24, 3, 1), np.float32)}, "the guess has the shape (20, 24, 3, 1)"),
    ({"guess": np.zeros((0, 24, 3), np.float32)}, "the guess has the shape (0, 24, 3)"),
    ({"guess": np.zeros((20, 24, 0), np.float32)}, "the guess has the shape (20, 24, 0)"),
    ({"guess": np.full((20, 24, 3), np.nan, np.float32)}, "the guess holds NaN or infinite"),
    ({"guess": np.where(KEEP[:, :, None], np.inf, 0)}, "the guess holds NaN or infinite"),
    ({"guess": None}, "the guess holds object"),
    ({"keep": KEEP[:-1]}, "keep is 24×19, the image 24×20"),
    ({"keep": KEEP.astype(np.float32)}, "keep holds float32"),
    ({"keep": KEEP, "rounds": [(20, 24), (20, 23)]}, "keep pins"),
    ({"origin": np.zeros((20, 24, 2), np.int32)}, "origin is int32 (20, 24, 2)"),
    ({"keep": KEEP, "origin": np.zeros((20, 24), np.int32)}, "origin is int32 (20, 24)"),
    ({"keep": KEEP, "origin": np.full((20, 24, 2), 999)}, "origin names pixels outside"),
    ({"keep": KEEP, "origin": np.ones((20, 24, 3), np.int32)}, "origin names pixels outside"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_plan_says_what_it_cannot_take(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        Plan(**{"sources": [SOURCE], "guess": GUESS} | changes)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("image", "usable", "said"),
    [
        (np.zeros((9, 9), np.int64), None, "a source holds int64"),
        (np.zeros(9), None, "a source has the shape (9,)"),
        (np.full((9, 9), [-np.inf, *range(7), np.inf]), None, "a source holds NaN or infinite"),
        (np.full((9, 9), -np.inf), None, "a source holds NaN or infinite"),
        (np.zeros((9, 9)), np.ones((9, 8), np.bool_), "a source's usable mask is 8×9, the image 9×9"),
        (np.zeros((9, 9)), np.ones((9, 9, 1), np.bool_), "a source's usable mask"),
        (np.zeros((9, 9)), np.ones((9, 9), np.uint8), "a source's usable mask holds uint8"),
    ],
)
def test_a_source_says_what_it_cannot_take(image: np.ndarray, usable: np.ndarray | None, said: str) -> None:
    with pytest.raises(InputError) as raised:
        Source(image, usable)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("shape", "options", "levels"),
    [
        ((180, 250), {}, 9),  # the authors' generation
        ((250, 180), {}, 9),
        ((180, 250), {"ratio": 1.25, "coarsest": 7}, 15),
        ((14, 90), {}, 0),
        ((10, 10), {}, 0),
        ((28, 28), {"coarsest": 2}, 5),  # no further than a patch fits
        ((64, 64), {"ratio": 2, "coarsest": 8}, 3),
    ],
)
def test_depth_counts_levels_above_the_coarsest(shape: tuple[int, int], options: dict[str, Any], levels: int) -> None:
    plan = Plan([Source(np.zeros((*shape, 1), np.float32))], np.zeros((*shape, 1), np.float32), **options)
    assert plan.levels_above(shape) == levels


def test_depth_ends_where_no_source_holds_a_patch() -> None:
    small = Source(np.zeros((9, 30, 1), np.float32))
    plan = Plan([small], np.zeros((200, 200, 1), np.float32), coarsest=7)
    assert plan.levels_above((200, 200)) == 1
    assert level_shape((9, 30), plan.ratio, 1) == (7, 23)
    large = dataclasses.replace(plan, sources=[small, Source(np.zeros((200, 200, 1), np.float32))])
    assert large.levels_above((200, 200)) == 12


@given(plans())
def test_every_level_holds_a_patch(plan: Plan) -> None:
    for shape in plan.rounds:
        depth = plan.levels_above(shape)
        assert min(level_shape(shape, plan.ratio, depth)) >= plan.patch
        assert max(min(level_shape(source.image.shape[:2], plan.ratio, depth)) for source in plan.sources) >= plan.patch
