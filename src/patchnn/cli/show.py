"""`patchnn show`: the command that makes an image again, from the record in the image."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from patchnn.cli.printing import quote, say, write
from patchnn.command import flag
from patchnn.errors import InputError
from patchnn.images import STREAM, read_record
from patchnn.registry import Registry
from patchnn.runner import TUNING
from patchnn.task import options

__all__ = ["show_command"]

RECORDED = (*TUNING, "search", "backend", "depth", "quality", "seed", "apply_to", "samples")
"""Options, besides those of the task, that a record may hold. The image may come from a stranger: others are not shown."""


def show_command(registry: Registry) -> Callable[..., None]:
    """Return the command for the tasks of `registry`."""

    def show(
        path: Annotated[Path, typer.Argument(metavar="IMAGE", help="A PNG that patchnn wrote.")],
        as_json: Annotated[bool, typer.Option("--json", help="Print the whole record.")] = False,
    ) -> None:
        """Print the command that makes an image again."""
        record = read_record(path)
        if as_json:
            write(json.dumps(record, indent=2))
            return
        words = record.get("command")
        if not isinstance(words, list) or not words:
            raise InputError(f"{path} was not made by a command; --json prints its record")
        kept, left_out = check_words([str(word) for word in words], str(path), registry)
        write(quote(["patchnn", *kept, "-o", _as_argument(str(path))]))
        if left_out:
            say(f"left out, because a record may not ask for it: {' '.join(left_out)}")

    return show


def check_words(words: list[str], path: str, registry: Registry) -> tuple[list[str], list[str]]:
    """Return the words of a recorded command that may be shown, and those that may not.

    The first are the task, its arguments, and options that a record may hold, each with the one value that the command
    line would read. Raises InputError, naming the file, for a command that is no task's.
    """
    start = 2 if words[0] == "sweep" else 1
    name = words[start - 1] if len(words) >= start else ""
    if name not in registry:
        raise InputError(f"{path} was made by {name!r}, a task that is not installed; --json prints its record")
    takes_value = {flag(recorded): True for recorded in RECORDED}
    for o in options(registry.load(name)):
        if o.type == "flag":
            takes_value |= {flag(o.name): False, flag(f"no_{o.name}"): False}
        elif not o.positional:
            takes_value[flag(o.name)] = True

    kept, left_out = words[:start], []
    rest, in_arguments = iter(words[start:]), True
    for word in rest:
        if word in takes_value:
            in_arguments = False
            kept += [word, *_next(rest)] if takes_value[word] else [word]
        elif in_arguments and (word == STREAM or not word.startswith("-")):
            kept.append(word)
        else:
            in_arguments = False
            left_out.append(word)
    return kept, left_out


def _next(words: Iterator[str]) -> list[str]:
    return [word] if (word := next(words, None)) is not None else []


def _as_argument(path: str) -> str:
    """Return a path that is not taken for an option; - alone is standard output."""
    return f"./{path}" if path.startswith("-") and path != STREAM else path
