"""The process that child.py starts: it limits its memory, decodes the file on stdin, and writes what it found."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import BinaryIO

import numpy as np

from patchnn.errors import InputError
from patchnn.images.child import SLACK
from patchnn.images.everyday import decode_everyday
from patchnn.images.exr import decode_exr
from patchnn.images.limits import Budget, blocks
from patchnn.images.reading import in_words
from patchnn.images.tiff import decode_numbers

__all__ = ["serve"]

DECODERS = {"exr": decode_exr, "everyday": decode_everyday, "tiff": decode_numbers}


def serve(decoder: str, data: BinaryIO, budget: Budget, out: BinaryIO) -> None:
    """Limit this process's memory, and write what is in a file, or what is wrong with it: a line of JSON, and the pixels."""
    _limit_memory(budget.memory)
    try:
        found = DECODERS[decoder](data, budget)
        first = np.asarray(found.block(slice(0, 1), slice(0, 1)))
        icc = found.icc if isinstance(found.icc, bytes) else b""
        head = {"shape": (found.height, found.width, *first.shape[2:]), "dtype": first.dtype.str, "icc": icc.hex()}
        facts = {"associated": found.associated, "frames": found.frames, "orientation": found.orientation}
        out.write(json.dumps({**head, **facts}).encode() + b"\n")
        for rows, _ in blocks(found.height, found.width):
            out.write(np.ascontiguousarray(found.block(rows, slice(0, found.width))).data)
    except Exception as error:
        if isinstance(error, MemoryError):
            error = InputError(budget.exceeded(), about="max_memory")
        refused = isinstance(error, InputError)
        told = {"error": str(error) if refused else in_words(error), "refused": refused, "about": getattr(error, "about", None)}
        out.write(json.dumps(told).encode() + b"\n")
    out.flush()


def _limit_memory(memory: int) -> None:
    """Let this process take no more than `memory` bytes beyond what it has now."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + memory + SLACK
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _main() -> None:
    decoder, name, memory, pixels = sys.argv[1:]
    out = os.fdopen(os.dup(1), "wb")
    # What libraries print must not come between.
    os.dup2(2, 1)
    serve(decoder, io.BytesIO(sys.stdin.buffer.read()), Budget(name, int(memory), int(pixels)), out)


if __name__ == "__main__":
    _main()
