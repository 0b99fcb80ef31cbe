"""The engine's process: orders come in on stdin, messages go out on stdout, an empty one ends a job or asks to stop it."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import BinaryIO

from patchnn.errors import PatchnnError
from patchnn.registry import Registry
from patchnn.studio.messages import LENGTH, pack
from patchnn.studio.order import StoppedError, make, warm_up

__all__ = ["main"]


def main() -> None:
    """Work until stdin ends."""
    # Ctrl-C is the server's to answer, which ends this process too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbox, outbox = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a plugin prints must not come between the messages.
    os.dup2(2, 1)
    orders: queue.Queue[bytes] = queue.Queue()
    stop = threading.Event()
    threading.Thread(target=_listen, args=(inbox, orders, stop), daemon=True).start()
    registry = Registry()
    warm_up(registry)
    while True:
        _do(registry, orders.get(), stop, lambda message: _write(outbox, message))
        _write(outbox, b"")


def _do(registry: Registry, order: bytes, stop: threading.Event, say: Callable[[bytes], None]) -> None:
    try:
        make(registry, order, say, stop.is_set)
    except StoppedError:
        pass
    except PatchnnError as error:
        say(pack({"event": "error", "text": str(error)}))
    except MemoryError:
        say(pack({"event": "error", "text": "memory does not suffice: use smaller pictures"}))
    except Exception as error:
        # A plugin's own: the page says what it is, the terminal where.
        traceback.print_exc()
        say(pack({"event": "error", "text": f"{type(error).__name__}: {' '.join(str(error).split())}"}))


def _listen(inbox: BinaryIO, orders: queue.Queue[bytes], stop: threading.Event) -> None:
    while head := inbox.read(LENGTH.size):
        order = inbox.read(LENGTH.unpack(head)[0])
        if order:
            stop.clear()
            orders.put(order)
        else:
            stop.set()
    os._exit(0)


def _write(outbox: BinaryIO, message: bytes) -> None:
    outbox.write(LENGTH.pack(len(message)) + message)
    outbox.flush()


if __name__ == "__main__":
    main()
