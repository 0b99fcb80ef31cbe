"""The server that gives a survey's pages to raters on a network and collects their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from patchnn.errors import InputError
from patchnn.files import reason
from patchnn.studio.guard import Guard, refusal
from patchnn.survey.answers import ANSWERS, LONGEST_LINE, parse_answer
from patchnn.survey.design import Survey
from patchnn.survey.pages import POLICY

__all__ = ["build_server"]

MOST_LINES = 50
"""The most answers that one request may bring."""
MOST_BYTES = 64 << 20
"""The size that the file of answers may reach."""
PATIENCE = 10.0
"""Seconds in which a request must have arrived."""
WAITING = 100
"""The most requests whose answers may be on their way."""


class _Collector:
    """Appends answers to a file, each once."""

    def __init__(self, survey: Survey, path: Path) -> None:
        self._survey, self._path = survey, path
        self._known: set[Any] = set()
        self._reading = 0
        try:
            before = path.read_bytes() if path.exists() else b""
            for line in before.splitlines():
                if parsed := self._parsed(line):
                    self._known.add(parsed)
            # A line that a crash cut off must not run into the next one.
            self._append(b"\n" if before and not before.endswith(b"\n") else b"")
        except OSError as error:
            raise InputError(f"{path} cannot be written: {reason(error)}") from error

    async def take(self, request: Request) -> Response:
        """Keep the answers of a request, or none of them if one is wrong."""
        lines = [line for line in (await self._body(request)).split(b"\n") if line.strip()]
        try:
            answers = [(parse_answer(line, self._survey).key, line) for line in lines[: MOST_LINES + 1]]
        except InputError as error:
            raise HTTPException(400, f"An answer is refused: {error}.") from None
        if len(answers) > MOST_LINES:
            raise HTTPException(413, f"A request may bring {MOST_LINES} answers.")
        new = {key: line for key, line in answers if key not in self._known}
        try:
            self._append(b"".join(line.strip() + b"\n" for line in new.values()))
        except OSError as error:
            raise HTTPException(507, f"The answers cannot be written: {reason(error)}.") from None
        self._known.update(new)
        return JSONResponse({"kept": len(new)})

    async def _body(self, request: Request) -> bytes:
        if self._reading >= WAITING:
            raise HTTPException(503, "Too many requests are waiting: try again in a moment.")
        body = bytearray()

        async def read() -> None:
            async for chunk in request.stream():
                body.extend(chunk)
                if len(body) > MOST_LINES * LONGEST_LINE:
                    raise HTTPException(413, "The request is too large.")

        self._reading += 1
        try:
            await asyncio.wait_for(read(), PATIENCE)
        except asyncio.TimeoutError:
            raise HTTPException(408, "The request took too long to arrive.") from None
        finally:
            self._reading -= 1
        return bytes(body)

    def _append(self, data: bytes) -> None:
        with self._path.open("ab") as file:
            if data and file.tell() + len(data) > MOST_BYTES:
                raise HTTPException(507, f"{self._path.name} is full: it may have {MOST_BYTES >> 20} MB.")
            file.write(data)

    def _parsed(self, line: bytes) -> Any:
        try:
            return parse_answer(line, self._survey).key
        except InputError:
            return None


def build_server(
    survey: Survey, folder: Path, pages: Mapping[str, bytes], *, hosts: frozenset[str] | None, token: str
) -> Starlette:
    """Return the survey as an ASGI application that appends answers to a file of the folder.

    pages: by name. hosts, token: as in the studio's guard. Raises InputError where the file cannot be written.
    """
    collector = _Collector(survey, folder / ANSWERS)
    # The page is one file, so that its script and styles are inside; the guard's own policy allows none there.
    policy = f"{POLICY}; frame-ancestors 'none'"

    def give(page: bytes) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return Response(page, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy})

        return answer

    paths = {f"/{name}.html": page for name, page in pages.items()}
    routes = [Route(path, give(page), methods=["GET"]) for path, page in paths.items()]
    routes.append(Route("/answers", collector.take, methods=["POST"]))
    guard = Middleware(Guard, hosts=hosts, token=token, open_paths=frozenset(paths))
    handlers: Mapping[Any, Any] = {HTTPException: _refused, ClientDisconnect: _gone}
    return Starlette(routes=routes, middleware=[guard], exception_handlers=handlers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, error.detail)


async def _gone(request: Request, error: Exception) -> Response:
    return refusal(400, "The request did not arrive whole.")
