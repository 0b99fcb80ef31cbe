"""Files that appear whole or not at all: each is written under another name, and moved to its own in one step."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from patchnn.errors import InputError

__all__ = ["check_place", "clear_parts", "discard_parts", "make_folder", "no_empty_folders", "reason", "whole_file"]

PART = ".patchnn-"
"""Prefix of the names of files that are being written."""
ABANDONED = 600
"""Seconds without a change after which such a file is left over from a process that was killed."""
_parts: set[Path] = set()
_made: list[Path] = []


def check_place(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Raise InputError, naming the file, if it could not be written there, or exists and may not be overwritten."""
    if not os.fspath(path):
        raise InputError("the output's name is empty: name a file")
    path = Path(path)
    try:
        if not path.parent.is_dir():
            raise InputError(f"{path}: the folder {path.parent} does not exist; make it first")
        if path.is_dir():
            raise InputError(f"{path} is a folder")
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a regular file: choose another name")
        # A link that leads nowhere is something too.
        if os.path.lexists(path) and not overwrite:
            raise InputError(f"{path} exists; choose another name, or overwrite it with --force")
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be written: {reason(error)}") from error
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: the folder {path.parent} cannot be written to")


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name of the same extension to write to; at the end the file is moved to `path`, after an error removed.

    Raises InputError, naming the file, where the operating system refuses.
    """
    path = Path(path)
    # What a link leads to is replaced, and not the link.
    place = Path(os.path.realpath(path)) if os.path.isfile(path) else path
    part = place.with_name(f"{PART}{secrets.token_hex(8)}{path.suffix}")
    _parts.add(part)
    try:
        yield part
        if os.path.isfile(place):
            part.chmod(stat.S_IMODE(place.stat().st_mode))
        part.replace(place)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be written: {reason(error)}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        _parts.discard(part)


def discard_parts() -> None:
    """Remove the files that this process is writing, for a process that is about to end at once."""
    for part in list(_parts):
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder and its parents where they do not exist; raises InputError, naming it, if that is not possible."""
    path = Path(path)
    try:
        new = [folder for folder in (*reversed(path.parents), path) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        _made.extend(new)
    except OSError as error:
        raise InputError(f"{path}: the folder cannot be made: {reason(error)}") from None


@contextlib.contextmanager
def no_empty_folders() -> Iterator[None]:
    """Remove, at the end, the folders that were made meanwhile and are empty."""
    before = len(_made)
    try:
        yield
    finally:
        for folder in reversed(_made[before:]):
            with contextlib.suppress(OSError):
                folder.rmdir()
        del _made[before:]


def clear_parts(folder: str | os.PathLike[str]) -> None:
    """Remove half-written files of killed processes from a folder: those that have not changed for a while."""
    for part in Path(folder).glob(f"{PART}*"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > ABANDONED:
                part.unlink()


def reason(error: Exception) -> str:
    """Return what the operating system says about a file."""
    return getattr(error, "strerror", None) or str(error)
