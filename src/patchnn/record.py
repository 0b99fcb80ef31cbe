"""Records: how an image was made, as JSON values. They are made, written, read, compared and turned into a command here."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import numpy as np

from patchnn.errors import InputError
from patchnn.registry import Registry, task_name
from patchnn.task import Task, items, options, plain
from patchnn.tuning import TUNING
from patchnn.version import __version__

__all__ = [
    "SCHEMA",
    "as_argument",
    "checked_command",
    "command_words",
    "describe",
    "digest",
    "flag",
    "from_text",
    "same",
    "to_text",
]

SCHEMA = 1
"""The version of the fields below. A record of another version is read, and equals none of this version."""

COMPARED = ("schema", "task", "options", "inputs", "guides", "tuning", "seed", "search", "depth", "maps")
"""The fields that decide the pixels, besides the backend."""

SHOWN = (*TUNING, "search", "backend", "depth", "quality", "seed", "apply_to", "samples")
"""Options that a recorded command may hold, besides those of its task."""


def describe(
    task: Task, *, seed: int, tuning: Mapping[str, Any], search: str, name: str | None = None, **more: Any
) -> dict[str, Any]:
    """Return the record of a result.

    name: what the task is called, if not as its entry point. more: other fields, such as backend, files, depth, maps.
    """
    images = [o.name for o in options(type(task)) if o.is_image]
    return {
        "schema": SCHEMA,
        "patchnn": __version__,
        "task": name or task_name(type(task)),
        "options": task.to_json(),
        "inputs": {name: [digest(pixels) for pixels in items(getattr(task, name))] for name in images},
        "tuning": {name: plain(value) for name, value in tuning.items() if value is not None},
        "seed": seed,
        "search": search,
        **more,
    }


def digest(pixels: np.ndarray[Any, Any]) -> str:
    """Return the SHA-256 of an image's shape and float32 values, which is the same in whatever file the image is."""
    hashed = hashlib.sha256(f"{pixels.shape}".encode())
    hashed.update(np.ascontiguousarray(pixels, np.float32).data)
    return hashed.hexdigest()


def to_text(record: Mapping[str, Any]) -> str:
    """Return a record as text for a file."""
    return json.dumps({"schema": SCHEMA, **record}, allow_nan=False)


def from_text(text: str) -> dict[str, Any]:
    """Return the record in a text from a file, without anything that a record may not hold; raises ValueError if it is none.

    The file may come from a stranger: a field whose value has another form than patchnn writes is left out.
    """
    try:
        found = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (RecursionError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("the text holds no record")
    return {name: found[name] for name, fits in _FIELDS.items() if name in found and fits(found[name])}


def same(record: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether two records describe the same pixels; a wanted backend "auto" is any."""
    backend = wanted.get("backend") in ("auto", record.get("backend"))
    return backend and all(record.get(name) == wanted.get(name) for name in COMPARED)


def command_words(name: str, task: Task, files: Mapping[str, list[str]], extra: Mapping[str, Any]) -> list[str]:
    """Return the words of the command that runs a task on these files. Options at their defaults are left out.

    extra: more options, each a value, several, or None.
    """
    values = task.to_json()
    arguments, words = [], []
    for option in options(type(task)):
        texts = [as_argument(file) for file in files[option.name]] if option.is_image else _texts(values[option.name])
        if option.positional:
            arguments += texts
        elif not option.is_image and values[option.name] == plain(option.default):
            continue
        elif option.type == "flag" and texts:
            words.append(flag(option.name if values[option.name] else f"no_{option.name}"))
        else:
            words += [word for text in texts for word in (flag(option.name), text)]
    for key, value in extra.items():
        words += [word for text in _texts(value) for word in (flag(key), text)]
    return [name, *arguments, *words]


def checked_command(record: Mapping[str, Any], path: str, registry: Registry) -> tuple[list[str], list[str]]:
    """Return the words of a recorded command that may be shown, and those that were left out.

    A command starts with a task (or `sweep` and a task) and its arguments. Options that are neither the task's nor in
    SHOWN are left out, such as --force. path: the record's file, for errors. Raises InputError for a record without a
    command, or with a command of no installed task, PluginError for a task that cannot be loaded.
    """
    words = record.get("command")
    if not words:
        raise InputError(f"{path} was not made by a command; --json prints its record")
    start = 2 if words[0] == "sweep" else 1
    name = words[start - 1] if len(words) >= start else ""
    if name not in registry:
        raise InputError(f"{path} was made by {name!r}, a task that is not installed; --json prints its record")
    values = {flag(shown): 1 for shown in SHOWN} | {flag("guide"): 2}
    for o in options(registry.load(name)):
        if o.type == "flag":
            values |= {flag(o.name): 0, flag(f"no_{o.name}"): 0}
        else:
            values[flag(o.name)] = 1
    kept, left_out = words[:start], list[str]()
    rest, in_arguments = iter(words[start:]), True
    for word in rest:
        in_arguments = in_arguments and (word == "-" or not word.startswith("-"))
        if word in values:
            kept += [word, *islice(rest, values[word])]
        else:
            (kept if in_arguments else left_out).append(word)
    return kept, left_out


def flag(name: str) -> str:
    """Return the option of the command line that sets the field called `name`."""
    return "--" + name.replace("_", "-")


def as_argument(file: str) -> str:
    """Return a file name that is not taken for an option; - alone is standard input."""
    return f"./{file}" if file.startswith("-") and file != "-" else file


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [str(value) for value in values]


def _finite(text: str) -> float:
    if math.isfinite(value := float(text)):
        return value
    raise ValueError(f"{text} is not finite")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _object_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _is_whole(value: Any, below: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below


_FIELDS: dict[str, Callable[[Any], bool]] = {
    "schema": lambda value: _is_whole(value, 2**32),
    "patchnn": _is_text,
    "task": _is_text,
    "options": _object_of(_is_scalar),
    "inputs": _object_of(_list_of(_is_text)),
    "tuning": lambda value: _object_of(_is_scalar)(value) and value.keys() <= TUNING.keys(),
    "seed": lambda value: _is_whole(value, 2**32),
    "search": _is_text,
    "backend": _is_text,
    "depth": lambda value: value in (None, 8, 16, "float") and not isinstance(value, bool),
    "files": _object_of(_list_of(_is_text)),
    "maps": _list_of(_list_of(_is_text)),
    "guides": _list_of(lambda value: isinstance(value, dict) and value.keys() <= {"sources", "target", "weight"}),
    "command": _list_of(_is_text),
    "start": _object_of(lambda value: isinstance(value, int | float)),
}
"""The fields of a record, and whether a value that was read fits."""
