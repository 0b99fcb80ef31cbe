"""Guides, and pixels that count less than others."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from patchnn import PNN, Level, Plan, Source
from patchnn.engine.synthesize import synthesize
from samples import SEARCHES, matching, plans, random_image

seeds = st.integers(0, 2**31)


@given(plans(rounds=None), seeds, st.integers(1, 3))
def test_a_guide_without_weight_changes_nothing(plan: Plan, seed: int, channels: int) -> None:
    sources = [dataclasses.replace(source, guide=random_image(source.image.shape[:2], channels)) for source in plan.sources]
    guide = random_image(plan.guess.shape[:2], channels, seed=5)
    guided = dataclasses.replace(plan, sources=sources, guide=guide, guide_weights=0.0)
    reference.assert_same_patches(plan, *(synthesize(p, seed=seed, search="exact") for p in (guided, plan)))


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("alpha", [math.inf, 0.01])
def test_a_heavy_guide_alone_decides(search: str, alpha: float) -> None:
    # The output's guide is the source's, moved: whatever the images hold, patches must come from there.
    guide = random_image((40, 36), 2, seed=4)
    source = Source(random_image((40, 36)), guide=guide)
    plan = Plan(
        [source], random_image((28, 28), seed=1), guide=guide[6:34, 4:32], guide_weights=1e4, alpha=alpha, ratio=2, iterations=4
    )
    field = synthesize(plan, seed=0, search=SEARCHES[search]).field
    rows, columns = np.indices(field.row.shape)
    assert ((field.row == rows + 6) & (field.col == columns + 4)).mean() > 0.95


@pytest.mark.parametrize("weights", [0.3, (0.2, 0.5)])
def test_a_guide_adds_its_weighted_mean_squared_difference(weights: Any) -> None:
    guide, source = random_image((14, 15), 2, seed=3), Source(random_image((16, 13)), guide=random_image((16, 13), 2, seed=2))
    plan = matching(random_image((14, 15), seed=1), source, patch=5, guide=guide, guide_weights=weights)
    field = synthesize(plan, seed=0, search="exact").field
    distance = reference.distances(reference.patches(plan.guess, 5), reference.patches(source.image, 5))
    for channel, weight in enumerate(np.broadcast_to(weights, 2)):
        ours, theirs = (reference.patches(image[:, :, channel : channel + 1], 5) for image in (guide, source.guide))
        # At the ends and in the middle of each side.
        distance += weight * reference.distances(*(patches[:, :, ::2, ::2] for patches in (ours, theirs)))
    taken = (field.row * 9 + field.col).reshape(-1)
    np.testing.assert_allclose(distance[np.arange(len(taken)), taken], distance.min(1), atol=1e-6)


@given(plans(rounds=None), seeds, st.sampled_from([0.2, 1.0]))
def test_pixels_that_all_count_alike_change_nothing_but_rounding(plan: Plan, seed: int, weight: float) -> None:
    weighted = dataclasses.replace(plan, pixel_weights=np.full(plan.guess.shape[:2], weight, np.float32))
    plain, same = (synthesize(p, seed=seed, search="exact") for p in (plan, weighted))
    assert np.isclose(plain.image, same.image, atol=1e-4).mean() > 0.9


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("alpha", [math.inf, 0.1])
def test_pixels_that_count_nothing_are_not_looked_at(search: str, alpha: float) -> None:
    source = random_image((32, 30))
    weights = np.ones((24, 24), np.float32)
    weights[8:16, 9:17] = 0
    results = []
    for colour in (0.0, 1.0):
        guess = np.where(weights[:, :, None] > 0, source[4:28, 3:27], np.float32(colour))
        plan = matching(guess, source, patch=5, pixel_weights=weights, alpha=alpha)
        results.append(synthesize(plan, seed=0, search=SEARCHES[search]))
    # A patch of nothing but such pixels may be anything.
    seen = reference.patches(weights[:, :, None], 5).any((2, 3, 4))
    rows, columns = np.indices(seen.shape)
    for result in results:
        found = (result.field.row == rows + 4) & (result.field.col == columns + 3)
        assert found[seen].mean() > 0.9
    np.testing.assert_array_equal(results[0].field.position[seen], results[1].field.position[seen])


@pytest.mark.parametrize(("asked", "weighed"), [(None, [True, True, True]), (2, [True, True, False]), (1, [True, False, False])])
def test_the_coarsest_levels_alone_weigh_pixels(asked: int | None, weighed: list[bool]) -> None:
    seen = []

    class Spy(PNN):
        def search(self, level: Level, *rest: Any) -> Any:
            seen.append(level.pixel_weights is not None)
            return super().search(level, *rest)

    image = random_image((24, 28))
    weights = np.full((24, 28), 0.5, np.float32)
    plan = Plan([Source(image)], image, coarsest=24 / (4 / 3) ** 2, pixel_weights=weights, weight_levels=asked, step=Spy())
    synthesize(plan, seed=0)
    assert seen == weighed
