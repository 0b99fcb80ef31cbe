"""What holds for every plan, every search and every way of cutting the work: the laws of the engine."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.plan import Plan, Source
from patchnn.engine.synthesize import Synthesis, synthesize
from samples import GLARING, SEARCHES, glaring, hole, plans, random_image

searches = st.sampled_from(list(SEARCHES))
seeds = st.integers(0, 2**31)


def assert_same(first: Synthesis, second: Synthesis) -> None:
    np.testing.assert_array_equal(first.image, second.image)
    for name in ("source", "row", "col"):
        np.testing.assert_array_equal(getattr(first.field, name), getattr(second.field, name))


def free(plan: Plan) -> np.ndarray:
    """The pixels that the engine may change, (H, W)."""
    return np.ones(plan.rounds[-1], np.bool_) if plan.keep is None else ~plan.keep


@given(plans(), searches, seeds)
def test_the_output_is_the_vote_of_the_usable_patches_that_the_field_names(plan: Plan, search: str, seed: int) -> None:
    result = synthesize(plan, seed=seed, search=SEARCHES[search])
    assert result.image.shape == (*plan.rounds[-1], plan.guess.shape[2])
    assert result.image.dtype == np.float32
    for number, source in enumerate(plan.sources):
        mask = np.ones(source.image.shape[:2], np.bool_) if source.usable is None else source.usable
        here = result.field.source == number
        assert reference.usable_patches(mask, plan.patch)[result.field.row[here], result.field.col[here]].all()
    parts = reference.named(result.field, [source.image for source in plan.sources], plan.patch)
    # Exactly the patches that touch a pixel which may change are named.
    touching = reference.patches(free(plan)[:, :, None], plan.patch, plan.wrap).any((2, 3, 4))
    for part in (result.field.source, result.field.row, result.field.col):
        np.testing.assert_array_equal(part == -1, ~touching)
    voted = reference.fold(parts, plan.rounds[-1], plan.wrap)
    np.testing.assert_allclose(result.image[free(plan)], voted[free(plan)], atol=1e-5)


@given(plans(), searches, seeds)
def test_no_colour_is_brighter_or_darker_than_the_usable_ones(plan: Plan, search: str, seed: int) -> None:
    # Unusable pixels are glaring, and guess and noise are out of range: none of it may come through.
    plan = dataclasses.replace(plan, guess=plan.guess * 3 - 1)
    made = synthesize(plan, seed=seed, search=SEARCHES[search]).image[free(plan)]
    colours = [s.image if s.usable is None else s.image[s.usable] for s in plan.sources]
    assert made.min() >= min(c.min() for c in colours if c.size) - 1e-6
    assert made.max() <= max(c.max() for c in colours if c.size) + 1e-6


@given(plans(rounds=None), searches, seeds, st.sampled_from([0.1, 0.5, 0.95]))
def test_kept_pixels_are_the_guess_bit_by_bit(plan: Plan, search: str, seed: int, share: float) -> None:
    plan = dataclasses.replace(plan, keep=np.random.default_rng(seed).random(plan.guess.shape[:2]) < share)
    result = synthesize(plan, seed=seed, search=SEARCHES[search])
    np.testing.assert_array_equal(result.image[~free(plan)], plan.guess[~free(plan)])


@given(
    plans(),
    searches,
    seeds,
    st.integers(20, 300),
    st.integers(1, 4),
    st.sampled_from([80_000_000, 1 << 30]),
)
def test_pieces_threads_and_memory_change_nothing(
    plan: Plan, search: str, seed: int, chunk: int, threads: int, memory: int
) -> None:
    cut = NumpyBackend(threads)
    cut.chunk = chunk
    expected = synthesize(plan, seed=seed, search=SEARCHES[search], backend=NumpyBackend(threads=1))
    reference.assert_same_patches(
        plan, synthesize(plan, seed=seed, search=SEARCHES[search], backend=cut, max_memory=memory), expected
    )


@given(plans(), seeds, st.integers(1, 300), st.integers(1, 300))
def test_tiles_change_nothing(plan: Plan, seed: int, rows: int, columns: int) -> None:
    tiled = NumpyBackend()
    tiled.tile = (rows, columns)
    results = [synthesize(plan, seed=seed, search="exact", backend=backend) for backend in (tiled, NumpyBackend())]
    reference.assert_same_patches(plan, *results)


@given(plans(noise=0.5), searches, seeds)
def test_the_seed_decides_all_that_is_random(plan: Plan, search: str, seed: int) -> None:
    first = synthesize(plan, seed=seed, search=SEARCHES[search])
    assert first.seed == seed
    assert_same(synthesize(plan, seed=seed, search=SEARCHES[search]), first)


@pytest.mark.parametrize("search", SEARCHES)
def test_other_seeds_give_other_images(search: str) -> None:
    plan = Plan([Source(random_image((24, 24)))], random_image((24, 24)), noise=1.5, iterations=2)
    images = [synthesize(plan, seed=seed, search=SEARCHES[search]).image for seed in range(4)]
    assert all((images[a] != images[b]).mean() > 0.3 for a in range(4) for b in range(a))


def test_without_a_seed_one_is_taken_and_told() -> None:
    plan = Plan([Source(random_image((20, 20)))], random_image((20, 20)), noise=0.75, iterations=1)
    first, second = synthesize(plan), synthesize(plan)
    assert first.seed != second.seed
    assert_same(synthesize(plan, seed=first.seed), first)


@given(
    st.tuples(st.integers(16, 30), st.integers(16, 30)),
    st.integers(1, 4),
    st.integers(3, 9),
    searches,
    st.sampled_from([math.inf, 0.1, 0.005]),
    st.sampled_from([1.2, 4 / 3, 2]),
    st.integers(0, 99),
)
def test_without_noise_one_source_is_given_back(
    shape: tuple[int, int], channels: int, patch: int, search: str, alpha: float, ratio: float, seed: int
) -> None:
    source = random_image(shape, channels, seed)
    # One step a level: from the second on, sharp patches look among blurred keys, and a short one may find another.
    plan = Plan([Source(source)], source, alpha=alpha, patch=patch, coarsest=patch + 2, ratio=ratio, iterations=1)
    np.testing.assert_allclose(synthesize(plan, seed=seed, search=SEARCHES[search]).image, source, atol=1e-5)


@pytest.mark.parametrize("search", SEARCHES)
def test_without_noise_one_source_is_given_back_by_the_authors_settings(search: str) -> None:
    source = random_image((40, 33))
    result = synthesize(Plan([Source(source)], source), seed=0, search=SEARCHES[search])
    np.testing.assert_allclose(result.image, source, atol=1e-5)
    rows, columns = np.indices(result.field.row.shape)
    np.testing.assert_array_equal(result.field.row, rows)
    np.testing.assert_array_equal(result.field.col, columns)


@given(plans(noise=0.0, patch=5), st.randoms(use_true_random=False))
def test_the_order_of_the_sources_only_renames_them(plan: Plan, random: Random) -> None:
    sources = list(plan.sources)
    random.shuffle(sources)
    first, second = (
        synthesize(dataclasses.replace(plan, sources=order), seed=0, search="exact") for order in (plan.sources, sources)
    )
    named = [
        reference.named(result.field, [source.image for source in order], plan.patch)
        for result, order in ((first, plan.sources), (second, sources))
    ]
    # Of patches that are equally near the first is taken, and what follows may differ with it.
    assert np.isclose(*named, atol=1e-6, equal_nan=True).all((2, 3, 4)).mean() > 0.9


@pytest.mark.parametrize("search", SEARCHES)
def test_completeness_error_does_not_fall_as_alpha_grows(search: str) -> None:
    # Over a set of images; a single one may go a little the other way.
    check_completeness(search, [{"alpha": alpha} for alpha in (0.001, 0.02, math.inf)])


@pytest.mark.parametrize("search", SEARCHES)
def test_completeness_error_falls_as_more_levels_ask_for_completeness(search: str) -> None:
    check_completeness(search, [{"completeness": 3.0}, {"completeness": 3.0, "completeness_levels": 2}, {}])


def check_completeness(search: str, settings: list[dict[str, float]]) -> None:
    totals = []
    for options in settings:
        total = 0.0
        for seed in range(4):
            source, guess = random_image((26, 24), seed=seed), random_image((24, 26), seed=seed + 50)
            plan = Plan([Source(source)], guess, patch=5, coarsest=8, iterations=3, **options)  # type: ignore[arg-type]  # levels
            total += reference.completeness_error(synthesize(plan, seed=seed, search=SEARCHES[search]).image, source, 5)
        totals.append(total)
    assert all(later > 0.98 * earlier for earlier, later in pairwise(totals))
    assert totals[0] < 0.8 * totals[-1]


@pytest.mark.parametrize("search", SEARCHES)
def test_a_source_without_any_usable_pixel_plays_no_part(search: str) -> None:
    good, bad = Source(random_image((22, 20))), glaring(random_image((20, 24)), np.zeros((20, 24), np.bool_))
    plan = Plan([bad, good], random_image((20, 20), seed=1), patch=5, alpha=0.1, iterations=3)
    result = synthesize(plan, seed=0, search=SEARCHES[search])
    assert (result.field.source == 1).all()
    assert result.image.max() <= 1


@pytest.mark.parametrize("search", SEARCHES)
def test_unusable_colours_do_not_even_sway_the_choice(search: str) -> None:
    usable = hole((26, 24), slice(8, 15), slice(9, 15))
    images = []
    for colour in (0.0, 1.0, GLARING):
        source = np.where(usable[:, :, None], random_image((26, 24)), np.float32(colour))
        plan = Plan([Source(source, usable)], random_image((24, 24), seed=1), alpha=0.1, patch=5, coarsest=8, iterations=3)
        images.append(synthesize(plan, seed=0, search=SEARCHES[search]).image)
    np.testing.assert_array_equal(images[0], images[1])
    np.testing.assert_array_equal(images[0], images[2])
