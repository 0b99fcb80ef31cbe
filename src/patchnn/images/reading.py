"""Bytes → picture: which decoder a file goes to, and what becomes of its numbers."""

from __future__ import annotations

import contextlib
import io
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TypeVar

import numpy as np

from patchnn.engine.plan import Image, as_image
from patchnn.errors import InputError
from patchnn.images.decoded import BitDepth, DecodedImage, FileTraits, Found, premultiply, too_large, unpremultiply
from patchnn.images.everyday import decode_everyday, open_everyday
from patchnn.images.exr import decode_exr
from patchnn.images.tiff import decode_tiff, is_everyday

__all__ = ["decode", "decode_info"]

_T = TypeVar("_T")

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_EXR = b"\x76\x2f\x31\x01"


def decode(data: bytes | BinaryIO, name: str) -> DecodedImage:
    """Return the picture in a file's bytes, or in an open file that can be sought in.

    name: what an error calls it; the content decides of what kind it is. Raises InputError, naming the file, when it
    cannot be read as a picture.
    """
    return _guarded(data, name, lambda file, name: _picture(_decode(file, name), name))


def decode_info(data: bytes | BinaryIO, name: str) -> dict[str, Any]:
    """Return the texts and other facts that a file holds beside its pixels; raises InputError as decode does."""

    def info(file: BinaryIO, name: str) -> dict[str, Any]:
        with open_everyday(file, name) as image:
            return dict(image.info)

    return _guarded(data, name, info)


def _picture(found: Found, name: str) -> DecodedImage:
    """Bring the file's numbers to [0, 1], and multiply colours by alpha."""
    depth, span = _depth(found.pixels), (0.0, 1.0)
    pixels = _upright(found.pixels.reshape(*found.pixels.shape[:2], -1), found.orientation)
    if depth != "float":
        pixels = pixels / np.float32(255 if depth == 8 else 65535)
    image = as_image(pixels if pixels.dtype.kind == "f" else pixels.astype(np.float64), name)
    if found.associated:
        image = as_image(unpremultiply(image), name)
    if depth == "float":
        image, span = _into_span(image)
    icc = found.icc if isinstance(found.icc, bytes) and found.icc else None
    return DecodedImage(as_image(premultiply(image), name), FileTraits(depth, icc, span), found.frames)


def _into_span(pixels: Image) -> tuple[Image, tuple[float, float]]:
    """Return pixels in [0, 1], and which values 0 and 1 stand for: these, or the darkest and brightest that go beyond."""
    pixels = pixels.copy()
    colour, alpha = np.split(pixels, [pixels.shape[2] - (pixels.shape[2] in (2, 4))], axis=2)
    np.clip(alpha, 0, 1, out=alpha)
    low, high = min(0.0, float(colour.min())), max(1.0, float(colour.max()))
    if (low, high) != (0.0, 1.0):
        # In double precision, as floats may lie farther apart than the largest of them.
        colour[:] = (colour.astype(np.float64) - low) / (high - low)
    return pixels, (low, high)


def _depth(pixels: Any) -> BitDepth:
    return 8 if pixels.dtype == np.uint8 else 16 if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2 else "float"


def _guarded(data: bytes | BinaryIO, name: str, read: Callable[[BinaryIO, str], _T]) -> _T:
    from PIL import Image, UnidentifiedImageError

    try:
        # Decoders tell of oddities in a file's metadata, which do not concern its pixels.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read(io.BytesIO(data) if isinstance(data, bytes) else data, name)
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{name} does not fit into the memory that is free") from error
    except Image.DecompressionBombError as error:
        raise InputError(too_large(name)) from error
    except UnidentifiedImageError as error:
        raise InputError(f"{name} cannot be read as a picture: it is damaged, or of no kind that is known here") from error
    except Exception as error:
        # A damaged file makes decoders raise anything; what they say of it on purpose are these kinds.
        said = " ".join(str(error).split()) if isinstance(error, OSError | EOFError | ValueError) else ""
        reason = said or "it is damaged"
        raise InputError(f"{name} cannot be read as a picture: {reason}") from error


def _decode(file: BinaryIO, name: str) -> Found:
    start = file.read(4)
    if start != _EXR and start not in _TIFF:
        return decode_everyday(file, name)
    with _silence():
        if start == _EXR:
            return Found(decode_exr(file, name), associated=True)
        return decode_everyday(file, name) if is_everyday(file, name) else decode_tiff(file, name)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep decoders from printing or logging what they find wrong and report as well.

    stderr is all threads', so this is done in the main one alone, where the command line reads its files.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stderr = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _upright(pixels: Any, orientation: Any) -> Any:
    """Undo what the EXIF tag Orientation says was done to the picture."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation in (2, 3, 6, 7) else pixels
