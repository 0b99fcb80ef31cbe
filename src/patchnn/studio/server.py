"""The server: the page's own files, the tasks, pictures opened, orders carried out, and a parcel to take home."""

from __future__ import annotations

import asyncio
import contextlib
import io
import math
import mimetypes
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any
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
from patchnn.runner import SEARCH, TUNING
from patchnn.studio.files import MAX_PIXELS, open_file, opened, uploads
from patchnn.studio.guard import Guard, refusal
from patchnn.studio.messages import pack, unpack
from patchnn.studio.order import MAX_COUNT
from patchnn.studio.workshop import BusyError, Workshop
from patchnn.task import Option, Task, options, plain
from patchnn.version import __version__

__all__ = ["MAX_BYTES", "build_server"]

MAX_BYTES = 256 << 20
"""What one request may bring; 1 GB is refused when so much of it has come, or before."""
HELD = 768 << 20
"""What all requests that wait or are at work may hold together."""
SILENCE = 20.0
"""Seconds without a byte after which a request that is not complete counts as gone."""

PAGE = {path.name: path.read_bytes() for path in files("patchnn.studio").joinpath("page").iterdir() if path.is_file()}
"""The page's files, read once: no request names a place on the disk."""

# Not left to the system's own table, which may say otherwise.
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def build_server(
    registry: Registry,
    pictures: Sequence[tuple[str, bytes]] = (),
    *,
    hosts: frozenset[str] | None,
    token: str | None = None,
    workshop: Workshop | None = None,
) -> Starlette:
    """Return the studio as an ASGI application.

    pictures: names and bytes of files that the page opens with. hosts, token: as in Guard. workshop: what works, by
    default one worker process.
    """
    studio = _Studio(registry, pictures, workshop)
    paths = {f"/{name}" for name in PAGE if name != "index.html"} | {"/"}
    routes = [
        *(Route(path, _own_file, methods=["GET"]) for path in sorted(paths)),
        Route("/tasks", studio.tasks, methods=["GET"]),
        Route("/pictures/{number:int}", studio.picture, methods=["GET"]),
        Route("/open", studio.open, methods=["POST"]),
        Route("/run", _Raw(studio.run), methods=["POST"]),
        Route("/parcel", studio.parcel, methods=["POST"]),
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
    """What the routes share: the registry, the pictures it opens with, the engine, and how much is held."""

    def __init__(self, registry: Registry, pictures: Sequence[tuple[str, bytes]], workshop: Workshop | None) -> None:
        self._described = describe(registry, [name for name, _ in pictures])
        self._pictures = pictures
        self._workshop = workshop or Workshop()
        self._held = 0
        # Opening and packing, one at a time: they may go on beside the engine.
        self._desk = asyncio.Semaphore(1)
        self._callers = 0

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        await self._workshop.start()
        yield
        await self._workshop.close()

    async def tasks(self, request: Request) -> Response:
        """All that the page's controls are built from."""
        return JSONResponse(self._described)

    async def picture(self, request: Request) -> Response:
        """A picture that the studio was started with, as the file it is."""
        number = request.path_params["number"]
        if number >= len(self._pictures):
            raise HTTPException(404)
        return Response(self._pictures[number][1], media_type="application/octet-stream")

    async def open(self, request: Request) -> Response:
        """Any file that holds a picture, as pixels."""
        name = unquote(request.headers.get("x-name", "picture"))
        return await self._at_desk(request, lambda body: _opened(name, body))

    async def parcel(self, request: Request) -> Response:
        """Pictures as files, and a command, in one ZIP."""
        return await self._at_desk(request, _parcel)

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry out an order; the answer is a stream of messages, and whoever hangs up stops it."""
        with self._workshop.place(), contextlib.ExitStack() as stack:
            body = await self._body(Request(scope, receive), stack)
            # Nothing is what tells the engine to stop.
            if not body:
                raise InputError("the request is no message of the studio's page")
            job = asyncio.ensure_future(self._stream(body, send))
            gone = asyncio.ensure_future(_hangs_up(receive))
            try:
                await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                job.cancel()
                # A cancelled job first sees the engine stopped.
                await asyncio.wait({job})
            if not job.cancelled():
                job.result()

    async def _stream(self, body: bytes, send: Send) -> None:
        headers = [(b"content-type", b"application/octet-stream"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def pass_on(message: bytes) -> None:
            await send({"type": "http.response.body", "body": message, "more_body": True})

        await self._workshop.work(body, pass_on)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _at_desk(self, request: Request, work: Callable[[bytes], Response]) -> Response:
        if self._callers >= 8:
            raise BusyError
        self._callers += 1
        try:
            with contextlib.ExitStack() as stack:
                body = await self._body(request, stack)
                async with self._desk:
                    return await asyncio.get_running_loop().run_in_executor(None, work, body)
        finally:
            self._callers -= 1

    async def _body(self, request: Request, stack: contextlib.ExitStack) -> bytes:
        """Return what a request brings, counted as held until `stack` ends; refuses what is too much as it comes."""
        try:
            announced = int(request.headers.get("content-length", "0"))
        except ValueError:
            raise HTTPException(400) from None
        body = bytearray()
        stack.callback(lambda: self._hold(-len(body)))
        chunks = request.stream().__aiter__()
        while announced <= MAX_BYTES:
            try:
                chunk = await asyncio.wait_for(chunks.__anext__(), SILENCE)
            except StopAsyncIteration:
                return bytes(body)
            except asyncio.TimeoutError:
                raise HTTPException(408, "the request did not come to its end") from None
            if len(body) + len(chunk) > MAX_BYTES:
                break
            if self._held + len(chunk) > HELD:
                raise BusyError
            body += chunk
            self._hold(len(chunk))
        raise HTTPException(413, f"this is more than {MAX_BYTES >> 20} MB: use a smaller picture")

    def _hold(self, count: int) -> None:
        self._held += count


class _Raw:
    """A route whose answer is sent by itself."""

    def __init__(self, answer: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)


def describe(registry: Registry, pictures: Sequence[str]) -> dict[str, Any]:
    """Return, as JSON values, the tasks with their options, what may be tuned, and what is opened at once."""
    plugins = registry.plugins()
    return {
        "version": __version__,
        "tasks": [describe_task(plugin.name, plugin.load()) for plugin in plugins if not plugin.problem],
        "broken": [f"{plugin.name} of {plugin.distribution}: {plugin.problem}" for plugin in plugins if plugin.problem],
        "tuning": [describe_option(o) for o in TUNING.values()],
        "search": describe_option(SEARCH),
        "pictures": list(pictures),
        "limits": {"bytes": MAX_BYTES, "pixels": MAX_PIXELS, "count": MAX_COUNT},
    }


def describe_task(name: str, task: type[Task]) -> dict[str, Any]:
    """Return a task as JSON values: its name, help and options."""
    import inspect

    summary, _, more = (inspect.getdoc(task) or "").partition("\n")
    return {"name": name, "summary": summary, "more": more.strip(), "options": [describe_option(o) for o in options(task)]}


def describe_option(o: Option) -> dict[str, Any]:
    """Return an option as JSON values."""
    default = None if o.picture or o.positional else plain(o.default)
    bounds = {side: None if value is None or math.isinf(value) else value for side, value in (("min", o.min), ("max", o.max))}
    told = ("name", "type", "help", "bounds", "many", "optional", "inf", "choices", "words")
    facts = {fact: getattr(o, fact) for fact in told}
    return {**facts, **bounds, "default": default, "required": o.positional}


async def _own_file(request: Request) -> Response:
    name = request.url.path[1:] or "index.html"
    suffix = f".{name.rpartition('.')[2]}"
    return Response(PAGE[name], media_type=_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "text/plain")


async def _hangs_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _opened(name: str, body: bytes) -> Response:
    head, pixels = opened(open_file(name, body))
    return Response(pack(head, pixels), media_type="application/octet-stream")


def _parcel(body: bytes) -> Response:
    head, blobs = unpack(body)
    parcel = io.BytesIO()
    with zipfile.ZipFile(parcel, "w") as file:
        for upload in uploads(head.get("files"), blobs):
            file.writestr(zipfile.ZipInfo(upload.name), upload.file())
        file.writestr(zipfile.ZipInfo("command.txt"), f"{head.get('command', '')}\n")
    return Response(parcel.getvalue(), media_type="application/zip")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, error.detail)


async def _unusable(request: Request, error: Exception) -> Response:
    return refusal(400, str(error))


async def _busy(request: Request, error: Exception) -> Response:
    return refusal(503, "too much is waiting already: try again in a moment")


async def _gone(request: Request, error: Exception) -> Response:
    return refusal(400, "the request did not come to its end")
