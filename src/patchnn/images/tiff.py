"""TIFF files that Pillow does not read or write: colours as floats, wide integers, planes (tifffile)."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np

from patchnn.errors import InputError
from patchnn.images.decoded import Found, check_size
from patchnn.images.everyday import open_everyday

__all__ = ["decode_tiff", "encode_tiff", "is_everyday"]

# Tags of TIFF 6.0.
_BITS, _PHOTOMETRIC, _ORIENTATION, _PLANES, _PROFILE = 258, 262, 274, 284, 34675
_UNDEFINED = 7  # the type of bytes that mean what they like


def is_everyday(file: BinaryIO, name: str) -> bool:
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


def decode_tiff(file: BinaryIO, name: str) -> Found:
    """Return what is in the first page of a TIFF; raises InputError, or whatever tifffile does."""
    import tifffile

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page: Any = tiff.pages.first
        check_size(page.imagewidth, page.imagelength, name)
        colours = {0: 1, 1: 1, 2: 3}.get(page.photometric, 0)
        if not 0 < colours <= page.samplesperpixel <= 8 or page.dtype is None or page.dtype.kind not in "uif":
            raise InputError(f"{name} cannot be read as a picture: it is a TIFF of another kind than grey and RGB")
        planes = page.samplesperpixel if page.planarconfig == 2 else 1
        pixels = page.asarray().reshape(planes, page.imagelength, page.imagewidth, -1)
        tags = {tag.code: tag.value for tag in page.tags}
        extra = [int(sample) for sample in page.extrasamples[:1]]
        frames = len(tiff.pages)
    # Its samples are in planes, (C, H, W, 1), or by the pixel, (1, H, W, C).
    pixels = np.moveaxis(pixels, 0, 2).reshape(*pixels.shape[1:3], -1)[:, :, : colours + (extra in ([1], [2]))]
    if page.photometric == 0 and pixels.dtype.kind == "u":
        pixels = np.iinfo(pixels.dtype).max - pixels
    return Found(pixels, tags.get(_PROFILE), extra == [1], frames, tags.get(_ORIENTATION))


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
