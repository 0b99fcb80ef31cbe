"""What Pillow decodes: files of everyday kinds, 16-bit ones in full.

A file is taken apart before Pillow sees it, as far as its claims could make Pillow take more memory than its pixels need.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from patchnn.images.decoded import Found
from patchnn.images.exif import orientation
from patchnn.images.headers import count_gif_frames, find_icon, webp_size
from patchnn.images.ifd import Directory, count_directories
from patchnn.images.jpeg import JpegFile
from patchnn.images.limits import Budget
from patchnn.images.png import SIGNATURE, PngFile

__all__ = ["Prepared", "decode_everyday", "open_everyday", "prepare"]

# What Pillow may take a file for. Others of its kinds run programs (EPS), or are recognized by next to nothing.
_KINDS = ("PNG", "JPEG", "MPO", "TIFF", "GIF", "BMP", "DIB", "WEBP", "AVIF", "JPEG2000", "PPM", "ICO", "PSD", "QOI", "SGI")
# Any bytes can be a TGA file, so that only a file's name can say that it is one.
_BY_NAME = {".tga": "TGA"}
_SEGMENT = 500
"""Bytes that Pillow and tifffile hold for a strip or a tile, whatever its size."""
_DECODERS = {"PNG": 4, "GIF": 1, "BMP": 7, "DIB": 7, "JPEG": 12, "WEBP": 24, "TIFF": 8, "ICO": 20, "PSD": 4, "TGA": 4}
"""Bytes a pixel that a decoder holds at its peak, decoded pixels included, as measured by tests/images/test_image_memory.py."""
_OTHERS = 16


@dataclass
class Prepared:
    """A file as Pillow gets it, and what was found in it meanwhile. more: bytes that decoding takes whatever the size."""

    file: BinaryIO
    more: int = 0
    frames: int = 1
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    orientation: int | None = None
    text: bytes | None = None


def prepare(file: BinaryIO, budget: Budget, keyword: str = "", directory: Directory | None = None) -> Prepared:
    """Take a file apart. keyword: of the text that is wanted from a PNG. directory: a TIFF's first.

    Raises InputError for a file that needs more memory than there is, and ValueError for a damaged one.
    """
    file.seek(0)
    start = file.read(16)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if directory is not None:
        # Tags are read twice, and numbers become Python's.
        more = 2 * directory.tag_bytes + 80 * directory.numbers + _SEGMENT * directory.segments + directory.segment_bytes
        budget.check(more)
        return Prepared(file, more, count_directories(file), orientation=directory.orientation)
    budget.check(3 * size)
    if start.startswith(SIGNATURE):
        png = PngFile.read(file.read(), keyword)
        text = png.texts.get(keyword)
        return Prepared(io.BytesIO(png.pixels), 2 * size, png.frames, png.icc, png.exif, png.xmp, text=text)
    if start.startswith(b"\xff\xd8\xff"):
        jpeg = JpegFile.read(file.read())
        return Prepared(io.BytesIO(jpeg.pixels), 2 * size, exif=jpeg.exif, xmp=jpeg.xmp)
    if start.startswith(b"GIF8"):
        return Prepared(file, size, count_gif_frames(file.read()))
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        budget.check_size(*webp_size(file.read(30)), _DECODERS["WEBP"], 3 * size)
        return Prepared(file, 3 * size)
    if start.startswith(b"\0\0\1\0"):
        data = file.read()
        at, width, height = find_icon(data)
        if (width, height) == (0, 0):
            return prepare(io.BytesIO(data[at:]), budget, keyword)
        budget.check_size(width, height, _DECODERS["ICO"], 3 * size + _lines_more("BMP", width))
    return Prepared(file, 3 * size)


def open_everyday(file: BinaryIO, name: str) -> Any:
    """Return Pillow's image of a file, of which only the header has been read."""
    from PIL import Image

    Image.init()
    kinds = [*_KINDS, _BY_NAME.get(Path(name).suffix.lower(), "PNG")]
    file.seek(0)
    return Image.open(file, formats=[kind for kind in kinds if kind in Image.OPEN])


def decode_everyday(file: BinaryIO, budget: Budget, directory: Directory | None = None) -> Found:
    """Return what is in a file; raises whatever Pillow does."""
    prepared = prepare(file, budget, directory=directory)
    with open_everyday(prepared.file, budget.name) as image:
        stored = directory.pixel_bytes if directory is not None else 0
        more = prepared.more + _lines_more(image.format, image.width)
        budget.check_size(image.width, image.height, _DECODERS.get(image.format, _OTHERS) + stored + _deeper(image), more)
        exif, xmp = image.info.get("exif", prepared.exif), image.info.pop("xmp", prepared.xmp)
        # Pillow would read all of it, and what it points to.
        image.info["exif"] = b""
        # Of a turned TIFF, Pillow tells the size that it would have upright.
        size = image.size if directory is None else directory.size
        found = _load(image, size, prepared.icc, lambda: open_everyday(prepared.file, budget.name))
        frames = max(prepared.frames, int(getattr(image, "n_frames", 1)) if image.format in ("WEBP", "AVIF") else 1)
        return found._replace(orientation=prepared.orientation or orientation(exif, xmp), frames=frames)


def _lines_more(kind: str, width: int) -> int:
    """Return the bytes that run-length codes of a bitmap may skip at once beyond its end: 255 lines, copied twice."""
    return 3 * 256 * width if kind in ("BMP", "DIB") else 0


def _deeper(image: Any) -> int:
    """Return the bytes a pixel that colours of 16 bits take in addition: they are decoded twice."""
    return 8 if _is_deep(image) else 0


def _is_deep(image: Any) -> bool:
    return image.mode in ("RGB", "RGBA") and re.fullmatch(r"\w+;16[BLN]", _raw_mode(image)) is not None


def _load(image: Any, size: tuple[int, int], icc: Any, again: Callable[[], Any]) -> Found:
    """Return an image's pixels, as deep as the file has them; `again` opens it once more."""
    icc = icc or image.info.get("icc_profile")
    clear, associated = image.info.get("transparency"), False
    if image.mode == "CMYK":
        inks = _inks_to_rgb(image, icc)
        image.load()
        return _found(size, lambda box: np.asarray(inks(image.crop(box))))
    raw = _raw_mode(image)
    if image.format == "PPM" and raw == "RGB" and image.tile[0].codec_name == "ppm" and image.tile[0].args[1] > 255:
        found = Found.of(_deep_ppm(image))
    elif raw == "LA;16B":
        # Four bytes a pixel are four bytes a pixel: taken for RGBA, they come whole.
        _decode_as(image, lambda raw: "RGBA")
        found = _found(size, lambda box: np.asarray(image.crop(box)).view(">u2"))
    elif _is_deep(image):
        associated = raw.startswith("RGBa;16")
        found = _deep(image, size, again)
    elif image.mode.startswith(("I", "F")):
        kind = np.uint16 if image.format == "PPM" and image.mode == "I" else None
        image.load()
        found = _found(size, lambda box: np.asarray(image.crop(box), kind))
    else:
        mode = _mode(image)
        image.load()
        return _found(size, lambda box: np.asarray(image.crop(box).convert(mode)), icc)
    block = found.block
    return found._replace(block=lambda *box: _with_clear_colour(block(*box), clear), icc=icc, associated=associated)


def _found(size: tuple[int, int], convert: Callable[[tuple[int, int, int, int]], Any], icc: Any = None) -> Found:
    """Return an image of which blocks are converted as they are asked for."""

    def block(rows: slice, columns: slice) -> Any:
        return convert((columns.start, rows.start, columns.stop, rows.stop))

    return Found(size[1], size[0], block, icc)


def _mode(image: Any) -> str:
    clear = "transparency" in image.info or image.mode in ("LA", "La", "RGBA", "RGBa", "PA")
    return ("L" if image.mode in ("1", "L", "LA", "La") else "RGB") + ("A" if clear else "")


def _raw_mode(image: Any) -> str:
    """Return how Pillow's decoder is to take the file's bytes, by Pillow's name for it."""
    settings = image.tile[0].args if image.tile else ""
    return str(settings if isinstance(settings, str) else settings[0]) if settings else ""


def _decode_as(image: Any, change: Callable[[str], str]) -> None:
    """Decode with another raw mode than the file's own."""

    def changed(settings: Any) -> Any:
        return change(settings) if isinstance(settings, str) else (change(settings[0]), *settings[1:])

    image.tile = [tile._replace(args=changed(tile.args)) for tile in image.tile]
    image.load()


def _deep(image: Any, size: tuple[int, int], again: Callable[[], Any]) -> Found:
    """Return 16-bit colours, of which Pillow gives the upper bytes alone: with the byte order turned round, the lower ones."""
    turned = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}

    def whole(raw: str) -> str:
        # Dividing by opacity needs more than one of the two bytes.
        return raw.replace("RGBa", "RGBA")

    _decode_as(image, whole)
    lower = again()
    lower.info["exif"] = b""
    lower.info.pop("xmp", None)
    _decode_as(lower, lambda raw: whole(raw)[:-1] + turned[raw[-1]])
    return _found(size, lambda box: np.asarray(image.crop(box)).astype(np.uint16) << 8 | np.asarray(lower.crop(box)))


def _deep_ppm(image: Any) -> Any:
    """Return the colours of a binary PPM of more than 8 bits, of which Pillow keeps 8."""
    offset, (_, most) = image.tile[0].offset, image.tile[0].args
    count = image.width * image.height * 3
    image.fp.seek(offset)
    data = image.fp.read(2 * count)
    if len(data) < 2 * count:
        raise EOFError("image file is truncated")
    values = np.frombuffer(data, ">u2").reshape(image.height, image.width, 3)
    return (np.minimum(values, most) * (65535 / most) + 0.5).astype(np.uint16)


def _with_clear_colour(pixels: Any, clear: Any) -> Any:
    """Add opacity to 16-bit pixels of which a file says that one colour is transparent."""
    if clear is None or (pixels.ndim == 3 and pixels.shape[2] != 3):
        return pixels
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    opaque = (pixels != np.array(clear, np.uint16)).any(axis=2, keepdims=True)
    return np.concatenate([pixels, opaque * np.uint16(65535)], axis=2, dtype=np.uint16)


def _inks_to_rgb(image: Any, icc: Any) -> Callable[[Any], Any]:
    """Return what converts CMYK to sRGB, through the file's profile if it has one that can be used."""
    from PIL import ImageCms

    with contextlib.suppress(ImageCms.PyCMSError, OSError):
        if icc:
            own = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            made = ImageCms.buildTransform(own, ImageCms.createProfile("sRGB"), "CMYK", "RGB")
            return lambda inks: ImageCms.applyTransform(inks, made)
    return lambda inks: inks.convert("RGB")
