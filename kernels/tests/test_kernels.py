"""Each kernel gives what the array code of patchnn/engine/kernels.py gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchnn import Plan, Source, synthesize
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.kernels import ANYWHERE, FEATURE, NEVER
from patchnn.engine.numbering import Numbering
from patchnn.engine.patches import Patches
from patchnn.engine.search import Policy
from patchnn.engine.vote import Vote
from patchnn.testing import tiny_image
from patchnn_kernels import KernelsBackend
from patchnn_kernels.backend import CHANNELS, COMPONENTS

NUMPY = NumpyBackend(threads=1)

shapes = st.tuples(st.integers(7, 70), st.integers(7, 40))
sides = st.integers(2, 7)
wraps = st.tuples(st.booleans(), st.booleans())
channel_counts = st.integers(1, 4)
seeds = st.integers(0, 999)
lengths = st.sampled_from([COMPONENTS, 3, 8, 27, 147])


@given(shape=shapes, patch=sides, channels=channel_counts, seed=seeds)
def test_project(backend: KernelsBackend, shape: tuple[int, int], patch: int, channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches = Patches(backend, rng.standard_normal((*shape, channels), np.float32), patch)
    numbers = np.flatnonzero(Numbering.of_sources([shape], patch).positions())
    index = rng.permutation(numbers)[: rng.integers(len(numbers)) + 1]
    basis = rng.standard_normal((patches.length, COMPONENTS), np.float32)
    found, expected = (np.zeros((shape[0] * shape[1], COMPONENTS), np.float32) for _ in range(2))
    backend.project(patches, index, basis, found, index)
    NUMPY.project(patches, index, basis, expected, index)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    # Some of the whole numbers are beyond what there is room for.
    counts, expected_counts = (np.zeros(found.shape, FEATURE) for _ in range(2))
    wide = basis * np.float32(10_000)
    backend.project(patches, index, wide, counts, index)
    NUMPY.project(patches, index, wide, expected_counts, index)
    assert np.abs(counts.astype(int) - expected_counts).max() <= 1
    assert (counts > NEVER).all()
    in_order = np.zeros((len(index), COMPONENTS), np.float32)
    backend.project(patches, index, basis, in_order, None)
    np.testing.assert_array_equal(in_order, found[index])
    # A patch's features do not depend on those it is projected with.
    alone = np.zeros((1, COMPONENTS), np.float32)
    for number in index[:5]:
        backend.project(patches, np.array([number]), basis, alone, None)
        np.testing.assert_array_equal(alone[0], found[number])


def whole(rng: np.random.Generator, *shape: int, most: int = 9) -> np.ndarray:
    """Small whole numbers: sums of their products are exact in any order, so that results must agree to the bit."""
    return rng.integers(0, most, shape).astype(np.float32)


def features(rng: np.random.Generator, *shape: int, most: int = 9) -> np.ndarray:
    return whole(rng, *shape, most=most).astype(FEATURE)


@given(length=lengths, weighed=st.sampled_from(["neither", "here", "there"]), in_order=st.booleans(), seed=seeds)
def test_measure(backend: KernelsBackend, length: int, weighed: str, in_order: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = 31 if in_order else 50
    mine, keys = features(rng, count, length), features(rng, 70, length)
    keys[rng.random(70) < 0.1] = NEVER
    weights = {"neither": (None, None), "here": (whole(rng, count, length), None), "there": (None, whole(rng, 70, length))}[
        weighed
    ]
    index, field = rng.permutation(50)[:31], rng.integers(0, 70, 50).astype(np.int32)
    rows = None if in_order else rng.permutation(50)[:31]
    found, expected = np.full(50, -1, np.float32), np.full(50, -1, np.float32)
    backend.measure(index, mine, rows, keys, field, found, 0.25, *weights)
    NUMPY.measure(index, mine, rows, keys, field, expected, 0.25, *weights)
    np.testing.assert_array_equal(found, expected)


@given(
    length=lengths,
    weighed=st.sampled_from(["neither", "here", "there"]),
    scaled=st.booleans(),
    in_order=st.booleans(),
    steps=st.sampled_from([(), (1,), (4, 2, 1)]),
    radii=st.sampled_from([(), (4,), (ANYWHERE, ANYWHERE, 64, 16, 1, 0)]),
    seed=seeds,
)
def test_improve(
    backend: KernelsBackend,
    length: int,
    weighed: str,
    scaled: bool,
    in_order: bool,
    steps: tuple[int, ...],
    radii: tuple[int, ...],
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    here, there = (13, 17), (19, 11)
    numbers, key_numbers = here[0] * here[1], there[0] * there[1]
    keys = features(rng, key_numbers, length, most=3)
    allowed = np.flatnonzero(rng.random(key_numbers) < 0.7).astype(np.int32)
    keys[~np.isin(np.arange(key_numbers), allowed)] = NEVER
    before = rng.integers(0, key_numbers, numbers).astype(np.int32)
    # Where no patch begins, a field holds -1. No patch asked for is one of these, but their neighbours are.
    absent = rng.random(numbers) < 0.1
    before[absent] = -1
    index = rng.permutation(np.flatnonzero(~absent))[: rng.integers(1, numbers - absent.sum())]
    rows = None if in_order else index
    # Few different values, so that equal distances are common.
    mine = features(rng, len(index) if in_order else numbers, length, most=3)
    weights = {"neither": (None, None), "here": (whole(rng, *mine.shape), None)}.get(weighed, (None, whole(rng, *keys.shape)))
    distance = np.zeros(numbers, np.float32)
    NUMPY.measure(index, mine, rows, keys, before, distance, 0.25, *weights)
    scale = (1 / (1 + rng.random(key_numbers))).astype(np.float32) if scaled else None
    states = []
    for backend_ in backend, NUMPY:
        state = before.copy(), distance.copy(), np.zeros(numbers, np.bool_)
        arrays = index, mine, rows, keys, allowed, before, *state
        backend_.improve(*arrays, ((here[1], 1), (there[1], 1)), steps, radii, scale, 12345678901234, 0.25, *weights)
        states.append(state)
    for found, expected in zip(*states, strict=True):
        np.testing.assert_array_equal(found, expected)


@given(
    shape=shapes,
    patch=sides,
    wrap=wraps,
    channels=st.sampled_from([1, 2, 3, 4, 5, CHANNELS, CHANNELS + 1]),
    kept=st.booleans(),
    trusted=st.booleans(),
    share=st.sampled_from([0.0, 0.02, 0.5, 1.0]),
    seed=seeds,
)
def test_fold(
    backend: KernelsBackend,
    shape: tuple[int, int],
    patch: int,
    wrap: tuple[bool, bool],
    channels: int,
    kept: bool,
    trusted: bool,
    share: float,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    source = (23, 15)
    values = rng.random((*source, channels), np.float32)
    numberings = Numbering.of_sources([source], patch), Numbering.of_output(shape, patch, wrap)
    grid = numberings[1].grids[0]
    options: dict[str, Any] = {}
    if kept:
        options = {"pinned": rng.random((*shape, channels), np.float32), "free": rng.random(shape) < 0.6}
    if trusted:
        options["confidence"] = (rng.uniform(0.1, 1, numberings[1].shape) * numberings[1].positions()).astype(np.float32)
    votes = [Vote(one, values, *numberings, wrap, **options) for one in (backend, NUMPY)]
    # A coherent field, torn in places.
    rows, columns = np.indices(grid)
    field = np.minimum(rows, source[0] - patch) * source[1] + np.minimum(columns, source[1] - patch)
    for sigma in (1.7, 1.7, 0.4, 0.4):
        other = rng.integers(0, source[0] - patch + 1, grid) * source[1] + rng.integers(0, source[1] - patch + 1, grid)
        field = np.where(rng.random(grid) < share, other, field)
        found, expected = (vote(field, sigma) for vote in votes)
        np.testing.assert_array_equal(found, expected)


@given(shape=shapes, channels=channel_counts, part=st.booleans(), seed=seeds)
def test_changed(backend: KernelsBackend, shape: tuple[int, int], channels: int, part: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    new, seen = rng.random((2, *shape, channels), np.float32)
    new = np.where(rng.random(new.shape) < 0.6, seen + np.float32(1e-3) * rng.standard_normal(new.shape, np.float32), new)
    window = (slice(2, 6), slice(1, 7)) if part else (slice(None), slice(None))
    ours, theirs = seen.copy(), seen.copy()
    found = backend.changed(new[window], ours[window], 1 / 1024)
    expected = NUMPY.changed(new[window], theirs[window], 1 / 1024)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(ours, theirs)


@given(shape=st.tuples(st.integers(1, 30), st.integers(1, 40)), channels=channel_counts, plain=st.booleans(), seed=seeds)
def test_seams(backend: KernelsBackend, shape: tuple[int, int], channels: int, plain: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    planes, costs = rng.random((channels, *shape), np.float32), rng.random(shape, np.float32)
    if plain:
        # Many seams cost the same.
        planes, costs = (planes > 0.8).astype(np.float32), (costs > 0.5).astype(np.float32)
    count = int(rng.integers(shape[1] + 1))
    for found, expected in zip(backend.seams(planes, costs, count), NUMPY.seams(planes, costs, count), strict=True):
        np.testing.assert_array_equal(found, expected)


IMAGE, OTHER = tiny_image((44, 52), seed=1), tiny_image((39, 47), seed=2)
KEEP = np.ones((44, 52), np.bool_)
KEEP[14:27, 20:36] = False
PLANS = {
    "generate": Plan([Source(IMAGE)], IMAGE, noise=0.75, iterations=4),
    "guide, completeness": Plan(
        [Source(IMAGE, guide=IMAGE[:, :, :1].copy())], OTHER, guide=OTHER[:, :, :1].copy(), alpha=0.005, iterations=3
    ),
    "completeness": Plan([Source(IMAGE)], OTHER, alpha=0.005, iterations=4),
    "hole": Plan([Source(IMAGE, KEEP)], IMAGE, keep=KEEP, iterations=4),
    "several sources, wrapped": Plan([Source(IMAGE), Source(OTHER)], OTHER, wrap=(True, True), patch=5, iterations=3),
    "grey": Plan([Source(IMAGE[:, :, :1].copy())], OTHER[:, :, :1].copy(), alpha=0.1, patch=4, iterations=3),
    "claims": Plan([Source(IMAGE)], IMAGE, rounds=[(44, 40), (44, 30)], claims=2, iterations=3),
    "guide": Plan([Source(IMAGE, guide=IMAGE[:, :, :2].copy())], OTHER, guide=OTHER[:, :, :2].copy(), iterations=3),
    "pixel weights": Plan([Source(IMAGE)], OTHER, pixel_weights=np.linspace(0, 1, 39)[:, None] * np.ones(47), iterations=3),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gives_the_bytes_that_numpy_gives(backend: KernelsBackend, name: str) -> None:
    found, expected = (synthesize(PLANS[name], seed=3, search=Policy(0), backend=one) for one in (backend, NUMPY))
    np.testing.assert_array_equal(found.image, expected.image)
    np.testing.assert_array_equal(found.field.position, expected.field.position)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_and_chunks_do_not_change_a_result(threads: int) -> None:
    cut = KernelsBackend(threads)
    cut.chunk = 37
    plan = replace(PLANS["generate"], alpha=0.005)
    found, expected = (synthesize(plan, seed=3, search=Policy(0), backend=one) for one in (cut, KernelsBackend(2)))
    np.testing.assert_array_equal(found.image, expected.image)
