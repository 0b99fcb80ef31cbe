"""Files ↔ arrays: every question of formats lives here."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import Any

from patchnn.engine.plan import Image, Mask
from patchnn.errors import InputError
from patchnn.files import check_place, reason, whole_file
from patchnn.images.decoded import BitDepth, DecodedImage, FileTraits
from patchnn.images.reading import decode, decode_text
from patchnn.images.streams import STREAM, check_stream, read_stream, write_stream
from patchnn.images.writing import RECORD, check_format, encode
from patchnn.record import from_text

__all__ = [
    "STREAM",
    "BitDepth",
    "DecodedImage",
    "FileTraits",
    "check_output",
    "decode",
    "encode",
    "read_file",
    "read_image",
    "read_mask",
    "read_record",
    "write_image",
]


def read_image(path: str | os.PathLike[str], *, max_memory: int | None = None) -> Image:
    """Read a picture: (H, W, C) float32 in [0, 1], C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.

    With alpha, colours are multiplied by it. The camera's orientation is applied, palettes and CMYK become RGB, of an
    animation the first frame is taken. Raises InputError, naming the file, when it cannot be read as an image.
    """
    return read_file(path, max_memory=max_memory).pixels


def read_mask(path: str | os.PathLike[str], *, max_memory: int | None = None) -> Mask:
    """Read a mask: (H, W) bool, True where the file is white, or, if anything in it is transparent, where it is opaque.

    Raises InputError as read_image does.
    """
    return read_file(path, max_memory=max_memory).mask()


def read_file(path: str | os.PathLike[str], *, max_memory: int | None = None) -> DecodedImage:
    """Read a picture and what its file says of it: depth, colour profile, frames; - is standard input.

    Raises InputError as read_image does.
    """
    with _opened(path) as file:
        return decode(file, str(path), max_memory=max_memory)


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the record that write_image put into a PNG, without what no record holds; raises InputError if the file has none."""
    with _opened(path) as file:
        text = decode_text(file, str(path), RECORD)
    with contextlib.suppress(ValueError):
        return from_text(text or "")
    raise InputError(f"{path} holds no record of how it was made: only PNG files written by patchnn do")


def check_output(
    path: str | os.PathLike[str],
    *,
    channels: int | None = None,
    depth: BitDepth | None = None,
    quality: int | None = None,
    overwrite: bool = False,
) -> None:
    """Raise InputError, naming the file, if a picture (of so many channels, of this depth) could not be written there."""
    path = Path(path)
    check_format(_with_kind(path), channels=channels, depth=depth, quality=quality)
    if str(path) == STREAM:
        check_stream()
    else:
        check_place(path, overwrite=overwrite)


def write_image(
    path: str | os.PathLike[str],
    image: Any,
    *,
    traits: FileTraits | None = None,
    depth: BitDepth | None = None,
    quality: int | None = None,
    record: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a picture (H, W, C) in [0, 1], colours multiplied by alpha, the kind of file by its extension.

    The path - is standard output, a PNG. traits, depth, quality, record: as in encode; by default 8 bits a channel. The
    file appears whole or not at all. Raises InputError, naming the file, if it exists and `overwrite` is not set, or cannot
    be written.
    """
    check_output(path, depth=depth, quality=quality, overwrite=overwrite)
    data = encode(image, _with_kind(Path(path)), traits=traits, depth=depth, quality=quality, record=record)
    if str(path) == STREAM:
        write_stream(data)
        return
    with whole_file(path) as part:
        part.write_bytes(data)


def _with_kind(path: Path) -> str:
    """Return a name whose extension says what kind of file is written."""
    return f"{path}.png" if str(path) == STREAM else str(path)


def _opened(path: str | os.PathLike[str]) -> Any:
    """Open a file for reading; raises InputError, naming it, for what is no file that can be read."""
    path = Path(path)
    if str(path) == STREAM:
        return io.BytesIO(read_stream())
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: give an image")
        if not path.exists():
            raise InputError(f"{path} does not exist")
        if not path.is_file():
            raise InputError(f"{path} is not a regular file: give an image")
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty: it holds no image")
        return path.open("rb")
    except PermissionError as error:
        raise InputError(f"{path} may not be read: its permissions forbid it") from error
    except (OSError, ValueError) as error:
        # A name with a zero byte in it, or one that is too long.
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
