"""`patchnn studio`: a page on this machine."""

from __future__ import annotations

import contextlib
import tempfile
import webbrowser
from collections.abc import Iterator
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

    with contextlib.ExitStack() as stack:

        def started(url: str, token: str) -> None:
            write(f"studio: {url}#{token}")
            if open_page:
                webbrowser.open(stack.enter_context(_way_to(f"{url}#{token}")))

        launch(Registry(), images or [], host=host, port=port, started=started)


@contextlib.contextmanager
def _way_to(address: str) -> Iterator[str]:
    """Yield the address of a private file that leads on to `address`: a browser's arguments are visible to other users."""
    with tempfile.TemporaryDirectory(prefix="patchnn-") as folder:
        way = Path(folder, "studio.html")
        way.write_text(f'<!doctype html><meta http-equiv="refresh" content="0;url={address}"><a href="{address}">studio</a>')
        yield way.as_uri()
