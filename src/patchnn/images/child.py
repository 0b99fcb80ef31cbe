"""Decoding in a process of its own, with a memory limit: for kinds of files whose decoders know no bound.

The decoders of JPEG 2000, AVIF and OpenEXR take memory by what a file claims, long before its pixels. Linux limits a
process. On other systems its memory is watched, and the process is ended when it takes too much.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np

from patchnn.errors import InputError
from patchnn.images.decoded import Found
from patchnn.images.limits import Budget

__all__ = ["SLACK", "decode_in_child", "receive", "watched"]

SLACK = 32 << 20
"""Bytes that a decoder may take beyond its budget."""
_PROGRAM = 100 << 20
"""Bytes that the process takes before it decodes anything."""
_GLANCE = 0.02
"""Seconds between two looks at a process that is watched."""


def decode_in_child(file: BinaryIO, budget: Budget, decoder: str) -> Found:
    """Return what is in a file. decoder: "exr", "tiff" or "everyday"; raises InputError or ValueError."""
    file.seek(0)
    command = [sys.executable, "-m", "patchnn.images.child_main", decoder, budget.name, str(budget.memory), str(budget.pixels)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    silent: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    # In a session of its own, Ctrl-C does not reach it: it ends with this process's wait for it.
    with subprocess.Popen(command, env=environment, start_new_session=True, **silent) as child:
        try:
            with watched(child, _PROGRAM + budget.memory + SLACK) as too_large:
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
    """Return what child_main.serve wrote to a stream; raises InputError or ValueError."""
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
