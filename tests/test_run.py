"""run(): tuning laid over a task's plan, and the record of what was done."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import patchnn
from patchnn import BackendError, InputError, Progress, run
from patchnn.testing import tiny_image
from patchnn.tuning import tune
from patchnn_tasks import Generate, Retarget

IMAGE = np.random.default_rng(1).random((20, 24, 3), dtype=np.float32)
TASK = Generate(IMAGE, noise=0.75, source=(IMAGE[:16],))


def test_a_result_and_its_record() -> None:
    result = run(TASK, seed=7, alpha=math.inf, iterations=2, backend="numpy")
    assert result.image.shape == IMAGE.shape
    assert result.image.dtype == np.float32
    assert result.field.source.shape == (14, 18)
    assert result.seed == 7
    record = json.loads(json.dumps(result.record, allow_nan=False))
    assert record == result.record
    inputs = record.pop("inputs")
    assert record == {
        "schema": 1,
        "patchnn": patchnn.__version__,
        "task": "generate",
        "options": {"variety": 0.5, "noise": 0.75, "size": None, "mirror": False},
        "tuning": {"alpha": "inf", "iterations": 2},
        "seed": 7,
        "search": "auto",
        "backend": "numpy",
    }
    assert [len(digest) for digest in inputs["image"] + inputs["source"]] == [64, 64]
    again = run(Generate(IMAGE.astype(float)), seed=7, iterations=2).record["inputs"]
    assert again["image"] == inputs["image"] != inputs["source"]
    assert again["source"] == []
    turned = Generate(IMAGE.reshape(24, 20, 3))
    assert run(turned, seed=7, iterations=1).record["inputs"]["image"] != inputs["image"]


def test_the_seed_decides() -> None:
    first, same, other = (run(TASK, seed=seed, iterations=1).image for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_a_random_seed_is_told() -> None:
    result = run(TASK, iterations=1)
    np.testing.assert_array_equal(run(TASK, seed=result.seed, iterations=1).image, result.image)
    assert result.record["seed"] == result.seed != run(TASK, iterations=1).seed


def test_tuning_is_laid_over_the_plan() -> None:
    tuning = {"alpha": 0.005, "patch": 5, "iterations": 3, "ratio": 1.5, "coarsest": 9}
    plan = tune(TASK, **tuning)
    assert {name: getattr(plan, name) for name in tuning} == tuning
    assert plan.noise == 0.75
    untouched = tune(TASK, **dict.fromkeys(tuning))
    assert (untouched.coarsest, untouched.alpha) == (14, math.inf)


def test_progress_reaches_its_end() -> None:
    seen: list[Progress] = []
    result = run(TASK, seed=0, iterations=2, observe=seen.append)
    assert seen[-1].fraction == 1
    assert [event.fraction for event in seen] == sorted(event.fraction for event in seen)
    np.testing.assert_array_equal(seen[-1].image(), result.image)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"alpha": 0}, "alpha"),
    ({"alpha": math.nan}, "alpha"),
    ({"patch": 1}, "patch"),
    ({"ratio": 1}, "ratio"),
    ({"coarsest": 1}, "coarsest"),
    ({"iterations": 0}, "iterations"),
    ({"seed": -1}, "seed"),
    ({"search": "brute"}, "search"),
    ({"max_memory": 0}, "max_memory"),
    ({"max_memory": 1}, "max_memory"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD)
def test_bad_tuning_is_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        run(TASK, **arguments)
    assert caught.value.about == named


def test_memory_that_runs_out_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhaust(*args: Any, **kwargs: Any) -> None:
        np.zeros(1 << 50, np.uint8)

    monkeypatch.setattr("patchnn.runner.synthesize", exhaust)
    with pytest.raises(BackendError, match=r"^memory ran out: use smaller images"):
        run(TASK, seed=1)


def test_a_backend_that_is_not_there() -> None:
    with pytest.raises(BackendError, match="abacus"):
        run(TASK, backend="abacus")


def test_an_alpha_that_is_given_is_all_there_is_of_completeness() -> None:
    task = Retarget(image=tiny_image(), size="80%x100%")
    assert task.plan().claims > 0
    assert tune(task).claims > 0
    for alpha in (0.005, math.inf):
        plan = tune(task, alpha=alpha)
        assert (plan.alpha, plan.claims) == (alpha, 0)
