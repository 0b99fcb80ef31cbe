"""The answers of raters: lines of JSON, checked one by one, since anyone may have written them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchnn.errors import InputError
from patchnn.files import reason
from patchnn.survey.design import Survey

__all__ = ["ANSWERS", "LONGEST_LINE", "Answer", "parse_answer", "read_answers"]

ANSWERS = "answers.jsonl"
"""The file of a survey's folder in which the server collects answers."""

LONGEST_LINE = 2000
"""No answer has more bytes."""

MOST_BYTES = 64 << 20
"""No file of answers is larger: it would hold more than a hundred thousand answers."""


@dataclass(frozen=True)
class Answer:
    """One answer.

    number: its place in the rater's order. repeat: whether the question came a second time. images: as shown, first or left
    one first. choice: the chosen image, or real or generated. ms: from the images' appearance to the answer. shown: for how
    many milliseconds the images were visible. looks: how many times the question was shown; a reload shows it again.
    """

    page: str
    rater: str
    number: int
    question: str
    repeat: bool
    images: tuple[str, ...]
    choice: str
    ms: float
    shown: float
    looks: int

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What no two answers share: a rater answers a question once, and once more where it is repeated."""
        return self.page, self.rater, self.question, self.repeat


def parse_answer(line: bytes, survey: Survey) -> Answer:
    """Return the answer in a line of JSON; raises InputError, saying what is wrong, for anything else."""
    if len(line) > LONGEST_LINE:
        raise InputError(f"it has more than {LONGEST_LINE} bytes")
    try:
        found = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise InputError("it is not JSON") from None
    if not isinstance(found, dict) or found.get("survey") != survey.id:
        raise InputError("it is not an answer of this survey")
    name, question, images, choice = (found.get(key) for key in ("page", "question", "images", "choice"))
    page = survey.pages.get(name) if isinstance(name, str) else None
    item = page.items.get(question) if page and isinstance(question, str) else None
    if not isinstance(name, str) or not isinstance(question, str) or page is None or item is None:
        raise InputError("it answers a question that this survey does not have")
    if not isinstance(images, list) or not all(isinstance(one, str) for one in images):
        raise InputError("it has no list of images")
    if sorted(images) not in [sorted(ids) for ids in item.sets]:
        raise InputError("its images do not belong to its question")
    if not isinstance(choice, str) or choice not in (("real", "generated") if page.setup == "unpaired" else images):
        raise InputError("its choice is not one of those that the question offers")
    rater, repeat = found.get("rater"), found.get("repeat")
    if not isinstance(rater, str) or not re.fullmatch(r"[\w-]{1,40}", rater, re.ASCII) or not isinstance(repeat, bool):
        raise InputError("its rater is not named by letters and digits")
    number, looks = (int(_number(found.get(key), low, 9999)) for key, low in (("number", 0), ("looks", 1)))
    ms, shown = (_number(found.get(key), 0, 1e9) for key in ("ms", "shown"))
    return Answer(name, rater, number, question, repeat, tuple(images), choice, ms, shown, looks)


def read_answers(files: Sequence[Path], survey: Survey) -> tuple[list[Answer], list[str]]:
    """Return the answers in files, each once, and a sentence for every file with lines that are no answers.

    Raises InputError, naming it, for a file that cannot be read, and where there is no answer at all.
    """
    answers: dict[tuple[str, str, str, bool], Answer] = {}
    notes: list[str] = []
    for file in files:
        lines = [(n, line) for n, line in enumerate(_bytes(file).splitlines(), 1) if line.strip()]
        read = [(number, _read(line, survey)) for number, line in lines]
        for _, one in read:
            if isinstance(one, Answer):
                answers.setdefault(one.key, one)
        wrong = [f"line {number}: {one}" for number, one in read if isinstance(one, InputError)]
        if wrong:
            notes.append(f"{file}: {len(wrong)} of {len(lines)} lines are left out; {wrong[0]}")
    if not answers:
        raise InputError(notes[0] if notes else f"{', '.join(map(str, files))}: no answers yet")
    return list(answers.values()), notes


def _read(line: bytes, survey: Survey) -> Answer | InputError:
    try:
        return parse_answer(line, survey)
    except InputError as error:
        return error


def _number(value: Any, low: float, high: float) -> float:
    # True is a number to Python.
    if type(value) not in (int, float) or not low <= value <= high:
        raise InputError("one of its numbers is missing or out of range")
    return float(value)


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"{file} has more than {MOST_BYTES >> 20} MB: it is not a file of answers")
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {reason(error)}") from None
