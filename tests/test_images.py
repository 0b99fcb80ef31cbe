"""Files ↔ arrays: what every kind of file becomes, and what is said of those that cannot be read or written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from patchnn import InputError, read_image, read_mask, write_image
from patchnn.images import check_output, read_record

HEIGHT, WIDTH = 6, 9
RGB = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
GREY = RGB[:, :, 0]
RGBA = np.dstack([RGB, RGB[:, :, 1]])
GREY_ALPHA = RGBA[:, :, [0, 3]]
PALETTE = Pillow.fromarray(RGB).quantize(16)
DEEP = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 1200


def unit(pixels: Any) -> Any:
    return (pixels if pixels.ndim == 3 else pixels[:, :, None]) / np.float32(255)


def with_clear_colour(image: Pillow.Image) -> Any:
    """Pixels of a palette picture whose colour 0 is transparent."""
    alpha = np.where(np.asarray(image) == 0, 0, 255).astype(np.uint8)
    return np.dstack([np.asarray(image.convert("RGB")), alpha])


READ: dict[str, tuple[Pillow.Image, dict[str, Any], Any]] = {
    "rgb.png": (Pillow.fromarray(RGB), {}, unit(RGB)),
    "rgba.png": (Pillow.fromarray(RGBA), {}, unit(RGBA)),
    "grey.png": (Pillow.fromarray(GREY), {}, unit(GREY)),
    "grey-alpha.png": (Pillow.fromarray(GREY_ALPHA), {}, unit(GREY_ALPHA)),
    "grey-clear.png": (
        Pillow.fromarray(GREY),
        {"transparency": int(GREY[2, 3])},
        unit(np.dstack([GREY, np.where(GREY[2, 3] == GREY, 0, 255).astype(np.uint8)])),
    ),
    "palette.png": (PALETTE, {}, unit(np.asarray(PALETTE.convert("RGB")))),
    "palette-clear.png": (PALETTE, {"transparency": 0}, unit(with_clear_colour(PALETTE))),
    "palette-clear.gif": (PALETTE, {"transparency": 0}, unit(with_clear_colour(PALETTE))),
    "bits.png": (Pillow.fromarray(GREY > 99), {}, unit((GREY > 99) * np.uint8(255))),
    "deep.png": (Pillow.fromarray(DEEP), {}, DEEP[:, :, None] / np.float32(65535)),
    "deep.tif": (Pillow.fromarray(DEEP), {}, DEEP[:, :, None] / np.float32(65535)),
    "float.tif": (Pillow.fromarray(unit(GREY)[:, :, 0]), {}, unit(GREY)),
    "rgb.bmp": (Pillow.fromarray(RGB), {}, unit(RGB)),
    "rgb.tif": (Pillow.fromarray(RGB), {}, unit(RGB)),
    "rgb.webp": (Pillow.fromarray(RGB), {"lossless": True}, unit(RGB)),
    "cmyk.tif": (Pillow.fromarray(RGB).convert("CMYK"), {}, unit(RGB)),
    "moving.gif": (PALETTE, {"save_all": True, "append_images": [PALETTE.rotate(180)]}, unit(np.asarray(PALETTE.convert("RGB")))),
}


@pytest.mark.parametrize("name", READ)
def test_read(name: str, tmp_path: Path) -> None:
    image, settings, expected = READ[name]
    image.save(tmp_path / name, **settings)
    pixels = read_image(tmp_path / name)
    assert pixels.dtype == np.float32
    assert pixels.flags.c_contiguous
    assert pixels.shape == expected.shape
    opaque = expected[:, :, -1:] > 0 if expected.shape[2] in (2, 4) else np.ones((HEIGHT, WIDTH, 1), bool)
    np.testing.assert_allclose(pixels * opaque, expected * opaque, atol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation: int, suffix: str, tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(16) * 4, np.arange(24) * 6).astype(np.uint8)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(smooth).convert("RGB").save(tmp_path / f"turned.{suffix}", exif=exif)
    # How the stored pixels are to be turned, as the EXIF standard lists it.
    upright = {
        1: smooth,
        2: np.fliplr(smooth),
        3: np.rot90(smooth, 2),
        4: np.flipud(smooth),
        5: smooth.T,
        6: np.rot90(smooth, -1),
        7: np.rot90(smooth, 2).T,
        8: np.rot90(smooth, 1),
    }[orientation]
    pixels = read_image(tmp_path / f"turned.{suffix}")
    assert pixels.shape == (*upright.shape, 3)
    assert np.abs(pixels[:, :, 1] * 255 - upright).mean() < 4


MASKS = {
    "bits": Pillow.fromarray(GREY > 127),
    "grey": Pillow.fromarray(GREY),
    "rgb": Pillow.fromarray(np.repeat(GREY[:, :, None], 3, 2)),
    "white with alpha": Pillow.fromarray(np.dstack([np.full_like(RGB, 255), GREY])),
    "black with alpha": Pillow.fromarray(np.dstack([np.zeros_like(RGB), GREY])),
    "opaque rgba": Pillow.fromarray(np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])),
}


@pytest.mark.parametrize("kind", MASKS)
def test_a_mask_is_white_or_opaque(kind: str, tmp_path: Path) -> None:
    MASKS[kind].save(tmp_path / "mask.png")
    mask = read_mask(tmp_path / "mask.png")
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, GREY > 127)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Pillow.fromarray(RGB).resize((64, 64)).save(tmp_path / "good.png")
    Pillow.fromarray(RGB).resize((64, 64)).save(tmp_path / "good.jpg")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:200])
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "good.jpg").read_bytes()[:700])
    (tmp_path / "header.png").write_bytes((tmp_path / "good.png").read_bytes()[:8])
    (tmp_path / "folder.png").mkdir()
    return tmp_path


UNREADABLE = {
    "absent.png": "does not exist",
    "folder.png": "is a folder",
    "empty.png": "is empty",
    "text.png": "cannot be read as a picture",
    "header.png": "cannot be read as a picture",
    "cut.png": "cannot be read as a picture: image file is truncated",
    "cut.jpg": "cannot be read as a picture: image file is truncated",
}


@pytest.mark.parametrize(
    ("read", "name"),
    # A record stands before the pixels, so that a file cut short still gives it.
    [
        (read, name)
        for read in (read_image, read_mask, read_record)
        for name in UNREADABLE
        if read is not read_record or "cut" not in name
    ],
)
def test_a_file_that_cannot_be_read_is_named(read: Any, name: str, folder: Path) -> None:
    with pytest.raises(InputError, match=UNREADABLE[name]) as caught:
        read(folder / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


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


def test_channels_that_a_kind_of_file_cannot_hold(tmp_path: Path) -> None:
    for name, channels in (("new.jpg", 4), ("new.jpg", 2), ("new.png", 5)):
        with pytest.raises(InputError, match=name):
            check_output(tmp_path / name, channels=channels)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_permissions(folder: Path) -> None:
    (folder / "good.png").chmod(0)
    with pytest.raises(InputError, match=r"good\.png may not be read"):
        read_image(folder / "good.png")
    folder.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written to"):
        write_image(folder / "new.png", unit(RGB))
    folder.chmod(0o700)


LOSSLESS = [(".png", 1), (".png", 2), (".png", 3), (".png", 4), (".tif", 1), (".tif", 2), (".tiff", 4), (".bmp", 1), (".bmp", 3)]


@pytest.mark.parametrize(("suffix", "channels"), LOSSLESS)
def test_what_is_written_is_read_back(suffix: str, channels: int, tmp_path: Path) -> None:
    pixels = unit(RGBA[:, :, :channels])
    write_image(tmp_path / f"new{suffix}", pixels)
    np.testing.assert_array_equal(read_image(tmp_path / f"new{suffix}"), pixels)
    assert [path.name for path in tmp_path.iterdir()] == [f"new{suffix}"]


@pytest.mark.parametrize(
    ("suffix", "channels"), [(".jpg", 1), (".jpeg", 3), (".webp", 3), (".webp", 2), (".webp", 4), (".bmp", 2)]
)
def test_other_kinds_are_written_well(suffix: str, channels: int, tmp_path: Path) -> None:
    smooth = np.linspace(0.1, 0.9, 20 * 30 * channels, dtype=np.float32).reshape(20, 30, channels)
    write_image(tmp_path / f"new{suffix.upper()}", smooth)
    pixels = read_image(tmp_path / f"new{suffix.upper()}")
    assert pixels.shape[:2] == (20, 30)
    assert np.abs(pixels[:, :, 0] - smooth[:, :, 0]).mean() < 0.03


def test_rounding_and_clipping(tmp_path: Path) -> None:
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


def test_records(folder: Path) -> None:
    record = {"task": "generate", "files": ["naïve ☂ \udcff.png"], "seed": 2**40, "noise": 0.1}
    write_image(folder / "new.png", unit(RGB), record=record)
    assert read_record(folder / "new.png") == record
    Pillow.fromarray(RGB).save(folder / "other.png")
    for name in ("other.png", "good.jpg"):
        with pytest.raises(InputError, match=rf"{name} holds no record"):
            read_record(folder / name)
