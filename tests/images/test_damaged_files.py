"""Damaged files of every kind: whatever bytes come, an image or one line, and no warning, crash, hang or vast memory.

PATCHNN_FUZZ=10000 tries as many of every kind and prints what became of them; another PATCHNN_FUZZ_SEED tries others.
"""

from __future__ import annotations

import importlib.util
import io
import os
import signal
import struct
import sys
import time
import warnings
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import psutil
import pytest
from image_files import by_pillow, tiff
from PIL import Image as Pillow

from patchnn import InputError
from patchnn.images import FileTraits, decode, encode
from patchnn.images.child import receive
from patchnn.images.child_main import serve
from patchnn.images.decoded import Found
from patchnn.images.limits import Budget
from patchnn.images.png import encode_png16
from patchnn.images.quiet import quiet_decoders

LONG = "PATCHNN_FUZZ" in os.environ
TRIES = int(os.environ.get("PATCHNN_FUZZ", "100"))
SEED = int(os.environ.get("PATCHNN_FUZZ_SEED", "0"))
MEMORY = 64 << 20
"""What a file may take to be read: enough for every file below, and soon filled."""
SLACK = 150_000_000
CHILDREN: list[int] = []
"""The most memory that each forked process had."""

NUMBERS = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def pillow(pixels: Any, kind: str, mode: str | None = None, **settings: Any) -> bytes:
    image = Pillow.fromarray(pixels)
    return by_pillow(image.convert(mode) if mode else image, kind, **settings)


def photoshop(pixels: Any, *, packed: bool = False) -> bytes:
    """A PSD without layers (Adobe Photoshop File Formats Specification)."""
    height, width, channels = pixels.shape
    planes = np.moveaxis(pixels, 2, 0)
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", channels, height, width, 8, 3)
    resource = b"8BIM" + struct.pack(">HHI", 0x040F, 0, 4) + b"none"
    head += struct.pack(">I", 0) + struct.pack(">I", len(resource)) + resource + struct.pack(">I", 0)
    if not packed:
        return head + b"\0\0" + planes.tobytes()
    rows = [bytes([width - 1]) + row.tobytes() for plane in planes for row in plane]
    return head + b"\0\1" + struct.pack(f">{len(rows)}H", *map(len, rows)) + b"".join(rows)


Y, X = np.mgrid[:24, :31]
RGBA = np.dstack([Y * 9, X * 7, Y + X, 255 - X * 8]).astype(np.uint8)
RGB = np.ascontiguousarray(RGBA[:, :, :3])
OTHER = Pillow.fromarray(np.ascontiguousarray(RGB[::-1]))
DEEP = RGBA * np.uint16(257)
EXIF = Pillow.Exif()
EXIF[0x0112], EXIF[0x010F] = 6, "maker"
PROFILE = b"\0" * 16 + b"RGB " + bytes(200)


def web_files() -> dict[str, bytes]:
    """One small real file of every kind that browsers show."""
    return {
        "png": pillow(RGB, "PNG", exif=EXIF, icc_profile=PROFILE),
        "png rgba": pillow(RGBA, "PNG"),
        "png palette": pillow(RGB, "PNG", "P", transparency=3),
        "png bits": pillow(RGB, "PNG", "1"),
        "png text": encode(RGB / np.float32(255), "a.png", record={"seed": 1}),
        "png animated": pillow(RGB, "PNG", save_all=True, append_images=[OTHER]),
        "png16 grey": encode_png16(DEEP[:, :, :1]),
        "png16 grey and alpha": encode_png16(DEEP[:, :, [0, 3]]),
        "png16 rgb": encode_png16(DEEP[:, :, :3], PROFILE, {"patchnn": "{}"}),
        "png16 rgba": encode_png16(DEEP),
        "jpeg": pillow(RGB, "JPEG", exif=EXIF, icc_profile=PROFILE),
        "jpeg progressive": pillow(RGB, "JPEG", progressive=True),
        "jpeg cmyk": pillow(RGB, "JPEG", "CMYK", icc_profile=PROFILE),
        "mpo": pillow(RGB, "MPO", save_all=True, append_images=[OTHER]),
        "gif": pillow(RGB, "GIF", "P", save_all=True, append_images=[OTHER]),
        "webp": pillow(RGBA, "WEBP"),
        "webp lossless": pillow(RGB, "WEBP", lossless=True, exif=EXIF),
        "webp animated": pillow(RGB, "WEBP", save_all=True, append_images=[OTHER]),
        "ico": pillow(RGBA, "ICO", sizes=[(16, 16)]),
        **({"avif": pillow(RGB, "AVIF", speed=9)} if "AVIF" in Pillow.SAVE else {}),
    }


def tiff_files() -> dict[str, bytes]:
    """One small real TIFF file of every kind."""
    return {
        "tiff": pillow(RGB, "TIFF", exif=EXIF),
        "tiff lzw": pillow(RGB, "TIFF", compression="tiff_lzw"),
        "tiff jpeg": pillow(RGB, "TIFF", compression="jpeg"),
        "tiff fax": pillow(RGB, "TIFF", "1", compression="group4"),
        "tiff cmyk": pillow(RGB, "TIFF", "CMYK"),
        "tiff lab": tiff(RGB, photometric="cielab"),
        "tiff16 grey": tiff(DEEP[:, :, 0], byteorder=">"),
        "tiff16 rgb": encode(RGB / np.float32(255), "a.tif", traits=FileTraits(16, PROFILE)),
        "tiff16 rgba": tiff(DEEP, photometric="rgb", extrasamples=["unassalpha"]),
        "tiff16 planes": tiff(np.moveaxis(DEEP[:, :, :3], 2, 0), photometric="rgb", planarconfig="separate"),
        "tiff float": tiff(RGB / np.float32(99), photometric="rgb"),
        "tiff float zip": tiff(RGB / np.float32(255), photometric="rgb", compression="zlib"),
        "tiff float grey": tiff(RGB[:, :, 0] / np.float32(255)),
        "tiff double tiles": tiff(RGB / 255.0, photometric="rgb", tile=(16, 16)),
        "tiff integers": tiff(RGB[:, :, 0].astype(np.int32) - 9),
        "bigtiff": tiff(RGB / np.float32(255), photometric="rgb", bigtiff=True),
    }


def other_files() -> dict[str, bytes]:
    """One small real file of every other kind."""
    return {
        "bmp": pillow(RGB, "BMP"),
        "bmp palette": pillow(RGB, "BMP", "P"),
        "ppm": pillow(RGB, "PPM"),
        "ppm16": b"P6 31 24 65535\n" + DEEP[:, :, :3].astype(">u2").tobytes(),
        "pfm": pillow(RGB[:, :, 0] / np.float32(255), "PPM"),
        "a.tga": pillow(RGBA, "TGA"),
        "sgi": pillow(RGB, "SGI"),
        "jpeg2000": pillow(RGB, "JPEG2000"),
        "jpeg2000 codestream": pillow(RGBA, "JPEG2000", no_jp2=True, num_resolutions=3, tile_size=(16, 16)),
        "psd": photoshop(RGB),
        "psd packed": photoshop(RGBA, packed=True),
        "qoi": b"qoif" + struct.pack(">IIBB", 31, 24, 3, 0) + b"".join(b"\xfe" + p.tobytes() for p in RGB.reshape(-1, 3)),
        **({"exr": encode(RGBA / np.float32(255), "a.exr")} if importlib.util.find_spec("OpenEXR") else {}),
    }


FILES = web_files() | tiff_files() | other_files()


def kind_of(name: str) -> str:
    """The kind of a file, one of several of which are tested together."""
    return name.split()[0].removeprefix("a.").rstrip("16")


KINDS = sorted(set(map(kind_of, FILES)))


def damaged(data: bytes, random: np.random.RandomState) -> bytes:
    """Change a file as disks, networks and ill will do, in its first bytes more often than elsewhere."""
    out = bytearray(data)
    for _ in range(random.randint(1, 5)):
        reach = min(len(out), 120) if random.rand() < 0.6 else len(out)
        at, how = random.randint(0, max(1, reach)), random.randint(0, 7)
        if how == 0:
            out[at : at + 1] = bytes([random.randint(0, 256)])
        elif how == 1:
            out[at : at + 1] = bytes([(out[at : at + 1] or b"\0")[0] ^ 1 << random.randint(0, 8)])
        elif how == 2:
            number = NUMBERS[random.randint(0, len(NUMBERS))]
            form = ("<H", ">H", "<I", ">I")[random.randint(0, 4)]
            word = struct.pack(form, number & (0xFFFF if form[1] == "H" else 0xFFFFFFFF))
            out[at : at + len(word)] = word
        elif how == 3:
            del out[at : at + random.randint(1, 40)]
        elif how == 4:
            out[at:at] = random.bytes(random.randint(1, 40))
        elif how == 5:
            start = random.randint(0, max(1, len(out)))
            out[at:at] = out[start : start + 50]
        elif random.rand() < 0.3:
            del out[at:]
    return sealed(bytes(out)) if random.rand() < 0.7 else bytes(out)


def sealed(data: bytes) -> bytes:
    """Put right the checksums of a PNG's chunks, so that what is in them is looked at."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        length = int.from_bytes(out[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(out):
            break
        out[end : end + 4] = struct.pack(">I", zlib.crc32(out[at + 4 : end]))
        at = end + 4
    return bytes(out)


def decode_forked(file: BinaryIO, budget: Budget, decoder: str) -> Found:
    """Do what decode_in_child does, in a copy of this process, which is made a hundred times sooner."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        sys.stdout = sys.stderr = io.StringIO()
        with os.fdopen(writing, "wb") as out:
            file.seek(0)
            serve(decoder, file, budget, out)
        os._exit(0)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as stream:
            return receive(stream)
    finally:
        os.kill(child, signal.SIGKILL)
        CHILDREN.append(1024 * os.wait4(child, 0)[2].ru_maxrss)


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    if hasattr(os, "fork"):
        for module in ("reading", "tiff"):
            monkeypatch.setattr(f"patchnn.images.{module}.decode_in_child", decode_forked)


@pytest.mark.parametrize("name", FILES)
def test_the_files_themselves_are_read(name: str) -> None:
    assert decode(FILES[name], name).pixels.size


def outcome(data: bytes, name: str, attempt: int) -> tuple[Any, str]:
    """Return the pixels, or what is said."""
    try:
        with warnings.catch_warnings(), quiet_decoders():
            warnings.simplefilter("error")
            image = decode(data, name, max_memory=MEMORY)
            if image.pixels.size < 1 << 14:
                # What a damaged file says of itself must not spoil what is made from it.
                encode(image.pixels, "a.tif", traits=image.traits)
            return image.pixels, ""
    except InputError as error:
        return None, str(error)
    except BaseException as error:
        raise AssertionError(f"attempt {attempt}: {data!r}") from error


def peak_memory() -> int:
    """Return the most memory that this process or one that it forked has had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return max([1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")] + CHILDREN)


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_an_image_or_one_line(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    if psutil.LINUX:
        # Peaks are counted from here on.
        Path("/proc/self/clear_refs").write_text("5")
        CHILDREN.clear()
    names = [name for name in FILES if kind_of(name) == kind]
    random = np.random.RandomState((SEED + zlib.crc32(kind.encode())) % 2**32)
    before, read, started = psutil.Process().memory_info().rss, 0, time.monotonic()
    for attempt in range(TRIES):
        name = names[attempt % len(names)]
        pixels, said = outcome(damaged(FILES[name], random), name, attempt)
        if pixels is None:
            assert said.startswith(name)
            assert "\n" not in said
            assert " object at 0x" not in said
        else:
            read += 1
            assert 4 * pixels.size <= MEMORY
            assert 1 <= pixels.shape[2] <= 4
            assert pixels.min() >= 0
            assert pixels.max() <= 1
    assert capfd.readouterr() == ("", "")
    if psutil.LINUX:
        assert peak_memory() - before < MEMORY + SLACK
    if LONG and psutil.LINUX:
        with capfd.disabled():
            more = (peak_memory() - before) / 1e6
            seconds = time.monotonic() - started
            print(f"\n{kind}: {TRIES} files, {read} read, {TRIES - read} refused, {more:.0f} MB, {seconds:.0f} s")
