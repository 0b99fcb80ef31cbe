"""Which files a command line names: single files, all images of a folder, or the matches of a pattern."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchnn.errors import InputError
from patchnn.images import STREAM
from patchnn.task import Task, options

__all__ = ["GUIDES", "MAPS", "Inputs", "find_inputs", "weighted"]

IMAGE_SUFFIXES = frozenset(
    {
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".bmp", ".dib", ".tif", ".tiff", ".gif"),
        *(".jp2", ".exr", ".pbm", ".pgm", ".ppm", ".pnm", ".tga", ".ico"),
    }
)
"""Endings of the files in a folder that are taken for images."""

NAMELESS = "patchnn"
"""What the result is named after where a task takes no image."""

MAPS, GUIDES = "apply_to", "guide"
"""The options that name maps, and guides: pairs of files, one after another. Their files are found as a task's images are."""


@dataclass(frozen=True)
class Inputs:
    """The files for each image to make.

    words: the words given for every image option, for maps and for guides. through: the option whose folder or pattern gives one
    image after another, None for a single image. names: the files found there, or what the single image is named after.
    """

    words: Mapping[str, list[str]]
    through: str | None
    names: tuple[str, ...]

    def __iter__(self) -> Iterator[tuple[str, dict[str, list[str]]]]:
        """Yield each image's file and the files of all options for it."""
        partners = {word: _by_name(word) for key, words in self.words.items() for word in words if key != self.through}
        for name in self.names:
            yield (
                name,
                {
                    key: [name if key == self.through else _partner(word, partners[word], name) for word in words]
                    for key, words in self.words.items()
                },
            )


def find_inputs(task: type[Task], values: Mapping[str, Any], maps: Iterable[str] = (), guides: Iterable[str] = ()) -> Inputs:
    """Return the files that a task's image options name, its maps and its guides.

    An option that takes many images takes all of a folder at once. The first other option with a folder or a pattern
    gives one image after another. A folder for a further option, for maps or guides, holds the file for each of these images,
    found by its name with or without extension. Raises InputError for a folder or pattern without images, and for two
    images of one name.
    """
    words: dict[str, list[str]] = {}
    through = None
    if "" in maps:
        raise InputError(f"{MAPS} is empty: it must name a file or a folder", about=MAPS)
    for o in options(task):
        if o.is_image:
            value = values[o.name]
            given = [str(word) for word in (value if isinstance(value, list) else [value]) if word is not None]
            if "" in given:
                raise InputError(f"{o.name} is empty: it must name a file or a folder", about=o.name)
            words[o.name] = [name for word in given for name in (_found(word) if o.many and _is_many(word) else [word])]
            if through is None and any(map(_is_many, words[o.name])):
                through = o.name
    names = _found(words[through][0]) if through else [name for several in words.values() for name in several][:1] or [NAMELESS]
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(Path(name).stem, name)
        if twin != name:
            raise InputError(f"{twin} and {name} would have the same output: rename one of them")
    return Inputs({**words, MAPS: [*maps], GUIDES: [*guides]}, through, tuple(names))


def weighted(files: Sequence[str], weights: Iterable[float]) -> tuple[tuple[str, str, float], ...]:
    """Return guides as a job has them, from their files, pairs one after another, and a weight for each pair."""
    return tuple(zip(files[::2], files[1::2], weights, strict=True))


def _by_name(word: str) -> dict[str, str]:
    """Return the files of a folder or pattern by their names with and without extension."""
    found = _found(word) if _is_many(word) else []
    return {Path(name).stem: name for name in reversed(found)} | {Path(name).name: name for name in found}


def _partner(word: str, partners: Mapping[str, str], name: str) -> str:
    """Return the file for an image: the word itself, or the one in its folder; reading a missing one names it."""
    if not _is_many(word):
        return word
    path, folder = Path(name), word if os.path.isdir(word) else os.path.dirname(word)
    return partners.get(path.name) or partners.get(path.stem) or os.path.join(folder, path.name)


def _is_many(word: str) -> bool:
    return word != STREAM and (os.path.isdir(word) or (glob.has_magic(word) and not os.path.exists(word)))


def _found(word: str) -> list[str]:
    if os.path.isdir(word):
        names = _images(entry.path for entry in os.scandir(word) if not entry.name.startswith("."))
    else:
        names = sorted(name for name in glob.glob(word, recursive=True) if os.path.isfile(name))
    if not names:
        raise InputError(f"{word} {'holds no images' if os.path.isdir(word) else 'matches no file'}")
    return names


def _images(names: Any) -> list[str]:
    return sorted(name for name in names if Path(name).suffix.lower() in IMAGE_SUFFIXES and os.path.isfile(name))
