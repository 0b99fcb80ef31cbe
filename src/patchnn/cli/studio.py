"""`patchnn studio`: a page on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from patchnn.cli.printing import write
from patchnn.registry import Registry

__all__ = ["PORT", "studio"]

PORT = 8750


def studio(
    images: Annotated[list[Path] | None, typer.Argument(metavar="IMAGE", help="Images to open.")] = None,
    port: Annotated[
        int, typer.Option(metavar="INTEGER", min=0, max=65535, help="Port of the page; 0 takes any free one.")
    ] = PORT,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Address of the page. Other machines can reach any other than the default; they need the printed token.",
        ),
    ] = "127.0.0.1",
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve a page for painting, moving pieces and choosing results. Ctrl-C ends it."""
    from patchnn.studio.launch import launch

    def started(url: str) -> None:
        write(f"studio: {url}")
        if open_page:
            import webbrowser

            webbrowser.open(url)

    launch(Registry(), images or [], host=host, port=port, started=started)
