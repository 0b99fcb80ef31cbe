"""The server: the HTTP API, and for the studio the page's own files and the routes that only the page needs."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import unquote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from patchnn.errors import InputError
from patchnn.registry import Registry
from patchnn.studio import try_page
from patchnn.studio.api import api
from patchnn.studio.bench import Bench, until_hang_up
from patchnn.studio.bodies import MAX_BYTES, WholeBodies
from patchnn.studio.describe import describe
from patchnn.studio.files import MAX_PIXELS, visible
from patchnn.studio.guard import BUSY, Guard, refusal
from patchnn.studio.large import WORKABLE
from patchnn.studio.messages import pack, unpack
from patchnn.studio.order import MAX_COUNT
from patchnn.studio.words import sentence
from patchnn.studio.workshop import BusyError, within
from patchnn.version import __version__

__all__ = ["PAGE", "build_server"]

OPENING = 60.0
"""Seconds that opening or packing files may take."""


def _read(folder: str) -> dict[str, bytes]:
    """Return the files of a folder of this package, read once: no request names a place on the disk."""
    return {path.name: path.read_bytes() for path in files("patchnn.studio").joinpath(folder).iterdir() if path.is_file()}


PAGE = _read("page")
SAMPLES = _read("samples")

# The system's own table may name other types.
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def build_server(
    registry: Registry,
    images: Sequence[tuple[str, bytes]] = (),
    *,
    hosts: frozenset[str] | None,
    token: str,
    page: bool = True,
) -> FastAPI:
    """Return the server as an ASGI application.

    images: names and bytes of files that the page opens at once. hosts, token: as in Guard. page: with the studio's page.
    """
    bench = Bench()
    limits = {"bytes": MAX_BYTES, "pixels": MAX_PIXELS, "count": MAX_COUNT, "workable": WORKABLE}
    described = describe(registry, [name for name, _ in images], sorted(SAMPLES), **limits)
    open_paths = {*try_page.PATHS, "/openapi.json", "/health"}
    routes = list(try_page.ROUTES)
    if page:
        own = {f"/{name}" for name in PAGE if name != "index.html"} | {"/"} | {f"/samples/{name}" for name in SAMPLES}
        open_paths |= own
        routes += [Route(path, _own_file, methods=["GET"]) for path in sorted(own)] + _Studio(images, bench).routes()
    guard = Middleware(Guard, hosts=hosts, token=token, open_paths=frozenset(open_paths))
    handlers: Mapping[Any, Any] = {
        HTTPException: _refused,
        InputError: _unusable,
        BusyError: _busy,
        RequestValidationError: _misfit,
    }
    app = FastAPI(
        title="patchnn",
        version=__version__,
        description="Images made from the patches of other images: each task is one request.",
        docs_url=None,
        redoc_url=None,
        middleware=[guard, Middleware(WholeBodies)],
        exception_handlers=handlers,  # type: ignore[arg-type]  # each gets the error that it is for
        lifespan=bench.lifespan,
    )
    app.include_router(api(registry, described, bench))
    app.router.routes.extend(routes)
    return app


class _Studio:
    """What only the page needs: the images to open at once, files opened and packed, and orders with previews."""

    def __init__(self, images: Sequence[tuple[str, bytes]], bench: Bench) -> None:
        self._images = images
        self._bench = bench

    def routes(self) -> list[Route]:
        return [
            Route("/images/{number:int}", self.image, methods=["GET"]),
            Route("/open", self.open, methods=["POST"]),
            Route("/pack", self.pack, methods=["POST"]),
            Route("/run", _Raw(self.run), methods=["POST"]),
        ]

    async def image(self, request: Request) -> Response:
        """An image that the studio was started with, as its file."""
        number = request.path_params["number"]
        if number >= len(self._images):
            raise HTTPException(404)
        return Response(self._images[number][1], media_type="application/octet-stream")

    async def open(self, request: Request) -> Response:
        """Any file that holds an image, as pixels: a large one at its workable size, or whole if X-Whole asks for that."""
        name = visible(unquote(request.headers.get("x-name", ""))) or "image"
        answer = await self._ask_desk("open", pack({"name": name, "whole": "x-whole" in request.headers}, await request.body()))
        return Response(answer, media_type="application/octet-stream")

    async def pack(self, request: Request) -> Response:
        """Images as files, and a command, in one ZIP."""
        _, (parcel,) = unpack(await self._ask_desk("pack", await request.body()))
        return Response(parcel, media_type="application/zip")

    async def _ask_desk(self, verb: Literal["open", "pack"], message: bytes) -> bytes:
        with self._bench.desk.place():
            try:
                answer = await within(OPENING, self._bench.desk.answer(verb, message))
            except asyncio.TimeoutError:
                raise HTTPException(400, "This file takes too long to open.") from None
        if not answer.startswith(b'{"event": "error"'):
            return answer
        raise HTTPException(400, unpack(answer)[0]["text"])

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do an order. The answer is a stream of messages; closing the connection stops the work."""
        body = await Request(scope, receive).body()
        with self._bench.workshop.place():
            await until_hang_up(receive, self._stream(body, send))

    async def _stream(self, body: bytes, send: Send) -> None:
        headers = [(b"content-type", b"application/octet-stream"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def pass_on(message: bytes) -> None:
            await send({"type": "http.response.body", "body": message, "more_body": True})

        await self._bench.workshop.work("make", body, pass_on)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Raw:
    """A route that sends its own answer."""

    def __init__(self, answer: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)


async def _own_file(request: Request) -> Response:
    folder, _, name = request.url.path[1:].rpartition("/")
    name = name or "index.html"
    suffix = f".{name.rpartition('.')[2]}"
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "text/plain"
    return Response((SAMPLES if folder else PAGE)[name], media_type=kind)


async def _refused(request: Request, error: HTTPException) -> Response:
    return refusal(error.status_code, error.detail)


async def _unusable(request: Request, error: InputError) -> Response:
    return refusal(400, sentence(error))


async def _busy(request: Request, error: Exception) -> Response:
    return refusal(503, BUSY)


async def _misfit(request: Request, error: RequestValidationError) -> Response:
    """Say what is wrong with the first field of a form, as the rest of patchnn would."""
    first = error.errors()[0]
    name = str(first["loc"][-1])
    if first["type"] == "missing":
        return refusal(422, f"{name} is missing: send it as a field of the form.")
    why = str(first["msg"]).replace("Input should be", "it must be")
    return refusal(422, f"{name} is {first.get('input')}: {why}.")
