"""The words of a command line that makes a picture again: for its record, and for whoever copies it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patchnn.images import STREAM
from patchnn.task import Task, options

__all__ = ["command_words", "flag"]


def command_words(name: str, task: Task, files: Mapping[str, list[str]], extra: Mapping[str, Any]) -> list[str]:
    """Return the words that call a task on these files with its options, and with `extra` ones: a value, several, or None."""
    values = task.to_json()
    arguments, words = [], []
    for option in options(type(task)):
        texts = [_name(file) for file in files[option.name]] if option.picture else _texts(values[option.name])
        if option.positional:
            arguments += texts
        elif option.type == "flag" and texts:
            words.append(flag(option.name if values[option.name] else f"no_{option.name}"))
        else:
            words += [word for text in texts for word in (flag(option.name), text)]
    for key, value in extra.items():
        words += [word for text in _texts(value) for word in (flag(key), text)]
    return [name, *arguments, *words]


def flag(name: str) -> str:
    """Return the option of the command line that sets the field called `name`."""
    return "--" + name.replace("_", "-")


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [str(value) for value in values]


def _name(file: str) -> str:
    """A file's name that is not taken for an option; - alone is standard input."""
    return f"./{file}" if file.startswith("-") and file != STREAM else file
