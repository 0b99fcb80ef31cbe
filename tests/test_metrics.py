"""Figures of images against brute force, against other people's values, and against the laws they must obey."""

from __future__ import annotations

import doctest
import importlib
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchnn import Image, InputError, metrics, read_image, resize
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.numbering import Numbering
from patchnn.metrics import similarity
from samples import random_image

EXAMPLES = Path(__file__).parents[1] / "examples" / "images"

shapes = st.tuples(st.integers(14, 30), st.integers(14, 30))
seeds = st.integers(0, 99)


def eight_bits(image: Image) -> Image:
    return np.floor(image * 255 + np.float32(0.5)) / np.float32(255)


def windows(pixels: np.ndarray, patch: int) -> np.ndarray:
    """All patches of (H, W, C), (n, p*p*C)."""
    height, width = (side - patch + 1 for side in pixels.shape[:2])
    return np.array([pixels[y : y + patch, x : x + patch].ravel() for y in range(height) for x in range(width)], np.float64)


def brute_force(output: Image, source: Image, patch: int) -> np.ndarray:
    """Every patch's distance to the nearest, by a table of all."""
    halves = []
    for image in (output, source):
        half = resize(eight_bits(image) * 255, (image.shape[0] // 2, image.shape[1] // 2))
        halves.append(windows(np.floor(np.clip(half, 0, 255) + 0.5), patch))
    queries, keys = halves
    return np.array([((keys - query) ** 2).mean(1).min() for query in queries])


# Coherence and completeness.


@given(shapes, shapes, st.integers(2, 7), st.integers(1, 4), seeds)
def test_errors_are_those_of_brute_force(one: Any, other: Any, patch: int, channels: int, seed: int) -> None:
    output, source = random_image(one, channels, seed), random_image(other, 3, seed + 1)
    colours = output
    if channels in (2, 4):
        output[:, :, :-1] *= output[:, :, -1:]
        colours = output[:, :, :-1] + 1 - output[:, :, -1:]
    colours = np.broadcast_to(colours, (*one, 3))
    there, back = brute_force(colours, source, patch), brute_force(source, colours, patch)
    np.testing.assert_allclose(metrics.nearest_distances(output, source, patch=patch), there, rtol=1e-4, atol=0.02)
    assert metrics.coherence(output, source, patch=patch) == pytest.approx(there.mean(), rel=1e-4)
    assert metrics.completeness(output, source, patch=patch) == pytest.approx(back.mean(), rel=1e-4)


@given(shapes, seeds)
def test_an_image_has_no_error_against_itself(shape: Any, seed: int) -> None:
    image = random_image(shape, seed=seed)
    assert metrics.coherence(image, image) == pytest.approx(0, abs=0.02)
    assert metrics.completeness(image, image) == pytest.approx(0, abs=0.02)


def test_the_protocol_is_the_one_that_others_can_follow() -> None:
    import PIL.Image

    source = read_image(EXAMPLES / "coffee.jpg")[:120, :140]
    output = np.ascontiguousarray(source[:, ::-1])

    def half(image: Image) -> np.ndarray:
        small = PIL.Image.fromarray((image * 255 + 0.5).astype(np.uint8)).resize((70, 60), PIL.Image.Resampling.BICUBIC)
        return windows(np.asarray(small, np.float64), 7)

    queries, keys = half(output), half(source)
    table = np.array([((keys - query) ** 2).mean(1) for query in queries])
    assert metrics.coherence(output, source) == pytest.approx(table.min(1).mean(), rel=0.01)
    assert metrics.completeness(output, source) == pytest.approx(table.min(0).mean(), rel=0.01)


def test_what_is_left_out_shows_in_completeness_and_what_is_new_in_coherence() -> None:
    source = np.concatenate([random_image((40, 40), seed=1) * 0.2, random_image((40, 40), seed=2) * 0.2 + 0.8], axis=1)
    half = np.ascontiguousarray(source[:, :40])
    assert metrics.coherence(half, source) < 20
    assert metrics.completeness(half, source) > 1000
    assert metrics.coherence(source, half) > 1000


def test_memory_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    output, source = random_image((60, 70), seed=1), random_image((50, 80), seed=2)
    expected = metrics.nearest_distances(output, source)
    monkeypatch.setattr(similarity, "_MEMORY", 1)
    monkeypatch.setattr(similarity, "NumpyBackend", lambda: NumpyBackend(threads=3))
    np.testing.assert_array_equal(metrics.nearest_distances(output, source), expected)


def test_the_approximation_looks_at_evenly_spread_patches() -> None:
    output, source = read_image(EXAMPLES / "coffee.jpg")[:160, :200], read_image(EXAMPLES / "coffee.jpg")[160:260, :180]
    exact = metrics.nearest_distances(output, source, method="exact")
    assert len(exact) == 74 * 94
    np.testing.assert_array_equal(metrics.nearest_distances(output, source), exact)
    sample = metrics.nearest_distances(output, source, method="approximate")
    assert len(sample) == similarity.SAMPLE
    assert np.isin(sample, exact).all()
    assert sample.mean() == pytest.approx(exact.mean(), rel=0.03)
    numbering = Numbering.of_sources([(306, 506)], 7)
    index = similarity._evenly(numbering, 2048)
    assert len(np.unique(index)) == 2048
    rows, columns = numbering.unravel(index)
    counts = np.histogram2d(rows, columns, bins=(6, 10), range=((0, 300), (0, 500)))[0]
    assert np.abs(counts - 2048 / 60).max() < 6


def test_auto_passes_from_exact_to_approximate(monkeypatch: pytest.MonkeyPatch) -> None:
    output, source = random_image((150, 150), seed=1), random_image((60, 60), seed=2)
    count, keys = 69 * 69, 24 * 24
    for pairs, looked_at in ((count * keys, count), (3000 * keys, 3000), (1, similarity.SAMPLE)):
        monkeypatch.setattr(similarity, "AUTO_PAIRS", pairs)
        assert len(metrics.nearest_distances(output, source)) == looked_at
    assert len(metrics.nearest_distances(output, source, method="exact")) == count


def test_no_array_of_all_pairs_is_made() -> None:
    image = random_image((400, 400))
    tracemalloc.start()
    try:
        metrics.nearest_distances(image, image, method="approximate")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2048 * 194**2 * 4 / 4


SMALL, FINE = random_image((13, 20)), random_image((20, 20))
WRONG = {
    "output is 20×13": lambda: metrics.coherence(SMALL, FINE),
    "source is 20×13": lambda: metrics.coherence(FINE, SMALL),
    "each side must be 14": lambda: metrics.completeness(SMALL, FINE),
    "output is 20×13: ": lambda: metrics.completeness(SMALL, FINE),
    "method is 'best': it must be auto, exact or approximate": lambda: metrics.coherence(FINE, FINE, method="best"),
    "patch is 1": lambda: metrics.coherence(FINE, FINE, patch=1),
    "5 channels": lambda: metrics.coherence(random_image((20, 20), 5), FINE),
    "source has the shape": lambda: metrics.copy_share(FINE, np.zeros(5)),
    "holds uint8 values": lambda: metrics.niqe(np.zeros((200, 200, 3), np.uint8)),
    "diversity needs two or more": lambda: metrics.diversity([FINE], FINE),
    "outputs are 20×20 and 20×13": lambda: metrics.diversity([FINE, SMALL], FINE),
    "the source has a single intensity": lambda: metrics.diversity([FINE, FINE], np.zeros((9, 9))),
    "the image is 95×300: NIQE needs two blocks of 96×96": lambda: metrics.niqe(random_image((300, 95))),
    "the image is 191×191: NIQE needs two": lambda: metrics.niqe(random_image((191, 191))),
    "the image is flat": lambda: metrics.niqe(np.full((200, 200), 0.5)),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_cannot_be_measured_is_said(message: str) -> None:
    with pytest.raises(InputError) as caught:
        WRONG[message]()
    assert message in str(caught.value)


# Diversity.


@given(st.integers(2, 5), seeds)
def test_diversity_is_singans(count: int, seed: int) -> None:
    outputs, source = (
        [eight_bits(random_image((12, 15), seed=seed + n)) for n in range(count)],
        eight_bits(random_image((9, 9), seed=seed)),
    )
    expected = np.std([output.mean(2, dtype=np.float64) for output in outputs], axis=0).mean()
    expected /= source.mean(2, dtype=np.float64).std()
    assert metrics.diversity((output for output in outputs), source) == pytest.approx(expected, rel=1e-5)


def test_equal_outputs_have_no_diversity() -> None:
    image = random_image((20, 30))
    assert metrics.diversity([image] * 3, image) == 0


# NIQE.


def drawn(shape: tuple[int, int]) -> Image:
    """Texture, a smooth slope, and a corner without anything."""
    slope = np.linspace(0.2, 0.8, shape[1], dtype=np.float32)[None, :, None]
    image = 0.5 * random_image(shape, seed=3) + 0.5 * slope
    image[: shape[0] // 3, : shape[1] // 3] = 0.25
    return image


# By BasicSR 1.4.2, calculate_niqe(image, crop_border=0), on the 8-bit colours in the order that it asks for.
NIQE = {
    "texture": (lambda: random_image((200, 300)), 11.34264),
    "drawn": (lambda: drawn((300, 400)), 9.58082),
    "grey": (lambda: random_image((192, 96), 1), 14.03524),
    "coffee": (lambda: read_image(EXAMPLES / "coffee.jpg"), 3.95075),
    "galaxies": (lambda: read_image(EXAMPLES / "galaxies.jpg"), 10.31086),
    "rocket": (lambda: read_image(EXAMPLES / "rocket.jpg"), 6.96915),
}


@pytest.mark.parametrize("name", NIQE)
def test_niqe_is_that_of_others(name: str) -> None:
    image, expected = NIQE[name]
    assert metrics.niqe(image()) == pytest.approx(expected, abs=0.05)


def test_niqe_of_grey_is_that_of_equal_colours() -> None:
    grey = random_image((200, 210), 1)
    assert metrics.niqe(grey) == metrics.niqe(grey.repeat(3, axis=2))


def test_only_whole_blocks_count() -> None:
    image = random_image((200, 210))
    assert metrics.niqe(image) == metrics.niqe(image[:192, :192])


def test_noise_looks_less_natural_than_a_photograph() -> None:
    photograph = read_image(EXAMPLES / "coffee.jpg")
    noise = np.random.default_rng(0).normal(0, 0.15, photograph.shape).astype(np.float32)
    assert metrics.niqe(np.clip(photograph + noise, 0, 1)) > metrics.niqe(photograph) + 2


# All of one pair.


def test_a_score_is_all_figures_of_a_pair() -> None:
    output, source = random_image((100, 200), seed=1), random_image((90, 90))
    got = metrics.score(output, source)
    assert (got.coherence, got.completeness) == (metrics.coherence(output, source), metrics.completeness(output, source))
    assert (got.copy_share, got.largest_copy, got.telling) == (0, 0, 1)
    assert got.niqe == metrics.niqe(output)
    rolled = np.roll(output, (50, 100), (0, 1))
    copies, scored = metrics.copied_blocks(rolled, output), metrics.score(rolled, output)
    assert 0 < copies.largest < copies.share
    assert (scored.copy_share, scored.largest_copy, scored.telling) == (copies.share, copies.largest, copies.telling)
    assert (got.sifid, got.missing) == (None, {})
    assert got.to_json().keys() >= {"coherence", "completeness", "copy_share", "largest_copy", "niqe"}


def test_an_image_too_small_for_niqe_has_a_score() -> None:
    got = metrics.score(random_image((80, 80)), random_image((80, 80)))
    assert got.niqe is None
    assert "NIQE needs two blocks" in got.missing["niqe"]
    assert got.copy_share == 1


@pytest.mark.parametrize("name", ["copying", "naturalness", "scores", "similarity", "variation"])
def test_the_examples_of_the_docstrings_run(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"patchnn.metrics.{name}"))
    assert failed == 0
    assert tried > 0
