"""`patchnn studio`: the local page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from patchnn.registry import Registry

__all__ = ["PORT", "studio"]

PORT = 8750


def studio(
    images: Annotated[list[Path] | None, typer.Argument(metavar="IMAGE", help="Pictures to begin with.")] = None,
    port: Annotated[
        int, typer.Option(metavar="INTEGER", min=0, max=65535, help="Where the page is served; 0 is any free port.")
    ] = PORT,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="Another address than this machine's own lets others in who know the token that is printed."
        ),
    ] = "127.0.0.1",
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Open a page on which to paint, move, steer and choose. Ctrl-C ends it."""
    from patchnn.studio.launch import launch

    def started(url: str) -> None:
        print(f"studio: {url}", flush=True)
        if open_page:
            import webbrowser

            webbrowser.open(url)

    launch(Registry(), images or [], host=host, port=port, started=started)
