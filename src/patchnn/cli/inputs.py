"""Which files the words of a command name: single ones, all of a folder, or what a pattern matches."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchnn.errors import InputError
from patchnn.images import STREAM
from patchnn.task import Task, options

__all__ = ["MAPS", "Inputs", "find_inputs"]

PICTURES = frozenset(
    {
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".bmp", ".dib", ".tif", ".tiff", ".gif"),
        *(".jp2", ".exr", ".pbm", ".pgm", ".ppm", ".pnm", ".tga", ".ico"),
    }
)
"""What a file in a folder must end in to be taken for a picture."""


NAMELESS = "patchnn"
"""What the result of a task is named after that takes no picture."""

MAPS = "apply_to"
"""The option that names maps; they are found as the pictures of a task are."""


@dataclass(frozen=True)
class Inputs:
    """The files of one picture after the other.

    words: what was given for every picture option, and the maps. through: the option whose folder or pattern is gone
    through, None where a single picture is made. names: the files found there, or what the single picture is named after.
    """

    words: Mapping[str, list[str]]
    through: str | None
    names: tuple[str, ...]

    def __iter__(self) -> Iterator[tuple[str, dict[str, list[str]]]]:
        """Yield each picture's file and all that belong to it, by option."""
        partners = {word: _by_name(word) for key, words in self.words.items() for word in words if key != self.through}
        for name in self.names:
            yield (
                name,
                {
                    key: [name if key == self.through else _partner(word, partners[word], name) for word in words]
                    for key, words in self.words.items()
                },
            )


def find_inputs(task: type[Task], values: Mapping[str, Any], maps: list[str]) -> Inputs:
    """Return the files that a task's picture options name, and its maps.

    An option of many pictures takes all of a folder. Of the others, the first that is given a folder or a pattern is gone
    through; a folder for another, or for maps, holds the file that goes with each, by name or by name without extension.
    Raises InputError for a folder or a pattern without pictures, and for two pictures of one name.
    """
    words: dict[str, list[str]] = {}
    through = None
    for o in options(task):
        if o.picture:
            value = values[o.name]
            given = [str(word) for word in (value if isinstance(value, list) else [value]) if word is not None]
            words[o.name] = [name for word in given for name in (_found(word) if o.many and _is_many(word) else [word])]
            if through is None and any(map(_is_many, words[o.name])):
                through = o.name
    names = _found(words[through][0]) if through else [name for several in words.values() for name in several][:1] or [NAMELESS]
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(Path(name).stem, name)
        if twin != name:
            raise InputError(f"{twin} and {name} would have one output: rename one of them")
    return Inputs({**words, MAPS: maps}, through, tuple(names))


def _by_name(word: str) -> dict[str, str]:
    """Return the files of a folder or pattern by their names with and without extension."""
    found = _found(word) if _is_many(word) else []
    return {Path(name).stem: name for name in reversed(found)} | {Path(name).name: name for name in found}


def _partner(word: str, partners: Mapping[str, str], name: str) -> str:
    """Return the file for a picture: the word itself, or the one found there; one that is absent is named when it is read."""
    if not _is_many(word):
        return word
    path, folder = Path(name), word if os.path.isdir(word) else os.path.dirname(word)
    return partners.get(path.name) or partners.get(path.stem) or os.path.join(folder, path.name)


def _is_many(word: str) -> bool:
    return word != STREAM and (os.path.isdir(word) or (glob.has_magic(word) and not os.path.exists(word)))


def _found(word: str) -> list[str]:
    if os.path.isdir(word):
        names = _pictures(entry.path for entry in os.scandir(word) if not entry.name.startswith("."))
    else:
        names = sorted(name for name in glob.glob(word, recursive=True) if os.path.isfile(name))
    if not names:
        raise InputError(f"{word} {'holds no pictures' if os.path.isdir(word) else 'matches no file'}")
    return names


def _pictures(names: Any) -> list[str]:
    return sorted(name for name in names if Path(name).suffix.lower() in PICTURES and os.path.isfile(name))
