"""Everything the command line prints: paths and reports on stdout, progress and errors on stderr, unsafe characters escaped."""

from __future__ import annotations

import codecs
import io
import os
import re
import shlex
import sys
from collections.abc import Iterable
from typing import Any

from patchnn.errors import SURROGATES, UNSAFE, InputError, escape
from patchnn.files import reason

__all__ = ["escape", "flush_stdout", "is_terminal", "open_streams", "quote", "say", "write"]

_STDOUT_ERRORS = "patchnn-stdout"
"""How stdout encodes what its encoding lacks: undecodable bytes of a file name as they are, the rest with backslashes."""


def quote(words: Iterable[str]) -> str:
    r"""Return words as a shell reads them, safe on a terminal: a name with an escape character becomes $'a\x1b.png'."""

    def quoted(word: str) -> str:
        if not re.search(f"[{UNSAFE}{SURROGATES}]", word) or _for_program(word) == word:
            return shlex.quote(word)
        data = word.encode(errors="surrogateescape")
        safe = (chr(byte) if 32 <= byte < 127 and chr(byte) not in "'\\" else f"\\x{byte:02x}" for byte in data)
        return f"$'{''.join(safe)}'"

    return " ".join(map(quoted, words))


def write(text: str) -> None:
    """Print lines on stdout, at once; raises InputError if stdout is closed or full."""
    try:
        print("\n".join(map(_for_program, text.split("\n"))), flush=True)
    except OSError as error:
        raise InputError(f"standard output cannot be written: {reason(error)}") from error


def say(text: str) -> None:
    """Print one line on stderr, at once. A stderr that is closed or full ends no run."""
    try:
        print(escape(text), file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def is_terminal(stream: Any) -> bool:
    """Return whether a stream is a terminal; a missing one is not."""
    return stream is not None and stream.isatty()


def open_streams() -> None:
    """Open the standard streams that this process was started without, and let stdout encode every file name.

    A closed stream's number would otherwise go to the next file that is opened, and messages into that file. A closed
    stdout stays one that cannot be written: a result sent there must not vanish without an error.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if not _is_open(number):
            os.set_inheritable(os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY), True)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115  # it stays open until the process ends
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=_STDOUT_ERRORS)


def flush_stdout() -> str | None:
    """Write out what stdout holds back; return why it cannot be written, None if it can.

    What cannot be written is dropped, or Python would complain about it while it ends.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        _discard(sys.stdout)
        return reason(error)
    return None


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _for_program(line: str) -> str:
    return escape(line, keep_bytes=not is_terminal(sys.stdout))


def _discard(stream: Any) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _encode_one(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00]), error.start + 1
    return character.encode("ascii", "backslashreplace"), error.start + 1


codecs.register_error(_STDOUT_ERRORS, _encode_one)
