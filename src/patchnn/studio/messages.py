"""Messages between page, server and workers: a line of JSON, then the bytes that its `sizes` announces."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from patchnn.errors import InputError

__all__ = ["LENGTH", "failure", "pack", "unpack"]

LENGTH = struct.Struct(">Q")
"""Precedes each message between server and worker, whose pipe marks no ends."""


def pack(head: Mapping[str, Any], *blobs: bytes) -> bytes:
    """Return a message. `head` holds JSON values; `sizes` is added to it."""
    line = json.dumps({**head, "sizes": [len(blob) for blob in blobs]}, allow_nan=False)
    return b"".join([line.encode(), b"\n", *blobs])


def failure(text: str, plain: str | None = None, status: int = 500) -> bytes:
    """Return the message of an error. text: for the page; plain: for other clients, if not the same; status: in HTTP."""
    return pack({"event": "error", "text": text, "plain": plain or text, "status": status})


def unpack(message: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return a message's head and blobs; raises InputError for anything else."""
    line, _, rest = message.partition(b"\n")
    try:
        head = json.loads(line)
        sizes = [size for size in head["sizes"] if isinstance(size, int) and size >= 0]
        complete = len(sizes) == len(head["sizes"]) and sum(sizes) == len(rest)
    except (ValueError, TypeError, KeyError, RecursionError):
        complete = False
    if not complete:
        raise InputError("the request is not a message of the studio's page")
    blobs = []
    for size in sizes:
        blobs.append(rest[:size])
        rest = rest[size:]
    return head, blobs
