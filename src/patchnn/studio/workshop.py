"""A worker process behind the server: warm, stoppable at any moment, and the only thing lost if it dies."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Iterator
from typing import Literal, TypeVar

from patchnn.studio.messages import LENGTH, failure, pack

__all__ = ["BusyError", "Workshop", "within"]

_T = TypeVar("_T")

PATIENCE = 30.0
"""Seconds that a page may take to accept a message before it counts as gone."""
GRACE = 0.6
"""Seconds that a job has to stop by itself; then its process is killed."""
DIED = "The work stopped because its process ended: it may have run out of memory. Try a smaller image or output."

Send = Callable[[bytes], Awaitable[None]]
Verb = Literal["make", "batch", "open", "pack"]


class BusyError(Exception):
    """More requests wait than there are places."""


class _DiedError(Exception):
    """The worker process ended."""


async def within(seconds: float, work: Awaitable[_T]) -> _T:
    """Wait for some work for at most so many seconds; raises asyncio.TimeoutError.

    Before Python 3.12 asyncio.wait_for loses a cancellation that comes as the work ends, and the job would go on.
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
    """One worker process, which does one request at a time, and the queue in front of it.

    role: "make" warms up the engine for tasks, "files" opens and packs files.
    """

    def __init__(self, role: Literal["make", "files"] = "make", places: int = 8) -> None:
        self._role = role
        self._free = places
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._reading: asyncio.Future[bytes] | None = None

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Take a place in the queue for as long as the request lasts; raises BusyError if there is none."""
        if not self._free:
            raise BusyError
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def work(self, verb: Verb, body: bytes, send: Send) -> None:
        """Do one request when its turn comes: `send` gets every message of the worker. Cancelling this stops it."""
        if self._turn.locked():
            await send(pack({"event": "waiting"}))
        async with self._turn:
            try:
                await self._tell(verb.encode() + b"\n", body)
                while message := await self._hear():
                    await within(PATIENCE, send(message))
            except _DiedError:
                await self.close()
                await send(failure(DIED))
            except BaseException:
                await asyncio.shield(asyncio.ensure_future(self._stop()))
                raise
            finally:
                # The next request finds a warm process.
                await asyncio.shield(asyncio.ensure_future(self.start()))

    async def answer(self, verb: Verb, body: bytes) -> bytes:
        """Do one request and return its last message."""
        messages: list[bytes] = []

        async def keep(message: bytes) -> None:
            messages.append(message)

        await self.work(verb, body, keep)
        return messages[-1]

    async def start(self) -> None:
        """Make sure that the process runs."""
        if self._process is None or self._process.returncode is not None:
            self._reading = None
            command = (sys.executable, "-m", "patchnn.studio.worker", self._role)
            self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)

    async def close(self) -> None:
        """Kill the process."""
        process, self._process = self._process, None
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _stop(self) -> None:
        """Ask the job to stop; kill the process if it does not."""
        try:
            await within(GRACE, self._drain())
        except (asyncio.TimeoutError, _DiedError):
            await self.close()

    async def _drain(self) -> None:
        await self._tell()
        while await self._hear():
            pass

    async def _tell(self, *parts: bytes) -> None:
        """Send the worker one message in parts; none asks it to stop."""
        await self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            for part in (LENGTH.pack(sum(map(len, parts))), *parts):
                self._process.stdin.write(part)
            await self._process.stdin.drain()
        except ConnectionError as error:
            raise _DiedError from error

    async def _hear(self) -> bytes:
        # A message that has begun is read to its end even if its request was cancelled.
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
