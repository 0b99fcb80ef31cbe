"""The command line. Its `main` is the one place that turns errors into a line on stderr and an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchnn.cli.interrupt import INTERRUPTED, ending_soon
from patchnn.cli.printing import flush_stdout, open_streams, say, write
from patchnn.errors import DEBUG, PatchnnError, debugging, print_traceback

if TYPE_CHECKING:
    from patchnn.registry import Registry

__all__ = ["main"]

_STREAM_ERRORS = (errno.EBADF, errno.EIO, errno.ENOSPC, errno.EPIPE)
"""What the operating system reports of a stream that is closed or full."""

LONGEST_WORD = 4096
"""Longer words of a wrong command line are cut in the error: no file name has more characters."""


def main(argv: Sequence[str] | None = None, registry: Registry | None = None) -> int:
    """Run the command line and return its exit code: 0, 1 for an error, 2 for wrong usage, 130 for Ctrl-C.

    argv: the words after the program's name; default: this process's. registry: the tasks; default: those installed.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    # --debug may stand anywhere: people add it to the end of a command that has just failed.
    before = os.environ.get(DEBUG, "")
    if "--debug" in words:
        os.environ[DEBUG] = "1"
    words = [word for word in words if word != "--debug"] or ["--help"]
    open_streams()
    try:
        # Where the caller passes the words, Ctrl-C may be meant for more than this call.
        with ending_soon() if argv is None else contextlib.nullcontext():
            code, line = _run(words, registry), ""
    except (Exception, KeyboardInterrupt) as error:
        if debugging():
            print_traceback()
        code, line = _explain(error)
    finally:
        os.environ[DEBUG] = before
    if problem := flush_stdout():
        code, line = 1, f"error: standard output cannot be written: {problem}"
    if line:
        say(line)
    return code


def _explain(error: BaseException) -> tuple[int, str]:
    """Return the exit code for an error, and the line that explains it."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted"
    if isinstance(error, PatchnnError):
        return 1, f"error: {error}"
    if isinstance(error, MemoryError):
        return 1, "error: memory ran out: use smaller images, a smaller output, or a lower --max-memory"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return 1, f"error: {error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in _STREAM_ERRORS:
        return 1, f"error: standard output cannot be written: {error.strerror}"
    if hasattr(error, "format_message"):
        # An error of typer's; its classes are click's or its own copies, depending on its version.
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context else ""
        return getattr(error, "exit_code", 2), f"error: {_one_line(error.format_message())}{hint}"
    return 1, f"error: {type(error).__name__}: {_one_line(str(error))} (--debug shows more)"


def _one_line(text: str) -> str:
    """Return a message of another library on one line, with overlong words cut."""
    return re.sub(rf"(\S{{40}})\S{{{LONGEST_WORD},}}", r"\1…", " ".join(text.split()))


def _run(words: list[str], registry: Registry | None) -> int:
    from typer import Abort
    from typer.main import get_command

    from patchnn.cli.app import build_app
    from patchnn.cli.complete import WORDS, candidates
    from patchnn.files import no_empty_folders
    from patchnn.images.quiet import quiet_decoders
    from patchnn.registry import Registry

    if words[0] == WORDS:
        for word in candidates(get_command(build_app(registry or Registry())), words[1:]):
            write(word)
        return 0
    with no_empty_folders(), quiet_decoders():
        try:
            code = get_command(build_app(registry or Registry())).main(words, prog_name="patchnn", standalone_mode=False)
        except Abort:
            code = INTERRUPTED
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return int(code or 0)
