"""Random images, and plans made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from patchnn.engine.arrays import Image, Mask, Shape
from patchnn.engine.plan import Plan, Source
from patchnn.engine.search import Policy

GLARING = 9.0
"""The colour of pixels that must not be used: no image has it, and a trace of it shows."""

SEARCHES: dict[str, str | Policy] = {"exact": "exact", "mixed": Policy(150**2), "patchmatch": Policy(0)}
"""Searches for images that are too small for PatchMatch as it ships: exact, both in turn, PatchMatch at every level."""


def random_image(shape: Shape, channels: int = 3, seed: int = 0) -> Image:
    """Blurred noise in [0, 1]: near matches everywhere, no two patches alike, and no seam where its ends meet."""
    pixels = np.random.default_rng(seed).random((*shape, channels), np.float32)
    for axis in (0, 1):
        pixels = (np.roll(pixels, 1, axis) + 2 * pixels + np.roll(pixels, -1, axis)) / 4
    low, high = pixels.min(), pixels.max()
    return (pixels - low) / ((high - low) or 1)


def hole(shape: Shape, rows: slice, columns: slice) -> Mask:
    """True everywhere but in one rectangle."""
    mask = np.ones(shape, np.bool_)
    mask[rows, columns] = False
    return mask


def glaring(image: Image, usable: Mask) -> Source:
    """A source whose unusable pixels have a colour that must never be seen."""
    return Source(np.where(usable[:, :, None], image, np.float32(GLARING)), usable)


def matching(guess: Image, *sources: Image | Source, **options: Any) -> Plan:
    """A plan of one level and one step: its field is the guess's nearest neighbours, by the images as they are."""
    return Plan([s if isinstance(s, Source) else Source(s) for s in sources], guess, coarsest=max(guess.shape), **options)


EXAMPLES: dict[str, Plan] = {
    "plain": Plan([Source(random_image((24, 30)))], random_image((22, 27), seed=1), noise=0.3, iterations=3),
    "alpha": Plan([Source(random_image((26, 23)))], random_image((21, 25), seed=1), alpha=0.01, patch=5, iterations=3),
    "grey": Plan(
        [Source(random_image((30, 20), 1))],
        random_image((24, 24), 1, seed=1),
        patch=4,
        ratio=1.5,
        alpha=0.5,
        iterations=2,
        coarsest_iterations=3,
    ),
    "four channels": Plan(
        [Source(random_image((20, 26), 4))], random_image((20, 20), 4, seed=1), patch=3, coarsest=6, iterations=2
    ),
    "keep": Plan(
        [Source(random_image((26, 26)))],
        random_image((26, 26), seed=1),
        keep=hole((26, 26), slice(9, 16), slice(8, 18)),
        alpha=0.05,
        patch=5,
        coarsest=8,
        iterations=3,
    ),
    "wrap": Plan(
        [Source(random_image((25, 22)))],
        random_image((20, 24), seed=1),
        wrap=(True, True),
        alpha=0.1,
        patch=5,
        coarsest=8,
        iterations=3,
    ),
    "sources": Plan(
        # The second is smaller than a patch at the coarser levels.
        [Source(random_image((24, 18))), Source(random_image((8, 12), seed=1)), Source(random_image((16, 27), seed=2))],
        random_image((22, 22), seed=3),
        alpha=0.02,
        patch=5,
        coarsest=8,
        iterations=3,
    ),
    "rounds": Plan(
        [Source(random_image((24, 24)))],
        random_image((24, 24), seed=1),
        rounds=[(24, 20), (24, 16)],
        patch=5,
        alpha=0.005,
        iterations=2,
    ),
    "completeness": Plan(
        [Source(random_image((26, 28)))],
        random_image((24, 27), seed=1),
        rounds=[(24, 27), (24, 24)],
        completeness=2.0,
        completeness_levels=3,
        patch=5,
        coarsest=8,
        iterations=3,
    ),
    "claims": Plan(
        [Source(random_image((28, 30)))],
        random_image((28, 30), seed=1),
        rounds=[(28, 26), (28, 22)],
        claims=2,
        climb=1,
        patch=5,
        coarsest=7,
        iterations=3,
    ),
    "masks": Plan(
        [glaring(random_image((28, 24)), hole((28, 24), slice(4, 9), slice(8, 14))), Source(random_image((17, 20), seed=2))],
        random_image((24, 21), seed=3),
        alpha=0.2,
        patch=5,
        coarsest=9,
        iterations=3,
    ),
}
"""Plans that between them use everything a plan can ask for."""


@st.composite
def plans(draw: st.DrawFn, **fixed: Any) -> Plan:
    """Small plans of every kind; `fixed` sets fields that are not drawn."""
    patch = fixed.get("patch") or draw(st.integers(2, 9), label="patch")
    channels = draw(st.integers(1, 4), label="channels")
    shapes = st.tuples(st.integers(patch, 26), st.integers(patch, 26))
    seeds = st.integers(0, 99)

    def source(first: bool) -> Source:
        shape = draw(shapes)
        image = random_image(shape, channels, draw(seeds))
        top, left = draw(st.integers(0, shape[0])), draw(st.integers(0, shape[1]))
        usable = hole(shape, slice(top, top + draw(st.integers(0, 6))), slice(left, left + 5))
        # The first source always has a patch to offer.
        return Source(image) if first else glaring(image, usable)

    sources = [source(first=n == 0) for n in range(draw(st.integers(1, 3), label="sources"))]
    shape = draw(shapes, label="guess")
    options: dict[str, Any] = {
        "sources": sources,
        "guess": random_image(shape, channels, draw(seeds)),
        "patch": patch,
        "alpha": draw(st.sampled_from([math.inf, 1.0, 0.01]), label="alpha"),
        "claims": draw(st.integers(0, 2), label="claims"),
        "climb": draw(st.none() | st.integers(0, 1), label="climb"),
        "noise": draw(st.sampled_from([0.0, 0.4]), label="noise"),
        "wrap": draw(st.tuples(st.booleans(), st.booleans()), label="wrap"),
        "ratio": draw(st.sampled_from([4 / 3, 1.5, 2]), label="ratio"),
        "coarsest": draw(st.integers(2, 15), label="coarsest"),
        "iterations": draw(st.integers(1, 3), label="iterations"),
        "coarsest_iterations": draw(st.integers(1, 2), label="coarsest iterations"),
    }
    if draw(st.booleans(), label="keep"):
        size = draw(st.integers(1, 9))
        options["keep"] = hole(shape, slice(shape[0] // 3, shape[0] // 3 + size), slice(shape[1] // 3, shape[1] // 3 + size))
    elif draw(st.booleans(), label="two rounds"):
        options["rounds"] = [draw(shapes), draw(shapes)]
    return Plan(**options | fixed)
