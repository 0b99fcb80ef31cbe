"""A device in plain memory: its arrays refuse to meet NumPy's as CuPy's do, and what is asked of them is written down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from patchnn.engine.backend import CupyBackend, NumpyBackend

_OFFERED = """
abs absolute add all allclose any append arange argmax argmin argpartition argsort argwhere array array_split asarray
ascontiguousarray average bincount bitwise_and bitwise_or bitwise_xor broadcast_to ceil choose clip compress concatenate
convolve copy copysign copyto correlate count_nonzero cross cumprod cumsum delete diag diagonal diff digitize divide divmod dot
dstack einsum empty empty_like equal exp expand_dims extract eye flatnonzero flip floor floor_divide fmax fmin full full_like
greater greater_equal histogram hstack identity indices inner interp invert isclose isfinite isin isinf isnan kron left_shift
less less_equal lexsort linspace log log2 logical_and logical_not logical_or logical_xor matmul max maximum may_share_memory
mean median meshgrid min minimum mod moveaxis multiply nan_to_num negative nonzero not_equal ones ones_like outer packbits pad
partition percentile place power prod ptp put putmask quantile ravel ravel_multi_index reciprocal remainder repeat reshape
resize right_shift rint roll rollaxis rot90 round searchsorted select sign sort split sqrt square squeeze stack std subtract sum
swapaxes take take_along_axis tensordot tile trace transpose trapezoid tri tril triu true_divide trunc unique unravel_index var
vdot vstack where zeros zeros_like linalg.cholesky linalg.eigh linalg.eigvalsh linalg.inv linalg.lstsq linalg.norm linalg.pinv
linalg.qr linalg.solve linalg.svd lib.stride_tricks.as_strided lib.stride_tricks.sliding_window_view
"""

FUNCTIONS = frozenset(_OFFERED.split())
"""What the double offers: array functions that NumPy and CuPy share (test_cupy_api.py asks CuPy itself)."""


class Call(NamedTuple):
    """One way in which the engine used a function, an array's method or (positional is None) an array's attribute."""

    name: str
    positional: int | None
    keywords: frozenset[str]


class StrictArray:
    """An array that only its own kind, Python's numbers and NumPy's scalars may be combined with."""

    __slots__ = ("_host", "_xp")

    # NumPy's operators and ufuncs step back; its other functions ask for __array__.
    __array_ufunc__ = None
    # CuPy would go through an array one transfer at a time: nothing of the engine's may.
    __iter__ = None

    def __init__(self, host: np.ndarray, xp: StrictNamespace) -> None:
        self._host, self._xp = host, xp

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise TypeError("a device array became a NumPy array without to_host")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._host, name)
        if callable(value):
            return partial(self._xp.call, f"ndarray.{name}", value)
        self._xp.note(f"ndarray.{name}")
        return self._xp.wrap(value)

    def __getitem__(self, index: Any) -> StrictArray:
        return self._xp.call("ndarray.__getitem__", self._host.__getitem__, _checked(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        given = np.array(_host(value, "an assignment"), self._host.dtype)
        self._xp.call("ndarray.__setitem__", self._host.__setitem__, _checked(index), value)
        written = self[index]._host
        if not np.array_equal(written, np.broadcast_to(given, written.shape), equal_nan=True):
            raise ValueError("several values were written to one place: which of them stays, a device does not say")

    def __len__(self) -> int:
        return len(self._host)

    # One number at a time may cross the border without a name for it, as with CuPy.
    def __bool__(self) -> bool:
        return bool(self._host)

    def __int__(self) -> int:
        return int(self._host)

    def __float__(self) -> float:
        return float(self._host)

    def __index__(self) -> int:
        return self._host.__index__()


def _operator(name: str) -> Callable[..., StrictArray]:
    def operator(self: StrictArray, *operands: Any) -> StrictArray:
        return self._xp.call(f"ndarray.{name}", getattr(self._host, name), *operands)

    return operator


_BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"]
_OTHERS = ["lt", "le", "eq", "ne", "gt", "ge", "neg", "pos", "abs", "invert", "divmod"]
for _name in [way + name for name in _BINARY for way in ("", "r", "i")] + _OTHERS:
    setattr(StrictArray, f"__{_name}__", _operator(f"__{_name}__"))


def _checked(index: Any) -> Any:
    """Pass on an index unless some part of it is host data, which CuPy refuses or sends over unasked."""
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, list | np.ndarray):
            raise TypeError(f"a device array was indexed with a {type(part).__name__}")
    return index


class StrictNamespace:
    """NumPy's functions, as far as CuPy has them too, on strict arrays; `calls` is how they were used."""

    def __init__(self, module: ModuleType = np, path: str = "", calls: set[Call] | None = None) -> None:
        self._module, self._path = module, path
        self.calls: set[Call] = set() if calls is None else calls

    def __getattr__(self, name: str) -> Any:
        value, path = getattr(self._module, name), self._path + name
        if isinstance(value, ModuleType):
            return StrictNamespace(value, path + ".", self.calls)
        if isinstance(value, type) or not callable(value):
            return value  # a type or a constant, the same in both libraries
        if path not in FUNCTIONS:
            raise AttributeError(f"the strict double has no {path}: add it to FUNCTIONS if CuPy has it")
        return partial(self.call, path, value)

    def asarray(self, value: Any, dtype: Any = None) -> StrictArray:
        """Send to the device; the copy is read-only, because on a CPU the same lines would write to the caller's array."""
        self.note("asarray", 1, *(["dtype"] if dtype is not None else []))
        if isinstance(value, StrictArray):
            return value if dtype is None else value.astype(dtype)
        copy = np.array(value, dtype)
        copy.flags.writeable = False
        return self.wrap(copy)

    array = asarray

    def asnumpy(self, array: StrictArray) -> np.ndarray:
        """Fetch from the device."""
        self.note("asnumpy", 1)
        return array._host.copy()

    def note(self, name: str, positional: int | None = None, *keywords: str) -> None:
        self.calls.add(Call(name, positional, frozenset(keywords)))

    def call(self, name: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self.note(name, len(args), *kwargs)
        return self.wrap(function(*(_host(a, name) for a in args), **{k: _host(v, name) for k, v in kwargs.items()}))

    def wrap(self, value: Any) -> Any:
        """Return results as strict arrays: single numbers too, which CuPy leaves on the device."""
        if isinstance(value, tuple) and any(isinstance(v, np.ndarray) for v in value):
            return tuple(self.wrap(v) for v in value)
        return StrictArray(np.asarray(value), self) if isinstance(value, np.ndarray | np.generic) else value


def _host(value: Any, name: str) -> Any:
    if isinstance(value, StrictArray):
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError(f"a NumPy array was given to {name} on the device")
    if isinstance(value, list | tuple):
        return type(value)(_host(v, name) for v in value)
    return value


class StrictBackend(CupyBackend):
    """CuPy's backend, on the double; pieces are as large as NumPy's, so that results must be the same to the last bit."""

    name = "strict"
    priority = None
    tile = NumpyBackend.tile
    chunk = NumpyBackend.chunk

    def __init__(self) -> None:
        self.xp = StrictNamespace()

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    @property
    def description(self) -> str:
        return "a strict double of a device"

    def free_bytes(self) -> int:
        return 1 << 30
