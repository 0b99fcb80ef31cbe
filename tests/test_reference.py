"""The plain module is the method, and the engine does what it does."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import patchnn.reference
from patchnn import Plan, Source, pnn, synthesize
from patchnn.reference import gpnn, step
from samples import random_image

SOURCE, GUESS = random_image((22, 26)), random_image((24, 20), seed=1)


@pytest.mark.parametrize("alpha", [math.inf, 0.5, 0.005])
def test_one_step_of_the_engine_is_the_plain_one(alpha: float) -> None:
    key, value = random_image((15, 14), seed=2), random_image((15, 14), seed=3)
    plain = step(GUESS, key, value, alpha, 5)
    np.testing.assert_allclose(pnn(GUESS, key, value, alpha=alpha, patch=5), plain, atol=1e-5)


@pytest.mark.parametrize("alpha", [math.inf, 0.02])
@pytest.mark.parametrize("iterations", [1, 3])
def test_the_engines_loop_is_the_plain_one(alpha: float, iterations: int) -> None:
    plan = Plan([Source(SOURCE)], GUESS, alpha=alpha, patch=5, coarsest=9, iterations=iterations, coarsest_iterations=2)
    levels = plan.levels_above((24, 20))
    assert levels == 3
    plain = gpnn(SOURCE, GUESS, levels, alpha=alpha, patch=5, iterations=iterations, coarsest_iterations=2)
    np.testing.assert_allclose(synthesize(plan, seed=0, search="exact").image, plain, atol=1e-4)


def test_the_page_shows_the_module_as_it_is() -> None:
    page = Path(__file__).parents[1] / "docs" / "how-it-works.md"
    code = Path(patchnn.reference.__file__).read_text(encoding="utf-8")
    assert code[code.index("def gpnn") :].strip() in page.read_text(encoding="utf-8")
