"""The command line: the one place that prints errors and turns them into exit codes."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchnn.cli.interrupt import INTERRUPTED, ending_soon
from patchnn.errors import DEBUG, PatchnnError, debugging

if TYPE_CHECKING:
    from patchnn.registry import Registry

__all__ = ["main"]


def main(argv: Sequence[str] | None = None, registry: Registry | None = None) -> int:
    """Run the command line and return its exit code: 0, 1 for an error, 2 for wrong usage, 130 for Ctrl-C.

    argv: the words after the program's name, default this process's. registry: the tasks, default those installed.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    # Taken out here so that it may stand anywhere, as one adds it to a command that has just failed.
    before = os.environ.get(DEBUG, "")
    if "--debug" in words:
        os.environ[DEBUG] = "1"
    words = [word for word in words if word != "--debug"] or ["--help"]
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name need not be valid UTF-8, and is printed as it is.
        sys.stdout.reconfigure(errors="surrogateescape")
    try:
        # Where the words are not this process's own, Ctrl-C may be meant for more than this call.
        with ending_soon() if argv is None else contextlib.nullcontext():
            return _run(words, registry)
    except (Exception, KeyboardInterrupt) as error:
        if debugging():
            traceback.print_exc()
        code, line = _explain(error)
    finally:
        os.environ[DEBUG] = before
    print(" ".join(line.split()), file=sys.stderr)
    return code


def _explain(error: BaseException) -> tuple[int, str]:
    """Return the exit code for an error, and what is said about it."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted"
    if isinstance(error, PatchnnError):
        return 1, f"error: {error}"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return 1, f"error: {error.filename}: {error.strerror}"
    if hasattr(error, "format_message"):
        # A complaint of typer's, whose classes are click's or its own copies of them, by its version.
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context else ""
        return getattr(error, "exit_code", 2), f"error: {error.format_message()}{hint}"
    return 1, f"error: {type(error).__name__}: {error} (--debug shows more)"


def _run(words: list[str], registry: Registry | None) -> int:
    from typer import Abort
    from typer.main import get_command

    from patchnn.cli.app import build_app
    from patchnn.files import no_empty_folders
    from patchnn.registry import Registry

    with no_empty_folders():
        try:
            code = get_command(build_app(registry or Registry())).main(words, prog_name="patchnn", standalone_mode=False)
        except Abort:
            code = INTERRUPTED
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return int(code or 0)
