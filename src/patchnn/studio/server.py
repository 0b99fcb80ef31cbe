"""The server: the page's own files, the tasks, files opened and packed, and orders passed on to the workshop."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from patchnn.errors import InputError
from patchnn.registry import Registry
from patchnn.studio.describe import describe
from patchnn.studio.files import MAX_PIXELS, visible
from patchnn.studio.guard import Guard, refusal
from patchnn.studio.messages import pack, unpack
from patchnn.studio.order import MAX_COUNT
from patchnn.studio.words import sentence
from patchnn.studio.workshop import BusyError, Workshop, within

__all__ = ["MAX_BYTES", "build_server"]

MAX_BYTES = 256 << 20
"""What one request may bring. A larger one is refused when it announces its size, or when so much has arrived."""
HELD = 768 << 20
"""What all requests may hold together."""
SILENCE = 20.0
"""Seconds without a byte after which an incomplete request counts as gone."""
SLOWEST = 32 << 10
"""Bytes a second that a body must bring, after the first SILENCE seconds."""
OPENING = 60.0
"""Seconds that opening or packing files may take."""

PAGE = {path.name: path.read_bytes() for path in files("patchnn.studio").joinpath("page").iterdir() if path.is_file()}
"""The page's files, read once: no request names a place on the disk."""

# The system's own table may name other types.
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def build_server(
    registry: Registry, images: Sequence[tuple[str, bytes]] = (), *, hosts: frozenset[str] | None, token: str
) -> Starlette:
    """Return the studio as an ASGI application.

    images: names and bytes of files that the page opens at once. hosts, token: as in Guard.
    """
    studio = _Studio(registry, images)
    paths = {f"/{name}" for name in PAGE if name != "index.html"} | {"/"}
    routes = [
        *(Route(path, _own_file, methods=["GET"]) for path in sorted(paths)),
        Route("/tasks", studio.tasks, methods=["GET"]),
        Route("/images/{number:int}", studio.image, methods=["GET"]),
        Route("/open", studio.open, methods=["POST"]),
        Route("/pack", studio.pack, methods=["POST"]),
        Route("/run", _Raw(studio.run), methods=["POST"]),
    ]
    guard = Middleware(Guard, hosts=hosts, token=token, open_paths=frozenset(paths))
    handlers: Mapping[Any, Any] = {
        HTTPException: _refused,
        InputError: _unusable,
        BusyError: _busy,
        ClientDisconnect: _gone,
    }
    return Starlette(routes=routes, middleware=[guard], exception_handlers=handlers, lifespan=studio.lifespan)


class _Studio:
    """What the routes share: the images to open at once, the workers, and how many bytes are held."""

    def __init__(self, registry: Registry, images: Sequence[tuple[str, bytes]]) -> None:
        limits = {"bytes": MAX_BYTES, "pixels": MAX_PIXELS, "count": MAX_COUNT}
        self._described = describe(registry, [name for name, _ in images], **limits)
        self._images = images
        self._workshop = Workshop()
        # Files are opened and packed while the workshop works.
        self._desk = Workshop("files")
        self._held = 0

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        workers = (self._workshop, self._desk)
        for worker in workers:
            await worker.start()
        yield
        for worker in workers:
            await worker.close()

    async def tasks(self, request: Request) -> Response:
        """All that the page's controls are built from."""
        return JSONResponse(self._described)

    async def image(self, request: Request) -> Response:
        """An image that the studio was started with, as its file."""
        number = request.path_params["number"]
        if number >= len(self._images):
            raise HTTPException(404)
        return Response(self._images[number][1], media_type="application/octet-stream")

    async def open(self, request: Request) -> Response:
        """Any file that holds an image, as pixels."""
        name = visible(unquote(request.headers.get("x-name", ""))) or "image"
        answer = await self._ask_desk("open", request, lambda body: pack({"name": name}, body))
        return Response(answer, media_type="application/octet-stream")

    async def pack(self, request: Request) -> Response:
        """Images as files, and a command, in one ZIP."""
        _, (parcel,) = unpack(await self._ask_desk("pack", request, lambda body: body))
        return Response(parcel, media_type="application/zip")

    async def _ask_desk(self, verb: Literal["open", "pack"], request: Request, message: Callable[[bytes], bytes]) -> bytes:
        with contextlib.ExitStack() as stack:
            body = await self._body(request, stack)
            stack.enter_context(self._desk.place())
            try:
                answer = await within(OPENING, self._desk.answer(verb, message(body)))
            except asyncio.TimeoutError:
                raise HTTPException(400, "This file takes too long to open.") from None
        if not answer.startswith(b'{"event": "error"'):
            return answer
        raise HTTPException(400, unpack(answer)[0]["text"])

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do an order. The answer is a stream of messages; closing the connection stops the work."""
        with contextlib.ExitStack() as stack:
            body = await self._body(Request(scope, receive), stack)
            # Whoever is slow to send keeps no one from working.
            stack.enter_context(self._workshop.place())
            job = asyncio.ensure_future(self._stream(body, send))
            gone = asyncio.ensure_future(_hangs_up(receive))
            try:
                await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                job.cancel()
                # A cancelled job ends when the workshop has stopped.
                await asyncio.wait({job})
            if not job.cancelled():
                job.result()

    async def _stream(self, body: bytes, send: Send) -> None:
        headers = [(b"content-type", b"application/octet-stream"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def pass_on(message: bytes) -> None:
            await send({"type": "http.response.body", "body": message, "more_body": True})

        await self._workshop.work("make", body, pass_on)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _body(self, request: Request, stack: contextlib.ExitStack) -> bytes:
        """Return what a request brings, counted as held until `stack` ends; refuse one that is too large or too slow."""
        try:
            announced = int(request.headers.get("content-length", "0"))
        except ValueError:
            raise HTTPException(400) from None
        body, began = bytearray(), time.monotonic()
        stack.callback(lambda: self._hold(-len(body)))
        chunks = request.stream().__aiter__()
        while announced <= MAX_BYTES:
            left = began + SILENCE + len(body) / SLOWEST - time.monotonic()
            try:
                chunk = await asyncio.wait_for(chunks.__anext__(), min(SILENCE, left))
            except StopAsyncIteration:
                return bytes(body)
            except asyncio.TimeoutError:
                raise HTTPException(408, "The request took too long to arrive.") from None
            if len(body) + len(chunk) > MAX_BYTES:
                break
            if self._held + len(chunk) > HELD:
                raise BusyError
            body += chunk
            self._hold(len(chunk))
        raise HTTPException(413, f"This is more than {MAX_BYTES >> 20} MB: use a smaller image.")

    def _hold(self, count: int) -> None:
        self._held += count


class _Raw:
    """A route that sends its own answer."""

    def __init__(self, answer: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)


async def _own_file(request: Request) -> Response:
    name = request.url.path[1:] or "index.html"
    suffix = f".{name.rpartition('.')[2]}"
    return Response(PAGE[name], media_type=_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "text/plain")


async def _hangs_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, error.detail)


async def _unusable(request: Request, error: Exception) -> Response:
    assert isinstance(error, InputError)
    return refusal(400, sentence(error))


async def _busy(request: Request, error: Exception) -> Response:
    return refusal(503, "Too many requests are waiting: try again in a moment.")


async def _gone(request: Request, error: Exception) -> Response:
    return refusal(400, "The request did not arrive whole.")
