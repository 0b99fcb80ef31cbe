"""TIFF files that Pillow does not read or write: colours as floats, wide integers, planes (tifffile)."""

from __future__ import annotations

import io
import logging
import lzma
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from patchnn.errors import InputError
from patchnn.images.child import decode_in_child
from patchnn.images.decoded import Found
from patchnn.images.everyday import decode_everyday, open_everyday, prepare
from patchnn.images.ifd import is_raw_photograph, read_directory
from patchnn.images.limits import Budget

__all__ = ["decode_numbers", "decode_tiff", "encode_tiff"]

# Tags of TIFF 6.0.
_BITS, _PHOTOMETRIC, _PLANES, _PROFILE = 258, 262, 284, 34675
_UNDEFINED = 7  # the type of bytes that mean what they like

_UNPACKERS: dict[int, Callable[[], Any]] = {
    8: zlib.decompressobj,
    32946: zlib.decompressobj,
    34925: lzma.LZMADecompressor,
}
"""What unpacks a strip, by the number of its compression, in steps of which the size can be chosen."""
_BOUNDED = (1, *_UNPACKERS)
"""Compressions of which the size is known before, none among them. Others are unpacked in a process with a limit."""

# tifffile logs what it finds odd in a file; without a handler, Python prints that on stderr.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def decode_tiff(file: BinaryIO, budget: Budget) -> Found:
    """Return the first image of a TIFF; raises InputError, or whatever Pillow and tifffile do."""
    directory = read_directory(file)
    if is_raw_photograph(file, directory):
        raise InputError(f"{budget.name} is a camera's raw photograph: develop it first, to TIFF, PNG or JPEG")
    prepared = prepare(file, budget, directory=directory)
    if _is_everyday(file, budget.name):
        return decode_everyday(file, budget, directory)
    width, height = directory.size
    # Stored pixels, and what a strip unpacks to.
    budget.check_size(width, height, 2 * directory.pixel_bytes, prepared.more)
    numbers = decode_numbers(file, budget) if directory.compression in _BOUNDED else decode_in_child(file, budget, "tiff")
    return numbers._replace(frames=prepared.frames, orientation=directory.orientation)


def _is_everyday(file: BinaryIO, name: str) -> bool:
    """Whether a TIFF is one that Pillow reads for what it is.

    Wide integers it hands over without their sign or scale; planes of 16 bits it takes for such of 8, and does not turn
    16 bits round where 0 is white.
    """
    from PIL import UnidentifiedImageError

    try:
        with open_everyday(file, name) as image:
            tags = image.tag_v2
            odd = tags.get(_PLANES) == 2 or tags.get(_PHOTOMETRIC) == 0
            return str(image.mode) != "I" and not (odd and max(tags.get(_BITS, [1])) > 8)
    except UnidentifiedImageError:
        return False


def decode_numbers(file: BinaryIO, budget: Budget) -> Found:
    """Return the first image of a TIFF as tifffile reads it; raises InputError, or whatever tifffile does."""
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page: Any = tiff.pages.first
        colours = {0: 1, 1: 1, 2: 3}.get(page.photometric, 0)
        if not 0 < colours <= page.samplesperpixel <= 8 or page.dtype is None or page.dtype.kind not in "uif":
            raise InputError(f"{budget.name} cannot be read as an image: it is a TIFF of another kind than grey and RGB")
        _check_strips(file, page, budget)
        planes = page.samplesperpixel if page.planarconfig == 2 else 1
        pixels = page.asarray(maxworkers=1).reshape(planes, page.imagelength, page.imagewidth, -1)
        tags = {tag.code: tag.value for tag in page.tags if tag.code == _PROFILE}
        extra = [int(sample) for sample in page.extrasamples[:1]]
        negative = page.photometric == 0 and pixels.dtype.kind == "u"
    # Its samples are in planes, (C, H, W, 1), or by the pixel, (1, H, W, C).
    pixels = (pixels[:, :, :, 0].transpose(1, 2, 0) if planes > 1 else pixels[0])[:, :, : colours + (extra in ([1], [2]))]
    found = Found.of(pixels, icc=tags.get(_PROFILE), associated=extra == [1])
    if negative:
        most = np.iinfo(pixels.dtype).max
        return found._replace(block=lambda rows, columns: most - pixels[rows, columns])
    return found


def _check_strips(file: BinaryIO, page: Any, budget: Budget) -> None:
    """Raise InputError if a strip or tile unpacks to more than it must hold: tifffile unpacks it whole."""
    if page.compression not in _UNPACKERS:
        return
    samples = 1 if page.planarconfig == 2 else page.samplesperpixel
    shape = (page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip, page.imagewidth)
    holds = min(shape[0], max(page.imagelength, shape[0] if page.is_tiled else 0)) * shape[1] * samples * page.dtype.itemsize
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        file.seek(offset)
        unpacker, left = _UNPACKERS[page.compression](), holds + 4096
        packed = file.read(count)
        while left > 0 and not unpacker.eof and (part := unpacker.decompress(packed, min(left, 1 << 20))):
            left -= len(part)
            packed = getattr(unpacker, "unconsumed_tail", b"")
        if left <= 0:
            raise InputError(f"{budget.name} cannot be read as an image: a strip of it unpacks to more than its pixels")


def encode_tiff(pixels: Any, icc: bytes | None = None) -> bytes:
    """Return a TIFF file. pixels: (H, W, C) uint8, uint16 or float32, C from 1 to 4."""
    import tifffile

    file = io.BytesIO()
    channels = pixels.shape[2]
    tifffile.imwrite(
        file,
        pixels[:, :, 0] if channels == 1 else pixels,
        photometric="minisblack" if channels < 3 else "rgb",
        planarconfig=None if channels == 1 else "contig",
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        compression="zlib",
        extratags=[(_PROFILE, _UNDEFINED, len(icc), icc, True)] if icc else (),
        metadata=None,
    )
    return file.getvalue()
