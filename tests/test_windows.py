"""Windows: a result is made where it changes, from what is near, and its coordinates are those of the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from patchnn import InputError, Plan, Progress, Source, synthesize
from patchnn.engine.backend import find_backend
from patchnn.engine.maps import apply_field
from patchnn_tasks.shared import windows_around
from samples import GLARING, hole, random_image

IMAGE = random_image((80, 96))
KEEP = hole((80, 96), slice(20, 28), slice(16, 26)) & hole((80, 96), slice(60, 66), slice(70, 80))
WINDOWS = [(slice(4, 44), slice(0, 42)), (slice(46, 80), slice(52, 96))]
PLAN = Plan(
    [Source(IMAGE, KEEP, IMAGE[:, :, :1]), Source(IMAGE[14:38, 8:23], guide=IMAGE[14:38, 8:23, :1])],
    IMAGE,
    keep=KEEP,
    guide=IMAGE[:, :, :1],
    windows=WINDOWS,
    patch=5,
    coarsest=20,
    iterations=3,
    coarsest_iterations=3,
)


def test_a_window_is_a_plan_of_its_own() -> None:
    made = synthesize(PLAN, seed=3).image
    for rows, columns in WINDOWS:
        part = IMAGE[rows, columns]
        sources = [Source(part, KEEP[rows, columns], part[:, :, :1]), PLAN.sources[1]]
        small = replace(
            PLAN,
            sources=sources,
            guess=part,
            rounds=None,
            keep=KEEP[rows, columns],
            guide=part[:, :, :1],
            windows=None,
            coarsest=20 / 80 * min(part.shape[:2]),
        )
        assert (synthesize(small, seed=3).image == made[rows, columns]).all()


def test_nothing_outside_is_read_or_written() -> None:
    shown = np.zeros_like(KEEP)
    for window in WINDOWS:
        shown[window] = True
    glaring = np.where(shown[:, :, None], IMAGE, np.float32(GLARING))
    sources = [Source(glaring, KEEP, IMAGE[:, :, :1]), PLAN.sources[1]]
    made = synthesize(replace(PLAN, guess=glaring, sources=sources), seed=3).image
    assert (made[KEEP] == glaring[KEEP]).all()
    assert (made[~KEEP] == synthesize(PLAN, seed=3).image[~KEEP]).all()
    assert (made[~KEEP] != IMAGE[~KEEP]).any()


def test_the_field_is_that_of_the_whole() -> None:
    made = synthesize(PLAN, seed=3)
    field, maps = made.field, [source.image for source in PLAN.sources]
    assert field.source.shape == (76, 92)
    assert {*np.unique(field.source)} == {-1, 0, 1}
    positions = field.position[field.source == 0]
    # Patches of the first source come from both windows, in coordinates of the whole.
    for (rows, columns), here in zip(WINDOWS, (positions[:, 0] < 45, positions[:, 0] > 45), strict=True):
        assert here.any()
        assert (rows.start <= positions[here, 0]).all()
        assert (positions[here, 0] <= rows.stop - 5).all()
        assert (columns.start <= positions[here, 1]).all()
        assert (positions[here, 1] <= columns.stop - 5).all()
    assert (apply_field(PLAN, field, maps, find_backend("numpy")) == made.image).all()
    doubled = apply_field(PLAN, field, [2 * image for image in maps], find_backend("numpy"))
    np.testing.assert_allclose(doubled, 2 * made.image, atol=1e-6)


def test_progress_is_that_of_the_whole() -> None:
    seen: list[tuple[Progress, np.ndarray]] = []
    synthesize(PLAN, seed=3, observe=lambda progress: seen.append((progress, progress.image())))
    fractions = [progress.fraction for progress, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    for progress, image in seen:
        assert image.shape[:2] == tuple(np.ceil(np.array(KEEP.shape) * 0.75**progress.level - 1e-9))
    assert (seen[-1][1] == synthesize(PLAN, seed=3).image).all()


def test_where_nothing_is_to_be_made_the_guess_is_the_result() -> None:
    seen: list[Progress] = []
    whole = np.ones_like(KEEP)
    made = synthesize(replace(PLAN, keep=whole, windows=[]), seed=3, observe=seen.append)
    np.testing.assert_array_equal(made.image, IMAGE)
    assert (made.field.source == -1).all()
    assert [(progress.fraction, progress.level, progress.iteration) for progress in seen] == [(1, 0, 1)]
    np.testing.assert_array_equal(seen[0].image(), IMAGE)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"windows": []}, "all pixels that are not kept"),
        ({"windows": [WINDOWS[0]]}, "all pixels that are not kept"),
        ({"windows": [*WINDOWS, WINDOWS[0]]}, "overlap"),
        ({"windows": [*WINDOWS, (slice(0, 4), slice(50, 90))]}, "no patch of 5×5"),
        ({"keep": None}, "need keep"),
        ({"wrap": (False, True)}, "no wrap"),
    ],
)
def test_windows_that_do_not_fit_are_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        replace(PLAN, **changes)
    assert caught.value.about == "windows"


def test_windows_hold_what_is_free_and_its_surroundings() -> None:
    free = np.zeros((400, 610), np.bool_)
    free[30:40, 50:60] = free[390:400, 600:610] = free[40:44, 130:135] = True
    windows = windows_around(free, 40)
    # The first and the last are near each other; the second touches the border.
    assert windows == [(slice(0, 96), slice(0, 192)), (slice(336, 400), slice(544, 610))]
    free[::50, ::50] = True
    assert windows_around(free, 40) is None
