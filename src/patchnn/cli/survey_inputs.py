"""What a survey is made from: the images and results of folders, and options within their ranges."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from patchnn.cli.inputs import IMAGE_SUFFIXES
from patchnn.cli.printing import say
from patchnn.cli.results import name_methods
from patchnn.errors import InputError
from patchnn.evaluate.study import REFERENCE, by_number

if TYPE_CHECKING:
    from patchnn.survey.making import Material

__all__ = ["check_numbers", "choose_setups", "find_materials", "time_limit"]

OURS = "ours"
"""The name of the method whose results --ours holds."""


def find_materials(folder: Path, ours: Path | None, against: Sequence[Path]) -> tuple[list[Material], list[str]]:
    """Return the images with the results of each method, and the methods, ours first."""
    from patchnn.survey.making import Material

    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: give the folder of the real images, or a report of patchnn evaluate")
    if ours is None and (folder / "report.json").exists():
        return _evaluated(folder, against)
    images = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()]
    if not images:
        raise InputError(f"{folder} holds no images")
    if ours is None:
        raise InputError("--ours is missing: give the folder of the results, with the names of the images")
    images.sort(key=by_number)
    names = [path.stem for path in images]
    finders = {**name_methods("--ours", [ours], set(), names, OURS), **name_methods("--against", against, {OURS}, names)}
    found = [Material(p.stem, str(p), {m: files for m, find in finders.items() if (files := find(p.stem))}) for p in images]
    return _usable(found), list(finders)


def _evaluated(folder: Path, against: Sequence[Path]) -> tuple[list[Material], list[str]]:
    """Return the images and results of a report of `patchnn evaluate`."""
    from patchnn.survey.making import Material

    path = folder / "report.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        task, images = str(found["task"]), [(str(one["name"]), str(one["file"]), one["methods"]) for one in found["images"]]
        results = [
            {str(m): [str(one["file"]) for one in facts["outputs"]] for m, facts in methods.items() if m != REFERENCE}
            for _, _, methods in images
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{path} is not a report of patchnn evaluate: give the results with --ours") from None
    methods = dict.fromkeys([task, *(method for own in results for method in own)])
    names = [name for name, _, _ in images]
    others = name_methods("--against", against, set(methods), names)
    materials = [
        Material(name, file, {**own, **{m: files for m, find in others.items() if (files := find(name))}})
        for (name, file, _), own in zip(images, results, strict=True)
    ]
    return _usable(materials), [*methods, *others]


def _usable(materials: list[Material]) -> list[Material]:
    """Return the images that have results, and say which have none."""
    found = [material for material in materials if material.results]
    if left := [material.name for material in materials if not material.results]:
        say(f"left out, without results: {', '.join(left)}")
    return found


def choose_setups(
    given: Sequence[str], materials: Sequence[Material], methods: Sequence[str], instruction: str | None
) -> list[str]:
    """Return the set-ups of a survey: those that were asked for, or all that the results allow."""
    from patchnn.survey.design import SETUPS

    for name in given:
        if name not in SETUPS:
            raise InputError(f"--setup is {name}: it must be {', '.join(SETUPS)}")
    if instruction is not None and not 1 <= len(instruction.strip()) <= 200:
        raise InputError("--instruction must have 1 to 200 characters")
    if instruction and given and "competition" not in given:
        raise InputError("--instruction is for a competition: add --setup competition")
    several = any(methods[0] in one.results and len(one.results) > 1 for one in materials)
    if given:
        return list(dict.fromkeys(given))
    if instruction:
        return ["competition"]
    return ["paired", "unpaired", *(["competition"] if several else [])]


def time_limit(seconds: float) -> float | None:
    """Return how long images show, None for no limit; raises InputError for a time that cannot be kept."""
    if not 0 <= seconds <= 60 or 0 < seconds < 0.05:
        raise InputError(f"--seconds is {seconds:g}: it must be from 0.05 to 60, or 0 for no limit")
    return seconds or None


def check_numbers(*, checks: int, repeats: int, quality: int, seed: int) -> None:
    """Raise InputError for a number out of its range."""
    for name, value, low, high in (
        ("checks", checks, 0, 20),
        ("repeats", repeats, 0, 20),
        ("quality", quality, 1, 95),
        ("seed", seed, 0, 2**32 - 1),
    ):
        if not low <= value <= high:
            raise InputError(f"--{name} is {value}: it must be from {low} to {high}")
