"""Ctrl-C that ends the process soon, whatever it is doing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator

from patchnn.images import discard_parts

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
    before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(here,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        there.close()


def _watch(here: socket.socket) -> None:
    with here:
        # Every signal that Python handles writes its number; an end is when nothing more can come.
        while (number := here.recv(1)) and number[0] != signal.SIGINT:
            pass
        if not number:
            return
        here.settimeout(GRACE)
        until = time.monotonic() + GRACE
        with contextlib.suppress(TimeoutError):
            while time.monotonic() < until:
                if not here.recv(1):
                    return
    discard_parts()
    print("interrupted", file=sys.stderr, flush=True)
    os._exit(INTERRUPTED)
