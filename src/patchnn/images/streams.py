"""Images from standard input and to standard output, which the name - stands for."""

from __future__ import annotations

import os
import sys
from functools import cache

from patchnn.engine.machine import free_bytes
from patchnn.errors import InputError

__all__ = ["STREAM", "check_stream", "read_stream", "write_stream"]

STREAM = "-"
"""What standard input and output are called where a file is asked for."""


@cache
def read_stream() -> bytes:
    """Return all of standard input, read once; raises InputError if nothing is piped in."""
    if sys.stdin.isatty():
        raise InputError("- is standard input: pipe an image in, as in `cat a.png | patchnn generate -`")
    data, most = bytearray(), free_bytes() // 2
    while part := sys.stdin.buffer.read(1 << 20):
        data += part
        if len(data) > most:
            raise InputError(f"- is standard input, of which {most // 1_000_000:,} MB fit into memory: give a smaller image")
    if not data:
        raise InputError("- is standard input, which is empty: it holds no image")
    return bytes(data)


def check_stream() -> None:
    """Raise InputError if standard output is a terminal."""
    if sys.stdout.isatty():
        raise InputError("- is standard output, here a terminal: send it on, as in `patchnn generate a.png -o - > b.png`")


def write_stream(data: bytes) -> None:
    """Write to standard output; raises InputError if it is closed before the end."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer must go somewhere, or Python complains as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise InputError(f"- is standard output, which cannot be written: {error.strerror}") from None
