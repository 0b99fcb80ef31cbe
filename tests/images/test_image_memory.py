"""Reading takes no more memory than max_memory: small files that claim or unpack to gigabytes, and honest large ones."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import tifffile
from PIL import Image as Pillow

from bombs import BOMBS, MIB, tiff
from patchnn import InputError, read_image
from patchnn.images import child, decode, encode
from patchnn.images.ifd import count_directories
from patchnn.images.limits import Budget
from patchnn.images.png import encode_png16

linux = pytest.mark.skipif(not psutil.LINUX, reason="peak memory as Linux tells it")

ALLOWED, SLACK = 64 * MIB, 150_000_000

MEASURE = """
import json, os, resource, signal, sys
from patchnn import InputError, read_image

def measure(path, allowed):
    said = ""
    try:
        if path:
            read_image(path, max_memory=allowed)
    except InputError as error:
        said = str(error)
    with open("/proc/self/status") as status:
        own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps([1024 * max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss), said]), flush=True)

# A process of its own for every file, as peaks only grow; forked, as the imports take longer than a file.
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        signal.alarm(120)
        measure(*json.loads(line))
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("null", flush=True)
"""

Peak = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def peak() -> Iterator[Peak]:
    """The most memory that a process, or one that it started, had while it read a file, and what it said."""
    with subprocess.Popen([sys.executable, "-c", MEASURE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None

        def measured(path: Path | str = "", allowed: int = 0) -> tuple[int, str]:
            print(json.dumps([str(path), allowed]), file=server.stdin, flush=True)
            used, said = json.loads(server.stdout.readline()) or pytest.fail(f"reading {path} crashed, or took two minutes")
            return used, said

        yield measured
        server.stdin.close()


@pytest.fixture(scope="module")
def bare(peak: Peak) -> int:
    """The memory of a process that has imported patchnn."""
    return peak()[0]


@linux
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_no_more_memory_than_allowed(name: str, peak: Peak, bare: int, tmp_path: Path) -> None:
    data = BOMBS[name]()
    assert len(data) < 10_000_000
    (tmp_path / name).write_bytes(data)
    # By its header it needs 128 MB. With as much it is decoded, and takes 2 GB where nothing limits the decoder.
    allowed = 140_000_000 if name == "precincts.j2k" else ALLOWED
    used, said = peak(tmp_path / name, allowed)
    assert used - bare < allowed + SLACK
    assert not said or said.startswith(str(tmp_path / name))


def honest(side: int) -> dict[str, Callable[[], bytes]]:
    y, x = np.mgrid[:side, :side]
    rgba = np.dstack([y, x, x + y, 255 - x]).astype(np.uint8)
    rgb, deep = rgba[:, :, :3], rgba * np.uint16(257)

    def saved(kind: str, pixels: Any = rgb, mode: str = "", **settings: Any) -> bytes:
        image, file = Pillow.fromarray(pixels), io.BytesIO()
        (image.convert(mode) if mode else image).save(file, kind, **settings)
        return file.getvalue()

    def by_tifffile(pixels: Any, **settings: Any) -> bytes:
        file = io.BytesIO()
        tifffile.imwrite(file, pixels, **settings)
        return file.getvalue()

    return {
        "rgba.png": lambda: saved("PNG", rgba, compress_level=1),
        "deep.png": lambda: encode_png16(deep),
        "progressive.jpg": lambda: saved("JPEG", progressive=True, subsampling=0),
        "cmyk.jpg": lambda: saved("JPEG", mode="CMYK", progressive=True),
        "a.gif": lambda: saved("GIF", mode="P"),
        "lossless.webp": lambda: saved("WEBP", rgba, lossless=True, method=0),
        "a.bmp": lambda: saved("BMP"),
        "a.ppm": lambda: saved("PPM"),
        "deep.ppm": lambda: b"P6 %d %d 65535\n" % (side, side) + deep[:, :, :3].astype(">u2").tobytes(),
        "lzw.tif": lambda: saved("TIFF", compression="tiff_lzw"),
        "strip.tif": lambda: by_tifffile(deep[:, :, :3], photometric="rgb", compression="zlib", rowsperstrip=side),
        "double.tif": lambda: by_tifffile(rgb / 255.0, photometric="rgb", compression="zlib", rowsperstrip=side),
        "a.jp2": lambda: saved("JPEG2000"),
    }


HONEST = honest(2000)


@linux
@pytest.mark.parametrize("name", HONEST)
def test_what_an_image_needs_is_enough_for_it(name: str, peak: Peak, bare: int, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(HONEST[name]())
    allowed = 1
    # A file says in several steps what it needs: its tags, its bytes, its pixels.
    for _ in range(5):
        used, said = peak(tmp_path / name, allowed)
        needs = re.search(r"needs ([\d,]+) MB", said)
        if needs is None:
            break
        allowed = int(needs[1].replace(",", "")) * 1_000_000
    assert said == ""
    assert used - bare < allowed + 60_000_000


def test_the_refusal_says_what_to_do() -> None:
    data = encode(np.zeros((600, 800, 3)), "a.png")
    with pytest.raises(InputError, match=r"^a\.png needs 10 MB of memory to be read, and may take 2 MB: ") as caught:
        decode(data, "a.png", max_memory=2_000_000)
    assert caught.value.about == "max_memory"
    assert decode(data, "a.png", max_memory=12_000_000).pixels.shape == (600, 800, 3)


def test_a_process_that_is_watched_ends_when_it_takes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems that limit no process: here its own limit is far too high, and it is watched."""
    monkeypatch.setattr(child, "watched", partial(child.watched, needed=True))
    monkeypatch.setattr(child, "_PROGRAM", child._PROGRAM - (2 << 30))
    file = io.BytesIO(BOMBS["precincts.j2k"]())
    with pytest.raises(InputError, match=r"^a\.j2k needs more than the 2,148 MB it may take"):
        child.decode_in_child(file, Budget("a.j2k", 2 << 30), "everyday")
    file = io.BytesIO(encode(np.zeros((24, 32, 3)), "a.exr") if find_spec("OpenEXR") else HONEST["a.jp2"]())
    monkeypatch.undo()
    monkeypatch.setattr(child, "watched", partial(child.watched, needed=True))
    assert decode(file, "a").pixels.any() == (find_spec("OpenEXR") is None)


def test_directories_are_counted_without_reading_them() -> None:
    read = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            read.append(data := super().read(size))
            return data

    assert count_directories(Counting(BOMBS["directories.tif"]())) == 10_000
    # The head, and of each directory how many tags it has and where the next one is.
    assert sum(map(len, read)) == 16 + 10_000 * (2 + 4)


def test_a_directory_that_is_its_own_successor_is_not_counted_for_ever() -> None:
    data = bytearray(tiff({256: (3, 1, 8)}, b""))
    data[-4:] = (8).to_bytes(4, "little")
    assert count_directories(io.BytesIO(bytes(data))) == 10_000


def test_long_texts_and_profiles_do_not_hide_an_image(tmp_path: Path) -> None:
    from bombs import chunk, small_png, zeros

    for extra in (chunk(b"zTXt", b"Comment\0\0" + zeros(3 * MIB)), chunk(b"iCCP", b"p\0\0" + zeros(3 * MIB))):
        (tmp_path / "a.png").write_bytes(small_png(extra))
        assert read_image(tmp_path / "a.png").shape == (8, 8, 3)
