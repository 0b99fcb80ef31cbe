"""Nearest neighbours: exact ones against brute force, approximate ones against exact ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from patchnn.engine.atlas import Atlas
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.numbering import Numbering
from patchnn.engine.patches import Patches, rounded
from patchnn.engine.plan import Plan, Source
from patchnn.engine.search import Level
from patchnn.engine.search.claims import claim, winners
from patchnn.engine.search.exact import ExactSearch, nearest
from patchnn.engine.search.patchmatch import PIXEL_STEPS, principal_components
from patchnn.engine.step import pnn
from patchnn.engine.synthesize import Synthesis, synthesize
from patchnn.errors import InputError
from patchnn.testing import tiny_image
from samples import SEARCHES, hole, matching, random_image

CLOSE = 1e-5
"""Distances that float32 sums cannot tell apart."""

shapes = st.tuples(st.integers(9, 18), st.integers(9, 18))


def named_scores(result: Synthesis, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """The scores of all keys of the first source for every query, (N, M), and which of them were chosen, (N,)."""
    source = plan.sources[0].image
    queries, keys = reference.patches(plan.guess, plan.patch, plan.wrap), reference.patches(source, plan.patch)
    chosen = result.field.row * keys.shape[1] + result.field.col
    return reference.scores(reference.distances(queries, keys), plan.alpha), chosen.reshape(-1)


@given(
    shapes,
    shapes,
    st.integers(2, 9),
    st.integers(1, 4),
    st.tuples(st.booleans(), st.booleans()),
    st.sampled_from([math.inf, 1.0, 0.05, 0.005]),
    st.integers(0, 99),
)
def test_exact_search_takes_the_best_score(
    guess: tuple[int, int], source: tuple[int, int], patch: int, channels: int, wrap: tuple[bool, bool], alpha: float, seed: int
) -> None:
    plan = matching(
        random_image(guess, channels, seed), random_image(source, channels, seed + 1), patch=patch, wrap=wrap, alpha=alpha
    )
    score, chosen = named_scores(synthesize(plan, seed=0, search="exact"), plan)
    taken = score[np.arange(len(chosen)), chosen]
    np.testing.assert_array_less(taken, score.min(1) + CLOSE * (1 if alpha == math.inf else 1 / alpha))


def test_without_ties_the_nearest_is_named_exactly() -> None:
    plan = matching(random_image((16, 17), seed=1), random_image((14, 15)))
    score, chosen = named_scores(synthesize(plan, seed=0, search="exact"), plan)
    np.testing.assert_array_equal(chosen, score.argmin(1))


@pytest.mark.parametrize("completeness", [0.5, 4])
def test_completeness_takes_its_alpha_from_the_distances(completeness: float) -> None:
    # In darker images all distances are smaller, and the choice stays the same: an alpha alone would fade out.
    for contrast in (1.0, 0.05):
        images = [contrast * random_image(shape, seed=seed) for shape, seed in (((24, 22), 1), ((20, 24), 0))]
        plan = matching(*images, completeness=completeness)
        distance = reference.distances(*(reference.patches(image, plan.patch) for image in images))
        score = reference.scores(distance, distance.min(0).mean() / completeness)
        _, chosen = named_scores(synthesize(plan, seed=0, search="exact"), plan)
        np.testing.assert_array_equal(chosen, score.argmin(1))


@pytest.mark.parametrize("alpha", [100, 10_000])
def test_a_large_alpha_approaches_plain_nearest_neighbours(alpha: float) -> None:
    fields = []
    for value in (math.inf, alpha):
        plan = matching(random_image((24, 24), seed=1), random_image((24, 24)), alpha=value)
        field = synthesize(plan, seed=0, search="exact").field
        fields.append(field.row * 24 + field.col)
    assert (fields[0] == fields[1]).mean() > 1 - 10 / alpha


def test_a_small_alpha_is_another_choice() -> None:
    plain, complete = (
        synthesize(matching(random_image((24, 24), seed=1), random_image((24, 24)), alpha=alpha), seed=0, search="exact").field
        for alpha in (math.inf, 0.001)
    )
    assert (plain.row == complete.row).mean() < 0.5
    # More of the source is in use.
    used = [len(np.unique(field.row * 24 + field.col)) for field in (plain, complete)]
    assert used[1] > 1.2 * used[0]


@given(st.integers(1, 30), st.integers(1, 30), st.booleans(), st.integers(1, 1 << 16), st.integers(0, 99))
def test_nearest_does_not_depend_on_tiles_or_memory(rows: int, columns: int, scaled: bool, memory: int, seed: int) -> None:
    backend = NumpyBackend(threads=2)
    queries, keys = random_image((15, 12), seed=seed), random_image((11, 16), seed=seed + 1)
    rng = np.random.default_rng(seed)
    query_index, key_index = rng.permutation(11 * 8)[:50], rng.permutation(7 * 12)[:60]
    scale = 1 / rng.uniform(0.5, 2, 60).astype(np.float32) if scaled else None
    distance = reference.distances(reference.patches(queries, 5), reference.patches(keys, 5))[np.ix_(query_index, key_index)]
    expected = distance if scale is None else distance * scale
    backend.tile = (rows, columns)
    # Patches have the numbers of their first pixels; the table above counts them row by row.
    query_numbers, key_numbers = (
        np.flatnonzero(Numbering.of_sources([shape], 5).positions())[index]
        for shape, index in (((15, 12), query_index), ((11, 16), key_index))
    )
    sides = [Patches(backend, image.astype(np.float64), 5) for image in (queries, keys)]
    arguments = sides[0], query_numbers, sides[1], key_numbers
    found, score = nearest(backend, *arguments, memory, scale)
    np.testing.assert_array_equal(found, key_numbers[expected.argmin(1)])
    np.testing.assert_allclose(score, expected.min(1), atol=CLOSE)
    # Not even the last bit may depend on memory: near ties would fall otherwise.
    np.testing.assert_array_equal(score, nearest(backend, *arguments, 1 << 30, scale)[1])


def test_exact_search_looks_again_for_what_changed_only(monkeypatch: pytest.MonkeyPatch) -> None:
    backend, source, image = NumpyBackend(threads=1), random_image((20, 24)), random_image((16, 18), 1)
    level = Level(backend, Atlas(backend, [source], None, [None], 5), image.shape[:2], iterations=2)
    search, looked = ExactSearch(level, 1 << 28), []

    def counted(*given: Any, **options: Any) -> Any:
        looked.append(len(given[2]))
        return nearest(*given, **options)

    monkeypatch.setattr("patchnn.engine.search.exact.nearest", counted)
    search(image, 0)
    image[7, 8] += 0.3
    again = search(image, 1).copy()
    assert looked == [12 * 14, 25]
    np.testing.assert_array_equal(again, ExactSearch(level, 1 << 28)(image, 0))


def test_pnn_is_one_step_by_keys_that_are_not_the_values() -> None:
    query, key, value = (random_image((13, 16), seed=n) for n in range(3))
    for alpha in (math.inf, 0.05):
        score = reference.scores(reference.distances(reference.patches(query, 5), reference.patches(key, 5)), alpha)
        parts = reference.patches(value, 5).reshape(-1, 5, 5, 3)[score.argmin(1)].reshape(9, 12, 5, 5, 3)
        np.testing.assert_allclose(pnn(query, key, value, alpha=alpha, patch=5), reference.fold(parts, (13, 16)), atol=1e-5)


@pytest.mark.parametrize(
    ("shapes", "options", "said"),
    [
        (((9, 9), (9, 9), (9, 8)), {}, "key and value need the same"),
        (((9, 9, 1), (9, 9, 3), (9, 9, 3)), {}, "channel"),
        (((6, 9), (9, 9), (9, 9)), {}, "no patch of 7×7 fits"),
        (((9, 9), (9, 9), (9, 9)), {"patch": 1}, "patch is 1"),
        (((9, 9), (9, 9), (9, 9)), {"patch": 7.5}, "patch is 7.5"),
        (((9, 9), (9, 9), (9, 9)), {"patch": 10}, "no patch of 10×10 fits"),
        (((9, 9), (9, 9), (9, 9)), {"alpha": 0}, "alpha is 0"),
        (((9, 9), (9, 9), (9, 9)), {"alpha": math.nan}, "alpha is nan"),
    ],
)
def test_pnn_says_what_it_cannot_take(shapes: tuple[tuple[int, ...], ...], options: dict[str, float], said: str) -> None:
    with pytest.raises(InputError) as raised:
        pnn(*(np.zeros(shape, np.float32) for shape in shapes), **options)  # type: ignore[arg-type]  # what users type
    assert said in str(raised.value)


@pytest.mark.parametrize("options", [{}, {"alpha": 0.01}, {"completeness": 1.0}])
def test_patchmatch_comes_near_to_exact_search(options: dict[str, float]) -> None:
    errors = {search: np.zeros(2) for search in ("exact", "patchmatch")}
    for seed in range(4):
        source = random_image((40, 36), seed=seed)
        plan = Plan([Source(source)], random_image((36, 40), seed=seed + 9), coarsest=10, iterations=3, **options)
        for search in errors:
            image = synthesize(plan, seed=seed, search=SEARCHES[search]).image
            distance = reference.distances(reference.patches(image, 7), reference.patches(source, 7))
            errors[search] += distance.min(1).mean(), distance.min(0).mean()
    coherence, completeness = errors["patchmatch"] / errors["exact"]
    assert coherence < 1.1
    assert completeness < 1.25


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("alpha", [math.inf, 0.01])
def test_a_moved_image_is_found_where_it_is(search: str, alpha: float) -> None:
    # The middle of the source as the guess, so that both are halved at the same places: all patches match at one offset.
    source = random_image((40, 36))
    plan = Plan([Source(source)], source[6:34, 4:32], alpha=alpha, ratio=2, coarsest=14, iterations=4)
    result = synthesize(plan, seed=0, search=SEARCHES[search])
    rows, columns = np.indices(result.field.row.shape)
    assert ((result.field.row == rows + 6) & (result.field.col == columns + 4)).mean() > 0.95
    assert np.abs(result.image - plan.guess).mean() < 0.01


@pytest.mark.parametrize("search", SEARCHES)
def test_unusable_places_are_not_found_even_where_they_fit_perfectly(search: str) -> None:
    source = random_image((24, 24))
    usable = hole((24, 24), slice(8, 14), slice(6, 15))
    plan = matching(source, Source(source, usable), patch=5)
    field = synthesize(plan, seed=0, search=SEARCHES[search]).field
    allowed = reference.usable_patches(usable, 5)
    assert allowed[field.row, field.col].all()
    # Where a patch may be taken, it is its own nearest; approximate search may still be on its way there.
    rows, columns = np.indices(allowed.shape)
    at_home = (field.row == rows) & (field.col == columns)
    assert at_home[allowed].mean() > 0.9


@pytest.mark.parametrize("search", SEARCHES)
def test_a_single_usable_patch_is_found_by_all(search: str) -> None:
    usable = np.zeros((40, 36), np.bool_)
    usable[22:27, 29:34] = True
    plan = matching(random_image((30, 30), seed=1), Source(random_image((40, 36)), usable), patch=5)
    field = synthesize(plan, seed=0, search=SEARCHES[search]).field
    assert (field.row == 22).all()
    assert (field.col == 29).all()


@pytest.mark.parametrize("patch", [2, 3, 4])
@pytest.mark.parametrize("search", SEARCHES)
def test_short_patches_have_fewer_values_than_features(patch: int, search: str) -> None:
    source = random_image((18, 18), 1)
    field = synthesize(matching(source, source, patch=patch), seed=0, search=SEARCHES[search]).field
    rows, columns = np.indices(field.row.shape)
    assert ((field.row == rows) & (field.col == columns)).mean() > 0.9


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 2**16), st.booleans())
def test_one_bid_wins_each_place(count: int, places: int, seed: int, farthest: bool) -> None:
    rng = np.random.default_rng(seed)
    place = rng.integers(0, places, count).astype(np.int32)
    # Few distances, so that there are equals.
    distance = rng.integers(0, 4, count).astype(np.float32) / 3
    won = winners(np, place, distance, farthest)
    best = max if farthest else min
    expected = [best(np.flatnonzero(place == p), key=lambda n: distance[n]) for p in sorted(set(place.tolist()))]
    assert won.tolist() == expected


def test_claimed_places_go_to_the_worst_off_and_the_others_stay() -> None:
    field = np.array([7, 7, 7, 3], np.int32)
    keys, places = np.array([3, 5, 6, 8]), np.array([3, 1, 1, 0])
    given_away = claim(np, field, keys, places, np.array([0.0, 0.2, 0.1, 0.3], np.float32))
    assert field.tolist() == [8, 5, 7, 3]
    # Key 3 had its place already.
    assert sorted(given_away.tolist()) == [0, 1]


@pytest.mark.parametrize("search", ["exact", "patchmatch"])
def test_claims_show_more_of_the_source(search: str) -> None:
    errors: dict[int, list[float]] = {0: [], 3: []}
    for seed in range(6):
        source = tiny_image((48, 64), channels=1, seed=seed)
        for claims, found in errors.items():
            plan = Plan([Source(source)], source, rounds=[(48, 52), (48, 42)], claims=claims, climb=0, patch=5, coarsest=16)
            found.append(reference.completeness_error(synthesize(plan, seed=0, search=SEARCHES[search]).image, source, 5))
    assert np.mean(errors[3]) < 0.95 * np.mean(errors[0])


@pytest.mark.parametrize(("patch", "channels"), [(7, 3), (7, 1), (5, 4)])
def test_features_are_exact_whatever_the_order_of_their_sums(patch: int, channels: int) -> None:
    canvas = rounded(NumpyBackend(), random_image((40, 50), channels), PIXEL_STEPS)
    patches = Patches(NumpyBackend(threads=1), canvas, patch)
    numbers = np.flatnonzero(Numbering.of_sources([(40, 50)], patch).positions())
    basis = principal_components(NumpyBackend(threads=1), patches, numbers, patches.length)
    found, order = patches.extract(numbers), np.random.RandomState(0).permutation(patches.length)
    exact = found.astype(np.float64) @ basis.astype(np.float64)
    np.testing.assert_array_equal(found @ basis, exact)
    np.testing.assert_array_equal(np.ascontiguousarray(found[:, order]) @ basis[order], exact)
