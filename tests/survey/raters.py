"""A small survey, and raters who answer it as they are told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np

from patchnn import write_image
from patchnn.registry import GROUP, Registry
from patchnn.survey.answers import Answer, parse_answer
from patchnn.survey.design import CHECK, REAL, Survey
from patchnn.survey.making import Material, Wanted, make_survey
from samples import random_image

ONLY_GENERATE = Registry([EntryPoint("generate", "patchnn_tasks.generate:Generate", GROUP)])
MAKE = "survey real --ours ours --against theirs"
METHODS = ("ours", "theirs")
NAMES = ("meadow", "sky", "wall", "pond")

PLAIN = {"repeat": False, "ms": 900, "shown": 1000.0, "looks": 1}
"""What answers have in common where nothing else is said."""

Judge = Callable[[Sequence[str], np.random.Generator], int]
"""Chooses one of the images by what they are, or for a single image 0 for real and 1 for generated."""


def make_folders(folder: Path, shape: tuple[int, int] = (30, 40)) -> None:
    """Write images to real/, and results for them to ours/ and theirs/."""
    for number, part in enumerate(("real", *METHODS)):
        (folder / part).mkdir()
        for seed, name in enumerate(NAMES):
            write_image(folder / part / f"{name}.png", random_image(shape, seed=10 * number + seed))


def small_survey(folder: Path, **facts: Any) -> Survey:
    """Return a survey of the images in real/, ours/ and theirs/, which are made."""
    make_folders(folder)
    results = {name: {method: [str(folder / method / f"{name}.png")] for method in METHODS} for name in NAMES}
    materials = [Material(name, str(folder / "real" / f"{name}.png"), results[name]) for name in NAMES]
    wanted = {"setups": ["paired", "unpaired", "competition"], "seconds": [1.0], **facts}
    return make_survey(materials, METHODS, Wanted(**wanted))[0]


def guess(methods: Sequence[str], random: np.random.Generator) -> int:
    """Know nothing."""
    return int(random.integers(2))


def know(methods: Sequence[str], random: np.random.Generator) -> int:
    """Recognise the real image, and find the first method better than the others."""
    if len(methods) == 1:
        return int(methods[0] != REAL)
    return methods.index(REAL) if REAL in methods else methods.index(METHODS[0])


def prefer_first(methods: Sequence[str], random: np.random.Generator) -> int:
    """Choose the first image, or call it real, nine times of ten, whatever it is."""
    return int(random.random() > 0.9)


def err(share: float) -> Judge:
    """Recognise what there is to recognise, but for a share of the questions."""
    return lambda methods, random: know(methods, random) ^ int(random.random() < share)


def lines(survey: Survey, page: str, rater: str, judge: Judge, random: np.random.Generator, **facts: Any) -> list[bytes]:
    """Return the answers of a rater as the page writes them. Checks are answered rightly unless `check` judges them.

    facts: values of every answer; check: a judge.
    """
    check = facts.pop("check", know)
    found = []
    for number, (key, item) in enumerate(survey.pages[page].items.items()):
        images = random.permutation(item.sets[random.integers(len(item.sets))]).tolist()
        methods = [survey.shown[one].method for one in images]
        right = [REAL if method != "scrambled" else method for method in methods]
        choice = check(right, random) if item.kind == CHECK else judge(methods, random)
        said = images[choice] if len(images) > 1 else ("real", "generated")[choice]
        place = {"survey": survey.id, "page": page, "rater": rater, "number": number, "question": key}
        answer = {**PLAIN, **place, "images": images, "choice": said, **facts}
        found.append(json.dumps(answer).encode())
    return found


def answers(survey: Survey, page: str, judge: Judge, raters: int = 200, seed: int = 0, **facts: Any) -> list[Answer]:
    """Return the answers of many raters."""
    random = np.random.default_rng(seed)
    every = (lines(survey, page, f"rater{number}", judge, random, **facts) for number in range(raters))
    return [parse_answer(line, survey) for own in every for line in own]
