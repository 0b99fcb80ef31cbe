"""A survey made from images and the results of methods: its design, and the encoded images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from patchnn.engine.arrays import Image
from patchnn.errors import InputError
from patchnn.images import read_image
from patchnn.survey.design import CHECK, QUESTION, REAL, SCRAMBLED, Item, Page, Shown, Survey
from patchnn.survey.encoding import Encoder, crop_alike, draw_scene, scramble

__all__ = ["PRACTICE", "Material", "Wanted", "make_survey"]

_T = TypeVar("_T")

PRACTICE = 2
"""The number of practice questions of a page."""


@dataclass(frozen=True)
class Material:
    """An original and what methods made of it: its name, its file, and the results' files by method."""

    name: str
    file: str
    results: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Wanted:
    """What a survey should contain.

    setups, seconds: a page is made for each combination; None means without a limit. instruction: what the results of a
    competition should fit; None asks which looks more real. checks, repeats: how many attention checks and repeated
    questions a rater gets. quality: of the JPEG files.
    """

    setups: Sequence[str]
    seconds: Sequence[float | None]
    instruction: str | None = None
    checks: int = 3
    repeats: int = 2
    quality: int = 75
    seed: int = 0


def make_survey(
    materials: Sequence[Material], methods: Sequence[str], wanted: Wanted
) -> tuple[Survey, dict[str, bytes], dict[str, list[list[str]]]]:
    """Return a survey, its encoded images by identifier, and the sets of its practice questions by set-up.

    A method's result for an image is one of its results, chosen by the seed. Raises InputError, naming the file, for an
    image that cannot be read, for images of different sizes that would be shown together, and for a method called real.
    """
    for name in {REAL, SCRAMBLED}.intersection(methods):
        raise InputError(f"a method is called {name}, as the survey calls other images: rename its folder")
    maker = _Maker(methods, wanted)
    for material in materials:
        maker.add(material)
    pages = [Page(setup, limit, maker.items(setup)) for setup in wanted.setups for limit in wanted.seconds]
    practice = {setup: maker.practice(setup) for setup in wanted.setups}
    files = Encoder.pad(maker.files)
    by_name = {page.name: page for page in pages}
    survey = Survey("", wanted.seed, tuple(methods), wanted.instruction, wanted.repeats, by_name, maker.shown)
    content = [json.dumps(survey.to_json()).encode("utf-8", "replace"), *(files[name] for name in sorted(files))]
    return replace(survey, id=hashlib.sha256(b"".join(content)).hexdigest()[:12]), files, practice


class _Maker:
    """Collects the encoded images, and the questions of each set-up."""

    def __init__(self, methods: Sequence[str], wanted: Wanted) -> None:
        self._methods, self._wanted = methods, wanted
        self._encoder = Encoder(wanted.quality)
        self._random = np.random.RandomState(wanted.seed)
        self._taken: set[str] = set()
        self._questions: dict[str, list[tuple[str, tuple[tuple[str, ...], ...], str | None]]] = {s: [] for s in wanted.setups}
        self._checks: dict[str, dict[str, tuple[str, ...]]] = {s: {} for s in wanted.setups}
        self.files: dict[str, bytes] = {}
        self.shown: dict[str, Shown] = {}

    def add(self, material: Material) -> None:
        """Encode an original and one result of each method, and note the questions about them."""
        made = {method: several for method in self._methods if (several := material.results.get(method))}
        chosen = {method: several[self._random.randint(len(several))] for method, several in made.items()}
        files = {REAL: material.file, **chosen}
        images = {method: read_image(file) for method, file in files.items()}
        if set(self._wanted.setups) & {"paired", "unpaired"} and chosen:
            alike = dict(zip(files, crop_alike(list(images.values()), list(files.values())), strict=True))
            known = {method: self._encode(alike[method], material.name, method, files[method]) for method in files}
            fake = self._encode(scramble(alike[REAL], self._random), material.name, SCRAMBLED, material.file)
            self._compare_with_real(material.name, known, fake)
        if "competition" in self._wanted.setups and len(chosen) > 1 and self._methods[0] in chosen:
            self._compete(material, {method: images[method] for method in chosen}, images[REAL], chosen)

    def items(self, setup: str) -> dict[str, Item]:
        """Return the items of a set-up by identifier, in random order; raises InputError if there are none."""
        if not self._questions[setup]:
            few = "results of two methods" if setup == "competition" else "results"
            raise InputError(f"--setup is {setup}: no image has {few}", about="setup")
        # The variants of all questions are in one order, so that a rater can get equally many of each.
        order = self._random.permutation(max(len(sets) for _, sets, _ in self._questions[setup]))
        found: dict[str, Item] = {}
        of: dict[str, str] = {}
        for name, sets, original in self._shuffled(self._questions[setup]):
            of[name] = self._identifier()
            mixed = tuple(self._mixed(sets[number]) for number in order if number < len(sets))
            found[of[name]] = Item(name, QUESTION, mixed, original=original)
        names = self._shuffled(list(self._checks[setup]))
        for number in range(self._wanted.checks):
            name = names[number % len(names)]
            found[self._identifier()] = Item(name, CHECK, (self._mixed(self._checks[setup][name]),), after=of[name])
        return found

    def practice(self, setup: str) -> list[list[str]]:
        """Return the images of the practice questions: drawings that no question shows, the right one first."""
        sets = []
        for number in range(PRACTICE):
            scene = draw_scene(self._random)
            real = self._encode(scene, "practice", REAL, "")
            fake = self._encode(scramble(scene, self._random), "practice", SCRAMBLED, "")
            sets.append([[real], [fake]][number % 2] if setup == "unpaired" else [real, fake])
        return sets

    def _compare_with_real(self, name: str, known: Mapping[str, str], fake: str) -> None:
        real, results = known[REAL], [known[method] for method in known if method != REAL]
        if "paired" in self._questions:
            self._questions["paired"].append((name, tuple((real, result) for result in results), None))
            self._checks["paired"][name] = (real, fake)
        if "unpaired" in self._questions:
            # Half of the images that a rater sees are real.
            sets = tuple(one for result in results for one in ((real,), (result,)))
            self._questions["unpaired"].append((name, sets, None))
            self._checks["unpaired"][name] = (fake,)

    def _compete(self, material: Material, images: Mapping[str, Image], real: Image, files: Mapping[str, str]) -> None:
        ours = self._methods[0]
        sets = []
        for method in images:
            if method != ours:
                pair = crop_alike([images[ours], images[method]], [files[ours], files[method]])
                both = zip((ours, method), pair, strict=True)
                sets.append(tuple(self._encode(image, material.name, m, files[m]) for m, image in both))
        original = self._encode(real, material.name, REAL, material.file) if self._wanted.instruction else None
        self._questions["competition"].append((material.name, tuple(sets), original))
        # What fits an instruction is a result: the original may be what it should no longer be.
        best, method = (images[ours], ours) if self._wanted.instruction else (real, REAL)
        file = files.get(method, material.file)
        good = self._encode(best, material.name, method, file)
        fake = self._encode(scramble(best, self._random), material.name, SCRAMBLED, file)
        self._checks["competition"][material.name] = (good, fake)

    def _encode(self, image: Image, name: str, method: str, file: str) -> str:
        data = self._encoder.encode(image)
        known = [key for key, one in self.shown.items() if one.image == name and one.method == method and self.files[key] == data]
        if known:
            return known[0]
        key = self._identifier()
        self.files[key], self.shown[key] = data, Shown(name, method, file)
        return key

    def _identifier(self) -> str:
        while (key := self._random.bytes(4).hex()) in self._taken:
            pass
        self._taken.add(key)
        return key

    def _mixed(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._shuffled(ids))

    def _shuffled(self, values: Sequence[_T]) -> list[_T]:
        return [values[number] for number in self._random.permutation(len(values))]
