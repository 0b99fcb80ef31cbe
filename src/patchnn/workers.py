"""Where jobs are done: processes of this machine, or a Dask cluster; both are executors of concurrent.futures."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from patchnn.engine.machine import THREADS, count_threads
from patchnn.errors import BackendError, InputError
from patchnn.files import discard_parts
from patchnn.images.quiet import own_stderr

__all__ = ["Processes", "open_cluster", "open_workers"]

_T = TypeVar("_T")


class Processes(Executor):
    """A pool of processes that share this machine's cores, and that outlives the death of one.

    count: how many. Where one is killed the futures under way raise BrokenExecutor, and the next submit begins a new pool.
    Left by an exception, as Ctrl-C, the processes end at once; so they do when this process is killed.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        # Every process waits for the other end to close, which the operating system does if this process dies.
        self._far_end, self._lifeline = multiprocessing.get_context("spawn").Pipe(duplex=False)
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        with _quietly():
            if self._pool is not None:
                with contextlib.suppress(BrokenProcessPool):
                    return self._pool.submit(fn, *args, **kwargs)
            self._pool = self._open()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self._lifeline.close()
        self.shutdown(cancel_futures=kind is not None)
        self._lifeline.close()
        self._far_end.close()

    def _open(self) -> ProcessPoolExecutor:
        threads = max(1, count_threads() // self.count)
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.count, context, initializer=_begin, initargs=(self._far_end, threads))


@contextlib.contextmanager
def open_workers(jobs: int, cluster: str | None = None) -> Iterator[tuple[Executor | None, int]]:
    """Give an executor and how many jobs it does at a time: a cluster's, processes, or None for a single job, done here."""
    if cluster:
        with open_cluster(cluster) as opened:
            yield opened
    elif jobs > 1:
        with Processes(jobs) as pool:
            yield pool, jobs
    else:
        yield None, 1


@contextlib.contextmanager
def open_cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """Connect to a Dask scheduler: its executor, and how many jobs its workers do at a time.

    A job whose worker dies is done again by another. Raises BackendError without Dask, or where no scheduler answers.
    """
    if not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://[^/]+:\d{1,5}", address):
        raise InputError(f"the cluster's address is {address}: write tcp://HOST:PORT, as the Dask scheduler says it")
    try:
        from distributed import Client
    except ImportError:
        raise BackendError("a cluster needs Dask: pip install 'patchnn[cluster]'") from None
    # The error below says the same in one line.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except OSError as error:
        raise BackendError(f"no Dask scheduler answers at {address}: {' '.join(str(error).split())}") from error
    try:
        yield client.get_executor(pure=False), max(1, sum(client.nthreads().values()))
    finally:
        # A scheduler that is gone would be waited for.
        client.close(timeout=2)


def _begin(lifeline: Connection, threads: int) -> None:
    """Make a process of the pool ready: Ctrl-C is its parent's affair, and it has its share of the cores."""
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[THREADS] = str(threads)
    own_stderr()
    threadpool_limits(threads)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv()
    discard_parts()
    os._exit(1)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Start processes in which Ctrl-C is blocked and the resource tracker prints no warning.

    Until they are up, nothing there handles an interrupt. The tracker warns of what it cleans up after a killed process.
    """
    warnings = os.environ.get("PYTHONWARNINGS", "")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [warnings, "ignore:resource_tracker:UserWarning"]))
    blocked = None
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing import resource_tracker

        # Its start unblocks the signal.
        resource_tracker.ensure_running()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        os.environ["PYTHONWARNINGS"] = warnings
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
