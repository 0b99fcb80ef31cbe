"""What patchnn raises on purpose: each message is one sentence written for the user. And how a terminal shows it safely."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import traceback
from collections.abc import Iterator

__all__ = [
    "DEBUG",
    "SURROGATES",
    "UNSAFE",
    "BackendError",
    "InputError",
    "PatchnnError",
    "PluginError",
    "concerning",
    "debugging",
    "escape",
    "memory_bounded",
    "print_traceback",
]

DEBUG = "PATCHNN_DEBUG"
"""The environment variable that asks for tracebacks, here and in the processes that this one starts."""

SURROGATES = "\ud800-\udfff"
UNSAFE = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
"""Control characters, line separators and marks that change the direction of text: they can hide or forge what is shown."""


def debugging() -> bool:
    """Whether tracebacks are asked for."""
    return os.environ.get(DEBUG, "0") not in ("", "0")


class PatchnnError(Exception):
    """The base of everything patchnn raises on purpose; its text is one sentence for the user.

    about: the name of the option that the error concerns, or None. Callers read this; they never parse the message.
    """

    about: str | None = None


class InputError(PatchnnError):
    """An image, a file or an option that cannot be used; the message names it and says what would work.

    Attributes
    ----------
    about
        The name of the option at fault, or None.
    """

    def __init__(self, message: str, about: str | None = None) -> None:
        super().__init__(message)
        self.about = about

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str | None]]:
        # Exceptions cross process borders, and by default only with their message.
        return type(self), (str(self), self.about)


@contextlib.contextmanager
def concerning(about: str) -> Iterator[None]:
    """Set `about` on every InputError that leaves the block without one."""
    try:
        yield
    except InputError as error:
        error.about = error.about or about
        raise


@contextlib.contextmanager
def memory_bounded() -> Iterator[None]:
    """Turn a MemoryError that leaves the block into a BackendError with advice."""
    try:
        yield
    except MemoryError as error:
        ran_out = BackendError("memory ran out: use smaller images, a smaller output, or a lower max_memory")
        ran_out.about = "max_memory"
        raise ran_out from error


class PluginError(PatchnnError):
    """A task plugin that cannot be used; the text names its distribution and the reason."""


class BackendError(PatchnnError):
    """A backend that cannot run here, or memory that does not suffice; the text says why."""


def escape(text: str, *, keep_bytes: bool = False) -> str:
    r"""Return text that is safe on a terminal: "\x1b" instead of an escape character, "\u202e" instead of a bidi mark.

    keep_bytes: leave the undecodable bytes of a file name (surrogates in Python) as they are, for a stream that another
    program reads.
    """
    unsafe = UNSAFE if keep_bytes else UNSAFE + SURROGATES
    return re.sub(f"[{unsafe}]", lambda found: found[0].encode("unicode_escape").decode(), text)


def print_traceback() -> None:
    """Print the traceback of the error that is being handled on stderr, with unsafe characters escaped."""
    lines = traceback.format_exc().split("\n")
    with contextlib.suppress(OSError):
        print("\n".join(map(escape, lines)), end="", file=sys.stderr, flush=True)
