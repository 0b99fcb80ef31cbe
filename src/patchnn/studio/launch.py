"""Starts the server: its socket, its address, its token."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchnn.errors import InputError
from patchnn.registry import Registry

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["launch", "needing_server", "serve"]


SHORTEST = 16
"""Characters of a token, at least: a shorter one can be guessed."""


def launch(
    registry: Registry,
    images: Sequence[Path] = (),
    *,
    host: str,
    port: int,
    started: Callable[[str, str], object],
    token: str | None = None,
    page: bool = True,
) -> None:
    """Serve until a signal ends it.

    started: called with the address and the token once a client can connect. token: None makes a new one. page: with the
    studio's page. Raises InputError where an image, the address, the token or a package of the extra cannot be used.
    """
    with needing_server("the studio"):
        from patchnn.studio.server import build_server
    opened = read_images(images)
    secret = secrets.token_urlsafe(24) if token is None else token
    if len(secret) < SHORTEST or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise InputError(f"token must have at least {SHORTEST} characters, all ASCII and no spaces", about="token")
    serve(
        lambda hosts: build_server(registry, opened, hosts=hosts, token=secret, page=page),
        host=host,
        port=port,
        started=lambda url: started(url, secret),
    )


@contextlib.contextmanager
def needing_server(what: str) -> Iterator[None]:
    """Turn the absence of the extra's packages into an InputError that says what needs them."""
    try:
        import uvicorn  # noqa: F401  # only checks that it is installed

        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "patchnn":
            raise
        name = {"fastapi_offline": "fastapi-offline"}.get(error.name or "", error.name)
        raise InputError(f"{what} needs {name}: pip install 'patchnn[studio]'") from error


def serve(build: Callable[[frozenset[str] | None], ASGIApp], *, host: str, port: int, started: Callable[[str], object]) -> None:
    """Serve an application until a signal ends it.

    build: returns the application for the names that requests may call this server by, None for any. started: called
    with the server's address once a client can connect.
    """
    import uvicorn

    from patchnn.studio.deadlines import DeadlineProtocol

    listening = listen(host, port)
    port = listening.getsockname()[1]
    names = ("127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host)
    hosts = frozenset(f"{name}{suffix}".lower() for name in names for suffix in (f":{port}", "")) if is_local(host) else None
    quiet: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
    bounds: dict[str, Any] = {"http": DeadlineProtocol, "limit_concurrency": 200, "timeout_graceful_shutdown": 1}
    config = uvicorn.Config(build(hosts), **quiet, **bounds, ws="none")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started(f"http://{address(host)}:{port}/")

    with listening:
        Server(config).run(sockets=[listening])


def read_images(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Return the names and bytes of images; raises InputError for one that cannot be opened."""
    from patchnn.images import read_image
    from patchnn.studio.files import check_size

    found: list[tuple[str, bytes]] = []
    for path in paths:
        image = read_image(path)
        check_size(str(path), image.shape[1], image.shape[0])
        found.append((path.name, path.read_bytes()))
    return found


def is_local(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raises InputError if that fails."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        # Reuse a port that a studio has just left. On Windows the option would share it.
        if hasattr(socket, "SO_REUSEPORT"):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)
    except OverflowError:
        raise InputError(f"port is {port}: it must be 0 to 65535", about="port") from None
    except OSError as error:
        why = f"the server cannot listen on {address(host)}:{port} ({error.strerror or error})"
        raise InputError(f"{why}: choose another with --port", about="port") from error
    return listening


def address(host: str) -> str:
    """Return a host as an address writes it."""
    return f"[{host}]" if ":" in host else host
