"""Bodies of requests: read whole before anything else is done, and bounded in size, in time and together."""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patchnn.studio.guard import BUSY, refusal

__all__ = ["MAX_BYTES", "WholeBodies"]

MAX_BYTES = 256 << 20
"""What one request may bring. A larger one is refused when it announces its size, or when so much has arrived."""
HELD = 768 << 20
"""What all requests may hold together."""
SILENCE = 20.0
"""Seconds without a byte after which an incomplete request counts as gone."""
SLOWEST = 32 << 10
"""Bytes a second that a body must bring, after the first SILENCE seconds."""


class WholeBodies:
    """Reads the body of each POST before it passes the request on, so that a slow sender takes no place in the queue."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        try:
            await self._read(body, scope, receive)
            await self._app(scope, _replay(bytes(body), receive), send)
        except _RefusedError as error:
            await refusal(error.status_code, error.detail)(scope, receive, send)
        except ClientDisconnect:
            await refusal(400, "The request did not arrive whole.")(scope, receive, send)
        finally:
            self._held -= len(body)

    async def _read(self, body: bytearray, scope: Scope, receive: Receive) -> None:
        """Fill `body`, which counts as held; raises _RefusedError for one that is too large or too slow."""
        announced, began = Headers(scope=scope).get("content-length", "0"), time.monotonic()
        if not announced.isdigit():
            raise _RefusedError(400, "The length of the request is no number.")
        chunks = Request(scope, receive).stream().__aiter__()
        while int(announced) <= MAX_BYTES:
            left = began + SILENCE + len(body) / SLOWEST - time.monotonic()
            try:
                chunk = await asyncio.wait_for(chunks.__anext__(), min(SILENCE, left))
            except StopAsyncIteration:
                return
            except asyncio.TimeoutError:
                raise _RefusedError(408, "The request took too long to arrive.") from None
            if len(body) + len(chunk) > MAX_BYTES:
                break
            if self._held + len(chunk) > HELD:
                raise _RefusedError(503, BUSY)
            body += chunk
            self._held += len(chunk)
        raise _RefusedError(413, f"This is more than {MAX_BYTES >> 20} MB: use a smaller image.")


class _RefusedError(HTTPException):
    """A body that is not read to its end."""


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a function that gives the whole body, and then what else comes: the end of the connection."""
    parts = [body]

    async def again() -> Message:
        if parts:
            return {"type": "http.request", "body": parts.pop(), "more_body": False}
        return await receive()

    return again
