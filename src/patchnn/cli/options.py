"""Options as typer reads them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from patchnn.command import flag
from patchnn.errors import InputError
from patchnn.task import Option, plain

__all__ = ["parameter", "parse_bytes"]

MIN_MEMORY = 64 << 20
"""Less than this holds no picture's patches."""

_TYPES: dict[str, type] = {"number": float, "integer": int, "flag": bool, "image": Path, "mask": Path}
_METAVARS = {
    "image": "FILE",
    "mask": "FILE",
    "number": "NUMBER",
    "integer": "INTEGER",
    "text": "TEXT",
    "size": "WIDTHxHEIGHT|PERCENT%",
}


def parameter(option: Option) -> inspect.Parameter:
    """Return an option of a task as a parameter that typer reads; ranges stay for the task itself to check."""
    kind: Any = _TYPES.get(option.kind, str)
    default = plain(option.default)
    if option.many:
        kind, default = list[kind], []
    elif option.optional:
        kind = kind | None
    described: dict[str, Any] = {"help": f"{option.help} [{option.bounds}]" if option.bounds else option.help}
    if option.kind != "flag":
        name = flag(option.name)[2:].upper()
        described["metavar"] = name if option.positional else "|".join(option.choices) or _METAVARS[option.kind]
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if option.positional else default,
        annotation=Annotated[kind, (typer.Argument if option.positional else typer.Option)(**described)],
    )


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
