"""OpenEXR files, by the OpenEXR library (extra `exr`), which reads and writes files by their names."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from patchnn.errors import InputError
from patchnn.images.decoded import check_size

__all__ = ["decode_exr", "encode_exr"]

_GREY = {1: ("Y",), 2: ("Y", "A")}


def decode_exr(file: BinaryIO, name: str) -> Any:
    """Return the first picture of a file: (H, W, C) float, colours multiplied by alpha, C = 1 to 4."""
    library = _library(name)
    # The library prints warnings where its errors follow.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        copy = Path(folder) / "picture.exr"
        file.seek(0)
        copy.write_bytes(file.read())
        left_top, right_bottom = library.File(str(copy), header_only=True).header()["dataWindow"]
        width, height = (int(last) - int(first) + 1 for first, last in zip(left_top, right_bottom, strict=True))
        check_size(width, height, name)
        channels = library.File(str(copy), separate_channels=True).channels()
        planes = {key: channel.pixels for key, channel in channels.items()}
    for wanted in ("RGBA", "RGB", "YA", "Y"):
        if planes.keys() >= set(wanted):
            return np.stack([planes[key] for key in wanted], axis=2)
    raise InputError(f"{name} holds the channels {', '.join(planes)}: a picture has R, G, B or Y, and may have A")


def encode_exr(pixels: Any, name: str) -> bytes:
    """Return a file. pixels: (H, W, C) float32, colours multiplied by alpha."""
    library = _library(name)
    keys = _GREY.get(pixels.shape[2], tuple("RGBA"))
    planes = {key: np.ascontiguousarray(pixels[:, :, n]) for n, key in enumerate(keys[: pixels.shape[2]])}
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "picture.exr"
        library.File(header, planes).write(str(copy))
        return copy.read_bytes()


def _library(name: str) -> Any:
    try:
        import OpenEXR
    except ImportError as error:
        raise InputError(f"{name}: EXR files need a library of their own: pip install 'patchnn[exr]'") from error
    return OpenEXR
