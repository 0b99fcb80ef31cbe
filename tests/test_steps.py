"""Steps that a plan may name: one of its own, and the paper's with sharp final votes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import reference
from patchnn.engine.plan import Plan, Source
from patchnn.engine.step import PNN
from patchnn.engine.synthesize import synthesize
from patchnn.errors import InputError
from samples import matching, random_image


class Upside:
    """A step that takes patches from where the paper's step would, and turns the image's colours round."""

    def search(self, *arguments: Any) -> Any:
        return PNN().search(*arguments)

    def vote(self, level: Any) -> Any:
        vote = PNN().vote(level)
        return lambda nnf, iteration: 1 - vote(nnf, iteration)


def test_a_plan_may_bring_its_own_step_and_a_wrong_one_is_refused() -> None:
    plan = matching(random_image((14, 15), seed=1), random_image((16, 13)), patch=5)
    own = synthesize(dataclasses.replace(plan, step=Upside()), seed=0)
    np.testing.assert_allclose(own.image, 1 - synthesize(plan, seed=0).image, atol=1e-6)
    with pytest.raises(InputError, match="step is 'none'"):
        synthesize(dataclasses.replace(plan, step="none"), seed=0)
    with pytest.raises(InputError, match="step is 3"):
        dataclasses.replace(plan, step=3)


def test_sharp_final_votes_are_those_of_the_same_patches() -> None:
    plan = Plan(
        [Source(random_image((24, 24)))], random_image((24, 24), seed=1), iterations=4, step=PNN(final=2, final_sigma=0.3)
    )
    result = synthesize(plan, seed=0)
    parts = reference.named(result.field, [plan.sources[0].image], 7)
    np.testing.assert_allclose(result.image, reference.fold(parts, (24, 24), sigma=0.3), atol=1e-5)
