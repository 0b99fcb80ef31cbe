"""The loop: rounds, levels and iterations, what an observer sees of them, and what a run refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import patchnn.engine.synthesize
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.layouts import Starts
from patchnn.engine.plan import Plan, Source
from patchnn.engine.resample import resize
from patchnn.engine.step import PNN
from patchnn.engine.synthesize import Progress, synthesize
from patchnn.errors import BackendError, InputError
from samples import GLARING, SEARCHES, hole, plans, random_image

PLAN = Plan(
    [Source(random_image((24, 22)))],
    random_image((20, 24), seed=1),
    noise=0.2,
    patch=5,
    coarsest=8,
    iterations=3,
    coarsest_iterations=2,
)


def observed(plan: Plan, **options: Any) -> list[Progress]:
    """The events after iterations: those of the start come before them."""
    events: list[Progress] = []
    synthesize(plan, seed=0, observe=events.append, **options)
    starts = sum(event.iteration == 0 for event in events)
    assert all(event.iteration == event.fraction == 0 for event in events[:starts])
    assert all((event.round, event.level) == (1, event.levels - 1) for event in events[:starts])
    return events[starts:]


@given(plans(), st.sampled_from(list(SEARCHES)))
def test_every_iteration_of_every_level_is_told_in_order(plan: Plan, search: str) -> None:
    events = observed(plan, search=SEARCHES[search])
    told = [(e.round, e.rounds, e.level, e.levels, e.iteration, e.iterations) for e in events]
    expected = []
    for number, shape in enumerate(plan.rounds, 1):
        # Sources that hold no usable patch at the coarser levels can make a run shallower.
        depth = max(e.levels for e in events if e.round == number) - 1
        assert depth <= plan.levels_above(shape)
        if all(source.usable is None for source in plan.sources):
            assert depth == plan.levels_above(shape)
        ends = 0 if plan.climb is None or number == len(plan.rounds) else max(0, depth - plan.climb)
        for level in range(depth, ends - 1, -1):
            count = plan.coarsest_iterations if level == depth else plan.iterations
            expected += [(number, len(plan.rounds), level, depth + 1, iteration, count) for iteration in range(1, count + 1)]
    assert told == expected


@pytest.mark.parametrize(
    ("starts", "told"),
    [
        (None, "start search"),
        (Starts(), "start layout start search"),
        (Starts(variety=None, count=2), "start search start start search start search"),
        (Starts(variety=None, count=1), "start search"),
    ],
)
def test_the_start_and_every_layout_tried_are_shown_as_they_come(
    starts: Starts | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noted(owner: Any, name: str, word: str) -> None:
        work = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *given: (done.append(word), work(*given))[1])

    noted(PNN, "search", "search")
    noted(patchnn.engine.synthesize, "lay_out", "layout")
    plan = replace(PLAN, starts=starts)
    synthesize(
        plan, seed=0, backend=NumpyBackend(1), observe=lambda event: done.append("iteration" if event.iteration else "start")
    )
    assert " ".join(done).startswith(f"{told} iteration")


def test_what_is_shown_of_the_start_is_what_the_run_has() -> None:
    plan, events = replace(PLAN, starts=Starts()), []
    result = synthesize(plan, seed=0, observe=events.append)
    guess, layout = (event.image() for event in events if event.iteration == 0)
    assert result.start is not None
    np.testing.assert_array_equal(layout, result.start.image)
    assert guess.shape == layout.shape
    assert np.abs(guess - resize(plan.guess, guess.shape[:2])).mean() < 0.5 * np.abs(guess - layout).mean()


def test_all_rounds_but_the_last_stay_at_the_coarse_levels() -> None:
    plan = Plan(
        [Source(random_image((40, 40)))], random_image((40, 40)), rounds=[(40, 36), (40, 32)], climb=1, coarsest=10, iterations=1
    )
    levels = [(event.round, event.level) for event in observed(plan)]
    deepest = levels[0][1]
    assert deepest > 2
    assert levels == [(1, deepest), (1, deepest - 1), *((2, level) for level in range(deepest, -1, -1))]


@given(plans())
def test_the_fraction_done_rises_to_exactly_one(plan: Plan) -> None:
    fractions = [event.fraction for event in observed(plan)]
    assert fractions == sorted(set(fractions))
    assert fractions[0] > 0
    assert fractions[-1] == 1.0


def test_observers_see_the_image_grow_and_own_what_they_are_given() -> None:
    images: list[tuple[Progress, np.ndarray]] = []
    result = synthesize(PLAN, seed=0, observe=lambda event: images.append((event, event.image())))
    event, last = images[-1]
    np.testing.assert_array_equal(last, result.image)
    assert [image.shape[0] for _, image in images] == sorted(image.shape[0] for _, image in images)
    assert images[0][1].shape[:2] != last.shape[:2]
    copy = last.copy()
    event.image()[:] = 5
    last[:] = 7
    np.testing.assert_array_equal(result.image, copy)


def test_images_already_taken_do_not_change_as_the_run_goes_on() -> None:
    taken: list[tuple[np.ndarray, np.ndarray]] = []

    def observe(event: Progress) -> None:
        image = event.image()
        taken.append((image, image.copy()))

    synthesize(PLAN, seed=0, observe=observe)
    for image, copy in taken:
        np.testing.assert_array_equal(image, copy)


def test_what_an_observer_does_to_its_images_does_not_change_the_run() -> None:
    def scribble(event: Progress) -> None:
        event.image()[:] = 0

    np.testing.assert_array_equal(synthesize(PLAN, seed=0, observe=scribble).image, synthesize(PLAN, seed=0).image)


class StopError(Exception):
    pass


@pytest.mark.parametrize("search", SEARCHES)
def test_an_observer_ends_the_run_by_raising(search: str) -> None:
    count = 0

    def observe(event: Progress) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise StopError

    with pytest.raises(StopError):
        synthesize(PLAN, seed=0, search=SEARCHES[search], observe=observe)
    assert count == 4


def test_each_round_goes_on_from_the_last_and_only_the_first_has_noise() -> None:
    source, guess = random_image((26, 26)), random_image((26, 26), seed=1)
    options: dict[str, Any] = {"patch": 5, "coarsest": 8, "iterations": 2, "alpha": 0.1}
    shapes = [(26, 22), (24, 18), (24, 18)]
    by_rounds = synthesize(Plan([Source(source)], guess, rounds=shapes, noise=0.5, **options), seed=0, search="exact")
    image = guess
    for shape, noise in zip(shapes, (0.5, 0, 0), strict=True):
        plan = Plan([Source(source)], image, rounds=[shape], noise=noise, **options)
        image = synthesize(plan, seed=0, search="exact").image
    np.testing.assert_array_equal(by_rounds.image, image)


def test_noise_moves_the_guess_as_far_as_it_is_strong() -> None:
    base: dict[str, Any] = {
        "sources": [Source(random_image((24, 24)))],
        "guess": np.full((24, 24, 3), 0.5, np.float32),
        "coarsest": 24,
    }

    def made(noise: float, seed: int) -> np.ndarray:
        return synthesize(Plan(**base, noise=noise), seed=seed, search="exact").image

    np.testing.assert_array_equal(made(0, 1), made(0, 2))
    assert (made(0, 1) != made(0.5, 1)).mean() > 0.9
    assert np.abs(made(0.01, 1) - made(0, 1)).mean() < np.abs(made(0.5, 1) - made(0, 1)).mean()


@pytest.mark.parametrize("seed", range(8))
def test_noise_makes_no_channel_brighter_as_a_whole(seed: int) -> None:
    # The only patch of each source differs by brightness alone, which noise without a mean cannot tell from.
    dark = random_image((5, 5)) * np.float32(0.5)
    plan = Plan([Source(dark + np.float32(0.1)), Source(dark)], dark, patch=5, coarsest=5, noise=3.0)
    np.testing.assert_allclose(synthesize(plan, seed=seed).image, dark, atol=1e-6)


def test_an_opaque_alpha_channel_leaves_the_layout() -> None:
    source = random_image((40, 32))
    opaque = np.concatenate([source, np.ones_like(source[:, :, :1])], axis=2)
    with_alpha, without = (synthesize(Plan([Source(x)], x, noise=0.7), seed=3, search="exact").image for x in (opaque, source))
    np.testing.assert_allclose(with_alpha[:, :, :3], without, atol=1e-3)
    assert np.abs(without - source).mean() > 0.01


def test_a_guess_of_the_coarsest_shape_is_taken_as_it_is() -> None:
    # At ratio 2 an output of 32×32 starts at 8×8; a guess of that shape must not be resampled on the way.
    source = random_image((32, 32))
    coarse = Plan([Source(source)], source, patch=5, ratio=2, coarsest=8, iterations=2)
    smallest: list[np.ndarray] = []
    synthesize(coarse, seed=0, observe=lambda event: smallest.append(event.image()) if event.level == 2 else None)
    assert smallest[0].shape == (8, 8, 3)
    given_small = Plan([Source(source)], smallest[0], rounds=[(32, 32)], patch=5, ratio=2, coarsest=8, iterations=2)
    np.testing.assert_allclose(synthesize(given_small, seed=0).image, source, atol=1e-5)


@pytest.mark.parametrize("search", SEARCHES)
def test_sources_that_hold_no_patch_at_coarse_levels_take_part_at_fine_ones(search: str) -> None:
    # Half as large, the small one has no room for a patch; the kept pixels call for it all the same.
    small, large = random_image((8, 8), seed=2), random_image((28, 28))
    guess = large.copy()
    guess[10:18, 10:18] = small
    keep = hole((28, 28), slice(13, 15), slice(13, 15))
    plan = Plan([Source(large), Source(small)], guess, keep=keep, patch=5, ratio=2, coarsest=14, iterations=4)
    result = synthesize(plan, seed=0, search=SEARCHES[search])
    assert set(np.unique(result.field.source)) == {-1, 0, 1}
    assert np.abs(result.image - guess).max() < 0.1


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("alpha", [math.inf, 0.1])
def test_with_nothing_to_change_the_guess_comes_back(search: str, alpha: float) -> None:
    plan = Plan(
        [Source(random_image((24, 24)))], random_image((24, 24), seed=1), keep=np.ones((24, 24), np.bool_), alpha=alpha, patch=5
    )
    result = synthesize(plan, seed=0, search=SEARCHES[search])
    np.testing.assert_array_equal(result.image, plan.guess)
    assert (result.field.source == -1).all()


@pytest.mark.parametrize("search", SEARCHES)
def test_at_every_level_a_pixel_is_kept_only_where_all_under_it_are(search: str) -> None:
    # What the guess has in the hole is glaring: a coarse pixel that touches it must be voted, and is then a source's colour.
    keep = hole((30, 27), slice(9, 17), slice(8, 15))
    guess = np.where(keep[:, :, None], random_image((30, 27), seed=1), np.float32(GLARING))
    plan = Plan([Source(random_image((28, 28)))], guess, keep=keep, patch=5, coarsest=8, iterations=1)

    def observe(event: Progress) -> None:
        image = event.image()
        rows, columns = (np.arange(n) * m // n for n, m in zip(image.shape[:2], keep.shape, strict=True))
        if event.iteration:
            assert image[~keep[np.ix_(rows, columns)]].max() <= 1 + 1e-6

    synthesize(plan, seed=0, search=SEARCHES[search], observe=observe)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("alpha", [math.inf, 0.1])
def test_a_hole_is_filled_as_its_surroundings_ask(search: str, alpha: float) -> None:
    # The source is whole, the guess has a flat hole: what belongs there is known, and its rim tells.
    source = random_image((28, 28))
    keep = hole((28, 28), slice(11, 16), slice(12, 17))
    guess = np.where(keep[:, :, None], source, np.float32(0.5))
    plan = Plan([Source(source)], guess, keep=keep, alpha=alpha, coarsest=9, iterations=6)
    result = synthesize(plan, seed=0, search=SEARCHES[search])
    assert np.abs(result.image - source).max() < 0.02


def test_images_in_the_plan_are_only_read() -> None:
    source, guess, keep, usable = (
        random_image((22, 22)),
        random_image((20, 20), seed=1),
        hole((20, 20), slice(6, 9), slice(6, 9)),
        hole((22, 22), slice(2, 4), slice(2, 4)),
    )
    for array in (source, guess, keep, usable):
        array.flags.writeable = False
    for search in SEARCHES:
        plan = Plan([Source(source, usable)], guess, keep=keep, noise=0.1, alpha=0.1, patch=5, coarsest=8, iterations=2)
        synthesize(plan, seed=0, search=SEARCHES[search])
        synthesize(Plan([Source(source)], guess, coarsest=20, patch=5), seed=0, search=SEARCHES[search])


@pytest.mark.parametrize(
    ("options", "said"),
    [({"search": "fast"}, "search is 'fast'"), ({"seed": -1}, "seed is -1"), ({"max_memory": 1000}, "memory")],
)
def test_a_run_says_what_it_cannot_take(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        synthesize(PLAN, **options)
    assert said in str(raised.value)


def test_a_backend_that_is_not_there_is_refused() -> None:
    with pytest.raises(BackendError, match="abacus"):
        synthesize(PLAN, backend="abacus")


def test_sources_without_any_usable_patch_are_refused() -> None:
    usable = np.zeros((24, 24), np.bool_)
    usable[::4] = True
    with pytest.raises(InputError, match="no patch may be copied"):
        synthesize(Plan([Source(random_image((24, 24)), usable)], random_image((20, 20))))


def test_a_mask_that_is_too_dense_for_the_coarse_levels_makes_the_run_shallower() -> None:
    usable = np.zeros((40, 40), np.bool_)
    usable[10:18, 10:18] = True
    plan = Plan([Source(random_image((40, 40)), usable)], random_image((30, 30), seed=1), patch=7, iterations=1)
    assert {event.levels for event in observed(plan)} == {1}


def test_a_synthesis_names_its_seed_and_backend() -> None:
    result = synthesize(PLAN, seed=11, backend=NumpyBackend())
    assert (result.seed, result.backend) == (11, "numpy")


@pytest.mark.parametrize("channels", [1, 3])
def test_values_never_leave_those_of_the_source(channels: int) -> None:
    # The mean of equal values is 1.0000002 by float32's rounding.
    image = np.ones((40, 48, channels), np.float32)
    image[np.random.default_rng(0).random((40, 48)) < 0.1] = 0
    made = synthesize(Plan([Source(image)], image, noise=0.5), seed=0).image
    assert (made.min(), made.max()) == (0, 1)
