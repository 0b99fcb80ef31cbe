"""Bytes → image: which decoder a file goes to, and what becomes of its numbers."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import numpy as np

from patchnn.engine.arrays import Image, as_image
from patchnn.errors import InputError
from patchnn.images.child import decode_in_child
from patchnn.images.decoded import BitDepth, DecodedImage, FileTraits, Found, premultiply, unpremultiply
from patchnn.images.everyday import decode_everyday, open_everyday, prepare
from patchnn.images.exr import check_library
from patchnn.images.limits import LARGEST, Budget, blocks
from patchnn.images.quiet import no_warnings, silence
from patchnn.images.tiff import decode_tiff

__all__ = ["decode", "decode_text", "in_words"]

_T = TypeVar("_T")

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_EXR = b"\x76\x2f\x31\x01"
_JPEG_2000 = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_AVIF = (b"avif", b"avis", b"mif1", b"msf1")


def decode(data: bytes | BinaryIO, name: str, *, max_memory: int | None = None, max_pixels: int = LARGEST) -> DecodedImage:
    """Decode the image in a file's bytes.

    Parameters
    ----------
    data
        The bytes, or an open binary file that can seek. The content decides which kind of file it is.
    name
        What errors call the file.
    max_memory
        Bytes that decoding may take, the result included. Default: half of what is free.
    max_pixels
        Pixels that the image may have.

    Returns
    -------
    DecodedImage
        The pixels, what the file says about them, and how many images it holds.

    Raises
    ------
    InputError
        If the bytes are not an image that can be read, or are too large; the message starts with `name`.

    Examples
    --------
    >>> from pathlib import Path
    >>> decode(Path("examples/images/balloons.png").read_bytes(), "balloons.png").pixels.shape
    (240, 360, 3)
    """
    budget = Budget.of(name, max_memory, max_pixels)
    return _guarded(data, budget, lambda file: _image(_decode(file, budget), name))


def decode_text(data: bytes | BinaryIO, name: str, keyword: str) -> str | None:
    """Return the text of a PNG that has this keyword, None where there is none; raises InputError as decode does."""

    budget = Budget.of(name, None)

    def text(file: BinaryIO) -> str | None:
        if file.read(4) in _TIFF:
            return None
        prepared = prepare(file, budget, keyword)
        open_everyday(prepared.file, name).close()
        return None if prepared.text is None else prepared.text.decode("utf-8", "replace")

    return _guarded(data, budget, text)


def in_words(error: Exception) -> str:
    """Return what a decoder says of a file, or that it is damaged: a damaged file makes decoders raise anything."""
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "the file is corrupt or not a supported image format"
    # What decoders say on purpose are these kinds.
    said = " ".join(str(error).split()) if isinstance(error, OSError | EOFError | ValueError) else ""
    return said or "it is damaged"


def _guarded(data: bytes | BinaryIO, budget: Budget, read: Callable[[BinaryIO], _T]) -> _T:
    """Read a file, with whatever goes wrong as an InputError that names it."""
    from PIL import Image

    try:
        with no_warnings():
            return read(io.BytesIO(data) if isinstance(data, bytes) else data)
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(
            f"{budget.name} does not fit into the memory that is free: make it smaller", about="max_memory"
        ) from error
    except Image.DecompressionBombError as error:
        raise InputError(budget.too_large()) from error
    except Exception as error:
        raise InputError(f"{budget.name} cannot be read as an image: {in_words(error)}") from error


def _decode(file: BinaryIO, budget: Budget) -> Found:
    file.seek(0)
    start = file.read(12)
    if start[:4] in _TIFF:
        with silence():
            return decode_tiff(file, budget)
    if start[:4] == _EXR:
        check_library(budget.name)
        return decode_in_child(file, budget, "exr")
    if start.startswith(_JPEG_2000) or (start[4:8] == b"ftyp" and start[8:] in _AVIF):
        return decode_in_child(file, budget, "everyday")
    return decode_everyday(file, budget)


def _image(found: Found, name: str) -> DecodedImage:
    """Bring the file's numbers to [0, 1], and multiply colours by opacity, block by block."""
    first = np.asarray(found.block(slice(0, 1), slice(0, 1)))
    depth, channels = _depth(first), int(np.prod(first.shape[2:], dtype=int))
    pixels = np.empty((*_turned(found.height, found.width, found.orientation), channels), np.float32)
    stored = _as_stored(pixels, found.orientation)
    span = [0.0, 1.0]
    for box in blocks(found.height, found.width):
        block = np.asarray(found.block(*box))
        block = block.reshape(*block.shape[:2], channels)
        if depth != "float":
            block = block / np.float32(255 if depth == 8 else 65535)
        image = as_image(block if block.dtype.kind == "f" else block.astype(np.float64), name)
        if found.associated:
            image = as_image(unpremultiply(image), name)
        if depth == "float":
            colours = image[:, :, : _count_colours(channels)]
            span = [min(span[0], float(colours.min())), max(span[1], float(colours.max()))]
        stored[box] = image if depth == "float" else premultiply(image)
    if depth == "float":
        _into_span(stored, span[0], span[1])
    icc = found.icc if isinstance(found.icc, bytes) and found.icc else None
    return DecodedImage(pixels, FileTraits(depth, icc, (span[0], span[1])), found.frames, name)


def _into_span(pixels: Image, low: float, high: float) -> None:
    """Scale colours from [low, high] to [0, 1], clip opacity, and multiply them."""
    for box in blocks(*pixels.shape[:2]):
        block = pixels[box].copy()
        colour, opacity = np.split(block, [_count_colours(block.shape[2])], axis=2)
        np.clip(opacity, 0, 1, out=opacity)
        if (low, high) != (0.0, 1.0):
            # In double precision, as floats may lie farther apart than the largest of them.
            colour[:] = np.clip((colour.astype(np.float64) - low) / (high - low), 0, 1)
        pixels[box] = premultiply(block)


def _count_colours(channels: int) -> int:
    return channels - (channels in (2, 4))


def _depth(pixels: Any) -> BitDepth:
    return 8 if pixels.dtype == np.uint8 else 16 if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2 else "float"


def _turned(height: int, width: int, orientation: int) -> tuple[int, int]:
    return (width, height) if orientation in (5, 6, 7, 8) else (height, width)


def _as_stored(upright: Image, orientation: int) -> Image:
    """Return the view of an upright image that has its pixels where the file has them, by EXIF's orientation."""
    view = upright[:, ::-1] if orientation in (2, 3, 6, 7) else upright
    view = view[::-1] if orientation in (3, 4, 7, 8) else view
    return view.swapaxes(0, 1) if orientation in (5, 6, 7, 8) else view
