"""Images whose ends join."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchnn.engine.plan import Plan, Source
from patchnn.engine.synthesize import synthesize
from samples import SEARCHES, random_image


@given(st.integers(0, 3), st.integers(0, 3), st.sampled_from([math.inf, 0.1]), st.integers(0, 9))
def test_an_image_that_wraps_has_no_first_row_or_column(down: int, across: int, alpha: float, seed: int) -> None:
    # Two halvings: rolled by whole pixels of the coarsest level, nothing else may change.
    source, guess = random_image((24, 24), seed=seed), random_image((32, 32), seed=seed + 50)
    straight, rolled = (
        synthesize(
            Plan([Source(source)], image, wrap=(True, True), alpha=alpha, patch=5, ratio=2, coarsest=8, iterations=2),
            seed=0,
            search="exact",
        )
        for image in (guess, np.roll(guess, (4 * down, 4 * across), (0, 1)))
    )
    # Sums of other rows may be rounded otherwise, and near ties then fall otherwise.
    same = np.isclose(rolled.image, np.roll(straight.image, (4 * down, 4 * across), (0, 1)), atol=1e-4).all(2)
    assert same.mean() > 0.95


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("axis", [0, 1])
def test_an_image_that_wraps_goes_on_at_its_other_end(search: str, axis: int) -> None:
    seams = []
    for joined in (True, False):
        wrap = (joined, False) if axis == 0 else (False, joined)
        seam = 0.0
        for seed in range(3):
            plan = Plan(
                [Source(random_image((26, 26)))], random_image((24, 22)), wrap=wrap, noise=0.7, patch=5, coarsest=8, iterations=3
            )
            image = synthesize(plan, seed=seed, search=SEARCHES[search]).image
            seam += np.abs(image.take(0, axis) - image.take(-1, axis)).mean() / np.abs(np.diff(image, axis=axis)).mean()
        seams.append(seam / 3)
    assert seams[0] < 1.3 < seams[1]
