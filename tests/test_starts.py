"""Layouts tried at the coarsest level: what is kept, and what it does to results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import patchnn.engine.starts
from patchnn import PNN, InputError, Plan, Source, Starts, read_image, resize, run, synthesize
from patchnn.engine.arrays import Image
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.layouts import SPREAD, shuffled
from patchnn.engine.search import Level, Matches, Policy, Search
from patchnn.engine.starts import Coarsest, Start, _Trials, changed_share, find_start
from patchnn.testing import tiny_image
from patchnn_tasks import Generate
from samples import hole, random_image

BOATS = resize(read_image("examples/images/boats.png"), (90, 120))
PLAN = Plan([Source(BOATS)], BOATS, noise=3.0, starts=Starts(), coarsest=24, iterations=2)
SMALL = resize(BOATS, (24, 32))


def start(image: Image = SMALL, seed: int = 0, threads: int = 2, **options: object) -> Start:
    starts = Starts(**options)  # type: ignore[arg-type]  # what a caller gives
    plan = Plan([Source(image)], image, noise=1.25, starts=starts, coarsest=24)
    return find_start(plan, starts, Coarsest(image, [image], [None]), NumpyBackend(threads), seed)


def looks_changed(result: Image, image: Image) -> float:
    return float((abs(result - image).max(2) > 16 / 255).mean())


@pytest.mark.parametrize("variety", [0.25, 0.5])
def test_the_layout_has_the_wanted_variety(variety: float) -> None:
    found = [start(seed=seed, variety=variety).variety for seed in range(6)]
    assert variety - 0.15 <= np.median(found) <= variety + 0.15


def test_more_variety_moves_more() -> None:
    low, high = (np.mean([start(seed=seed, variety=wanted).variety for seed in range(4)]) for wanted in (0.15, 0.7))
    assert low < high - 0.2


def test_strips_come_in_a_new_order_and_none_is_lost() -> None:
    for seed in range(20):
        for width in (1, 2, 9, 34):
            assert sorted(shuffled(width, 0.5, [seed, 0])) == list(range(width))
        order = shuffled(34, 0.2, [seed, 0])
        strips = np.split(order, np.flatnonzero(np.diff(order) != 1) + 1)
        assert 34 * (1 - 0.2 - SPREAD) - 1 <= max(map(len, strips)) < 34


def test_edges_of_a_layout_are_like_those_of_the_image() -> None:
    image = np.full((24, 32, 3), 0.5, np.float32)
    image[8:16, 10:22] = tiny_image((8, 12))

    def cut(edges: float) -> float:
        found = (start(image, seed=seed, edges=edges).image for seed in range(6))
        return float(np.mean([abs(layout[:, [0, -1]] - 0.5).mean() for layout in found]))

    assert cut(5.0) < cut(0.0) / 2


def test_a_large_error_is_worse_than_less_variety(monkeypatch: pytest.MonkeyPatch) -> None:
    def settle(trials: _Trials, image: Image) -> tuple[Image, np.ndarray, float]:
        return image, np.empty(0), next(errors) * trials.contrast

    # Two layouts: one moves as much as wanted and is torn, the other moves less and is whole.
    monkeypatch.setattr(_Trials, "settle", settle)
    for torn, number in ((0.1, 0), (2.0, 1)):
        errors, varieties = iter([torn, 0.0]), iter([0.5, 0.3])
        monkeypatch.setattr(_Trials, "variety", lambda trials, image, nnf, varieties=varieties: next(varieties))
        # With one thread the layouts come in their order.
        assert start(count=2, turns=1, threads=1).number == number


def test_a_layout_that_only_moves_the_whole_image_has_little_variety() -> None:
    trials = _Trials(PLAN, Starts(), 7, Coarsest(SMALL, [SMALL], [None]))
    row, column = np.mgrid[:18, :26]
    moved = row * 26 + np.minimum(column + 3, 25)
    image = SMALL[:, np.minimum(np.arange(32) + 3, 31)]
    assert trials.variety(image, moved.ravel()) < 0.15 < 0.3 < changed_share(image, SMALL)


def test_of_several_layouts_the_best_is_kept() -> None:
    single = [start(seed=seed, count=1, turns=1).variety for seed in range(8)]
    several = [start(seed=seed, count=6, turns=1).variety for seed in range(8)]
    assert np.abs(np.subtract(several, 0.5)).mean() < np.abs(np.subtract(single, 0.5)).mean() - 0.02


def test_threads_do_not_change_which_layout_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    one, three = (start(threads=threads, seed=3) for threads in (1, 3))
    assert one.number == three.number
    np.testing.assert_array_equal(one.image, three.image)
    # At a coarsest level that is too large for another one, the first layout is all.
    monkeypatch.setattr(patchnn.engine.starts, "MOST_PAIRS", 1)
    assert start(threads=3, seed=3).number == 0


def test_rows_keep_things_at_their_height() -> None:
    image = random_image((48, 64))

    def climb(rows: float) -> float:
        plan = Plan([Source(image)], image, noise=3.0, starts=Starts(rows=rows), coarsest=24, iterations=1)
        found = [synthesize(plan, seed=seed).field.row for seed in range(3)]
        return float(np.mean([abs(row - np.arange(len(row))[:, None]).mean() for row in found]))

    assert climb(20.0) < climb(0.0) / 3


def test_the_layout_decides_the_result_and_is_in_the_record() -> None:
    result = run(Generate(BOATS), seed=3, iterations=2)
    kept = result.record["start"]
    assert 0.25 <= kept["variety"] <= 0.7
    assert kept["number"] >= 0
    assert looks_changed(result.image, BOATS) > 0.1
    assert kept["changed"] == round(changed_share(result.image, BOATS), 3) > 0.3


def test_a_result_that_comes_back_to_the_image_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    most = Starts().count * Starts().turns
    # As if the finer levels had brought the source back: at the first attempt, at both, at none.
    for shares, attempt, told in (((0.05, 0.6), 1, 0), ((0.05, 0.02), 0, 1), ((0.6,), 0, 0)):
        coming = iter(shares)
        monkeypatch.setattr("patchnn.engine.synthesize.changed_share", lambda image, guess, coming=coming: next(coming))
        result = run(Generate(BOATS), seed=3, iterations=1)
        assert result.record["start"]["number"] // most == attempt
        assert len(result.notes) == told
        assert not list(coming)


def test_a_seed_gives_the_same_bytes_whatever_came_before() -> None:
    first = synthesize(PLAN, seed=5)
    synthesize(PLAN, seed=6)
    again = synthesize(PLAN, seed=5)
    np.testing.assert_array_equal(first.image, again.image)
    assert first.start is not None
    assert again.start is not None
    assert first.start.number == again.start.number
    assert not np.array_equal(first.image, synthesize(PLAN, seed=6).image)


def test_the_result_does_not_depend_on_opacity_in_the_guess() -> None:
    opaque = np.concatenate([BOATS, np.ones_like(BOATS[:, :, :1])], axis=2)
    found = [synthesize(replace(PLAN, sources=[Source(x)], guess=x), seed=2).image for x in (BOATS, opaque)]
    assert found[1][:, :, 3].min() > 1 - 1e-5


def test_unusable_and_kept_pixels_stay_out_of_layouts() -> None:
    usable = np.ones((90, 120), np.bool_)
    usable[:, :40] = False
    keep = np.zeros((90, 120), np.bool_)
    keep[:30] = True
    glaring = BOATS.copy()
    glaring[:, :40] = 9.0
    made = synthesize(replace(PLAN, sources=[Source(glaring, usable)], keep=keep), seed=1)
    np.testing.assert_array_equal(made.image[keep], BOATS[keep])
    assert made.image.max() <= BOATS.max() + 1e-5
    assert (made.field.col[made.field.source >= 0] >= 40).all()


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
        ({"turns": 1.5}, "turns is 1.5"),
        ({"patch": 1}, "patch is 1"),
        ({"iterations": 0}, "iterations is 0"),
        ({"rows": -1}, "rows is -1"),
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
