"""Where results go: names of outputs, of maps and in folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchnn import InputError
from patchnn.cli.outputs import folder_pattern, map_path, output_paths, pattern_paths


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


OUTPUTS = [
    (None, 1, False, ["new.png"]),
    (None, 2, False, ["new-1.png", "new-2.png"]),
    ("a.jpg", 1, False, ["a.jpg"]),
    ("a.jpg", 2, False, ["a-1.jpg", "a-2.jpg"]),
    ("full", 1, False, ["full/new-2.png"]),
    ("full/", 2, False, ["full/new-2.png", "full/new-3.png"]),
    ("full/", 1, True, ["full/new.png"]),
    ("full/", 2, True, ["full/new-1.png", "full/new-2.png"]),
    ("full/new.png", 1, False, ["full/new.png"]),
]


@pytest.mark.parametrize(("output", "count", "force", "expected"), OUTPUTS)
def test_outputs_are_named_as_asked_for(folder: Path, output: str | None, count: int, force: bool, expected: list[str]) -> None:
    (folder / "full").mkdir()
    for name in ("new.png", "new-1.png"):
        (folder / "full" / name).touch()
    assert output_paths(output, "new", count, force) == [Path(path) for path in expected]


def test_a_missing_folder_is_created_if_its_name_ends_with_a_slash() -> None:
    assert output_paths("made/in/", "new", 1, False) == [Path("made/in/new.png")]
    assert Path("made/in").is_dir()
    with pytest.raises(InputError, match="nowhere/ for a folder"):
        output_paths("nowhere", "new", 2, False)
    assert not Path("nowhere").exists()


MAPS = [
    ("out/a.png", "copy.png", "in/a.png", "out/a-copy.png"),
    ("out/a.jpg", "copy.jpg", "in/a.png", "out/a-copy.png"),
    ("out/a.png", "light.exr", "in/a.png", "out/a-light.exr"),
    ("a-1.png", "height16.TIFF", "in/a.png", "a-1-height16.TIFF"),
    ("out/a.png", "normals/a.png", "in/a.png", "out/a-normals.png"),
    ("out/a.png", "in/a.png", "in/a.png", "out/a-a.png"),
]


@pytest.mark.parametrize(("output", "file", "image", "expected"), MAPS)
def test_a_map_is_named_after_its_output_and_its_file(output: str, file: str, image: str, expected: str) -> None:
    assert map_path(Path(output), file, image) == Path(expected)


def test_patterns_name_outputs_and_wrong_ones_are_refused() -> None:
    assert folder_pattern("out/", 2, {}) == str(Path("out/*.png"))
    Path("odd.name").mkdir()
    assert folder_pattern("odd.name", 2, {}) == str(Path("odd.name/*.png"))
    assert pattern_paths("out/*-x.jpg", "a*b", 2) == [Path("out/a*b-x-1.jpg"), Path("out/a*b-x-2.jpg")]
    with pytest.raises(InputError, match="one \\*, for"):
        folder_pattern("out/*-*.png", 2, {})
    for pattern, form in (("new/*.xyz", {}), ("new/*.jpg", {"depth": 16})):
        with pytest.raises(InputError, match="cannot"):
            folder_pattern(pattern, 2, form)
    assert not Path("new").exists()
