"""`patchnn show`: the command that makes an image again, from the record in the image."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from patchnn.cli.printing import quote, say, write
from patchnn.images import read_record
from patchnn.record import as_argument, checked_command
from patchnn.registry import Registry

__all__ = ["show_command"]


def show_command(registry: Registry) -> Callable[..., None]:
    """Return the command for the tasks of `registry`."""

    def show(
        path: Annotated[Path, typer.Argument(metavar="IMAGE", help="A PNG that patchnn wrote.")],
        as_json: Annotated[bool, typer.Option("--json", help="Print the whole record.")] = False,
    ) -> None:
        """Print the command that makes an image again."""
        record = read_record(path)
        if as_json:
            write(json.dumps(record, indent=2))
            return
        kept, left_out = checked_command(record, str(path), registry)
        write(quote(["patchnn", *kept, "-o", as_argument(str(path))]))
        if left_out:
            say(f"left out, because a record may not ask for it: {' '.join(left_out)}")

    return show
