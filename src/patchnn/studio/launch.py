"""Starting the studio: its socket, its address, its token."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from patchnn.errors import InputError
from patchnn.registry import Registry

__all__ = ["launch"]


def launch(registry: Registry, pictures: Sequence[Path], *, host: str, port: int, started: Callable[[str], object]) -> None:
    """Serve the studio until it is told to end. started: called with its address once that can be opened.

    Raises InputError where a picture, the address or the extra's packages are not to be had.
    """
    try:
        import uvicorn

        from patchnn.studio.server import build_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "patchnn":
            raise
        raise InputError(f"the studio needs {error.name}: pip install 'patchnn[studio]'") from error
    opened = read_pictures(pictures)
    local = is_local(host)
    token = None if local else secrets.token_urlsafe(24)
    listening = listen(host, port)
    port = listening.getsockname()[1]
    names = ("127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host)
    hosts = frozenset(f"{name}{suffix}".lower() for name in names for suffix in (f":{port}", "")) if local else None
    app = build_server(registry, opened, hosts=hosts, token=token)
    quiet: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
    config = uvicorn.Config(app, **quiet, ws="none", limit_concurrency=200, timeout_graceful_shutdown=1)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started(f"http://{address(host)}:{port}/{f'#{token}' if token else ''}")

    with listening:
        Server(config).run(sockets=[listening])


def read_pictures(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Return the names and bytes of pictures that can be opened; raises InputError for one that cannot."""
    from patchnn.images import read_image
    from patchnn.studio.files import check_size

    found: list[tuple[str, bytes]] = []
    for path in paths:
        image = read_image(path)
        check_size(str(path), image.shape[1], image.shape[0])
        found.append((path.name, path.read_bytes()))
    return found


def is_local(host: str) -> bool:
    """Whether an address is heard on this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raises InputError if it cannot."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        # A port that was just left may be taken again; on Windows the option means to share it.
        if hasattr(socket, "SO_REUSEPORT"):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)
    except OverflowError:
        raise InputError(f"--port is {port}: it must be 0 to 65535") from None
    except OSError as error:
        raise InputError(
            f"the studio cannot listen on {address(host)}:{port} ({error.strerror or error}): choose another port by --port"
        ) from error
    return listening


def address(host: str) -> str:
    """Return what stands for a host in an address."""
    return f"[{host}]" if ":" in host else host
