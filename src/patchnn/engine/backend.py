"""Where arrays live: NumPy on the CPU, CuPy on a CUDA GPU.

The engine is written once, against `backend.xp`; a method stands here only where the two differ: crossing the host
border, free memory, how large a chunk should be and how chunks are run. A backend's library is imported when the
backend is made, so that `import patchnn` needs neither a GPU nor CuPy.
"""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

import patchnn.engine.kernels as kernels
from patchnn.engine.machine import BLAS, count_threads, free_bytes
from patchnn.errors import BackendError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["BACKENDS", "Array", "Backend", "CupyBackend", "NumpyBackend", "broken_backends", "find_backend"]

Array: TypeAlias = Any
"""An array of the backend in use; NumPy's and CuPy's share no type."""


BACKENDS: dict[str, type[Backend]] = {}
"""Backends by name. A subclass of Backend that has a name registers itself when it is defined."""

INTERFACE = 2
"""Which form of the hot loops a backend of another package must be made for, as its own `interface`."""

GROUP = "patchnn.backends"
"""Entry points of other packages' backends: each names a subclass of Backend."""

LEAST = 2048
"""Patches that are worth handing to another thread."""


class Backend(ABC):
    """One array library: its namespace `xp`, and what differs between libraries."""

    name: ClassVar[str]
    priority: ClassVar[int | None] = None
    """"auto" takes the available backend with the largest; None is never taken."""
    xp: Any
    tile: tuple[int, int]
    """Queries × keys that exact search holds at once."""
    chunk: int
    """Patches that approximate search and vote hold at once."""
    threads = 1

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" in cls.__dict__:
            BACKENDS[cls.name] = cls

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
    def each(self, work: Callable[[Any], object], pieces: Iterable[Any]) -> None:
        """Call `work` on every piece; pieces do not overlap, so that their order does not matter."""

    # The hot loops. A backend may replace each; the functions in kernels.py say what they must return.
    project = kernels.project
    measure = kernels.measure
    distances = kernels.distances
    improve = kernels.improve
    fold = kernels.fold
    mix = kernels.mix
    changed = kernels.changed
    seams = kernels.seams

    def pack(self, pixels: Array, rim: int) -> Array:
        """Return pixels (n, C) and `rim` black ones after them, in the form that `mix` gathers fastest."""
        packed = self.xp.zeros((len(pixels) + rim, pixels.shape[1]), np.float32)
        packed[: len(pixels)] = pixels
        return packed

    def unpack(self, items: Array) -> Array:
        """Return packed pixels as (n, C or more) float32, without a copy."""
        return items

    def each_chunk(self, work: Callable[[Array], object], index: Array) -> None:
        """Call `work` on the numbers in `index`, a chunk of them at a time, as int64."""
        # Of a small level, every thread gets a share.
        size = min(self.chunk, max(LEAST, -(-len(index) // self.threads)))
        self.each(lambda start: work(index[start : start + size].astype(np.int64)), range(0, len(index), size))


class NumpyBackend(Backend):
    """NumPy on the CPU, chunks on as many threads as count_threads says."""

    name = "numpy"
    priority = 0
    # A tile's scores and a chunk's buffers stay in a core's cache.
    tile = (256, 4096)
    chunk = 8192

    def __init__(self, threads: int | None = None) -> None:
        self.xp = np
        self.threads = threads or count_threads()
        # It starts threads when they are needed.
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="patchnn")

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
        with BLAS.held():
            yield

    def take(self, array: Array, index: Array, out: Array) -> Array:
        # Any mode but "raise" writes straight into `out`, without a copy in between.
        return array.take(index, axis=0, out=out, mode="clip")

    def pack(self, pixels: Array, rim: int) -> Array:
        channels = pixels.shape[1]
        # A pixel of four channels is one 16-byte item: gathering those is several times faster than rows of three.
        lanes = 4 if channels == 3 else channels
        packed = np.zeros((len(pixels) + rim, lanes), np.float32)
        packed[: len(pixels), :channels] = pixels
        return packed.view(np.complex128).reshape(-1) if lanes == 4 else packed

    def unpack(self, items: Array) -> Array:
        return items.view(np.float32).reshape(len(items), -1)

    def each(self, work: Callable[[Any], object], pieces: Iterable[Any]) -> None:
        todo: SimpleQueue[Any] = SimpleQueue()
        for piece in pieces:
            todo.put(piece)

        def share() -> None:
            with contextlib.suppress(Empty):
                while True:
                    work(todo.get_nowait())

        # This thread begins at once. Small pieces are done before others have woken up: these are then not waited for.
        helpers = [self._pool.submit(share) for _ in range(min(self.threads, todo.qsize()) - 1)]
        try:
            share()
        finally:
            for helper in helpers:
                if not helper.cancel():
                    helper.result()


class CupyBackend(Backend):
    """CuPy on the current CUDA device."""

    name = "cupy"
    priority = 10
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
            return f"CuPy cannot be imported ({error}): pip install 'patchnn[cuda12]'"
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

    def each(self, work: Callable[[Any], object], pieces: Iterable[Any]) -> None:
        for piece in pieces:
            work(piece)


def find_backend(name: str | Backend = "auto", among: type[Backend] = Backend) -> Backend:
    """Return the backend called `name`; "auto" is the fastest that runs here, of the kind `among`.

    A Backend is returned as it is. All callers of a process share one of each kind: threads that come and go with every run leave
    memory behind. Raises BackendError, saying why, if the one asked for cannot run here.
    """
    if isinstance(name, Backend):
        return name
    broken = broken_backends()
    if name == "auto":
        kinds = [kind for kind in BACKENDS.values() if kind.priority is not None and issubclass(kind, among)]
        ready = [kind for kind in kinds if kind.unavailable() is None]
        return _shared(max(ready, key=lambda kind: kind.priority or 0), os.getpid(), count_threads())
    if name not in BACKENDS | broken:
        raise BackendError(f"there is no backend {name!r}: choose auto, {' or '.join(BACKENDS)}")
    reason = broken.get(name) or BACKENDS[name].unavailable()
    if reason:
        raise BackendError(f"backend {name} cannot run here: {reason}")
    return _shared(BACKENDS[name], os.getpid(), count_threads())


@cache
def _shared(kind: type[Backend], process: int, threads: int) -> Backend:
    return kind()


def broken_backends() -> dict[str, str]:
    """Import other packages' backends, and return those that cannot be used, and why."""
    return {entry.name: problem for entry, problem in _loaded() if problem is not None}


@cache
def _loaded() -> list[tuple[EntryPoint, str | None]]:
    """Import other packages' backends, once. Returns each entry point, and why it cannot be imported."""
    from importlib.metadata import entry_points

    return [(entry, _import_problem(entry)) for entry in entry_points(group=GROUP)]


def _import_problem(entry: EntryPoint) -> str | None:
    try:
        kind = entry.load()
    except Exception as error:
        return f"{entry.value} cannot be imported ({type(error).__name__}: {error})"
    if vars(kind).get("interface") == INTERFACE:
        return None
    BACKENDS.pop(getattr(kind, "name", ""), None)
    return f"{entry.value} is made for another version of patchnn: upgrade both"
