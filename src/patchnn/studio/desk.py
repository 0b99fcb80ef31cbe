"""Files opened for the page, and files packed for it: done in a process of its own, which may die of a hostile file."""

from __future__ import annotations

import base64
import contextlib
import io
import zipfile
from typing import Any

from patchnn.errors import InputError
from patchnn.images.reading import decode_text
from patchnn.images.writing import RECORD
from patchnn.record import from_text
from patchnn.studio.files import read_upload, to_rgba, uploads
from patchnn.studio.large import workable
from patchnn.studio.messages import pack, unpack

__all__ = ["open_file", "pack_files"]


def open_file(message: bytes) -> bytes:
    """Return the image in a file as the page shows it: its size, channels and colour profile, and its RGBA pixels.

    A large one comes at its workable size, with its `full` one, unless the message asks for the `whole`.
    """
    head, blobs = unpack(message)
    if len(blobs) != 1:
        raise InputError("the request must carry one file")
    image = read_upload(str(head.get("name")), blobs[0])
    height, width, _ = image.pixels.shape
    size, pixels = to_rgba(image.pixels if head.get("whole") else workable(image.pixels))
    full = {"width": width, "height": height} if size["width"] < width else None
    icc = image.traits.icc
    facts = {"full": full, "icc": base64.b64encode(icc).decode() if icc else None, "record": _settings(blobs[0])}
    return pack({"event": "opened", **size, **facts}, pixels)


def _settings(data: bytes) -> dict[str, Any] | None:
    """Return how patchnn made an image, as far as the page's controls show it; None for any other file."""
    with contextlib.suppress(Exception):
        record = from_text(decode_text(data, "", RECORD) or "")
        return {name: record[name] for name in ("task", "options", "tuning", "search", "seed")}
    return None


def pack_files(message: bytes) -> bytes:
    """Return images as files, and a command, in one ZIP."""
    head, blobs = unpack(message)
    parcel = io.BytesIO()
    with zipfile.ZipFile(parcel, "w") as file:
        for upload in uploads(head.get("files"), blobs):
            file.writestr(zipfile.ZipInfo(upload.name), upload.file())
        file.writestr(zipfile.ZipInfo("command.txt"), f"{head.get('command', '')}\n")
    return pack({"event": "packed"}, parcel.getvalue())
