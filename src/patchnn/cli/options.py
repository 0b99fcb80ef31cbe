"""A task's options as typer reads them, and checks of the options that every task has."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection
from typing import Annotated, Any

import typer

from patchnn.errors import InputError
from patchnn.images import BitDepth
from patchnn.record import flag
from patchnn.task import Option, plain

__all__ = ["check_count", "check_jobs", "metavar", "parameter", "parse_depth", "with_flag"]

MOST_IMAGES = 100_000
"""A larger --count is taken for a typing error."""
SEEDS = 2**32
"""Seeds are smaller than this."""

_TYPES: dict[str, type] = {"number": float, "integer": int, "flag": bool, "image": str, "mask": str}
_METAVARS = {
    "image": "FILE",
    "mask": "FILE",
    "number": "NUMBER",
    "integer": "INTEGER",
    "text": "TEXT",
    "flag": "BOOLEAN",
    "size": "WIDTHxHEIGHT|PERCENT%",
}


def parameter(option: Option) -> inspect.Parameter:
    """Return an option of a task as a parameter that typer reads; the task itself checks ranges."""
    argument = option.positional
    kind: Any = _TYPES.get(option.type, str)
    default = plain(option.default)
    if option.many:
        kind, default = list[kind], []
    elif option.optional:
        kind = kind | None
    described: dict[str, Any] = {"help": f"{option.help} [{option.bounds}]" if option.bounds else option.help}
    if option.type != "flag":
        described["metavar"] = flag(option.name)[2:].upper() if argument else metavar(option)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if option.positional else default,
        annotation=Annotated[kind, (typer.Argument if argument else typer.Option)(**described)],
    )


def metavar(option: Option) -> str:
    """Return the word that stands for an option's value in the help."""
    return ("|".join(option.choices) or _METAVARS[option.type]) + ("..." if option.many and option.positional else "")


def with_flag(message: str, about: str | None, named: Collection[str]) -> str:
    """Return an error message with the option it is about as the command line spells it: --max-memory for max_memory.

    about: as in InputError. named: the options that are given by name, not by position.
    """
    if about is None or about not in named:
        return message
    return re.sub(rf"(?<![\w-]){re.escape(about)}(?!\w)", flag(about), message, count=1)


def check_jobs(jobs: int) -> None:
    """Raise InputError unless --jobs is 1 or more."""
    if jobs < 1:
        raise InputError(f"--jobs is {jobs}: it must be 1 or more")


def parse_depth(text: str) -> BitDepth | None:
    """Return the bits per channel in the text of --depth, None for auto; raises InputError for other text."""
    depths: dict[str, BitDepth | None] = {"auto": None, "8": 8, "16": 16, "float": "float"}
    if text not in depths:
        raise InputError(f"--depth is {text}: it must be {', '.join(depths)}")
    return depths[text]


def check_count(count: int, seed: int | None, option: str = "--count") -> None:
    """Raise InputError, naming the option, for an image count out of range, or for seeds from `seed` on that are."""
    if not 1 <= count <= MOST_IMAGES:
        raise InputError(f"{option} is {count}: it must be from 1 to {MOST_IMAGES}")
    if seed is not None and not 0 <= seed <= SEEDS - count:
        images = f" for {count} images" if count > 1 else ""
        raise InputError(f"--seed is {seed}: it must be from 0 to {SEEDS - count}{images}")
