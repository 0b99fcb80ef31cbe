"""Maps: the patches of a result taken from other images of its sources' sizes (normals, heights, depths)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from patchnn.engine.arrays import Image, as_image
from patchnn.engine.atlas import Atlas, Field
from patchnn.engine.backend import Backend
from patchnn.engine.plan import Plan
from patchnn.engine.search import Level
from patchnn.engine.sources import filled
from patchnn.engine.step import find_step
from patchnn.engine.windows import View
from patchnn.errors import InputError

__all__ = ["apply_field", "check_maps"]


def check_maps(plan: Plan, maps: Sequence[Any]) -> list[Image]:
    """Return the maps of a plan's sources as images; raises InputError unless there is one of its size for each."""
    if len(maps) != len(plan.sources):
        raise InputError(f"{len(plan.sources)} sources need a map each, in their order: {len(maps)} given")
    images = [as_image(image, "a map") for image in maps]
    for image, source in zip(images, plan.sources, strict=True):
        if image.shape[:2] != source.image.shape[:2]:
            sizes = [f"{width}×{height}" for height, width in (image.shape[:2], source.image.shape[:2])]
            raise InputError(f"a map has its source's size: it is {sizes[0]}, the source {sizes[1]}")
        if image.shape[2] != images[0].shape[2]:
            raise InputError("maps of several sources need one number of channels")
    if plan.keep is not None and plan.origin is None and images[0].shape[:2] != plan.guess.shape[:2]:
        raise InputError("a map cannot stand in for kept pixels of an image that is not the first source's size")
    return images


def apply_field(plan: Plan, field: Field, maps: Sequence[Any], backend: Backend) -> Image:
    """Return the vote of the patches that `field` names, copied from `maps` instead of the plan's sources.

    maps: (H, W, C), one for every source and of its size, all with C channels. Returns (h, w, C) float32: for the sources
    themselves the very image that `field` belongs to. Pixels that the plan keeps are those at their origin, of the first
    map where the plan says none.
    Raises InputError as check_maps does.
    """
    images = check_maps(plan, maps)
    pinned = None if plan.keep is None else images[0]
    if plan.origin is not None:
        number, place = plan.located()
        pinned = np.empty((*number.shape, images[0].shape[2]), np.float32)
        for n, image in enumerate(images):
            here = number == n
            pinned[here] = image[tuple(place[here].T)]
    if pinned is None or plan.windows is None:
        return _voted(plan, field, images, pinned, backend)
    whole = pinned.copy()
    for window in plan.windows:
        view = View(plan, window)
        whole[window] = _voted(view.plan, view.take(field), view.cut(images), pinned[window], backend)
    return whole


def _voted(plan: Plan, field: Field, images: Sequence[Image], pinned: Image | None, backend: Backend) -> Image:
    """Return what the patches that `field` names vote for; pixels that the plan keeps are those of `pinned`."""
    # Filled as the sources are: a vote keeps to the range of all values.
    values = [filled(image, source.usable) for image, source in zip(images, plan.sources, strict=True)]
    atlas = Atlas(backend, [backend.to_device(image) for image in values], None, [None] * len(values), plan.patch)
    shape = tuple(plan.rounds or ())[-1]
    finest = plan.iterations if plan.levels_above(shape) else plan.coarsest_iterations
    level = Level(
        backend,
        atlas,
        shape,
        wrap=plan.wrap,
        iterations=finest,
        pinned=None if pinned is None else backend.to_device(pinned),
        keep=plan.keep,
    )
    with backend.session():
        vote = find_step(plan.step).vote(level)
        result: Image = backend.to_host(vote(atlas.numbers(field), finest - 1))
    return result
