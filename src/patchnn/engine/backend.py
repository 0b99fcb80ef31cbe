"""Where arrays live: NumPy on the CPU, CuPy on a CUDA GPU.

The engine is written once, against `backend.xp`; a method stands here only where the two differ: crossing the host
border, free memory, how large a chunk should be and how chunks are run. A backend's library is imported when the
backend is made, so that `import patchnn` needs neither a GPU nor CuPy.
"""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeAlias

import numpy as np

from patchnn.engine.machine import count_threads, free_bytes
from patchnn.errors import BackendError

__all__ = ["BACKENDS", "Array", "Backend", "CupyBackend", "NumpyBackend", "find_backend"]

Array: TypeAlias = Any
"""An array of the backend in use; NumPy's and CuPy's share no type."""


class Backend(ABC):
    """One array library: its namespace `xp`, and what differs between libraries."""

    name: ClassVar[str]
    xp: Any
    tile: tuple[int, int]
    """Queries × keys that exact search holds at once."""
    chunk: int
    """Patches that approximate search and vote hold at once."""

    @classmethod
    @abstractmethod
    def unavailable(cls) -> str | None:
        """Say in one sentence why this backend cannot run here; None if it can."""

    @property
    @abstractmethod
    def description(self) -> str:
        """Library, version and device, for people."""

    @abstractmethod
    def to_device(self, array: Array) -> Array:
        """Copy a host array to the device, or pass it on where the device is the host."""

    @abstractmethod
    def to_host(self, array: Array) -> Any:
        """Copy a device array to the host, or pass it on where the device is the host."""

    @abstractmethod
    def free_bytes(self) -> int:
        """Memory that could be taken now, in bytes."""

    @abstractmethod
    def take(self, array: Array, index: Array, out: Array) -> Array:
        """Write array[index] (along the first axis) to `out` and return it; every index is known to be in range."""

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Hold what a run needs for itself for as long as it lasts."""
        yield

    @abstractmethod
    def each(self, work: Callable[[Any], None], pieces: Iterable[Any]) -> None:
        """Call `work` on every piece; pieces do not overlap, so that their order does not matter."""

    def each_chunk(self, work: Callable[[Array], None], index: Array) -> None:
        """Call `work` on the numbers in `index`, a chunk of them at a time, as int64."""
        starts = range(0, len(index), self.chunk)
        self.each(lambda start: work(index[start : start + self.chunk].astype(np.int64)), starts)


class NumpyBackend(Backend):
    """NumPy on the CPU, chunks on as many threads as count_threads says."""

    name = "numpy"
    # A tile's scores and a chunk's buffers stay in a core's cache.
    tile = (256, 4096)
    chunk = 8192

    def __init__(self, threads: int | None = None) -> None:
        self.xp = np
        self.threads = threads or count_threads()
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    @property
    def description(self) -> str:
        return f"NumPy {np.__version__}, {self.threads} {'thread' if self.threads == 1 else 'threads'}"

    def to_device(self, array: Array) -> Array:
        return np.ascontiguousarray(array)

    def to_host(self, array: Array) -> Any:
        return array

    def free_bytes(self) -> int:
        return free_bytes()

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        # BLAS's own threads wait for each other, spinning, at every one of thousands of products: next to one busy
        # neighbour that takes ten times as long and more. Here it works in the threads of `each`, alone in each.
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            yield

    def take(self, array: Array, index: Array, out: Array) -> Array:
        # Any mode but "raise" writes straight into `out`, without a copy in between.
        return array.take(index, axis=0, out=out, mode="clip")

    def each(self, work: Callable[[Any], None], pieces: Iterable[Any]) -> None:
        todo = list(pieces)
        if self.threads == 1 or len(todo) < 2:
            for piece in todo:
                work(piece)
            return
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="patchnn")
        for _ in self._pool.map(work, todo):
            pass


class CupyBackend(Backend):
    """CuPy on the current CUDA device."""

    name = "cupy"
    tile = (8192, 8192)
    chunk = 1 << 20

    def __init__(self) -> None:
        reason = self.unavailable()
        if reason:
            raise BackendError(reason)
        import cupy

        self.xp = cupy

    @classmethod
    def unavailable(cls) -> str | None:
        try:
            import cupy
        except ImportError as error:
            return f"CuPy cannot be imported ({error}): pip install cupy-cuda12x"
        try:
            count = cupy.cuda.runtime.getDeviceCount()
        except Exception as error:
            # A missing driver shows as one of several exception types, by CuPy's version.
            return f"CuPy {cupy.__version__} is installed but finds no CUDA device ({str(error).strip().splitlines()[0]})"
        return None if count else f"CuPy {cupy.__version__} is installed but there is no CUDA device"

    @property
    def description(self) -> str:
        device = self.xp.cuda.runtime.getDeviceProperties(self.xp.cuda.Device().id)["name"].decode()
        return f"CuPy {self.xp.__version__}, {device}"

    def to_device(self, array: Array) -> Array:
        return self.xp.ascontiguousarray(self.xp.asarray(array))

    def to_host(self, array: Array) -> Any:
        return self.xp.asnumpy(array)

    def free_bytes(self) -> int:
        free: int = self.xp.cuda.Device().mem_info[0]
        return free + int(self.xp.get_default_memory_pool().free_bytes())

    def take(self, array: Array, index: Array, out: Array) -> Array:
        return self.xp.take(array, index, axis=0, out=out)

    def each(self, work: Callable[[Any], None], pieces: Iterable[Any]) -> None:
        for piece in pieces:
            work(piece)


BACKENDS: dict[str, type[Backend]] = {"numpy": NumpyBackend, "cupy": CupyBackend}


def find_backend(name: str | Backend = "auto") -> Backend:
    """Return the backend called `name`; "auto" is the GPU where one runs, else NumPy.

    A Backend is passed on as it is. Raises BackendError, saying why, if the one asked for cannot run here.
    """
    if isinstance(name, Backend):
        return name
    if name == "auto":
        name = "numpy" if CupyBackend.unavailable() else "cupy"
    if name not in BACKENDS:
        raise BackendError(f"there is no backend {name!r}: choose auto, {' or '.join(BACKENDS)}")
    reason = BACKENDS[name].unavailable()
    if reason:
        raise BackendError(f"backend {name} cannot run here: {reason}")
    return BACKENDS[name]()
