"""Files that cannot be read, or are too much: one line that names them, and stderr left alone."""

from __future__ import annotations

import errno
import io
import os
import re
import struct
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_files import DEEP_RGBA, RGB, by_pillow, tiff, unit
from PIL import Image as Pillow

from bombs import chunk
from bombs import tiff as bombs_tiff
from patchnn import InputError, read_image, read_mask, write_image
from patchnn.images import decode, encode, read_record
from patchnn.images.exr import decode_exr
from patchnn.images.limits import Budget
from patchnn.images.png import encode_png16
from patchnn.images.quiet import no_warnings, quiet_decoders

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


def test_an_image_too_large_is_refused_by_its_header() -> None:
    def claiming(width: int, height: int, depth: int = 16) -> bytes:
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
        data = encode_png16(DEEP_RGBA[:, :, :3])
        return data[:8] + header + data[33:]

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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes as Unix has them")
def test_what_is_no_plain_file_is_neither_read_nor_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match=r"pipe\.png is not a regular file"):
        read_image(tmp_path / "pipe.png")
    with pytest.raises(InputError, match=r"pipe\.png is not a regular file"):
        write_image(tmp_path / "pipe.png", unit(RGB), overwrite=True)


@pytest.mark.parametrize("name", ["a\0b.png", "a" * 300 + ".png"])
def test_names_that_no_file_can_have_are_refused(name: str, tmp_path: Path) -> None:
    for use in (lambda: read_image(tmp_path / name), lambda: write_image(tmp_path / name, unit(RGB))):
        with pytest.raises(InputError):
            use()


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
