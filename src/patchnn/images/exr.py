"""OpenEXR files, by the OpenEXR library (extra `exr`), which reads and writes files by their names."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from patchnn.errors import InputError
from patchnn.images.decoded import Found
from patchnn.images.limits import Budget

__all__ = ["check_library", "decode_exr", "encode_exr"]

_GREY = {1: ("Y",), 2: ("Y", "A")}
_CHANNEL_BYTES = 8
_ALMOST_FULL = 1 << 20


def decode_exr(file: BinaryIO, budget: Budget) -> Found:
    """Return the first image of a file, of which the colours are multiplied by opacity."""
    library = check_library(budget.name)
    with _temporary_file(budget.name) as copy:
        file.seek(0)
        copy.write_bytes(file.read())
        header = library.File(str(copy), header_only=True).header()
        left_top, right_bottom = header["dataWindow"]
        width, height = (int(last) - int(first) + 1 for first, last in zip(left_top, right_bottom, strict=True))
        budget.check_size(width, height, _CHANNEL_BYTES * len(header["channels"]))
        channels = library.File(str(copy), separate_channels=True).channels()
        planes = {key: channel.pixels for key, channel in channels.items()}
    wanted = next((keys for keys in ("RGBA", "RGB", "YA", "Y") if planes.keys() >= set(keys)), None)
    if wanted is None:
        names = ", ".join(repr(key)[1:-1] for key in sorted(planes))
        raise InputError(f"{budget.name} has the channels {names}: an image has R, G, B or Y, and may have A")
    chosen = [planes[key] for key in wanted]

    def block(rows: slice, columns: slice) -> Any:
        return np.stack([plane[rows, columns] for plane in chosen], axis=2)

    return Found(height, width, block, associated=True)


def encode_exr(pixels: Any, name: str) -> bytes:
    """Return a file. pixels: (H, W, C) float32, colours multiplied by opacity."""
    library = check_library(name)
    keys = _GREY.get(pixels.shape[2], tuple("RGBA"))
    planes = {key: np.ascontiguousarray(pixels[:, :, n]) for n, key in enumerate(keys[: pixels.shape[2]])}
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage}
    with _temporary_file(name) as copy:
        library.File(header, planes).write(str(copy))
        return copy.read_bytes()


def check_library(name: str) -> Any:
    """Return the OpenEXR library; raises InputError, naming the file, if it is not installed."""
    try:
        import OpenEXR
    except ImportError as error:
        raise InputError(f"{name}: EXR files need a library of their own: pip install 'patchnn[exr]'") from error
    return OpenEXR


@contextlib.contextmanager
def _temporary_file(name: str) -> Iterator[Path]:
    """Give a file to write to, and name the folder if it is full."""
    try:
        folder = tempfile.TemporaryDirectory()
    except OSError as error:
        raise InputError(f"{name}: no temporary file can be made ({error.strerror}): set TMPDIR to another folder") from error
    with folder as path:
        try:
            yield Path(path) / "image.exr"
        except Exception as error:
            # The library says no more than that it cannot write.
            number = error.errno if isinstance(error, OSError) else None
            if number not in (errno.ENOSPC, errno.EDQUOT) and shutil.disk_usage(path).free > _ALMOST_FULL:
                raise
            where = tempfile.gettempdir()
            raise InputError(f"{name}: the temporary folder {where} is full: set TMPDIR to another one") from error
