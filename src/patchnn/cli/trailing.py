"""Bare words after a task's images: a size and an output, as in `patchnn retarget photo.jpg 50% out.png`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from patchnn.errors import InputError
from patchnn.images import check_output
from patchnn.task import Size

__all__ = ["OUTPUT", "SIZE", "place_words", "takes_output"]

SIZE, OUTPUT = "[SIZE]", "[OUTPUT]"
"""What stands for these words in a usage line."""


def takes_output(parameters: Sequence[Any]) -> bool:
    """Whether a task's command knows where its images end: not where one of its arguments takes any number of files."""
    return not any(p.param_type_name == "argument" and p.nargs == -1 for p in parameters)


def place_words(ctx: Any, parameters: Sequence[Any]) -> None:
    """Give the words that are left of a task's command to --size and --output; fails for any other word.

    A file that exists is never taken for the output: a shell may have put several images in place of a pattern.
    """
    given = ctx.params
    if not takes_output(parameters):
        _check_last(ctx, next(given[p.name] for p in parameters if p.nargs == -1), "size" in given)
    for word in ctx.args:
        if "size" in given and given["size"] is None and _is_size(word):
            given["size"] = word
        elif given["output"] is None and _is_output(word):
            if os.path.lexists(word) and not os.path.isdir(word):
                ctx.fail(f"{word} exists: to overwrite it, -o {word} --force; for several images quote their pattern, as '*.jpg'")
            given["output"] = word
        else:
            ctx.fail(f"Got unexpected extra argument ({word}): {ctx.info_name} takes {_wanted(parameters)}")


def _check_last(ctx: Any, words: Sequence[str], sized: bool) -> None:
    """Fail where the last of any number of images is meant for another option."""
    last = words[-1] if words else ""
    if not os.path.lexists(last):
        if sized and _is_size(last):
            ctx.fail(f"{last} is not a file: give the size as --size {last}")
        if len(words) > 2 and _is_output(last):
            ctx.fail(f"{last} does not exist: to write it, -o {last}")


def _wanted(parameters: Sequence[Any]) -> str:
    words = [str(p.metavar) for p in parameters if p.param_type_name == "argument"]
    more = ["a size such as 50% or 300x200"] if any(p.name == "size" for p in parameters) else []
    return ", ".join([*words, *more]) + " and an output such as out.png"


def _is_size(word: str) -> bool:
    try:
        Size(word)
    except InputError:
        return False
    return True


def _is_output(word: str) -> bool:
    if word.endswith(os.sep) or os.path.isdir(word):
        return True
    try:
        check_output(word, overwrite=True)
    except InputError:
        return bool(Path(word).suffix) and not Path(word).parent.is_dir()
    return True
