"""Ctrl-C ends the process within a second, whatever it is doing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, TextIO

from patchnn.files import discard_parts

__all__ = ["INTERRUPTED", "ending_soon"]

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended."""
GRACE = 0.5
"""Seconds that the work has to end by itself."""


@contextlib.contextmanager
def ending_soon() -> Iterator[None]:
    """End the process within a second of the first Ctrl-C; further ones change nothing.

    Python raises KeyboardInterrupt only between two steps of its main thread. A codec or a product of large matrices
    may not reach the next step for minutes. But the signal wakes a thread at once, and that thread ends the process
    when the time is up.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    here, there = socket.socketpair()
    there.setblocking(False)
    # A decoder may have redirected the process's stderr when the signal comes.
    stderr = os.fdopen(os.dup(2), "w")
    wakeup_before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    handler_before = signal.signal(signal.SIGINT, _raise_once)
    reported = threading.Event()
    threading.Thread(target=_watch, args=(here, stderr, reported), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup_before)
        # The caller reports the interruption now. Python may still wait for threads, so the watch goes on.
        reported.set()
        if signal.getsignal(signal.SIGINT) is _raise_once:
            signal.signal(signal.SIGINT, handler_before or signal.SIG_DFL)
        there.close()


def _raise_once(number: int, frame: Any) -> None:
    """Interrupt the work. A second KeyboardInterrupt would break off the cleaning up, with a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _watch(here: socket.socket, stderr: TextIO, reported: threading.Event) -> None:
    with here, stderr:
        # Python writes the number of every signal that it handles; an empty read means that none can come any more.
        while (number := here.recv(1)) and number[0] != signal.SIGINT:
            pass
        if not number:
            return
        time.sleep(GRACE)
        discard_parts()
        if not reported.is_set():
            with contextlib.suppress(OSError):
                print("interrupted", file=stderr, flush=True)
        os._exit(INTERRUPTED)
