"""What all requests share: the worker processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from patchnn.studio.workshop import Workshop

__all__ = ["Bench", "until_hang_up"]

_T = TypeVar("_T")


class Bench:
    """Two worker processes: the workshop does jobs, the desk opens and packs files meanwhile."""

    def __init__(self) -> None:
        self.workshop = Workshop()
        self.desk = Workshop("files")

    @contextlib.asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        """Run the worker processes for as long as the server runs."""
        workers = (self.workshop, self.desk)
        for worker in workers:
            await worker.start()
        yield
        for worker in workers:
            await worker.close()


async def until_hang_up(receive: Receive, work: Coroutine[Any, Any, _T]) -> _T:
    """Return what some work returns. It is cancelled when the client closes the connection; raises ClientDisconnect then."""
    job = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_hang_up(receive))
    try:
        await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        job.cancel()
        # A cancelled job ends when the workshop has stopped.
        await asyncio.wait({job})
    if job.cancelled():
        raise ClientDisconnect
    return job.result()


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
