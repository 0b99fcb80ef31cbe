"""Decoding in a process of its own, with a memory limit: for kinds of files whose decoders know no bound.

The decoders of JPEG 2000, AVIF and OpenEXR take memory by what a file claims, long before its pixels. Linux limits a
process. On other systems its memory is watched, and the process is ended when it takes too much.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from patchnn.errors import InputError
from patchnn.images.decoded import Found
from patchnn.images.limits import Budget, blocks

__all__ = ["decode_in_child", "receive", "serve", "watched"]

_SLACK = 32 << 20
_PROGRAM = 100 << 20
"""Bytes that the process takes before it decodes anything."""
_GLANCE = 0.02
"""Seconds between two looks at a process that is watched."""


def decode_in_child(file: BinaryIO, budget: Budget, decoder: str) -> Found:
    """Return what is in a file. decoder: "exr", "tiff" or "everyday"; raises InputError or ValueError."""
    file.seek(0)
    command = [sys.executable, "-m", "patchnn.images.child", decoder, budget.name, str(budget.memory), str(budget.pixels)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    silent: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    # In a session of its own, Ctrl-C does not reach it: it ends with this process's wait for it.
    with subprocess.Popen(command, env=environment, start_new_session=True, **silent) as child:
        try:
            with watched(child, _PROGRAM + budget.memory + _SLACK) as too_large:
                with contextlib.suppress(BrokenPipeError), cast(BinaryIO, child.stdin) as source:
                    source.write(file.read())
                return receive(cast(BinaryIO, child.stdout))
        except ValueError:
            if too_large.is_set():
                raise InputError(budget.exceeded(), about="max_memory") from None
            raise
        finally:
            child.kill()


@contextlib.contextmanager
def watched(child: subprocess.Popen[bytes], most: int, *, needed: bool = sys.platform != "linux") -> Iterator[threading.Event]:
    """End a process that takes more than `most` bytes meanwhile; the event tells that it did.

    needed: whether to watch at all. Linux limits the process itself.
    """
    import psutil

    done, too_large = threading.Event(), threading.Event()

    def watch() -> None:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(child.pid)
            while not done.wait(_GLANCE):
                if process.memory_info().rss > most:
                    too_large.set()
                    child.kill()
                    return

    watcher = threading.Thread(target=watch, daemon=True)
    if needed:
        watcher.start()
    try:
        yield too_large
    finally:
        done.set()
        if needed:
            watcher.join()


def receive(stream: BinaryIO) -> Found:
    """Return what serve wrote to a stream; raises InputError, or ValueError for what a decoder says."""
    head = json.loads(stream.readline() or b"null")
    if head is None:
        raise ValueError("it is damaged")
    if "error" in head:
        raise InputError(head["error"], head["about"]) if head["refused"] else ValueError(head["error"])
    pixels = np.empty(head["shape"], head["dtype"])
    if cast(Any, stream).readinto(pixels.reshape(-1).view(np.uint8)) != pixels.nbytes:
        raise ValueError("it is damaged")
    facts = {"associated": head["associated"], "frames": head["frames"], "orientation": head["orientation"]}
    return Found.of(pixels, icc=bytes.fromhex(head["icc"]) or None, **facts)


def serve(decoder: str, data: BinaryIO, budget: Budget, out: BinaryIO) -> None:
    """Limit this process's memory, and write what is in a file, or what is wrong with it: a line of JSON, and the pixels."""
    from patchnn.images.everyday import decode_everyday
    from patchnn.images.exr import decode_exr
    from patchnn.images.reading import in_words
    from patchnn.images.tiff import decode_numbers

    decode = {"exr": decode_exr, "everyday": decode_everyday, "tiff": decode_numbers}[decoder]
    _limit_memory(budget.memory)
    try:
        found = decode(data, budget)
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
        most = pages * resource.getpagesize() + memory + _SLACK
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _main() -> None:
    decoder, name, memory, pixels = sys.argv[1:]
    out = os.fdopen(os.dup(1), "wb")
    # What libraries print must not come between.
    os.dup2(2, 1)
    serve(decoder, io.BytesIO(sys.stdin.buffer.read()), Budget(name, int(memory), int(pixels)), out)


if __name__ == "__main__":
    _main()
