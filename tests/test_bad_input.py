"""Bad input: the right exit code, one line that names the problem, and no file changed or left behind."""

from __future__ import annotations

import io
import os
import shlex
import struct
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from patchnn.images import write_image
from patchnn.images.png import encode_png16
from patchnn.registry import GROUP, Registry

TASKS = Registry(
    EntryPoint(name, f"patchnn_tasks.{name}:{name.title()}", GROUP)
    for name in ("generate", "retarget", "analogy", "inpaint", "collage", "edit")
)


def tiff(pixels: Any, **settings: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **settings)
    return file.getvalue()


def saved(kind: str, **settings: Any) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(file, kind, **settings)
    return file.getvalue()


def with_value(value: float) -> bytes:
    pixels = np.full((20, 24, 3), 0.5, np.float32)
    pixels[3, 4, 1] = value
    return tiff(pixels, photometric="rgb")


PNG, JPEG, DEEP = saved("PNG"), saved("JPEG"), encode_png16(np.zeros((20, 24, 3), np.uint16))

FILES: dict[str, bytes] = {
    "empty.png": b"",
    "text.png": b"This is no image.\n",
    "text.tga": b"Neither is this, whatever its name says.\n" * 9,
    "page.jpg": b"<!doctype html><title>404</title>",
    "program.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\nshowpage\n",
    "header.png": PNG[:8],
    "cut.png": PNG[:300],
    "end.png": PNG[:-40],
    "cut.jpg": JPEG[:500],
    "cut.gif": saved("GIF")[:200],
    "cut.webp": saved("WEBP")[:100],
    "cut.bmp": saved("BMP")[:200],
    "cut.tif": saved("TIFF")[:300],
    "cut16.png": DEEP[:-30],
    "cut16.tif": tiff(np.zeros((20, 24, 3), np.uint16), photometric="rgb")[:400],
    "cut.ppm": saved("PPM")[:200],
    "cut16.ppm": b"P6 24 20 65535\n" + bytes(99),
    "header.tif": b"II*\0",
    "header.exr": b"\x76\x2f\x31\x01",
    "bits.png": PNG.replace(b"IDAT", b"IDAT\xff", 1),
    "bomb.ppm": b"P6 100000 100000 255\n",
    "bomb.gif": b"GIF89a" + struct.pack("<HH", 65535, 65535) + bytes(3),
    "nan.tif": with_value(float("nan")),
    "inf.tif": with_value(float("inf")),
    "complex.tif": tiff(np.zeros((20, 24), np.complex64)),
    "none.pgm": b"P5 0 0 255\n",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with images, and with files that cannot be read."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(2)
    write_image("photo.png", random.random((20, 24, 3)))
    write_image("clear.png", random.random((20, 24, 4)))
    write_image("tiny.png", random.random((3, 3, 3)))
    write_image("small.png", random.random((9, 9, 3)))
    write_image("black.png", np.zeros((20, 24)))
    write_image("white.png", np.ones((20, 24)))
    mask = np.zeros((20, 24))
    mask[8:12, 8:12] = 1
    write_image("mask.png", mask)
    (tmp_path / "dir.png").mkdir()
    for name, data in FILES.items():
        Path(name).write_bytes(data)
    if hasattr(os, "mkfifo"):
        os.mkfifo("pipe.png")
    return tmp_path


# The command line, its exit code, and a part of the line on stderr.
VALUE, USAGE = 1, 2
OPTIONS: list[tuple[str, int, str]] = [
    # Numbers out of range, and text that is no number.
    ("generate photo.png --noise nan", VALUE, "noise is nan"),
    ("generate photo.png --noise inf", VALUE, "noise is inf"),
    ("generate photo.png --noise much", USAGE, "--noise"),
    ("inpaint photo.png mask.png --noise -0.1", VALUE, "noise is -0.1"),
    ("inpaint photo.png mask.png --grow -1", VALUE, "grow is -1"),
    ("inpaint photo.png mask.png --feather nan", VALUE, "feather is nan"),
    ("edit photo.png photo.png --noise -1", VALUE, "noise is -1"),
    ("generate photo.png --alpha 0", VALUE, "alpha is 0"),
    ("generate photo.png --alpha -1", VALUE, "alpha is -1"),
    ("generate photo.png --alpha nan", VALUE, "alpha is nan"),
    ("generate photo.png --alpha 1e-12", VALUE, "alpha is 1e-12"),
    ("generate photo.png --alpha no", USAGE, "--alpha"),
    ("generate photo.png --patch 0", VALUE, "patch is 0"),
    ("generate photo.png --patch 1", VALUE, "patch is 1"),
    ("generate photo.png --patch 999", VALUE, "photo.png: a source is 24×20: no patch of 999×999 fits"),
    ("generate photo.png --patch 7.5", USAGE, "--patch"),
    ("generate photo.png --ratio 1", VALUE, "ratio is 1"),
    ("generate photo.png --ratio 9", VALUE, "ratio is 9"),
    ("generate photo.png --ratio inf", VALUE, "ratio is inf"),
    ("generate photo.png --coarsest 1", VALUE, "coarsest is 1"),
    ("generate photo.png --coarsest inf", VALUE, "coarsest is inf"),
    ("generate photo.png --iterations 0", VALUE, "iterations is 0"),
    ("generate photo.png --iterations -3", VALUE, "iterations is -3"),
    ("retarget photo.png --size 50% --rounds 0", VALUE, "rounds is 0"),
    ("retarget photo.png --size 50% --rounds 51", VALUE, "rounds is 51"),
    ("generate photo.png -n 0", VALUE, "--count is 0"),
    ("generate photo.png -n 1000000000", VALUE, "--count is 1000000000"),
    ("generate photo.png -n two", USAGE, "--count"),
    ("generate photo.png --seed -1", VALUE, "--seed is -1"),
    ("generate photo.png --seed 4294967296", VALUE, "--seed is 4294967296: it must be from 0 to 4294967295"),
    ("generate photo.png --seed 4294967295 -n 2", VALUE, "--seed is 4294967295: it must be from 0 to 4294967294 for 2 images"),
    ("generate photo.png --seed one", USAGE, "--seed"),
    ("generate photo.png --max-memory 1", VALUE, "--max-memory"),
    ("generate photo.png --max-memory lots", VALUE, "--max-memory"),
    ("generate photo.png --max-memory 64MiB", VALUE, "--max-memory is 64MiB: it must be 65MiB or more"),
    ("generate photo.png --noise -1", VALUE, "error: --noise is -1"),
    ("generate photo.png --size 3000x3000 --max-memory 65MiB", VALUE, "raise --max-memory"),
    (f"generate photo.png --seed {'9' * 5000}", USAGE, "--seed"),
    (f"generate photo.png --iterations {'9' * 400}", VALUE, "--iterations is 999"),
    (f"generate photo.png --max-memory {'9' * 400}", VALUE, "write 4GB, 512MiB or a number of bytes"),
    ("generate photo.png --cluster bogus://x", VALUE, "bogus://x: write tcp://HOST:PORT"),
    ("generate photo.png --cluster bogus://x:80", VALUE, "bogus://x:80: write tcp://HOST:PORT"),
    ("generate ''", VALUE, "image is empty: it must name a file"),
    ("generate photo.png --source ''", VALUE, "--source is empty"),
    ("generate photo.png --apply-to ''", VALUE, "--apply-to is empty"),
    ("inpaint photo.png ''", VALUE, "mask is empty"),
    ("generate photo.png --animate ''", VALUE, "--animate is empty"),
    ("generate photo.png --depth 12", VALUE, "--depth is 12: it must be auto, 8, 16, float"),
    ("generate photo.png --quality 0 -o a.jpg", VALUE, "quality is 0"),
    ("generate photo.png --quality 101 -o a.webp", VALUE, "quality is 101"),
    ("generate photo.png --quality good -o a.jpg", USAGE, "--quality"),
    # Choices.
    ("generate photo.png --backend abacus", VALUE, "abacus"),
    ("generate photo.png --search brute", VALUE, "search is 'brute'"),
    ("generate photo.png --colour red", USAGE, "--colour"),
    ("inpaint photo.png mask.png --fill mauvish", VALUE, "fill: 'mauvish' is not a colour"),
    ("inpaint photo.png mask.png --fill '#12'", VALUE, "#12"),
    ("inpaint photo.png mask.png --fill ''", VALUE, "''"),
    # Sizes.
    ("generate photo.png --size 0x0", VALUE, "0x0"),
    ("generate photo.png --size abc", VALUE, "'abc' is not a size"),
    ("generate photo.png --size 300", VALUE, "'300' is not a size"),
    ("generate photo.png --size -5%", VALUE, "'-5%' is not a size"),
    ("generate photo.png --size 1%", VALUE, "1%"),
    ("generate photo.png --size 5x5", VALUE, "5×5"),
    ("generate photo.png --size 1000000000x1000000000", VALUE, "1000000000x1000000000"),
    ("generate photo.png --size 30000x30000", VALUE, "memory"),
    ("generate photo.png --size ''", VALUE, "'' is not a size"),
    ("retarget photo.png --size 2000%x100%", VALUE, "size is 480×20"),
    ("retarget photo.png --size 0%", VALUE, "0%"),
    ("retarget photo.png", VALUE, "size is missing"),
    ("analogy photo.png small.png --size nope", VALUE, "'nope' is not a size"),
    ("collage photo.png photo.png --size 4x4", VALUE, "4×4"),
    # Images that do not go together.
    ("generate tiny.png", VALUE, "tiny.png: a source is 3×3"),
    ("generate photo.png --source tiny.png", VALUE, "3×3"),
    ("analogy tiny.png photo.png", VALUE, "tiny.png"),
    ("collage photo.png", VALUE, "photo.png: images holds one image"),
    ("edit photo.png photo.png", VALUE, "there is nothing to mend"),
    ("edit photo.png small.png", VALUE, "9×9"),
    ("inpaint photo.png small.png", VALUE, "small.png: mask is 9×9"),
    ("inpaint photo.png black.png", VALUE, "mask has no hole"),
    ("inpaint photo.png white.png", VALUE, "mask covers the whole image"),
    # Missing and extra words.
    ("generate", USAGE, "IMAGE"),
    ("inpaint photo.png", USAGE, "MASK"),
    ("analogy photo.png", USAGE, "STRUCTURE"),
    ("collage", USAGE, "IMAGES"),
    ("generate photo.png small.png", USAGE, "small.png"),
    ("generate photo.png --size", USAGE, "--size"),
    ("nosuch photo.png", USAGE, "nosuch"),
    ("show", USAGE, "IMAGE"),
    ("show photo.png", VALUE, "photo.png holds no record"),
    ("show text.png", VALUE, "text.png cannot be read"),
]
OUTPUTS: list[tuple[str, str]] = [
    ("", "--output is empty: it must name a file or a folder"),
    ("nowhere/a.png", "the folder nowhere does not exist"),
    ("photo.png/", "photo.png: the folder cannot be made"),
    ("a.xyz", ".xyz cannot be written; choose .png"),
    ("a", "a name without an extension"),
    ("photo.png", "photo.png exists"),
    ("dir.png/a", "a name without an extension"),
    ("photo.png/a.png", "photo.png"),
    ("a.gif", ".gif cannot be written"),
    (f"{'a' * 300}.png", "File name too long"),
]
KINDS: list[tuple[str, str]] = [
    ("generate clear.png -o a.jpg", "a.jpg: .jpg cannot hold transparency; choose .png"),
    ("generate clear.png -o a.bmp", "a.bmp: .bmp cannot hold transparency; choose .png"),
    ("generate photo.png -o a.jpg --depth 16", "a.jpg: .jpg cannot hold 16 bits a channel; choose .png, .tif, .tiff"),
    ("generate photo.png -o a.png --depth float", "a.png: .png cannot hold floats; choose .tif, .tiff, .exr"),
    ("generate photo.png -o a.png --quality 90", "a.png: .png has no quality to choose; .jpg, .jpeg, .webp have"),
]


def assert_refused(call: Any, line: str, code: int, said: str) -> None:
    def files() -> dict[Path, bytes | None]:
        return {path: path.read_bytes() if path.is_file() else None for path in Path().rglob("*")}

    before = files()
    found, out, err = call(line)
    assert (found, out) == (code, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert said in err
    assert "Traceback" not in err
    assert " object at 0x" not in err
    assert files() == before


@pytest.mark.parametrize(("line", "code", "said"), OPTIONS, ids=[line for line, *_ in OPTIONS])
def test_a_wrong_option_is_one_line_and_leaves_nothing(call: Any, line: str, code: int, said: str) -> None:
    assert_refused(call, line, code, said)


@pytest.mark.parametrize("name", [*FILES, "absent.png", "dir.png", "pipe.png", "photo.png/x.png"])
def test_a_wrong_file_is_one_line_and_leaves_nothing(call: Any, name: str) -> None:
    if name == "pipe.png" and not hasattr(os, "mkfifo"):
        pytest.skip("named pipes as Unix has them")
    assert_refused(call, f"generate {name} -o out.png", VALUE, f"error: {name}")


FILE_OPTIONS = {
    "another source": "generate photo.png --source BAD",
    "a structure": "analogy photo.png BAD",
    "a mask": "inpaint photo.png BAD",
    "one of several": "collage photo.png BAD small.png",
    "an edit": "edit photo.png BAD",
}


@pytest.mark.parametrize("name", ["absent.png", "text.png", "cut.png", "nan.tif"])
@pytest.mark.parametrize("where", FILE_OPTIONS)
def test_a_wrong_file_is_named_in_every_place(call: Any, where: str, name: str) -> None:
    assert_refused(call, f"{FILE_OPTIONS[where].replace('BAD', name)} -o out.png", VALUE, f"error: {name}")


@pytest.mark.parametrize(("output", "said"), OUTPUTS, ids=[output for output, _ in OUTPUTS])
def test_a_wrong_output_is_refused_before_any_work(call: Any, monkeypatch: pytest.MonkeyPatch, output: str, said: str) -> None:
    monkeypatch.setattr(sys.modules["patchnn.runner"], "synthesize", lambda *args, **kwargs: pytest.fail("work was done"))
    assert_refused(call, f"generate photo.png -o {shlex.quote(output)}", VALUE, said)


@pytest.mark.parametrize(("line", "said"), KINDS, ids=[line for line, _ in KINDS])
def test_what_an_output_cannot_hold_is_refused_before_any_work(
    call: Any, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    monkeypatch.setattr(sys.modules["patchnn.runner"], "synthesize", lambda *args, **kwargs: pytest.fail("work was done"))
    assert_refused(call, line, VALUE, said)


def test_an_exr_output_without_its_library_is_refused_before_any_work(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    monkeypatch.setattr("patchnn.cli.run_task.run_and_report", lambda *_: pytest.fail("work was done"))
    assert_refused(call, "generate photo.png -o x.exr", VALUE, "pip install 'patchnn[exr]'")


def test_decoders_print_nothing(folder: Path) -> None:
    """A TIFF with a tag of no known type, which is logged, and a compressed one cut short, of which libtiff prints."""
    odd = bytearray(tiff(np.random.default_rng(0).random((20, 24, 3), np.float32), photometric="rgb"))
    at = odd.index(struct.pack("<HH", 305, 2))
    odd[at + 2 : at + 4] = struct.pack("<H", 9999)
    Path("odd.tif").write_bytes(odd)
    Path("cut.tif").write_bytes(saved("TIFF", compression="tiff_lzw")[:-700])
    for name, said in (("odd.tif", []), ("cut.tif", [b"error: cut.tif cannot be read as an image"])):
        words = ["generate", name, "--quiet", "--iterations", "1", "--seed", "1"]
        done = subprocess.run([sys.executable, "-m", "patchnn", *words], capture_output=True, timeout=60)
        assert [line[:41] for line in done.stderr.splitlines()] == [line[:41] for line in said]
