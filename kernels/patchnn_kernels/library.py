"""The compiled library: found, loaded, and called with arrays that are checked first."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["VARIANT", "Ballot", "Library", "Sides", "address", "load", "long_array"]

VARIANT = "PATCHNN_KERNELS"
"""The environment variable that chooses a variant: `v3` (AVX2 and FMA) or `plain`. Default: the best that runs here."""

_LONG, _POINTER, _FLOAT = ctypes.c_int64, ctypes.c_void_p, ctypes.c_float

_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "project": (_POINTER, _LONG, _LONG, _LONG, _LONG, _POINTER, _LONG, *(_POINTER,) * 4, _LONG),
    "measure": (
        _POINTER,
        _LONG,
        _LONG,
        *(_POINTER,) * 2,
        _LONG,
        _POINTER,
        _LONG,
        _LONG,
        *(_POINTER,) * 2,
        _FLOAT,
        *(_POINTER,) * 2,
    ),
    "improve": (_POINTER, _POINTER, _LONG, _POINTER, _LONG, _POINTER, _POINTER, _LONG),
    "fold": (_POINTER, _LONG, _LONG),
    "changed": (_POINTER, _LONG, _POINTER, _LONG, _LONG, _LONG, _LONG, _FLOAT, _POINTER),
    "seams": (_POINTER, _POINTER, _LONG, _LONG, _LONG, _LONG, _POINTER, _POINTER),
}
"""What the functions in src take."""


class Sides(ctypes.Structure):
    """`Sides` in src/search.c."""

    _fields_ = [
        *((name, _POINTER) for name in ("features", "keys", "rows", "weights", "key_weights", "scale", "allowed", "before")),
        *((name, _POINTER) for name in ("field", "distance", "moved")),
        *((name, _LONG) for name in ("numbers", "row_count", "key_numbers", "allowed_numbers", "length")),
        ("strides", _LONG * 2),
        ("key_strides", _LONG * 2),
        ("unit", _FLOAT),
    ]


class Ballot(ctypes.Structure):
    """`Ballot` in src/vote.c."""

    _fields_ = [
        *((name, _POINTER) for name in ("image", "pixels", "field", "before", "weights", "row_sums", "column_sums")),
        *((name, _POINTER) for name in ("confidence", "free", "least", "most")),
        *((name, _LONG) for name in ("height", "width", "channels", "lanes", "patch", "down", "across", "last")),
    ]


class Library:
    """The functions of one variant."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        best = "v3" if library.patchnn_has_v3() else "plain"
        self.variant = os.environ.get(VARIANT) or best
        if self.variant not in {best, "plain"}:
            raise OSError(f"{VARIANT} is {self.variant!r}: it must be {' or '.join(sorted({best, 'plain'}))} here")
        self._functions = {name: getattr(library, f"patchnn_{name}_{self.variant}") for name in _ARGUMENTS}
        for name, function in self._functions.items():
            function.argtypes, function.restype = _ARGUMENTS[name], ctypes.c_int

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function, without the interpreter's lock. Raises IndexError or MemoryError if it says so."""
        state = self._functions[name](*arguments)
        if state == 1:
            raise IndexError(f"{name}: a number in these arrays leads outside of another array")
        if state:
            raise MemoryError(f"{name}: there is no memory left")


@cache
def load() -> Library:
    """Return the library next to this file. Raises OSError if there is none, or if it cannot be loaded."""
    here = Path(__file__).parent
    found = [path for path in sorted(here.glob("_kernels.*")) if path.suffix in {".so", ".dylib", ".dll"}]
    if not found:
        raise OSError(f"there is no compiled library in {here}")
    return Library(found[0])


def address(name: str, array: Any, kind: Any, shape: tuple[int | None, ...], write: bool = False) -> int | None:
    """Return where an array's values are; None for None.

    Raises TypeError unless it is a C-contiguous array of this type, and ValueError unless it has this shape, where None stands
    for any length. write: whether it must be writable.
    """
    if array is None:
        return None
    if not isinstance(array, np.ndarray) or array.dtype.type is not kind:
        raise TypeError(f"{name} is {getattr(array, 'dtype', type(array).__name__)}: it must be an array of {np.dtype(kind)}")
    flags = array.flags
    if not flags.c_contiguous or (write and not flags.writeable):
        raise TypeError(f"{name} must be contiguous{' and writable' if write else ''}")
    if array.shape != shape and (
        array.ndim != len(shape) or any(side not in {None, length} for side, length in zip(shape, array.shape, strict=True))
    ):
        raise ValueError(f"{name} has the shape {array.shape}: it must be {shape}")
    return int(array.__array_interface__["data"][0])


def long_array(values: Sequence[int]) -> Any:
    """Return whole numbers as a C array."""
    return (_LONG * len(values))(*values)
