"""Who may use the server: those with its token, but no foreign page in a browser that has it."""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BUSY", "Guard", "refusal"]

BUSY = "Too many requests are waiting: try again in a moment."

# The page needs its own scripts and styles, images of its own making, and this server. No other page may embed it.
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
    """Refuses requests that do not come from the page itself, and gives every answer its security headers.

    hosts: the names that a request may call this server by; None allows any. token: what a request must send, as
    `Authorization: Bearer TOKEN`. A foreign page may send that only after a preflight request, which is refused.
    open_paths: the page's own files, which need no token.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str] | None, token: str, open_paths: frozenset[str]) -> None:
        self._app, self._hosts, self._token, self._open = app, hosts, token, open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        status, reason = self._judge(scope)
        answer = refusal(status, reason) if status else self._app
        await answer(scope, receive, guarded)

    def _judge(self, scope: Scope) -> tuple[int, str]:
        """Return the status and the reason of a refusal, status 0 to let the request in."""
        headers = Headers(scope=scope)
        host, origin, site = (headers.get(name, "").lower() for name in ("host", "origin", "sec-fetch-site"))
        if len(headers.getlist("host")) != 1 or (self._hosts is not None and host not in self._hosts):
            return 421, "This studio has another address."
        if len(headers.getlist("origin")) > 1 or origin not in ("", f"{scope['scheme']}://{host}"):
            return 403, "Another page may not use this studio."
        if site not in ("", "same-origin", "none") and headers.get("sec-fetch-mode") != "navigate":
            return 403, "Another page may not use this studio."
        if scope["method"] in ("GET", "HEAD") and scope["path"] in self._open:
            return 0, ""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secrets.compare_digest(token.strip().encode(), self._token.encode()):
            return 401, "The token is missing or wrong: open the address that the terminal shows, or send its token."
        return 0, ""


def refusal(status: int, reason: str) -> JSONResponse:
    """Return an answer that says why the request is refused. It ends the connection, whose further bytes are not read."""
    more = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(status, {})
    return JSONResponse({"detail": reason}, status, headers={"Connection": "close", **more})
