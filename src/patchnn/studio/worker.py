"""A worker process: requests come in on stdin, messages go out on stdout; an empty one ends a job or asks to stop it."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from patchnn.errors import InputError, PatchnnError, print_traceback
from patchnn.registry import Registry
from patchnn.studio.batches import make_batch
from patchnn.studio.desk import open_file, pack_files
from patchnn.studio.messages import LENGTH, failure
from patchnn.studio.order import StoppedError, make, warm_up
from patchnn.studio.words import plainly, sentence

__all__ = ["main"]


def main() -> None:
    """Work until stdin ends."""
    # The server answers Ctrl-C, and this process ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbox, outbox = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a plugin prints must not come between the messages.
    os.dup2(2, 1)
    requests: queue.Queue[bytes] = queue.Queue()
    stop = threading.Event()
    threading.Thread(target=_listen, args=(inbox, requests, stop), daemon=True).start()
    registry = Registry()
    if sys.argv[1:] == ["make"]:
        warm_up(registry)
    while True:
        _do(registry, requests.get(), stop, lambda message: _write(outbox, message))
        _write(outbox, b"")


def _do(registry: Registry, request: bytes, stop: threading.Event, say: Callable[[bytes], None]) -> None:
    verb, _, body = request.partition(b"\n")
    try:
        if verb == b"make":
            make(registry, body, say, stop.is_set)
        elif verb == b"batch":
            say(make_batch(registry, body))
        else:
            say({b"open": open_file, b"pack": pack_files}[verb](body))
    except StoppedError:
        pass
    except PatchnnError as error:
        say(failure(sentence(error), plainly(error), 422 if isinstance(error, InputError) else 500))
    except MemoryError:
        say(failure("Memory ran out: use smaller images."))
    except Exception as error:
        # A plugin's own error: the page says what it is, the terminal where.
        print_traceback()
        say(failure(f"{type(error).__name__}: {' '.join(str(error).split())}"))


def _listen(inbox: BinaryIO, requests: queue.Queue[bytes], stop: threading.Event) -> None:
    while head := inbox.read(LENGTH.size):
        request = inbox.read(LENGTH.unpack(head)[0])
        if request:
            stop.clear()
            requests.put(request)
        else:
            stop.set()
    os._exit(0)


def _write(outbox: BinaryIO, message: bytes) -> None:
    outbox.write(LENGTH.pack(len(message)) + message)
    outbox.flush()


if __name__ == "__main__":
    main()
