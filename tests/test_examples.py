"""The examples in docstrings run, and give what they show."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import patchnn

FOLDER = Path(patchnn.__file__).parent
FILES = [path for path in sorted(FOLDER.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_the_examples_of_a_module(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Examples read the images of the repository, and write to an empty folder.
    (tmp_path / "examples").symlink_to(Path(__file__).parents[1] / "examples")
    monkeypatch.chdir(tmp_path)
    name = ".".join(("patchnn", *path.relative_to(FOLDER).with_suffix("").parts)).removesuffix(".__init__")
    found = doctest.testmod(importlib.import_module(name), extraglobs={"patchnn": patchnn}, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0, "the failures are printed above"
