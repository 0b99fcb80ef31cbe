"""Which files of a folder are another method's results for an image."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from patchnn.cli.inputs import IMAGE_SUFFIXES
from patchnn.errors import InputError
from patchnn.evaluate.study import by_number

__all__ = ["find_results", "name_methods"]


def find_results(folder: Path, names: Sequence[str]) -> Callable[[str], list[str]]:
    """Return a function from an image's name to its results: rocket.png, rocket-1.png, rocket_2.jpg, or all in rocket/.

    names: of all images. If one of them is rocket-1, files of that name are its results and not rocket's.
    """
    files = sorted(
        (path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()), key=by_number
    )

    def find(name: str) -> list[str]:
        def belongs(path: Path) -> bool:
            numbered = re.fullmatch(rf"{re.escape(name)}[-_. ]\d+", path.stem)
            own_folder = path.parent.relative_to(folder) == Path(name)
            return path.stem == name or own_folder or (numbered is not None and path.stem not in names)

        return [str(path) for path in files if belongs(path)]

    return find


def name_methods(
    option: str, folders: Sequence[Path], taken: set[str], names: Sequence[str], called: str | None = None
) -> dict[str, Callable[[str], list[str]]]:
    """Return, for every folder of results, the function that finds an image's results there, by the method's name.

    A method has its folder's name, or the folder's path if that name is `taken`; called: another name for a single one.
    names: of the images. option: what gave the folders, for errors. Raises InputError for a folder without results.
    """
    found: dict[str, Callable[[str], list[str]]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{option} is {folder}: it must be a folder of results with the names of the images")
        find = find_results(folder, names)
        if not any(map(find, names)):
            raise InputError(f"{option}: {folder} holds no result for these images: name them as the images, {names[0]}.png")
        name = called or folder.resolve().name
        found[name if name not in taken.union(found) else str(folder.resolve())] = find
    return found
