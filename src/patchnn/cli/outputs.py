"""Where pictures go that a command makes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patchnn.errors import InputError
from patchnn.files import check_place, make_folder
from patchnn.images import STREAM
from patchnn.images.writing import check_format

__all__ = ["animation_paths", "folder_pattern", "map_path", "output_paths", "pattern_paths", "stem"]


def stem(file: str | Path) -> str:
    """Return what the results of a file are named after: its name without extension, or stdin."""
    return "stdin" if str(file) == STREAM else Path(file).stem


def output_paths(output: str | None, name: str, count: int, force: bool) -> list[Path]:
    """Return where `count` pictures go: the file that was asked for, or one called `name` in that folder or here.

    Several are numbered from 1. A name that nobody asked for gives way to files that exist, unless `force` is set. A
    folder that ends with / is made where there is none.
    """
    folder = Path(output or ".")
    if output == STREAM or (output and not output.endswith("/") and not folder.is_dir()):
        if output != STREAM and not folder.suffix:
            raise InputError(f"{output}: a name without an extension: write {output}.png, or {output}/ for a folder")
        return [folder] if count == 1 else _numbered(folder, 1, count)
    make_folder(folder)
    path, start = folder / f"{name}.png", 1
    if count == 1 and (force or not path.exists()):
        return [path]
    while not force and any(numbered.exists() for numbered in _numbered(path, start, count)):
        start += 1
    return _numbered(path, start, count)


def folder_pattern(output: str | None, pictures: int, form: Mapping[str, Any]) -> str:
    """Return where the results of a folder go, with * for a picture's name; makes the folder.

    output: a folder, or a pattern as out/*.jpg. form: depth and quality, as in write_image. Raises InputError for
    anything else, and for what files of this kind cannot hold.
    """
    if not output:
        raise InputError("--output is missing: say which folder the pictures go to, as -o out/")
    path = Path(output)
    if "*" not in path.name:
        if not output.endswith("/") and path.suffix and not path.is_dir():
            raise InputError(f"--output is {output}, one file for {pictures} pictures: give a folder, as -o out/")
        path = path / "*.png"
    if path.name.count("*") != 1 or "*" in str(path.parent):
        raise InputError(f"--output is {output}: one * stands for a picture's name, as in -o 'out/*.jpg'")
    check_format(str(path), **form)
    make_folder(path.parent)
    check_place(path, overwrite=True)
    return str(path)


def pattern_paths(pattern: str, stem: str, count: int) -> list[Path]:
    """Return where the `count` results of one picture of a folder go."""
    path = Path(pattern)
    path = path.with_name(path.name.replace("*", stem))
    return [path] if count == 1 else _numbered(path, 1, count)


def map_path(output: Path, file: str, picture: str) -> Path:
    """Return where a map's result goes: beside the picture, named after both; as TIFF or EXR where the map is one, else as PNG.

    A map that is called like its picture gives its folder's name.
    """
    given = Path(file)
    same = stem(file) == stem(picture) and given.resolve() != Path(picture).resolve()
    name = given.resolve().parent.name if same else stem(file)
    suffix = given.suffix if given.suffix.lower() in (".tif", ".tiff", ".exr") else ".png"
    return output.with_name(f"{output.stem}-{name}{suffix}")


def animation_paths(path: Path | None, total: int) -> list[Path]:
    """Return where the animations of `total` pictures go, numbered from 1 if there are several; none if none is asked for."""
    if path is None:
        return []
    return [path] if total == 1 else _numbered(path, 1, total)


def _numbered(path: Path, start: int, count: int) -> list[Path]:
    return [path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(start, start + count)]
