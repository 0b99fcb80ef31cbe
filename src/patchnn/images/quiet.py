"""Keeping decoders from printing what they find odd in a file."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Iterator
from typing import Any

__all__ = ["no_warnings", "own_stderr", "quiet_decoders", "silence"]

_lock = threading.Lock()
_inside = 0
_outer: Any = None
_owned = 0


@contextlib.contextmanager
def no_warnings() -> Iterator[None]:
    """Drop Python's warnings meanwhile: decoders warn of oddities in metadata, which do not concern the pixels.

    Filters belong to the whole process. Of several threads the last one out puts them back.
    """
    global _inside, _outer
    with _lock:
        if _inside == 0:
            _outer = warnings.catch_warnings()
            _outer.__enter__()
            warnings.simplefilter("ignore")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _outer.__exit__(None, None, None)


def own_stderr() -> None:
    """Declare that this process's stderr belongs to patchnn for good: in processes that do its jobs and nothing else."""
    global _owned
    _owned += 1


@contextlib.contextmanager
def quiet_decoders() -> Iterator[None]:
    """Let decoders be silenced meanwhile: for a command line around its own work, as stderr is the whole process's."""
    global _owned
    _owned += 1
    try:
        yield
    finally:
        _owned -= 1


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Send stderr to nowhere while a decoder works, where a command line said that this process's stderr is its own.

    C libraries print what they also report as an error. The library itself never touches stderr.
    """
    if not _owned or threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        stderr = os.dup(2)
    except OSError:
        # It is closed: nothing can be printed.
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
