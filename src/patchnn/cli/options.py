"""Options as typer reads them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from patchnn.command import flag
from patchnn.errors import InputError
from patchnn.images import BitDepth
from patchnn.task import Option, plain

__all__ = ["check_count", "check_jobs", "metavar", "parameter", "parse_bytes", "parse_depth"]

MIN_MEMORY = 64 << 20
"""Less than this holds no picture's patches."""

MOST_PICTURES = 100_000
"""More at once are a slip of the keyboard."""
SEEDS = 2**32
"""A seed is smaller."""

_TYPES: dict[str, type] = {"number": float, "integer": int, "flag": bool, "image": Path, "mask": Path}
_METAVARS = {
    "image": "FILE",
    "mask": "FILE",
    "number": "NUMBER",
    "integer": "INTEGER",
    "text": "TEXT",
    "flag": "BOOLEAN",
    "size": "WIDTHxHEIGHT|PERCENT%",
}


def parameter(option: Option, *, named: bool = False) -> inspect.Parameter:
    """Return an option of a task as a parameter that typer reads; ranges stay for the task itself to check.

    named: give it by its name, --mask FILE, also where it has no default.
    """
    argument = option.positional and not named
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
    """Say in a word what an option's value is, or several of them."""
    return ("|".join(option.choices) or _METAVARS[option.type]) + ("..." if option.many and option.positional else "")


def parse_bytes(text: str) -> int:
    """Return the number of bytes that "4GB", "512MiB" or "1000000" stands for; raises InputError for other text."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b?|b)?", text.strip(), re.IGNORECASE)
    if not match:
        raise InputError(f"--max-memory is {text!r}: write 4GB, 512MiB or a number of bytes")
    number, unit, binary = match.groups()
    value = int(float(number) * (1024 if binary else 1000) ** ("kmgt".index(unit.lower()) + 1 if unit else 0))
    if value < MIN_MEMORY:
        raise InputError(f"--max-memory is {text}: it must be {MIN_MEMORY >> 20}MiB or more")
    return value


def check_jobs(jobs: int) -> None:
    """Raise InputError for no job at a time."""
    if jobs < 1:
        raise InputError(f"--jobs is {jobs}: it must be 1 or more")


def parse_depth(text: str) -> BitDepth | None:
    """Return the bits a channel that --depth asks for, None for auto; raises InputError for other text."""
    depths: dict[str, BitDepth | None] = {"auto": None, "8": 8, "16": 16, "float": "float"}
    if text not in depths:
        raise InputError(f"--depth is {text}: it must be {', '.join(depths)}")
    return depths[text]


def check_count(count: int, seed: int | None, option: str = "--count") -> None:
    """Raise InputError, naming the option, if there is no room for so many pictures, or for their seeds from `seed` on."""
    if not 1 <= count <= MOST_PICTURES:
        raise InputError(f"{option} is {count}: it must be from 1 to {MOST_PICTURES}")
    if seed is not None and not 0 <= seed <= SEEDS - count:
        pictures = f" for {count} pictures" if count > 1 else ""
        raise InputError(f"--seed is {seed}: it must be from 0 to {SEEDS - count}{pictures}")
