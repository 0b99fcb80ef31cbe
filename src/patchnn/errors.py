"""What patchnn raises on purpose: each message is one sentence written for the user."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["DEBUG", "BackendError", "InputError", "PatchnnError", "PluginError", "concerning", "debugging", "memory_bounded"]

DEBUG = "PATCHNN_DEBUG"
"""The environment variable that asks for tracebacks, here and in the processes that this one starts."""


def debugging() -> bool:
    """Whether tracebacks are asked for."""
    return os.environ.get(DEBUG, "0") not in ("", "0")


class PatchnnError(Exception):
    """The base of everything patchnn raises on purpose; its text is one sentence for the user.

    about: the name of the option that the error concerns, or None. Callers read this; they never parse the message.
    """

    about: str | None = None


class InputError(PatchnnError):
    """An image, a file or an option that cannot be used; the message names it and says what would work."""

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
