"""Files ↔ arrays: what every kind of file becomes, and what is said of those that cannot be read or written."""

from __future__ import annotations

import errno
import io
import os
import re
import struct
import sys
import tempfile
import threading
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from PIL.ImageCms import ImageCmsProfile, createProfile

from bombs import tiff as bombs_tiff
from patchnn import InputError, read_image, read_mask, run, write_image
from patchnn.cli import main
from patchnn.files import check_place
from patchnn.images import DecodedImage, FileTraits, check_output, decode, encode, read_file, read_record
from patchnn.images.decoded import premultiply, unpremultiply
from patchnn.images.exr import decode_exr
from patchnn.images.limits import Budget
from patchnn.images.png import encode_png16
from patchnn.images.quiet import no_warnings, quiet_decoders
from patchnn.testing import tiny_image
from patchnn_tasks import Generate

HEIGHT, WIDTH = 6, 9
RGB = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
GREY = RGB[:, :, 0]
RGBA = np.dstack([RGB, RGB[:, :, 1]])
GREY_ALPHA = RGBA[:, :, [0, 3]]
PALETTE = Pillow.fromarray(RGB).quantize(16)
DEEP = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 1200


PROFILE = ImageCmsProfile(createProfile("sRGB")).tobytes()
GREY_PROFILE = PROFILE[:16] + b"GRAY" + PROFILE[20:]
SMOOTH = np.add.outer(np.arange(16) * 4, np.arange(24) * 6).astype(np.uint8)


def unit(pixels: Any) -> Any:
    """What a file's pixels are read as: [0, 1], colours multiplied by alpha."""
    pixels = (pixels if pixels.ndim == 3 else pixels[:, :, None]) / np.float32(255 if pixels.dtype == np.uint8 else 65535)
    if pixels.shape[2] in (2, 4):
        pixels[:, :, :-1] *= pixels[:, :, -1:]
    return pixels


def with_clear_colour(image: Pillow.Image) -> Any:
    """Pixels of a palette image whose colour 0 is transparent."""
    alpha = np.where(np.asarray(image) == 0, 0, 255).astype(np.uint8)
    return np.dstack([np.asarray(image.convert("RGB")), alpha])


def with_clear_index(opaque: Any) -> Pillow.Image:
    """A black palette image, transparent where its index is 0."""
    image = Pillow.fromarray(opaque.astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 0, 0, 0])
    image.info["transparency"] = 0
    return image


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
    np.testing.assert_allclose(pixels, expected, atol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation: int, suffix: str, tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(SMOOTH).convert("RGB").save(tmp_path / f"turned.{suffix}", exif=exif)
    assert_turned(read_image(tmp_path / f"turned.{suffix}"), orientation)


@pytest.mark.parametrize("kind", ["png", "tif", "grey tif", "float tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_deep_files(orientation: int, kind: str) -> None:
    deep = np.repeat(SMOOTH[:, :, None], 1 if "grey" in kind else 3, axis=2) * np.uint16(257)
    if kind == "png":
        exif = Pillow.Exif()
        exif[0x0112] = orientation
        data = encode_png16(deep)
        # The chunk goes between the header and the pixels.
        body = b"eXIf" + exif.tobytes()[6:]
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        data = data[:33] + chunk + data[33:]
    else:
        file = io.BytesIO()
        tag = [(274, "H", 1, orientation, True)]
        colours = "minisblack" if "grey" in kind else "rgb"
        tifffile.imwrite(file, deep / np.float32(65535) if "float" in kind else deep, photometric=colours, extratags=tag)
        data = file.getvalue()
    assert_turned(decode(data, "turned").pixels, orientation)


def assert_turned(pixels: Any, orientation: int) -> None:
    smooth = SMOOTH
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
    assert pixels.shape[:2] == upright.shape
    assert np.abs(pixels[:, :, pixels.shape[2] // 2] * 255 - upright).mean() < 4


MASKS: dict[str, Callable[[Any], Pillow.Image]] = {
    "bits": lambda grey: Pillow.fromarray(grey > 127),
    "grey": Pillow.fromarray,
    "rgb": lambda grey: Pillow.fromarray(np.dstack([grey] * 3)),
    "white with alpha": lambda grey: Pillow.fromarray(np.dstack([np.full_like(grey, 255)] * 3 + [grey])),
    "black with alpha": lambda grey: Pillow.fromarray(np.dstack([np.zeros_like(grey)] * 3 + [grey])),
    "opaque rgba": lambda grey: Pillow.fromarray(np.dstack([grey] * 3 + [np.full_like(grey, 255)])),
    "grey with alpha": lambda grey: Pillow.fromarray(np.dstack([np.zeros_like(grey), grey])),
    "palette": lambda grey: Pillow.fromarray(grey).convert("P"),
    "palette with a clear colour": lambda grey: with_clear_index(grey > 127),
    "16 bits": lambda grey: Pillow.fromarray(grey * np.uint16(257)),
}
"""Images whose mask is where a grey level is above one half."""


@pytest.mark.parametrize("kind", MASKS)
def test_a_mask_is_white_or_opaque(kind: str, tmp_path: Path) -> None:
    MASKS[kind](GREY).save(tmp_path / "mask.png")
    mask = read_mask(tmp_path / "mask.png")
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, GREY > 127)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Pillow.fromarray(RGB).resize((64, 64)).save(tmp_path / "good.png")
    Pillow.fromarray(RGB).resize((64, 64)).save(tmp_path / "good.jpg")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:200])
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "good.jpg").read_bytes()[:700])
    (tmp_path / "header.png").write_bytes((tmp_path / "good.png").read_bytes()[:8])
    (tmp_path / "folder.png").mkdir()
    return tmp_path


UNREADABLE = {
    "absent.png": "does not exist",
    "folder.png": "is a folder",
    "empty.png": "is empty",
    "text.png": "cannot be read as an image",
    "header.png": "cannot be read as an image",
    "cut.png": "cannot be read as an image: image file is truncated",
    "cut.jpg": "cannot be read as an image: image file is truncated",
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
    for name, channels in (("new.jpg", 4), ("new.jpg", 2), ("new.bmp", 4), ("new.png", 5)):
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


LOSSLESS = [
    *((".png", channels, depth) for channels in (1, 2, 3, 4) for depth in (8, 16)),
    *((".tif", channels, depth) for channels in (1, 2, 3, 4) for depth in (8, 16, "float")),
    (".bmp", 1, 8),
    (".bmp", 3, 8),
]
CHANNELS = {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}


def numbers(channels: int, depth: Any) -> Any:
    """Random pixels in a file's own numbers, with every value of alpha from none to full."""
    drawn = np.random.default_rng(1).random((HEIGHT, WIDTH, 4))
    drawn[0, :2, 3] = 0, 1
    pixels = drawn[:, :, CHANNELS[channels]].astype(np.float32)
    return pixels if depth == "float" else np.round(pixels * (2**depth - 1)).astype(f"u{depth // 8}")


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


# 16 bits, floats.

DEEP_RGBA = np.random.default_rng(3).integers(0, 65536, (HEIGHT, WIDTH, 4), dtype=np.uint16)


def tiff(pixels: Any, **settings: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **settings)
    return file.getvalue()


def by_pillow(image: Pillow.Image, kind: str, **settings: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def associated(pixels: Any) -> Any:
    """Colours multiplied by alpha, in 16 bits."""
    alpha = pixels[:, :, -1:]
    return np.concatenate([np.round(pixels[:, :, :-1] * (alpha / 65535)).astype(np.uint16), alpha], axis=2)


DEEP_FILES = {
    "png grey": (encode_png16(DEEP_RGBA[:, :, :1]), 1),
    "png grey and alpha": (encode_png16(DEEP_RGBA[:, :, [0, 3]]), 2),
    "png rgb": (encode_png16(DEEP_RGBA[:, :, :3]), 3),
    "png rgba": (encode_png16(DEEP_RGBA), 4),
    "tiff rgb": (tiff(DEEP_RGBA[:, :, :3], photometric="rgb"), 3),
    "tiff rgb, other bytes first": (tiff(DEEP_RGBA[:, :, :3], photometric="rgb", byteorder=">"), 3),
    "tiff rgb, zip": (tiff(DEEP_RGBA[:, :, :3], photometric="rgb", compression="zlib", byteorder=">"), 3),
    "tiff rgb in planes": (tiff(np.moveaxis(DEEP_RGBA[:, :, :3], 2, 0), photometric="rgb", planarconfig="separate"), 3),
    "tiff rgb in tiles": (tiff(DEEP_RGBA[:, :, :3], photometric="rgb", tile=(16, 16)), 3),
    "tiff rgba": (tiff(DEEP_RGBA, photometric="rgb", extrasamples=["unassalpha"]), 4),
    "tiff grey": (tiff(DEEP_RGBA[:, :, 0], byteorder=">"), 1),
    "tiff grey and alpha": (tiff(DEEP_RGBA[:, :, [0, 3]], planarconfig="contig", extrasamples=["unassalpha"]), 2),
    "tiff grey, 0 is white": (tiff(65535 - DEEP_RGBA[:, :, 0], photometric="miniswhite"), 1),
    "bigtiff": (tiff(DEEP_RGBA[:, :, :3], photometric="rgb", bigtiff=True), 3),
    "ppm": (b"P6\n%d %d\n65535\n" % (WIDTH, HEIGHT) + DEEP_RGBA[:, :, :3].astype(">u2").tobytes(), 3),
    "pgm": (b"P5\n%d %d\n65535\n" % (WIDTH, HEIGHT) + DEEP_RGBA[:, :, 0].astype(">u2").tobytes(), 1),
}


@pytest.mark.parametrize("kind", DEEP_FILES)
def test_no_level_of_16_bits_is_lost(kind: str) -> None:
    data, channels = DEEP_FILES[kind]
    image = decode(data, kind)
    assert image.traits.depth == 16
    np.testing.assert_allclose(image.pixels, unit(DEEP_RGBA[:, :, CHANNELS[channels]]), atol=1e-7)


@pytest.mark.parametrize("compression", ["lzw", "zlib"])
@pytest.mark.parametrize("predictor", [False, True])
def test_16_bits_compressed_as_others_do(compression: str, predictor: bool) -> None:
    pytest.importorskip("imagecodecs", reason="writes such files for this test")
    settings: dict[str, Any] = {"compression": compression, "predictor": predictor}
    data = tiff(DEEP_RGBA[:, :, :3], photometric="rgb", **settings)
    np.testing.assert_allclose(decode(data, "a.tif").pixels, unit(DEEP_RGBA[:, :, :3]), atol=1e-7)
    grey = unit(DEEP_RGBA[:, :, 0])[:, :, 0]
    np.testing.assert_allclose(decode(tiff(grey, **settings), "a.tif").pixels[:, :, 0], grey, atol=1e-7)


def test_16_bits_with_colours_multiplied_by_opacity() -> None:
    stored = associated(DEEP_RGBA)
    image = decode(tiff(stored, photometric="rgb", extrasamples=["assocalpha"]), "a.tif")
    np.testing.assert_allclose(image.pixels, stored / np.float32(65535), atol=1e-6)


def test_an_interlaced_deep_png_and_one_with_a_clear_colour() -> None:
    plain = encode_png16(DEEP_RGBA[:, :, :3])
    body = b"tRNS" + DEEP_RGBA[2, 3, :3].astype(">u2").tobytes()
    clear = plain[:33] + struct.pack(">I", 6) + body + struct.pack(">I", zlib.crc32(body)) + plain[33:]
    alpha = decode(clear, "clear.png").pixels[:, :, 3]
    assert alpha[2, 3] == 0
    assert (alpha == 0).sum() == 1
    # The seven passes of Adam7, each a small image of its own (PNG specification, 8.2).
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b""
    for top, left, down, across in passes:
        part = DEEP_RGBA[top::down, left::across, :3].astype(">u2")
        rows += b"".join(b"\0" + row.tobytes() for row in part if part.size)
    header = b"IHDR" + struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 1)
    chunks = [header, b"IDAT" + zlib.compress(rows), b"IEND"]
    data = plain[:8] + b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    np.testing.assert_allclose(decode(data, "a.png").pixels, unit(DEEP_RGBA[:, :, :3]), atol=1e-7)


def test_a_deep_png_is_a_png_that_others_read() -> None:
    data = encode(unit(DEEP_RGBA), "a.png", depth=16, traits=FileTraits(16, PROFILE), record={"seed": 1})
    with Pillow.open(io.BytesIO(data)) as image:
        image.verify()
    with Pillow.open(io.BytesIO(data)) as image:
        upper = unpremultiply(unit(DEEP_RGBA)) * 65535 // 256
        assert np.abs(np.asarray(image).astype(int) - upper).max() <= 1
        assert image.info["icc_profile"] == PROFILE


FLOATS = {
    "unit": (np.linspace(0, 1, HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3).astype(np.float32), (0.0, 1.0)),
    "bright": (np.linspace(0, 900, HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3).astype(np.float32), (0.0, 900.0)),
    "below 0": (np.linspace(-3, 5, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.float32), (-3.0, 5.0)),
    "huge": (np.linspace(-3e38, 3e38, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.float32), None),
    "half": (np.linspace(0, 1, HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3).astype(np.float16), (0.0, 1.0)),
    "double": (np.linspace(0, 2, HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3), (0.0, 2.0)),
    "signed": (np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.int16) - 7, (-7.0, 46.0)),
    "wide": (np.arange(HEIGHT * WIDTH, dtype=np.uint32).reshape(HEIGHT, WIDTH) * np.uint32(1 << 26), (0.0, 53.0 * 2**26)),
}


@pytest.mark.parametrize("name", FLOATS)
def test_numbers_keep_their_range(name: str) -> None:
    stored, span = FLOATS[name]
    image = decode(tiff(stored, photometric="rgb" if stored.ndim == 3 else "minisblack"), "a.tif")
    assert image.traits.depth == "float"
    assert image.traits.span == (span or image.traits.span)
    assert image.pixels.min() >= 0
    assert image.pixels.max() <= 1
    again = tifffile.imread(io.BytesIO(encode(image.pixels, "b.tif", traits=image.traits)))
    assert again.dtype == np.float32
    np.testing.assert_allclose(again, stored, rtol=1e-6, atol=1e-6 * np.abs(stored).max())


@pytest.mark.parametrize("wrong", [(np.nan, 0), (np.inf, 0), (-np.inf, 0), (np.inf, -np.inf), (1e39, 0)])
def test_nan_and_infinity_are_refused(wrong: tuple[float, float], tmp_path: Path) -> None:
    pixels = np.ones((9, 9, 3))
    pixels[4, 4, :2] = wrong
    (tmp_path / "odd.tif").write_bytes(tiff(pixels, photometric="rgb"))
    with pytest.raises(InputError, match=r"odd\.tif holds NaN or infinite values"):
        read_image(tmp_path / "odd.tif")


def test_opacity_among_floats() -> None:
    stored = np.full((9, 9, 4), 0.5, np.float32)
    stored[:, :, 3] = np.linspace(-1, 2, 9)
    alpha = np.clip(stored[:, :, 3:], 0, 1)
    pixels = decode(tiff(stored, photometric="rgb", extrasamples=["unassalpha"]), "a").pixels
    np.testing.assert_allclose(pixels, alpha * (0.5, 0.5, 0.5, 1), atol=1e-7)
    stored = premultiply(np.clip(stored, 0, 1))
    np.testing.assert_allclose(
        decode(tiff(stored, photometric="rgb", extrasamples=["assocalpha"]), "a").pixels, stored, atol=1e-7
    )
    assert decode(tiff(stored, photometric="rgb", extrasamples=["unspecified"]), "a").pixels.shape == (9, 9, 3)


def test_ppm_of_odd_depth_and_cut_short() -> None:
    data = b"P6 2 1 1023\n" + np.array([0, 1, 511, 1022, 1023, 2000], ">u2").tobytes()
    expected = np.array([0, 1, 511, 1022, 1023, 1023]).reshape(1, 2, 3) / 1023
    np.testing.assert_allclose(decode(data, "a").pixels, expected, atol=1e-5)
    with pytest.raises(InputError, match=r"a\.ppm cannot be read as an image: image file is truncated"):
        decode(data[:-1], "a.ppm")


def test_exr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("OpenEXR", reason="the extra `exr` is not installed")
    for channels in (1, 2, 3, 4):
        pixels = premultiply(numbers(channels, "float"))
        pixels[0, 0] = 0
        write_image(tmp_path / f"{channels}.exr", pixels)
        again = read_file(tmp_path / f"{channels}.exr")
        assert again.traits == FileTraits("float")
        np.testing.assert_allclose(again.pixels, pixels, atol=1e-6)
    bright = FileTraits("float", span=(0.0, 40.0))
    write_image(tmp_path / "bright.exr", unit(RGB), traits=bright)
    assert read_file(tmp_path / "bright.exr").traits.span[1] == pytest.approx(40 * unit(RGB).max())
    with pytest.raises(InputError, match=r"4\.exr needs 1 MB of memory to be read, and may take 1 MB") as caught:
        read_image(tmp_path / "4.exr", max_memory=2000)
    assert caught.value.about == "max_memory"


def test_exr_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    (tmp_path / "a.exr").write_bytes(b"\x76\x2f\x31\x01 and more")
    for use in (lambda: read_image(tmp_path / "a.exr"), lambda: write_image(tmp_path / "b.exr", unit(RGB))):
        with pytest.raises(InputError, match=r"\.exr: EXR files need .* pip install 'patchnn\[exr\]'"):
            use()


DEPTHS = [
    # What the image was, what is asked for, the file, and what it holds.
    (FileTraits(16), None, "a.png", 16),
    (FileTraits(16), None, "a.tif", 16),
    (FileTraits(16), None, "a.jpg", 8),
    (FileTraits(16), 8, "a.png", 8),
    (FileTraits(8), 16, "a.png", 16),
    (FileTraits("float"), None, "a.png", 16),
    (FileTraits("float"), None, "a.tif", "float"),
    (FileTraits("float"), 16, "a.tif", 16),
    (FileTraits(8), None, "a.tif", 8),
    (None, None, "a.tif", 8),
]


@pytest.mark.parametrize(("traits", "depth", "name", "expected"), DEPTHS)
def test_depth_follows_the_input_as_far_as_the_file_can(traits: FileTraits | None, depth: Any, name: str, expected: Any) -> None:
    assert decode(encode(unit(RGB), name, traits=traits, depth=depth), name).traits.depth == expected


@pytest.mark.parametrize(("name", "depth"), [("a.jpg", 16), ("a.webp", 16), ("a.bmp", 16), ("a.png", "float")])
def test_a_depth_that_a_file_cannot_hold(name: str, depth: Any) -> None:
    with pytest.raises(InputError, match=rf"{name}: \{Path(name).suffix} cannot hold .*; choose .*\.tif"):
        encode(unit(RGB), name, depth=depth)


def test_quality() -> None:
    noise = unit(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    for name in ("a.jpg", "a.webp"):
        sizes = [len(encode(noise, name, quality=quality)) for quality in (1, 50, 100)]
        assert sizes == sorted(sizes)
        assert sizes[0] * 2 < sizes[2]
        assert encode(noise, name) == encode(noise, name, quality=95)
    for name, quality in (("a.png", 90), ("a.jpg", 0), ("a.webp", 101)):
        with pytest.raises(InputError, match="quality"):
            encode(noise, name, quality=quality)


# Colour profiles.


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_a_profile_is_carried_over(suffix: str, depth: Any) -> None:
    source = decode(encode(unit(RGB), "a.png", traits=FileTraits(depth, PROFILE)), "a.png")
    assert source.traits == FileTraits(depth, PROFILE)
    assert decode(encode(source.pixels, f"b{suffix}", traits=source.traits), "b").traits.icc == PROFILE


def test_a_profile_of_other_colours_is_left_out() -> None:
    assert decode(encode(unit(GREY), "a.png", traits=FileTraits(8, PROFILE)), "a").traits.icc is None
    assert decode(encode(unit(GREY), "a.png", traits=FileTraits(8, GREY_PROFILE)), "a").traits.icc == GREY_PROFILE
    # WebP has no grey: what is written is RGB.
    assert decode(encode(unit(GREY), "a.webp", traits=FileTraits(8, GREY_PROFILE)), "a").traits.icc is None


@pytest.mark.parametrize("profile", [None, b"no profile", PROFILE])
def test_printing_inks_become_rgb(profile: bytes | None) -> None:
    inks = Pillow.fromarray(np.full((8, 8, 4), (0, 255, 255, 0), np.uint8), "CMYK")
    image = decode(by_pillow(inks, "JPEG", quality=100, **({"icc_profile": profile} if profile else {})), "cmyk.jpg")
    assert image.traits.icc is None
    np.testing.assert_allclose(image.pixels[4, 4], (1, 0, 0), atol=0.02)


def ink_profile() -> bytes:
    """The smallest profile of a printer: black ink darkens, other inks leave no trace (ICC.1:2001, lut8Type)."""
    ramp = bytes(range(256))
    # Lab for every mixture of none or all of C, M, Y, K, the last changing fastest.
    mixtures = bytes(value for _ in range(8) for lightness in (255, 0) for value in (lightness, 128, 128))
    identity = struct.pack(">9i", *(65536 * (n % 4 == 0) for n in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + mixtures + ramp * 3
    body = struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ")
    return (header + bytes(12) + b"acsp").ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061) + bytes(48) + body


def test_printing_inks_go_through_their_profile() -> None:
    inks = np.zeros((8, 16, 4), np.uint8)
    inks[:, :8, :3] = 255
    inks[:, 8:, 3] = 255
    data = by_pillow(Pillow.fromarray(inks, "CMYK"), "TIFF", icc_profile=ink_profile())
    pixels = decode(data, "cmyk.tif").pixels
    np.testing.assert_allclose(pixels[4, 4], (1, 1, 1), atol=0.02)
    np.testing.assert_allclose(pixels[4, 12], (0, 0, 0), atol=0.02)


def test_lab_becomes_rgb() -> None:
    red = tiff(np.full((8, 8, 3), (136, 80, 67), np.uint8), photometric="cielab")
    np.testing.assert_allclose(decode(red, "lab.tif").pixels[4, 4], (1, 0, 0), atol=0.05)


# Animations and other images that are several.


def test_frames_are_counted_and_the_first_is_read() -> None:
    others = [PALETTE.rotate(180), PALETTE.rotate(90)]
    for kind in ("GIF", "WEBP", "TIFF", "PNG"):
        first = Pillow.fromarray(SMOOTH).convert("RGB")
        data = by_pillow(first, kind, save_all=True, append_images=[first.rotate(180), first.rotate(180).point(lambda v: v // 2)])
        image = decode(data, f"several.{kind}")
        assert image.frames == 3, kind
        assert np.abs(image.pixels[:, :, 0] * 255 - SMOOTH).mean() < 4
    assert decode(by_pillow(PALETTE, "GIF"), "one.gif").frames == 1
    assert (
        decode(by_pillow(others[0].convert("RGB"), "MPO", save_all=True, append_images=[PALETTE.convert("RGB")]), "a").frames == 1
    )
    assert decode(tiff(np.zeros((3, 9, 9, 3), np.float32), photometric="rgb"), "a.tif").frames == 3


# Transparency.


def test_colour_under_transparency_is_dropped_and_the_rest_comes_back() -> None:
    data = by_pillow(Pillow.fromarray(RGBA), "PNG")
    again = np.asarray(Pillow.open(io.BytesIO(encode(decode(data, "a").pixels, "b.png"))))
    expected = RGBA.copy()
    expected[RGBA[:, :, 3] == 0] = 0
    np.testing.assert_array_equal(again, expected)


@pytest.mark.parametrize("alpha", [None, 0.005, 1.0])
@pytest.mark.parametrize("noise", [0.0, 0.75, 3.0])
@pytest.mark.parametrize("depth", [8, 16])
def test_colour_under_transparency_never_bleeds(alpha: float | None, noise: float, depth: Any) -> None:
    most = 2**depth - 1
    stored = np.zeros((40, 48, 4), f"u{depth // 8}")
    stored[:, :] = 0, most // 2, 0, most
    stored[::5, :, 1] = most // 3
    stored[10:26, 14:34] = most, 0, 0, 0
    data = by_pillow(Pillow.fromarray(stored), "PNG") if depth == 8 else encode_png16(stored)
    source = decode(data, "badge.png")
    made = run(Generate(source.pixels, noise=noise), seed=2, alpha=alpha, backend="numpy", iterations=3).image
    again = unpremultiply(decode(encode(made, "b.png", traits=source.traits), "b").pixels)
    assert again[:, :, 0].max() == 0
    assert (again[:, :, 3] < 1).any(), "some of it is transparent"
    opaque = again[:, :, 3] > 0.5
    assert again[opaque, 1].max() <= 0.5 + 0.01
    assert again[opaque, 1].min() >= 1 / 3 - 0.01


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [8, 16, "float"])
def test_without_noise_the_file_comes_back(channels: int, depth: Any) -> None:
    image = tiny_image((24, 28), channels)
    if channels in (2, 4):
        image = premultiply(np.clip(image, 0.1, 1))
    data = encode(image, "a.tif", depth=depth)
    source = decode(data, "a.tif")
    # One step a level: from the second on, sharp patches look among blurred keys, and may find another.
    made = run(Generate(source.pixels, noise=0), seed=1, iterations=1, backend="numpy").image
    if depth == "float":
        np.testing.assert_allclose(made, source.pixels, atol=1e-6)
    else:
        assert encode(made, "b.tif", traits=source.traits) == data


# Files that lie about themselves.


def test_an_image_too_large_is_refused_by_its_header() -> None:
    def claiming(width: int, height: int, depth: int = 16) -> bytes:
        header = b"IHDR" + struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
        data = encode_png16(DEEP_RGBA[:, :, :3])
        return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]

    large = {
        "a.png": claiming(20000, 20000),
        "b.png": claiming(13400, 13400),
        "c.ppm": b"P6 20000 20000 255\n",
        "d.tif": tiff(np.zeros((8, 8, 3), np.float32), photometric="rgb", tile=(16, 16)),
    }
    # Width and height, by their numbers in the header.
    for tag in (256, 257):
        at = large["d.tif"].index(struct.pack("<HH", tag, 4))
        large["d.tif"] = large["d.tif"][: at + 8] + struct.pack("<I", 60000) + large["d.tif"][at + 12 :]
    for name in large:
        with pytest.raises(InputError, match=rf"{name} has more than 178,956,970 pixels"):
            decode(large[name], name)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    for suffix in (".jpg", ".tif", ".xyz", ""):
        (tmp_path / f"a{suffix}").write_bytes(by_pillow(Pillow.fromarray(RGB), "PNG"))
        np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}"), unit(RGB))
    (tmp_path / "a.tga").write_bytes(by_pillow(Pillow.fromarray(RGB), "TGA"))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tga"), unit(RGB))
    (tmp_path / "b.png").write_bytes((tmp_path / "a.tga").read_bytes())
    with pytest.raises(InputError, match="not a supported image format"):
        read_image(tmp_path / "b.png")
    (tmp_path / "a.eps").write_bytes(by_pillow(Pillow.fromarray(RGB), "EPS"))
    with pytest.raises(InputError, match="not a supported image format"):
        read_image(tmp_path / "a.eps")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes as Unix has them")
def test_what_is_no_plain_file_is_neither_read_nor_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match=r"pipe\.png is not a regular file"):
        read_image(tmp_path / "pipe.png")
    with pytest.raises(InputError, match=r"pipe\.png is not a regular file"):
        write_image(tmp_path / "pipe.png", unit(RGB), overwrite=True)


@pytest.mark.parametrize("name", ["a\0b.png", "a" * 300 + ".png"])
def test_names_that_no_file_can_have(name: str, tmp_path: Path) -> None:
    for use in (lambda: read_image(tmp_path / name), lambda: write_image(tmp_path / name, unit(RGB))):
        with pytest.raises(InputError):
            use()


def test_sides_longer_than_a_file_can_hold() -> None:
    with pytest.raises(InputError, match=r"long\.webp cannot be written"):
        encode(np.zeros((1, 17000, 3)), "long.webp")


def test_a_damaged_tag_takes_nothing_from_the_pixels() -> None:
    good = by_pillow(Pillow.fromarray(RGB), "PNG")
    body = b"eXIfMM\0*\xff\xff\xff\xff"
    data = good[:33] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + good[33:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(decode(data, "a").pixels, unit(RGB))


def test_a_tag_that_is_no_profile_is_dropped() -> None:
    image = decode(tiff(unit(RGB), photometric="rgb", extratags=[(34675, "H", 2, (1, 2), True)]), "a.tif")
    assert image.traits.icc is None


def test_a_large_image_is_read_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    data = by_pillow(Pillow.fromarray(RGB), "PNG")
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", HEIGHT * WIDTH - 1)
    assert decode(data, "a.png").pixels.shape == (HEIGHT, WIDTH, 3)
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", HEIGHT * WIDTH // 3)
    with pytest.raises(InputError, match="more than 178,956,970 pixels"):
        decode(data, "a.png")


# What users of such programs complain of: 16 bits turned black, sizes rounded down, masks not understood.

WHOLE = {
    "deep.png": encode_png16(numbers(3, 16).repeat(5, 0).repeat(3, 1)),
    "deep-grey.tif": tiff(numbers(1, 16)[:, :, 0].repeat(5, 0).repeat(3, 1)),
    "deep-clear.png": encode_png16(numbers(4, 16).repeat(5, 0).repeat(3, 1)),
    "clear.png": by_pillow(Pillow.fromarray(numbers(4, 8).repeat(5, 0).repeat(3, 1)), "PNG"),
    "grey.png": by_pillow(Pillow.fromarray(SMOOTH[:15, :23]), "PNG"),
    "bits.png": by_pillow(Pillow.fromarray(SMOOTH[:15, :23] > 90), "PNG"),
    "palette.png": by_pillow(Pillow.fromarray(numbers(3, 8).repeat(5, 0).repeat(3, 1)).quantize(16), "PNG"),
    "height.tif": tiff(SMOOTH[:15, :23] * np.float32(35) - 40),
}


@pytest.mark.parametrize("name", WHOLE)
def test_from_file_to_file_nothing_is_lost(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(WHOLE[name])
    assert main(["generate", name, "--noise", "0", "--seed", "1", "--iterations", "1", "-o", f"out-{name}"]) == 0
    before, after = read_file(name), read_file(f"out-{name}")
    assert after.traits.depth == before.traits.depth
    assert after.traits.span == pytest.approx(before.traits.span)
    assert after.pixels.shape == before.pixels.shape
    np.testing.assert_allclose(after.pixels, before.pixels, atol=2e-6)
    if name.endswith(".png"):
        assert "patchnn" in read_record(f"out-{name}")


@pytest.mark.parametrize("kind", MASKS)
def test_inpainting_understands_every_mask(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    photo = unit(np.random.default_rng(5).integers(0, 256, (60, 90, 3), dtype=np.uint8))
    write_image("photo.png", photo)
    bounds = np.zeros((60, 90), np.bool_)
    bounds[10:20, 20:30] = bounds[40:48, 60:75] = True
    level = np.where(bounds, np.uint8(200), np.uint8(30))
    Path("mask.png").write_bytes(by_pillow(MASKS[kind](level), "PNG"))
    assert main(["inpaint", "photo.png", "mask.png", "--fill", "none", "--seed", "1", "--iterations", "2", "-o", "out.png"]) == 0
    changed = (read_image("out.png") != read_image("photo.png")).any(axis=2)
    assert not (changed & ~bounds).any()
    assert changed[bounds].mean() > 0.9


# Masks.


def test_coverage_is_what_masks_are_made_of() -> None:
    rgba = np.zeros((2, 2, 4), np.float32)
    rgba[:, :, 3] = [[0, 0.2], [0.6, 1]]
    image = DecodedImage(rgba, FileTraits())
    np.testing.assert_array_equal(image.coverage(), rgba[:, :, 3])
    np.testing.assert_array_equal(image.mask(), rgba[:, :, 3] > 0.5)
    grey = DecodedImage(rgba[:, :, 3:], FileTraits())
    assert grey.coverage().dtype == np.float32
    np.testing.assert_array_equal(grey.coverage(), rgba[:, :, 3])
    rgba[:, :, 3], rgba[:, :, 0] = 1, 0.9
    np.testing.assert_allclose(DecodedImage(rgba, FileTraits()).coverage(), 0.3, atol=1e-6)


def photograph(channels: int = 3) -> Any:
    return read_image(Path(__file__).parent.parent / "examples/images/coffee.jpg")[:, :, :channels]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_photograph_is_not_taken_for_a_mask(channels: int, tmp_path: Path) -> None:
    write_image(tmp_path / "photo.jpg", photograph(channels))
    with pytest.raises(InputError, match=r"photo\.jpg looks like a photograph: a mask must be black and white, or transparent"):
        read_mask(tmp_path / "photo.jpg")


def test_a_photograph_of_which_something_is_transparent_is_a_mask(tmp_path: Path) -> None:
    pixels = np.concatenate([photograph(), np.ones_like(photograph(1))], axis=2)
    pixels[10:50, 20:90] = 0
    write_image(tmp_path / "cut-out.png", pixels)
    assert (~read_mask(tmp_path / "cut-out.png")).sum() == 40 * 70


@pytest.mark.parametrize("quality", [10, 90])
def test_a_soft_mask_saved_as_a_jpeg_is_a_mask(quality: int, tmp_path: Path) -> None:
    y, x = np.mgrid[:200, :300]
    soft = np.clip((80 - np.hypot(y - 100, x - 150)) / 40 + 0.5, 0, 1)[:, :, None].repeat(3, axis=2)
    write_image(tmp_path / "mask.jpg", soft, quality=quality)
    assert (read_mask(tmp_path / "mask.jpg") != (soft[:, :, 0] > 0.5)).mean() < 0.01


# Raw photographs.


def test_a_raw_photograph_is_refused_and_not_taken_for_its_thumbnail() -> None:
    thumbnail = {256: (3, 1, 2), 257: (3, 1, 2), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, -1)}
    thumbnail |= {254: (4, 1, 1), 277: (3, 1, 1), 278: (3, 1, 2), 279: (4, 1, 4)}
    count = len(thumbnail) + 1
    below = struct.pack("<HHHIIHHII", 2, 254, 4, 1, 0, 262, 3, 1, 32803) + bytes(4)
    data = bombs_tiff({**thumbnail, 330: (4, 1, 8 + 2 + 12 * count + 4 + 4)}, bytes(4) + below)
    with pytest.raises(InputError, match=r"^a\.nef is a camera's raw photograph: develop it first, to TIFF, PNG or JPEG$"):
        decode(data, "a.nef")
    harmless = data.replace(struct.pack("<H", 32803), struct.pack("<H", 1))
    assert decode(harmless, "a.tif").pixels.shape == (2, 2, 1)
    with pytest.raises(InputError, match="raw photograph"):
        decode(b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + harmless[8:], "a.cr2")


# Links, modes, names.


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


def test_an_output_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^the output's name is empty: name a file$"):
        check_place("")
    with pytest.raises(InputError, match="a name without an extension"):
        check_output("")


# Numbers that leave [0, 1], temporary folders that are full, stderr.


@pytest.mark.parametrize("suffix", [".tif", ".exr"])
def test_floats_that_are_written_stay_in_range(suffix: str) -> None:
    pixels = np.full((4, 4, 4), 1.0000001, np.float32)
    pixels[0, 0] = -1e-7
    again = decode(encode(pixels, f"a{suffix}", depth="float"), "a")
    assert again.traits.span == (0.0, 1.0)


def test_a_full_temporary_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("OpenEXR", reason="the extra `exr` is not installed")
    data = encode(unit(RGB), "a.exr")

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=rf"a\.exr: the temporary folder {re.escape(tempfile.gettempdir())} is full"):
        decode_exr(io.BytesIO(data), Budget("a.exr", 10**8))
    monkeypatch.setattr("tempfile.tempdir", "/absent")
    with pytest.raises(InputError, match=r"a\.exr: no temporary file can be made"):
        encode(unit(RGB), "a.exr")


def test_exr_without_its_library_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(InputError, match=r"new\.exr: EXR files need a library of their own"):
        check_output(tmp_path / "new.exr")


def damaged_lzw() -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    data = by_pillow(Pillow.fromarray(noise), "TIFF", compression="tiff_lzw")
    return data[:4000] + bytes(300) + data[4300:]


def test_the_library_leaves_stderr_alone_and_the_command_line_silences_decoders(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError):
        decode(damaged_lzw(), "a.tif")
    assert capfd.readouterr().err, "libtiff prints, and that is not ours to stop"
    with quiet_decoders(), pytest.raises(InputError):
        decode(damaged_lzw(), "a.tif")
    assert capfd.readouterr().err == ""


def test_threads_that_read_at_once_leave_the_filters_of_warnings_as_they_were() -> None:
    before, entered = list(warnings.filters), threading.Event()

    def first() -> None:
        with no_warnings():
            entered.set()
            time.sleep(0.1)

    thread = threading.Thread(target=first)
    thread.start()
    entered.wait()
    with no_warnings():
        thread.join()
    assert warnings.filters == before
