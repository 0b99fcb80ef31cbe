"""Who is let in: this page alone, from this machine, or from elsewhere with the token."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADER", "Guard", "refusal"]

HEADER = "x-patchnn"
"""The header that only the page sends: a foreign page would have to ask first, and is not answered."""
PUBLIC = "studio"
"""What that header says where there is no token."""

# The page needs its own scripts and styles, pictures of its own making, and this server; nothing else, and nobody around it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses what does not come from the page itself, and gives every answer the headers that keep it so.

    hosts: what a request may call this server; None is anything, where there is a token. token: what the page must
    know. open_paths: what anybody may read, the page's own files.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str] | None, token: str | None, open_paths: frozenset[str]) -> None:
        self._app, self._hosts, self._token, self._open = app, hosts, token, open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        status, reason = self._judge(scope)
        answer = refusal(status, reason) if status else self._app
        await answer(scope, receive, guarded)

    def _judge(self, scope: Scope) -> tuple[int, str]:
        """Return the status and the reason of a refusal, 0 if there is none."""
        headers = Headers(scope=scope)
        host, origin, site = (headers.get(name, "") for name in ("host", "origin", "sec-fetch-site"))
        if len(headers.getlist("host")) != 1 or (self._hosts is not None and host.lower() not in self._hosts):
            return 421, "this studio is at another address"
        if len(headers.getlist("origin")) > 1 or (origin and urlsplit(origin).netloc.lower() != host.lower()):
            return 403, "another page may not use this studio"
        if site not in ("", "same-origin", "none") and headers.get("sec-fetch-mode") != "navigate":
            return 403, "another page may not use this studio"
        if scope["method"] in ("GET", "HEAD") and scope["path"] in self._open:
            return 0, ""
        if not secrets.compare_digest(headers.get(HEADER, "").encode(), (self._token or PUBLIC).encode()):
            token = (
                "open the address that the terminal shows, with its token"
                if self._token
                else "only its own page may use this studio"
            )
            return 403, token
        return 0, ""


def refusal(status: int, reason: str) -> JSONResponse:
    """Return the answer that says why not. The connection ends with it, for what comes on it is not read."""
    return JSONResponse({"text": reason}, status, headers={"Connection": "close"})
