"""Ctrl-C that ends the process soon, whatever it is doing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import TextIO

from patchnn.files import discard_parts

__all__ = ["INTERRUPTED", "ending_soon"]

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended."""
GRACE = 0.5
"""Seconds that the work has to end by itself."""


@contextlib.contextmanager
def ending_soon() -> Iterator[None]:
    """See to it that the process ends within a second of Ctrl-C.

    Python raises KeyboardInterrupt only between two steps of its main thread, which a codec or a product of large
    matrices may be far from. The signal itself wakes a thread at once; what has not ended by itself when the time is up, it ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    here, there = socket.socketpair()
    there.setblocking(False)
    # Decoders are kept from the process's stderr, and this moment may be one of theirs.
    stderr = os.fdopen(os.dup(2), "w")
    before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    came, told = threading.Event(), threading.Event()
    threading.Thread(target=_watch, args=(here, stderr, came, told), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        # Whoever called tells of the interruption now. Python may still wait for threads: the time goes on.
        told.set()
        if not came.is_set():
            there.close()


def _watch(here: socket.socket, stderr: TextIO, came: threading.Event, told: threading.Event) -> None:
    with here, stderr:
        # Every signal that Python handles writes its number; an end is when nothing more can come.
        while (number := here.recv(1)) and number[0] != signal.SIGINT:
            pass
        if not number:
            return
        came.set()
        time.sleep(GRACE)
        discard_parts()
        if not told.is_set():
            print("interrupted", file=stderr, flush=True)
        os._exit(INTERRUPTED)
