"""The engine in a process of its own: it is warm, can be stopped at any moment, and takes nothing with it if it dies."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from patchnn.studio.messages import LENGTH, pack

__all__ = ["BusyError", "Workshop", "within"]

_T = TypeVar("_T")

PATIENCE = 30.0
"""Seconds that a page may take to accept a message before it counts as gone."""
GRACE = 0.6
"""Seconds that a run has to stop by itself; then its process is ended."""

Send = Callable[[bytes], Awaitable[None]]


class BusyError(Exception):
    """More jobs wait than there are places."""


class _DiedError(Exception):
    """The worker is no more."""


async def within(seconds: float, work: Awaitable[_T]) -> _T:
    """Wait for some work, for so long at most; raises asyncio.TimeoutError.

    asyncio.wait_for loses a cancellation that comes as the work ends (before Python 3.12), and a job would go on for nobody.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise asyncio.TimeoutError
        return task.result()
    finally:
        task.cancel()


class Workshop:
    """One worker process, one job at a time, and the line of those that wait."""

    def __init__(self, places: int = 8) -> None:
        self._free = places
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._reading: asyncio.Future[bytes] | None = None

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Take a place in the line for as long as a job lasts; raises BusyError if there is none."""
        if not self._free:
            raise BusyError
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def work(self, order: bytes, send: Send) -> None:
        """Do one job when its turn comes: every message of the worker's goes to `send`. Cancelling this stops it."""
        if self._turn.locked():
            await send(pack({"event": "waiting"}))
        async with self._turn:
            try:
                await self._tell(order)
                while message := await self._hear():
                    await within(PATIENCE, send(message))
            except _DiedError:
                await self.close()
                text = "the engine's process ended in the middle of the work: it may have run out of memory"
                await send(pack({"event": "error", "text": text}))
            except BaseException:
                await asyncio.shield(asyncio.ensure_future(self._stop()))
                raise
            finally:
                # The next job finds a warm one.
                await asyncio.shield(asyncio.ensure_future(self.start()))

    async def start(self) -> None:
        """See that there is a worker."""
        if self._process is None or self._process.returncode is not None:
            self._reading = None
            command = (sys.executable, "-m", "patchnn.studio.worker")
            self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)

    async def close(self) -> None:
        """End the worker, whatever it does."""
        process, self._process = self._process, None
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _stop(self) -> None:
        """Let the worker end its job, or end the worker."""
        try:
            await within(GRACE, self._drain())
        except (asyncio.TimeoutError, _DiedError):
            await self.close()

    async def _drain(self) -> None:
        await self._tell(b"")
        while await self._hear():
            pass

    async def _tell(self, message: bytes) -> None:
        await self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(LENGTH.pack(len(message)) + message)
            await self._process.stdin.drain()
        except ConnectionError as error:
            raise _DiedError from error

    async def _hear(self) -> bytes:
        # A message that was begun is read to its end even if nobody waits for it any more.
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._read())
        message = await asyncio.shield(self._reading)
        self._reading = None
        return message

    async def _read(self) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            (length,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
            return await self._process.stdout.readexactly(length)
        except asyncio.IncompleteReadError as error:
            raise _DiedError from error
