"""Files that are written: read back as they were, or refused with nothing left behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_files import GREY, RGB, numbers, unit
from PIL import Image as Pillow

from patchnn import InputError, read_image, write_image
from patchnn.files import check_place
from patchnn.images import FileTraits, check_output, encode, read_file, read_record
from patchnn.images.decoded import premultiply

UNWRITABLE = {
    "good.png": "exists",
    "folder.png": "is a folder",
    "nowhere/new.png": "does not exist; make it first",
    "new.xyz": r"\.xyz cannot be written",
    "new": "without an extension",
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(name: str, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(InputError, match=UNWRITABLE[name]) as caught:
        write_image(folder / name, unit(RGB))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_channels_that_a_kind_of_file_cannot_hold_are_refused(tmp_path: Path) -> None:
    for name, channels in (("new.jpg", 4), ("new.jpg", 2), ("new.bmp", 4), ("new.png", 5)):
        with pytest.raises(InputError, match=name):
            check_output(tmp_path / name, channels=channels)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_file_or_folder_without_permission_is_named(folder: Path) -> None:
    (folder / "good.png").chmod(0)
    with pytest.raises(InputError, match=r"good\.png may not be read"):
        read_image(folder / "good.png")
    folder.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written to"):
        write_image(folder / "new.png", unit(RGB))
    folder.chmod(0o700)


LOSSLESS = [
    *((".png", channels, depth) for channels in (1, 2, 3, 4) for depth in (8, 16)),
    *((".tif", channels, depth) for channels in (1, 2, 3, 4) for depth in (8, 16, "float")),
    (".bmp", 1, 8),
    (".bmp", 3, 8),
]


@pytest.mark.parametrize(("suffix", "channels", "depth"), LOSSLESS)
def test_what_is_written_is_read_back(suffix: str, channels: int, depth: Any, tmp_path: Path) -> None:
    stored = numbers(channels, depth)
    pixels = premultiply(stored) if depth == "float" else unit(stored)
    write_image(tmp_path / f"new{suffix}", pixels, depth=depth)
    again = read_file(tmp_path / f"new{suffix}")
    assert again.traits == FileTraits(depth)
    np.testing.assert_allclose(again.pixels, pixels, atol=0 if depth != "float" else 1e-7)
    data = encode(again.pixels, f"again{suffix}", traits=again.traits)
    if depth != "float":
        assert data == (tmp_path / f"new{suffix}").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [f"new{suffix}"]


@pytest.mark.parametrize(("suffix", "channels"), [(".jpg", 1), (".jpeg", 3), (".webp", 3), (".webp", 2), (".webp", 4)])
def test_other_kinds_are_written_well(suffix: str, channels: int, tmp_path: Path) -> None:
    smooth = premultiply(np.linspace(0.1, 0.9, 20 * 30 * channels, dtype=np.float32).reshape(20, 30, channels))
    write_image(tmp_path / f"new{suffix.upper()}", smooth)
    pixels = read_image(tmp_path / f"new{suffix.upper()}")
    assert pixels.shape[:2] == (20, 30)
    assert np.abs(pixels[:, :, 0] - smooth[:, :, 0]).mean() < 0.03


def test_numbers_are_clipped_and_rounded(tmp_path: Path) -> None:
    values = np.array([[-1, 0, 0.5 / 255 - 1e-6, 0.5 / 255 + 1e-6, 254.49 / 255, 254.51 / 255, 1, 2]])
    write_image(tmp_path / "new.png", values)
    np.testing.assert_array_equal(np.asarray(Pillow.open(tmp_path / "new.png")), [[0, 0, 0, 1, 254, 255, 255, 255]])


def test_overwriting_is_asked_for(folder: Path) -> None:
    write_image(folder / "good.png", unit(RGB), overwrite=True)
    np.testing.assert_array_equal(read_image(folder / "good.png"), unit(RGB))


def test_a_failed_write_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    before = sorted(folder.iterdir()), (folder / "good.png").read_bytes()
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_image(folder / "good.png", unit(RGB), overwrite=True)
    assert (sorted(folder.iterdir()), (folder / "good.png").read_bytes()) == before


def test_a_record_is_read_back(folder: Path) -> None:
    record = {
        "schema": 1,
        "task": "generate",
        "files": {"image": ["naïve ☂ \udcff.png"]},
        "seed": 2**31,
        "options": {"noise": 0.1},
    }
    write_image(folder / "new.png", unit(RGB), record=record)
    assert read_record(folder / "new.png") == record
    Pillow.fromarray(RGB).save(folder / "other.png")
    for name in ("other.png", "good.jpg"):
        with pytest.raises(InputError, match=rf"{name} holds no record"):
            read_record(folder / name)


def test_a_higher_quality_makes_a_larger_file() -> None:
    noise = unit(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    for name in ("a.jpg", "a.webp"):
        sizes = [len(encode(noise, name, quality=quality)) for quality in (1, 50, 100)]
        assert sizes == sorted(sizes)
        assert sizes[0] * 2 < sizes[2]
        assert encode(noise, name) == encode(noise, name, quality=95)
    for name, quality in (("a.png", 90), ("a.jpg", 0), ("a.webp", 101)):
        with pytest.raises(InputError, match="quality"):
            encode(noise, name, quality=quality)


def test_sides_longer_than_a_file_can_hold_are_refused() -> None:
    with pytest.raises(InputError, match=r"long\.webp cannot be written"):
        encode(np.zeros((1, 17000, 3)), "long.webp")


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="links as Unix has them")
def test_a_link_counts_as_a_file(tmp_path: Path) -> None:
    for name, target in (("nowhere.png", "absent.png"), ("loop.png", "loop.png")):
        (tmp_path / name).symlink_to(target)
        with pytest.raises(InputError, match=rf"{name} exists"):
            write_image(tmp_path / name, unit(RGB))
        assert (tmp_path / name).is_symlink()
        write_image(tmp_path / name, unit(RGB), overwrite=True)
        np.testing.assert_array_equal(read_image(tmp_path / name), unit(RGB))


@pytest.mark.skipif(os.name == "nt", reason="links and modes as Unix has them")
def test_what_is_overwritten_keeps_its_link_and_its_mode(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    write_image(tmp_path / "far" / "a.png", unit(GREY))
    (tmp_path / "far" / "a.png").chmod(0o640)
    (tmp_path / "b.png").symlink_to("far/a.png")
    write_image(tmp_path / "b.png", unit(RGB), overwrite=True)
    assert (tmp_path / "b.png").is_symlink()
    np.testing.assert_array_equal(read_image(tmp_path / "far" / "a.png"), unit(RGB))
    assert (tmp_path / "far" / "a.png").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in (tmp_path / "far").iterdir()) == ["a.png"]


def test_an_output_without_a_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^the output's name is empty: name a file$"):
        check_place("")
    with pytest.raises(InputError, match="a name without an extension"):
        check_output("")


def test_exr_without_its_library_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(InputError, match=r"new\.exr: EXR files need a library of their own"):
        check_output(tmp_path / "new.exr")
