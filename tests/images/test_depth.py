"""16 bits and floats: no level and no range is lost on the way in or out."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from image_files import CHANNELS, DEEP_RGBA, HEIGHT, PROFILE, RGB, WIDTH, numbers, tiff, unit
from PIL import Image as Pillow

from bombs import chunk
from bombs import tiff as raw_tiff
from patchnn import InputError, read_image, write_image
from patchnn.images import FileTraits, decode, encode, read_file
from patchnn.images.decoded import premultiply, unpremultiply
from patchnn.images.png import encode_png16


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


def lzw(data: bytes) -> bytes:
    """Pack as LZW that gains nothing: every byte is a code of 9 bits, and the table is cleared before codes need 10."""
    codes = [code for at in range(0, len(data), 200) for code in (256, *data[at : at + 200])] + [257]
    bits = "".join(f"{code:09b}" for code in codes)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def predicted(pixels: Any) -> Any:
    """What a predictor stores of (H, W, C): differences along a row, of floats after their bytes are put in planes."""
    if pixels.dtype == np.float32:
        planes = pixels.astype(">f4").view(np.uint8).reshape(len(pixels), -1, 4).swapaxes(1, 2)
        pixels = planes.reshape(len(pixels), -1)
    return np.diff(pixels, axis=1, prepend=np.zeros_like(pixels[:, :1]))


def packed(pixels: Any, compression: str, predictor: bool) -> bytes:
    """A TIFF of (H, W, C) as other programs write it (TIFF 6.0, sections 8, 13 and 14)."""
    height, width, channels = pixels.shape
    floats, bits = pixels.dtype == np.float32, 8 * pixels.dtype.itemsize
    data = (predicted(pixels) if predictor else pixels).tobytes()
    data = lzw(data) if compression == "lzw" else zlib.compress(data)
    tags = {256: width, 257: height, 259: 5 if compression == "lzw" else 8, 262: 2 if channels > 1 else 1, 277: channels}
    tags |= {278: height, 317: (3 if floats else 2) if predictor else 1}
    entries = {tag: (3, 1, value) for tag, value in tags.items()} | {279: (4, 1, len(data)), 273: (4, 1, -1)}
    if channels == 1:
        return raw_tiff(entries | {258: (3, 1, bits), 339: (3, 1, 3 if floats else 1)}, data)
    # The bits of each channel stand in front of the pixels.
    depths = struct.pack(f"<{channels}H", *[bits] * channels)
    start = 8 + 2 + 12 * (len(entries) + 1) + 4
    return raw_tiff(entries | {258: (3, channels, start), 273: (4, 1, start + len(depths))}, depths + data)


@pytest.mark.parametrize("compression", ["lzw", "zlib"])
@pytest.mark.parametrize("predictor", [False, True])
def test_16_bits_and_floats_packed_by_other_programs_are_read(compression: str, predictor: bool) -> None:
    floats = unit(DEEP_RGBA[:, :, 0])
    for pixels, expected in ((DEEP_RGBA[:, :, :3], unit(DEEP_RGBA[:, :, :3])), (floats, floats)):
        image = decode(packed(pixels, compression, predictor), "a.tif")
        np.testing.assert_allclose(image.pixels, expected, atol=1e-7)


def test_16_bits_with_colours_multiplied_by_opacity_are_read_as_they_are() -> None:
    stored = associated(DEEP_RGBA)
    image = decode(tiff(stored, photometric="rgb", extrasamples=["assocalpha"]), "a.tif")
    np.testing.assert_allclose(image.pixels, stored / np.float32(65535), atol=1e-6)


def test_an_interlaced_deep_png_and_one_with_a_clear_colour_are_read() -> None:
    plain = encode_png16(DEEP_RGBA[:, :, :3])
    clear = plain[:33] + chunk(b"tRNS", DEEP_RGBA[2, 3, :3].astype(">u2").tobytes()) + plain[33:]
    alpha = decode(clear, "clear.png").pixels[:, :, 3]
    assert alpha[2, 3] == 0
    assert (alpha == 0).sum() == 1
    # The seven passes of Adam7, each a small image of its own (PNG specification, 8.2).
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b""
    for top, left, down, across in passes:
        part = DEEP_RGBA[top::down, left::across, :3].astype(">u2")
        rows += b"".join(b"\0" + row.tobytes() for row in part if part.size)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 1))
    data = plain[:8] + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
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


def test_opacity_among_floats_is_clipped_and_multiplies_colours() -> None:
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


def test_a_ppm_of_odd_depth_is_read_and_one_cut_short_is_refused() -> None:
    data = b"P6 2 1 1023\n" + np.array([0, 1, 511, 1022, 1023, 2000], ">u2").tobytes()
    expected = np.array([0, 1, 511, 1022, 1023, 1023]).reshape(1, 2, 3) / 1023
    np.testing.assert_allclose(decode(data, "a").pixels, expected, atol=1e-5)
    with pytest.raises(InputError, match=r"a\.ppm cannot be read as an image: image file is truncated"):
        decode(data[:-1], "a.ppm")


def test_exr_files_are_read_back_with_their_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_exr_without_its_library_is_refused_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_a_depth_that_a_file_cannot_hold_is_refused(name: str, depth: Any) -> None:
    with pytest.raises(InputError, match=rf"{name}: \{Path(name).suffix} cannot hold .*; choose .*\.tif"):
        encode(unit(RGB), name, depth=depth)


@pytest.mark.parametrize("suffix", [".tif", ".exr"])
def test_floats_that_are_written_stay_in_range(suffix: str) -> None:
    pixels = np.full((4, 4, 4), 1.0000001, np.float32)
    pixels[0, 0] = -1e-7
    again = decode(encode(pixels, f"a{suffix}", depth="float"), "a")
    assert again.traits.span == (0.0, 1.0)
