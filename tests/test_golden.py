"""Golden images: fixed plans and tasks, fixed seeds, and the bytes that must come out.

How to read a failure. The same seed no longer gives the same image. If you meant to change results, say why in the commit that
updates the hash, and look at the images first. If you did not mean to, the change is a bug: find it. Never update a hash to
get a green run.

A hash covers the image rounded to 1/255 and the source position of every patch, so it changes when any patch moves.
`python tests/test_golden.py` prints all hashes, with `auto` only those of that search.
"""

from __future__ import annotations

import hashlib
import sys

import numpy as np
import pytest

from patchnn import Plan, Source, Starts, Synthesis, synthesize
from patchnn.testing import tiny_image
from samples import EXAMPLES, hole, random_image

IMAGE, OTHER = tiny_image((60, 72), seed=1), tiny_image((52, 64), seed=2)
HOLE = hole((60, 72), slice(22, 36), slice(30, 48))

PLANS: dict[str, Plan] = {
    **{f"example: {name}": plan for name, plan in EXAMPLES.items()},
    "generate": Plan([Source(IMAGE)], IMAGE, noise=0.75, coarsest_iterations=2),
    "generate, opacity": Plan([Source(random_image((48, 56), 4))], random_image((48, 56), 4), noise=0.75, coarsest_iterations=2),
    "variation": Plan(
        [Source(IMAGE), Source(OTHER)], IMAGE, rounds=[(66, 96)], starts=Starts(), noise=0.1, coarsest=30, coarsest_iterations=2
    ),
    "retarget": Plan(
        [Source(IMAGE)],
        IMAGE,
        rounds=[(60, 65), (60, 58), (60, 50)],
        climb=0,
        claims=3,
        ratio=1.25,
        coarsest=28,
        coarsest_iterations=3,
    ),
    "analogy": Plan([Source(IMAGE)], OTHER, rounds=[(52, 64)] * 2, alpha=0.005, coarsest=16.5, iterations=3),
    "inpaint": Plan(
        [Source(IMAGE, HOLE)], np.where(HOLE[:, :, None], IMAGE, 0.5), keep=HOLE, coarsest=22, coarsest_iterations=10
    ),
    "collage": Plan([Source(IMAGE), Source(OTHER)], np.hstack([IMAGE[:52], OTHER]), alpha=0.005, coarsest=12.3, iterations=3),
    "edit": Plan([Source(IMAGE)], np.roll(IMAGE, 9, 1), keep=HOLE, coarsest=20, coarsest_iterations=10),
    "tile": Plan([Source(IMAGE)], IMAGE, wrap=(True, True), alpha=0.005, coarsest=28, coarsest_iterations=10, iterations=3),
}

HASHES: dict[tuple[str, str], str] = {
    ("example: plain", "exact"): "f2b696d1f0907d48",
    ("example: plain", "auto"): "f2b696d1f0907d48",
    ("example: plain", "patchmatch"): "f2b696d1f0907d48",
    ("example: alpha", "exact"): "196543aa085a11ae",
    ("example: alpha", "auto"): "196543aa085a11ae",
    ("example: alpha", "patchmatch"): "196543aa085a11ae",
    ("example: grey", "exact"): "c71f2085d03a91d2",
    ("example: grey", "auto"): "c71f2085d03a91d2",
    ("example: grey", "patchmatch"): "c9a6bfd4317beb3b",
    ("example: four channels", "exact"): "fa33664738563303",
    ("example: four channels", "auto"): "fa33664738563303",
    ("example: four channels", "patchmatch"): "fa33664738563303",
    ("example: keep", "exact"): "f0f845b41f0db681",
    ("example: keep", "auto"): "f0f845b41f0db681",
    ("example: keep", "patchmatch"): "f0f845b41f0db681",
    ("example: wrap", "exact"): "ae4ce6d85b8f3cfc",
    ("example: wrap", "auto"): "ae4ce6d85b8f3cfc",
    ("example: wrap", "patchmatch"): "fbe6e8dc8100031a",
    ("example: sources", "exact"): "12f17600a1e0fc1a",
    ("example: sources", "auto"): "12f17600a1e0fc1a",
    ("example: sources", "patchmatch"): "64ec6ce6206bdb58",
    ("example: rounds", "exact"): "4a1ce87b9e3be85b",
    ("example: rounds", "auto"): "4a1ce87b9e3be85b",
    ("example: rounds", "patchmatch"): "4a1ce87b9e3be85b",
    ("example: completeness", "exact"): "349ac44e92351527",
    ("example: completeness", "auto"): "349ac44e92351527",
    ("example: completeness", "patchmatch"): "441c8644fd2c8d66",
    ("example: claims", "exact"): "0524df1de39a294f",
    ("example: claims", "auto"): "0524df1de39a294f",
    ("example: claims", "patchmatch"): "80d270414a181e6b",
    ("example: masks", "exact"): "867a51a661e9b298",
    ("example: masks", "auto"): "867a51a661e9b298",
    ("example: masks", "patchmatch"): "981e5d13d5d12306",
    ("generate", "exact"): "b75ab2396ec0c9ca",
    ("generate", "auto"): "30615c7786dd9a1d",
    ("generate", "patchmatch"): "9bc2dbe8b821ef13",
    ("generate, opacity", "exact"): "748397dacb1dfbf3",
    ("generate, opacity", "auto"): "d1867990d9c035b9",
    ("generate, opacity", "patchmatch"): "7c2f97ae15a38c39",
    ("variation", "exact"): "c1ea6a53d8cc7710",
    ("variation", "auto"): "776b3c1b4f551810",
    ("variation", "patchmatch"): "2db61e5d2153d42c",
    ("retarget", "exact"): "041a5d07dd8a995a",
    ("retarget", "auto"): "28a3c8fb973ceb56",
    ("retarget", "patchmatch"): "b433c8661b09eaf6",
    ("analogy", "exact"): "219184967af40934",
    ("analogy", "auto"): "d31492ea1a6cd589",
    ("analogy", "patchmatch"): "a5d43ea2ff2bce4e",
    ("inpaint", "exact"): "212bfeb2612e0afd",
    ("inpaint", "auto"): "ef399cd68cd63c43",
    ("inpaint", "patchmatch"): "0420a4c575ef60c8",
    ("collage", "exact"): "b751d9cbfd4504a6",
    ("collage", "auto"): "72829c0d31eaa883",
    ("collage", "patchmatch"): "b5eb1498d6362ab4",
    ("edit", "exact"): "cbeb3721a89fa00a",
    ("edit", "auto"): "d9c2334591d24c26",
    ("edit", "patchmatch"): "fa4e8914b52ef1d4",
    ("tile", "exact"): "a19973be9086e977",
    ("tile", "auto"): "0160bba9cdb01a86",
    ("tile", "patchmatch"): "1d34d4aef98f39c1",
}


def digest(result: Synthesis) -> str:
    """Return a short hash of the image, in 8 bits, and of where its patches come from."""
    pixels = np.rint(np.clip(result.image, 0, 1) * 255).astype(np.uint8)
    parts = (pixels, result.field.source, result.field.row, result.field.col)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:16]


@pytest.mark.parametrize("search", ["exact", "auto", "patchmatch"])
@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gives_the_same_bytes_as_ever(name: str, search: str) -> None:
    assert digest(synthesize(PLANS[name], seed=7, search=search, backend="numpy")) == HASHES[name, search]


if __name__ == "__main__":
    for name, plan in PLANS.items():
        for search in sys.argv[1:] or ("exact", "auto", "patchmatch"):
            print(f'    ("{name}", "{search}"): "{digest(synthesize(plan, seed=7, search=search, backend="numpy"))}",')
