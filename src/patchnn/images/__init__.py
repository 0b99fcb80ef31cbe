"""Files ↔ arrays: every question of formats lives here."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import Any

from patchnn.engine.arrays import Image, Mask
from patchnn.errors import InputError
from patchnn.files import check_place, reason, whole_file
from patchnn.images.decoded import BitDepth, DecodedImage, FileTraits
from patchnn.images.reading import decode, decode_text
from patchnn.images.streams import STREAM, check_stream, read_stream, write_stream
from patchnn.images.writing import RECORD, check_format, encode, may_be_ours
from patchnn.record import from_text

__all__ = [
    "STREAM",
    "BitDepth",
    "DecodedImage",
    "FileTraits",
    "check_output",
    "decode",
    "encode",
    "may_be_ours",
    "read_file",
    "read_image",
    "read_mask",
    "read_record",
    "write_image",
]


def read_image(path: str | os.PathLike[str], *, max_memory: int | None = None) -> Image:
    """Read an image.

    The camera's orientation is applied, palettes and CMYK become RGB, and of several images the first is read.

    Parameters
    ----------
    path
        The file; `-` is standard input.
    max_memory
        Bytes that reading may take, the result included. Default: half of what is free.

    Returns
    -------
    ndarray
        (H, W, C) float32 in [0, 1]: C is 1 for grey, 3 for RGB, and one more with an opacity channel, which comes last
        and by which the colours are multiplied.

    Raises
    ------
    InputError
        If the file cannot be read as an image, or needs more memory; the message names the file.

    Examples
    --------
    >>> from patchnn import read_image
    >>> read_image("examples/images/balloons.png").shape
    (240, 360, 3)
    """
    return read_file(path, max_memory=max_memory).pixels


def read_mask(path: str | os.PathLike[str], *, max_memory: int | None = None) -> Mask:
    """Read a mask: what is white in a file, or, if any of its pixels is transparent, what is opaque.

    Parameters
    ----------
    path, max_memory
        As in read_image.

    Returns
    -------
    ndarray
        (H, W) bool.

    Raises
    ------
    InputError
        As read_image does, and if the image is a photograph.

    Examples
    --------
    >>> read_mask("examples/images/rocket-mask.png").dtype
    dtype('bool')
    """
    return read_file(path, max_memory=max_memory).mask()


def read_file(path: str | os.PathLike[str], *, max_memory: int | None = None) -> DecodedImage:
    """Read an image and what its file says about it: bit depth, colour profile, number of images.

    Parameters
    ----------
    path, max_memory
        As in read_image.

    Returns
    -------
    DecodedImage

    Raises
    ------
    InputError
        As read_image does.

    Examples
    --------
    >>> file = read_file("examples/images/balloons.png")
    >>> file.traits.depth, file.frames
    (8, 1)
    """
    with _opened(path) as file:
        return decode(file, str(path), max_memory=max_memory)


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the record that write_image put into a PNG.

    Parameters
    ----------
    path
        The file; `-` is standard input.

    Returns
    -------
    dict
        JSON values, only those that a record may hold.

    Raises
    ------
    InputError
        If the file has no record.

    Examples
    --------
    >>> import numpy as np
    >>> write_image("made.png", np.zeros((8, 8, 3)), record={"task": "generate"})
    >>> read_record("made.png")["task"]
    'generate'
    """
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
    """Raise InputError, naming the file, if write_image could not write an image of so many channels there."""
    check_format(_with_kind(Path(path)), channels=channels, depth=depth, quality=quality)
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
    """Write an image to a file, which appears whole or not at all.

    Parameters
    ----------
    path
        The file, of which the extension decides the format; `-` is standard output, as PNG.
    image
        (H, W, C) in [0, 1], colours multiplied by opacity. What is outside is clipped.
    traits, depth, quality, record
        As in encode.
    overwrite
        Whether to replace a file that exists. It keeps its permissions, and a link to it stays a link.

    Raises
    ------
    InputError
        If the file exists and `overwrite` is not set, or cannot be written; the message names the file.

    Examples
    --------
    >>> import numpy as np
    >>> from patchnn import write_image
    >>> write_image("black.png", np.zeros((64, 64, 3)))
    """
    check_output(path, depth=depth, quality=quality, overwrite=overwrite)
    data = encode(image, _with_kind(Path(path)), traits=traits, depth=depth, quality=quality, record=record)
    if str(path) == STREAM:
        write_stream(data)
        return
    with whole_file(path) as part:
        part.write_bytes(data)


def _with_kind(path: Path) -> str:
    """Return a name with the extension of what is written there."""
    return f"{path}.png" if str(path) == STREAM else str(path)


def _opened(path: str | os.PathLike[str]) -> Any:
    """Open a file for reading; raises InputError, naming it, if that is not possible."""
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
