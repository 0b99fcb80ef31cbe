"""Where a command writes its images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patchnn.errors import InputError
from patchnn.files import check_place, make_folder
from patchnn.images import STREAM
from patchnn.images.writing import check_format

__all__ = ["check_not_empty", "folder_pattern", "map_path", "output_paths", "pattern_paths", "side_paths", "stem"]


def stem(file: str | Path) -> str:
    """Return what a file's results are named after: its name without extension, or stdin."""
    return "stdin" if str(file) == STREAM else Path(file).stem


def output_paths(output: str | None, name: str, count: int, force: bool) -> list[Path]:
    """Return where to write `count` images: the file `output`, or files called `name` in the folder `output` or here.

    Several are numbered from 1. In a folder, names that are taken are skipped unless `force` is set. A folder whose name
    ends with / is created. Raises InputError for an empty name, and for one without extension.
    """
    check_not_empty("--output", output)
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


def folder_pattern(output: str | None, images: int, form: Mapping[str, Any]) -> str:
    """Return where to write the results of a folder, with * for an image's name; creates the folder.

    output: a folder, or a pattern such as out/*.jpg. form: depth and quality, as in write_image. Raises InputError for
    anything else, and for a form that files of this format cannot hold.
    """
    check_not_empty("--output", output)
    if output is None:
        raise InputError("--output is missing: name the folder for the images, as in -o out/")
    path = Path(output)
    if "*" not in path.name:
        if not output.endswith("/") and path.suffix and not path.is_dir():
            raise InputError(f"--output is {output}, one file for {images} images: give a folder, as in -o out/")
        path = path / "*.png"
    if path.name.count("*") != 1 or "*" in str(path.parent):
        raise InputError(f"--output is {output}: it must hold one *, for an image's name, as in -o 'out/*.jpg'")
    check_format(str(path), **form)
    make_folder(path.parent)
    check_place(path, overwrite=True)
    return str(path)


def pattern_paths(pattern: str, stem: str, count: int) -> list[Path]:
    """Return where to write the `count` results of one image of a folder."""
    path = Path(pattern)
    path = path.with_name(path.name.replace("*", stem))
    return [path] if count == 1 else _numbered(path, 1, count)


def map_path(output: Path, file: str, image: str) -> Path:
    """Return where to write a map's result: next to the image, named after both; as TIFF or EXR if the map is one, else as PNG.

    A map with the same name as its image adds the name of its folder instead.
    """
    given = Path(file)
    same = stem(file) == stem(image) and given.resolve() != Path(image).resolve()
    name = given.resolve().parent.name if same else stem(file)
    suffix = given.suffix if given.suffix.lower() in (".tif", ".tiff", ".exr") else ".png"
    return output.with_name(f"{output.stem}-{name}{suffix}")


def side_paths(path: Path | None, total: int) -> list[Path]:
    """Return where to write the animations or previews of `total` images, numbered from 1 if several; [] without a path."""
    if path is None:
        return []
    return [path] if total == 1 else _numbered(path, 1, total)


def check_not_empty(option: str, name: str | None) -> None:
    """Raise InputError if an option was given an empty name, which would mean the current folder."""
    if name == "":
        raise InputError(f"{option} is empty: it must name a file or a folder")


def _numbered(path: Path, start: int, count: int) -> list[Path]:
    return [path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(start, start + count)]
