"""Where a run starts, if its plan tries layouts: what it has, what becomes of it, and what a user learns of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from patchnn import PNN, Image, InputError, Plan, Source, Starts, read_image, resize, run, synthesize
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.layouts import changed_share
from patchnn.engine.output import noise
from patchnn.engine.search import Level, Matches, Policy, Search
from patchnn.engine.strips import lay_out
from patchnn.testing import tiny_image
from patchnn_tasks import Generate
from samples import GLARING, hole, random_image

BOATS = resize(read_image("examples/images/boats.png"), (90, 120))
PLAN = Plan([Source(BOATS)], BOATS, starts=Starts(), coarsest=24, iterations=2)
SMALL = resize(BOATS, (24, 32))


def start(plan: Plan, seed: int = 0, threads: int = 2) -> Image:
    made = synthesize(plan, seed=seed, backend=NumpyBackend(threads)).start
    assert made is not None
    return made.image


def test_a_run_starts_from_the_layout_of_its_coarsest_level() -> None:
    plan = Plan([Source(SMALL)], SMALL, starts=Starts(variety=0.4), coarsest=24, iterations=1)
    layout, variety = lay_out(SMALL, [SMALL], Starts(variety=0.4), [5, 0])
    made = synthesize(plan, seed=5)
    assert made.start is not None
    assert made.start.variety == variety
    np.testing.assert_array_equal(made.start.image, layout)
    assert made.start.changed == changed_share(made.image, SMALL)
    # With fewer iterations than it takes to leave it, the result is like it.
    assert np.abs(made.image - layout).mean() < np.abs(made.image - SMALL).mean() / 2


def test_a_layout_has_the_noise_of_its_seed() -> None:
    for seed in (3, 4):
        plain, noisy = (start(replace(PLAN, noise=amount), seed) for amount in (0.0, 0.5))
        np.testing.assert_allclose(noisy - plain, 0.5 * noise(plain.shape, [seed, 0]), atol=1e-5)


def test_threads_and_runs_before_do_not_change_the_layout() -> None:
    one, other, three = start(PLAN, 3, threads=1), start(PLAN, 4), start(PLAN, 3, threads=3)
    np.testing.assert_array_equal(one, three)
    assert np.abs(one - other).mean() > 0.01


def test_the_layout_decides_the_result_and_is_in_the_record() -> None:
    result = run(Generate(BOATS), seed=3, iterations=2)
    kept = result.record["start"]
    assert sorted(kept) == ["changed", "variety"]
    assert 0.25 <= kept["variety"] <= 1
    assert kept["changed"] == round(changed_share(result.image, BOATS), 3) > 0.2


@pytest.mark.parametrize(("shares", "kept", "told"), [((0.05, 0.6), 1, 0), ((0.05, 0.02), 0, 1), ((0.6,), 0, 0)])
def test_a_result_that_comes_back_to_the_image_is_tried_again(
    shares: Sequence[float], kept: int, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def laid_out(guess: Image, sources: Sequence[Image], starts: Starts, seed: Sequence[int]) -> tuple[Image, float]:
        seeds.append(list(seed))
        layouts.append(lay_out(guess, sources, starts, seed)[0])
        return layouts[-1], 0.5

    # As if the finer levels had brought the source back: at the first attempt, at both, at none.
    coming, seeds, layouts = iter(shares), [], []  # type: ignore[var-annotated]  # lists of what comes
    monkeypatch.setattr("patchnn.engine.synthesize.changed_share", lambda image, guess: next(coming))
    monkeypatch.setattr("patchnn.engine.synthesize.lay_out", laid_out)
    result = synthesize(Generate(BOATS).plan(), seed=3)
    assert seeds == [[3, attempt] for attempt in range(len(shares))]
    assert not list(coming)
    assert result.start is not None
    assert result.start.changed == shares[kept]
    # Layouts are made a level finer than where the run starts.
    started = result.start.image
    differences = [np.abs(started - resize(layout, started.shape[:2])).mean() for layout in layouts]
    assert differences[kept] < 0.01
    assert all(difference > 0.03 for number, difference in enumerate(differences) if number != kept)
    assert not any(np.array_equal(layouts[0], other) for other in layouts[1:])
    coming = iter(shares)
    assert len(run(Generate(BOATS), seed=3, iterations=1).notes) == told


def test_a_layout_without_variety_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, attempts = np.full((40, 60, 3), 0.5, np.float32), []
    monkeypatch.setattr("patchnn.engine.synthesize.lay_out", lambda guess, *given: (attempts.append(given), (guess, 0.0))[1])
    run(Generate(wall), seed=0, iterations=1)
    assert len(attempts) == 1


def test_a_seed_gives_the_same_bytes_whatever_came_before() -> None:
    first = synthesize(PLAN, seed=5)
    assert not np.array_equal(first.image, synthesize(PLAN, seed=6).image)
    np.testing.assert_array_equal(first.image, synthesize(PLAN, seed=5).image)


def test_an_opaque_image_stays_opaque() -> None:
    opaque = np.concatenate([BOATS, np.ones_like(BOATS[:, :, :1])], axis=2)
    made = synthesize(replace(PLAN, sources=[Source(opaque)], guess=opaque), seed=2)
    np.testing.assert_allclose(made.image[:, :, 3], 1, atol=1e-5)


def test_unusable_and_kept_pixels_stay_out_of_layouts() -> None:
    usable = np.ones((90, 120), np.bool_)
    usable[:, :40] = False
    keep = np.zeros((90, 120), np.bool_)
    keep[:30] = True
    glaring = BOATS.copy()
    glaring[:, :40] = GLARING
    made = synthesize(replace(PLAN, sources=[Source(glaring, usable)], keep=keep), seed=1)
    np.testing.assert_array_equal(made.image[keep], BOATS[keep])
    assert made.image.max() <= BOATS.max() + 1e-5
    assert (made.field.col[made.field.source >= 0] >= 40).all()


def test_kept_pixels_are_in_the_layout_too() -> None:
    keep = hole((90, 120), slice(0, 60), slice(0, 120))
    layout, free = start(replace(PLAN, keep=keep), 1), start(PLAN, 1)
    rows = slice(len(layout) * 3 // 4, None)
    guess = resize(BOATS, layout.shape[:2])
    assert np.abs(layout[rows] - guess[rows]).mean() < 0.5 * np.abs(free[rows] - guess[rows]).mean()
    np.testing.assert_array_equal(layout[: len(layout) // 2], free[: len(layout) // 2])


def test_rows_and_columns_that_join_are_laid_out_as_one() -> None:
    made = synthesize(replace(PLAN, wrap=(True, True)), seed=1)
    seams = [abs(made.image[0] - made.image[-1]).mean(), abs(made.image[:, 0] - made.image[:, -1]).mean()]
    steps = [abs(np.diff(made.image, axis=axis)).mean() for axis in (0, 1)]
    assert seams[0] < 3 * steps[0] + 0.02
    assert seams[1] < 3 * steps[1] + 0.02


@pytest.mark.parametrize("shape", [(7, 7), (8, 40), (16, 16), (25, 9)])
def test_small_images_have_layouts_too(shape: tuple[int, int]) -> None:
    image = random_image(shape)
    assert run(Generate(image), seed=0, iterations=1).image.shape == (*shape, 3)


def test_several_sources_and_their_mirror_images_take_part() -> None:
    other = tiny_image((70, 80), seed=4)
    plain, mirrored = (Generate(BOATS, source=(other,), mirror=mirror) for mirror in (False, True))
    assert len(plain.plan().sources) == 2
    np.testing.assert_array_equal(mirrored.plan().sources[2].image, BOATS[:, ::-1])
    assert set(np.unique(run(mirrored, seed=1, iterations=1).field.source)) - {0, 1}


def test_variety_0_gives_the_image_back() -> None:
    np.testing.assert_allclose(run(Generate(BOATS, variety=0), seed=1).image, BOATS, atol=1e-5)


def test_noise_is_the_papers_way() -> None:
    plan = Generate(BOATS, noise=0.75).plan()
    assert (plan.noise, plan.starts, plan.claims, plan.coarsest, plan.coarsest_iterations) == (0.75, None, 0, 14, 1)


def test_an_image_that_cannot_be_varied_is_named() -> None:
    wall = np.full((40, 60, 3), 0.5, np.float32)
    (note,) = run(Generate(wall), seed=0, iterations=1).notes
    assert "cannot be varied" in note
    assert "0.00 in place of 0.5" in note
    assert run(Generate(BOATS), seed=3, iterations=1).notes == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variety": 1.1}, "variety is 1.1: it must be between 0 and 1"),
        ({"count": 0}, "count is 0: it must be a whole number, between 1 and 100"),
        ({"count": 1.5}, "count is 1.5"),
        ({"withheld": 1}, "withheld is 1: it must be between 0 and 0.9"),
    ],
)
def test_starts_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Starts(**options)  # type: ignore[arg-type]  # what a caller gives
    assert caught.value.about == next(iter(options))
    with pytest.raises(InputError, match="starts is 4: it must be Starts or None"):
        replace(PLAN, starts=4)  # type: ignore[arg-type]  # what a caller gives


def test_without_a_wanted_variety_the_best_fit_is_kept() -> None:
    keep = hole(SMALL.shape[:2], slice(6, 18), slice(8, 24))
    plan = Plan([Source(SMALL, keep)], SMALL, keep=keep, noise=1.0, coarsest=24, coarsest_iterations=3)

    def misfit(count: int, seed: int) -> float:
        made = synthesize(replace(plan, starts=Starts(variety=None, count=count)), seed=seed)
        found = made.field.source >= 0
        rows, columns = np.nonzero(found)
        patches = np.lib.stride_tricks.sliding_window_view(made.image, (7, 7), (0, 1))[rows, columns]
        keys = np.lib.stride_tricks.sliding_window_view(SMALL, (7, 7), (0, 1))
        return float(((patches - keys[made.field.row[found], made.field.col[found]]) ** 2).mean())

    one, six = ([misfit(count, seed) for seed in range(4)] for count in (1, 6))
    assert all(best <= single + 1e-9 for best, single in zip(six, one, strict=True))
    assert np.mean(six) < 0.99 * np.mean(one)


def test_each_layout_does_without_patches_of_its_own() -> None:
    keep, counts = hole(SMALL.shape[:2], slice(6, 18), slice(8, 24)), []

    class Seen(PNN):
        def search(self, level: Level, coarser: Matches | None, policy: Policy, memory: int) -> Search:
            counts.append((level.number, frozenset(level.atlas.index.tolist())))
            return super().search(level, coarser, policy, memory)

    plan = Plan([Source(SMALL, keep)], SMALL, keep=keep, noise=0.2, ratio=1.1, coarsest=SMALL.shape[0] / 1.1**4, step=Seen())
    synthesize(plan, seed=1)
    whole = dict(counts)
    counts.clear()
    synthesize(replace(plan, starts=Starts(variety=None, count=2, withheld=0.5)), seed=1)
    coarsest = max(whole)
    first, second = (index for level, index in counts[:2])
    assert first != second
    assert counts[2] in counts[:2]
    for level, index in counts[2:]:
        assert index <= whole[level]
        wanted = 0.5 if coarsest - level < 3 else 1.0
        assert len(index) == pytest.approx(wanted * len(whole[level]), abs=2)
