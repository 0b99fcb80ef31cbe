"""Maps: other images, made of the same patches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from patchnn import InputError, Plan, Task, run, synthesize
from patchnn.engine.atlas import Atlas
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.maps import apply_field
from patchnn.testing import tiny_image, tiny_mask
from patchnn_tasks import Analogy, Collage, Generate, Inpaint, Retarget
from samples import EXAMPLES, plans, random_image
from strict import StrictBackend

IMAGE, OTHER = tiny_image(), tiny_image(seed=1)

TASKS: list[tuple[Task, tuple[Any, ...]]] = [
    (Generate(IMAGE), (IMAGE,)),
    (Generate(IMAGE, source=(OTHER,)), (IMAGE, OTHER)),
    (Retarget(IMAGE, size="130%x80%"), (IMAGE,)),
    (Analogy(IMAGE, OTHER), (IMAGE,)),
    (Inpaint(IMAGE, tiny_mask()), (IMAGE,)),
    # Harmonised colours are not those of the files.
    (Collage((IMAGE, OTHER), harmonise=False), (IMAGE, OTHER)),
]


@pytest.mark.parametrize(("task", "sources"), TASKS, ids=lambda value: type(value).__name__)
def test_the_sources_as_maps_give_the_identical_image(task: Task, sources: tuple[Any, ...]) -> None:
    result = run(task, seed=3, iterations=2)
    np.testing.assert_array_equal(result.apply(*sources), result.image)
    # Each channel by itself too: a map may have any number of them.
    grey = result.apply(*(source[:, :, 1:2] for source in sources))
    np.testing.assert_array_equal(grey, result.image[:, :, 1:2])
    assert (result.apply(*(1 - source for source in sources)) != result.image).any()


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"keep"}))
def test_the_sources_as_maps_give_the_image_of_plans_of_every_kind(name: str) -> None:
    plan = EXAMPLES[name]
    made = synthesize(plan, seed=1, backend="numpy")
    for backend in (NumpyBackend(), StrictBackend()):
        again = apply_field(plan, made.field, [source.image for source in plan.sources], backend)
        np.testing.assert_array_equal(again, made.image)


@given(plans())
def test_the_sources_as_maps_give_the_image_of_plans_drawn_at_random(plan: Plan) -> None:
    made = synthesize(plan, seed=1, backend="numpy")
    sources = [source.image for source in plan.sources]
    if plan.keep is not None and sources[0].shape[:2] != plan.guess.shape[:2]:
        with pytest.raises(InputError, match="kept pixels"):
            apply_field(plan, made.field, sources, NumpyBackend(1))
        return
    again = apply_field(plan, made.field, sources, NumpyBackend(1))
    free = np.ones(made.image.shape[:2], np.bool_) if plan.keep is None else ~plan.keep
    np.testing.assert_array_equal(again[free], made.image[free])
    if plan.keep is not None:
        np.testing.assert_array_equal(again[~free], sources[0][~free])


def test_numbers_are_the_inverse_of_places() -> None:
    atlas = Atlas(NumpyBackend(1), [IMAGE, OTHER[:15, :20]], None, [None, None], 5)
    field = np.append(atlas.index, -1)[None].astype(np.int64)
    np.testing.assert_array_equal(atlas.numbers(atlas.locate(field)), field)


def test_kept_pixels_are_the_maps_own() -> None:
    mask = tiny_mask()
    result = run(Inpaint(IMAGE, mask), seed=3, iterations=2)
    heights = random_image(mask.shape, 1, seed=5)
    drawn = result.apply(heights)
    np.testing.assert_array_equal(drawn[~mask], heights[~mask])
    assert (drawn[mask] != heights[mask]).any()
    assert drawn.min() >= heights.min()


BAD: list[tuple[tuple[Any, ...], str]] = [
    ((), "2 sources need a map each, in their order: 0 given"),
    ((IMAGE,), "2 sources need a map each, in their order: 1 given"),
    ((IMAGE, IMAGE[:20]), "it is 32×20, the source 32×24"),
    ((IMAGE, IMAGE[:, :, :1]), "one number of channels"),
    ((IMAGE, np.full_like(IMAGE, np.nan)), "a map holds NaN"),
]


@pytest.mark.parametrize(("maps", "said"), BAD)
def test_maps_that_do_not_fit_are_refused(maps: tuple[Any, ...], said: str) -> None:
    result = run(Collage((IMAGE, OTHER)), seed=3, iterations=1)
    with pytest.raises(InputError, match=said):
        result.apply(*maps)
