"""Messages between page, server and engine: a line of JSON, then the bytes that its `sizes` announces."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from patchnn.errors import InputError

__all__ = ["LENGTH", "pack", "unpack"]

LENGTH = struct.Struct(">Q")
"""What stands before a message where nothing else tells its end: between server and engine."""


def pack(head: Mapping[str, Any], *blobs: bytes) -> bytes:
    """Return a message; `head` is JSON values, `sizes` is added to it."""
    line = json.dumps({**head, "sizes": [len(blob) for blob in blobs]}, allow_nan=False)
    return b"".join([line.encode(), b"\n", *blobs])


def unpack(message: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return a message's head and blobs; raises InputError if it is not one."""
    line, _, rest = message.partition(b"\n")
    try:
        head = json.loads(line)
        sizes = [size for size in head["sizes"] if isinstance(size, int) and size >= 0]
        complete = len(sizes) == len(head["sizes"]) and sum(sizes) == len(rest)
    except (ValueError, TypeError, KeyError, RecursionError):
        complete = False
    if not complete:
        raise InputError("the request is no message of the studio's page")
    blobs = []
    for size in sizes:
        blobs.append(rest[:size])
        rest = rest[size:]
    return head, blobs
