"""What this process may use of its machine: memory and threads, within a container's limits."""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from patchnn.errors import BackendError

__all__ = ["BLAS", "THREADS", "count_threads", "free_bytes", "in_turn", "memory_limit"]

_R = TypeVar("_R")

THREADS = "PATCHNN_THREADS"
"""The environment variable that sets the number of threads of a process."""

_MOST_THREADS = 9999
_GUESS = 4 << 30
_NO_LIMIT = 1 << 62
"""Version 1 of control groups writes a number near 2**63 where there is no limit."""
_PROC = Path("/proc")
_GROUPS = Path("/sys/fs/cgroup")


def free_bytes() -> int:
    """Return the memory that this process can still take, in bytes.

    This is what the operating system calls available, or what the container's limit leaves, whichever is less.
    """
    left = (limit - used for limit, used in _memory_groups())
    return max(0, min([_available_bytes(), *left]))


def memory_limit() -> int | None:
    """Return the least memory limit of the control groups (containers) that this process is in, or None without one."""
    return min((limit for limit, _ in _memory_groups()), default=None)


def count_threads() -> int:
    """Return how many threads to work on: PATCHNN_THREADS, or the cores, at most as many as the container's CPU quota.

    Raises BackendError if PATCHNN_THREADS is not a number of threads.
    """
    if wanted := os.environ.get(THREADS):
        if wanted.isdecimal() and len(wanted) <= len(str(_MOST_THREADS)) and int(wanted):
            return int(wanted)
        shown = wanted if len(wanted) <= 20 else f"{wanted[:20]}…"
        raise BackendError(f"{THREADS} is {shown!r}: it must be a whole number from 1 to {_MOST_THREADS}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *(math.ceil(quota) for quota in _cpu_quotas())]))


def _available_bytes() -> int:
    """Return what the operating system could hand out, or a modest guess where it does not say (/proc may be hidden)."""
    import psutil

    try:
        return int(psutil.virtual_memory().available)
    except (OSError, KeyError, psutil.Error):
        return _GUESS


def _memory_groups() -> Iterator[tuple[int, int]]:
    """Yield the limit of every memory control group above this process, and what it uses, in bytes.

    The page cache is not counted as used: the kernel drops it as soon as the memory is needed.
    """
    for version, folder in _control_groups("memory"):
        limit, used, cache = (
            ("memory.max", "memory.current", "inactive_file")
            if version == 2
            else ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        )
        most, current = _words(folder / limit), _words(folder / used)
        if most and current and most[0].isdecimal() and current[0].isdecimal() and int(most[0]) < _NO_LIMIT:
            facts = _words(folder / "memory.stat")
            cached = dict(zip(facts[::2], facts[1::2], strict=False)).get(cache, "0")
            yield int(most[0]), max(0, int(current[0]) - (int(cached) if cached.isdecimal() else 0))


def _cpu_quotas() -> Iterator[float]:
    """Yield how many cores' time every control group above this process may take, where it has a quota."""
    for version, folder in _control_groups("cpu"):
        quota = _words(folder / "cpu.max") if version == 2 else _words(folder / "cpu.cfs_quota_us")
        if version == 1:
            quota += _words(folder / "cpu.cfs_period_us")
        # A group without a quota says "max" or -1.
        if len(quota) == 2 and all(word.isdecimal() and int(word) for word in quota):
            yield int(quota[0]) / int(quota[1])


def _control_groups(controller: str) -> Iterator[tuple[int, Path]]:
    """Yield the version (1 or 2) and the folder of every control group that this process is in, and of those above it.

    A container often sees its own group at the root, while /proc names it by its path on the host: only folders that
    exist count.
    """
    try:
        lines = (_PROC / "self" / "cgroup").read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            roots = [(2, _GROUPS), (2, _GROUPS / "unified")]
        elif controller in controllers.split(","):
            roots = [(1, _GROUPS / controllers)]
        else:
            continue
        group = Path(path.lstrip("/"))
        folders = [group, *group.parents]
        yield from ((version, root / folder) for version, root in roots for folder in folders if (root / folder).is_dir())


def _words(file: Path) -> list[str]:
    """Return the words of a file, none if it cannot be read."""
    try:
        return file.read_text(errors="replace").split()
    except OSError:
        return []


def in_turn(
    each: Callable[..., object], work: Callable[[Any], _R], pieces: Sequence[Any], tell: Callable[[_R], object]
) -> list[_R]:
    """Let `each` call `work` on pieces, in any threads; return the results in the order of the pieces.

    `tell` gets them in that order as they come, and in this thread, which does some of the work.
    """
    results: list[_R] = []
    done: dict[int, _R] = {}
    here = threading.get_ident()

    def tell_done() -> None:
        while len(results) in done:
            results.append(done[len(results)])
            tell(results[-1])

    def do(number: int) -> None:
        done[number] = work(pieces[number])
        if threading.get_ident() == here:
            tell_done()

    each(do, range(len(pieces)))
    tell_done()
    return results


class _OneBlasThread:
    """BLAS at one thread for as long as any run lasts: the first one in sets it, the last one out restores it."""

    def __init__(self) -> None:
        self._lock, self._runs, self._limits = threading.Lock(), 0, contextlib.ExitStack()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if self._runs == 0:
                from threadpoolctl import threadpool_limits

                self._limits.enter_context(threadpool_limits(1, user_api="blas"))
            self._runs += 1
        try:
            yield
        finally:
            with self._lock:
                self._runs -= 1
                if self._runs == 0:
                    self._limits.close()


BLAS = _OneBlasThread()
"""What all runs of a process share."""
