"""Which files of a folder are another method's results for an image."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from patchnn.cli.inputs import IMAGE_SUFFIXES
from patchnn.evaluate.study import by_number

__all__ = ["find_results"]


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
