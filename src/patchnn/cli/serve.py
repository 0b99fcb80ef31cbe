"""`patchnn serve`: the tasks over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from patchnn.cli.printing import write
from patchnn.registry import Registry

__all__ = ["PORT", "serve"]

PORT = 8760


def serve(
    port: Annotated[int, typer.Option(metavar="INTEGER", min=0, max=65535, help="Port; 0 takes any free one.")] = PORT,
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Address to listen on. 0.0.0.0 lets other machines in; they need the token."),
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="PATCHNN_TOKEN",
            help="What clients must send, 16 characters or more. Default: a new one, printed. Use the variable: "
            "other users of the machine see options.",
        ),
    ] = None,
) -> None:
    """Serve the tasks over HTTP, for other programs. Ctrl-C ends it."""
    from patchnn.studio.launch import launch

    def started(url: str, made: str) -> None:
        write(f"serve: {url}docs")
        if token is None:
            write(f"token: {made}")

    launch(Registry(), host=host, port=port, token=token, page=False, started=started)
