"""Everything that the engine asks of a device's array library exists in CuPy, with these arguments; needs no device."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from functools import reduce
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from patchnn.engine.backend import CupyBackend, NumpyBackend, find_backend
from patchnn.engine.synthesize import synthesize
from patchnn.errors import BackendError
from samples import EXAMPLES, SEARCHES
from strict import FUNCTIONS, Call, StrictBackend


@pytest.fixture(scope="module")
def cupy() -> ModuleType:
    with warnings.catch_warnings():
        # Without a driver, some versions warn when they are imported.
        warnings.simplefilter("ignore")
        return pytest.importorskip("cupy", reason="CuPy is not installed", exc_type=ImportError)


@pytest.fixture(scope="module")
def calls() -> set[Call]:
    backend = StrictBackend()
    for plan in EXAMPLES.values():
        for search in SEARCHES:
            synthesize(plan, seed=1, backend=backend, search=SEARCHES[search])
    return backend.xp.calls


def find(cupy: ModuleType, name: str) -> Any:
    return reduce(getattr, name.split("."), cupy)


def refusal(cupy: ModuleType, call: Call) -> str | None:
    """Say why CuPy would not take this call; None if it would."""
    try:
        found = find(cupy, call.name)
    except AttributeError:
        return f"cupy has no {call.name}"
    if call.positional is None or call.name.startswith("ndarray.__"):
        return None
    if isinstance(found, cupy.ufunc):
        return ufunc_refusal(found, call)
    try:
        signature(found).bind(*[None] * call.positional, **dict.fromkeys(call.keywords))
    except TypeError as error:
        return f"cupy.{call.name}: {error}"
    return None


def signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return a function's signature, a compiled method's from the first line of its documentation, without `self`."""
    try:
        found = inspect.signature(function)
    except ValueError:
        # such as "_ndarray_base.swapaxes(self, Py_ssize_t axis1, Py_ssize_t axis2) -> _ndarray_base"
        first = (function.__doc__ or "").splitlines()[0]
        listed = re.sub(r"\b\w+ (?=\w+\s*[,=)])", "", first[first.index("(") : first.rindex(")") + 1])
        found = inspect.signature(eval(f"lambda {listed[1:-1]}: None"))
    parameters = [p for p in found.parameters.values() if p.name != "self"]
    return found.replace(parameters=parameters)


def ufunc_refusal(ufunc: Any, call: Call) -> str | None:
    """A ufunc has no signature, but looks at its keywords before it looks for a device."""
    values = {"out": None, "casting": "same_kind", "dtype": np.float32}
    if call.positional != ufunc.nin:
        return f"cupy.{call.name} takes {ufunc.nin} positional arguments, was given {call.positional}"
    try:
        ufunc(*[1] * ufunc.nin, **{keyword: values.get(keyword) for keyword in call.keywords})
    except TypeError as error:
        return f"cupy.{call.name}: {error}"
    except Exception:
        pass  # the lack of a device, in one of several types
    return None


def refusals(cupy: ModuleType, calls: Iterable[Call]) -> list[str]:
    return sorted(filter(None, (refusal(cupy, call) for call in calls)))


def test_cupy_has_what_the_engine_calls(cupy: ModuleType, calls: set[Call]) -> None:
    assert refusals(cupy, calls) == []


def test_the_calls_are_those_of_the_whole_engine(calls: set[Call]) -> None:
    # One of each: resampling, patches, exact search, approximate search, vote.
    assert {"matmul", "lib.stride_tricks.as_strided", "ndarray.argmax", "linalg.eigh", "take"} <= {call.name for call in calls}


def test_cupy_has_what_the_double_offers(cupy: ModuleType) -> None:
    assert refusals(cupy, [Call(name, None, frozenset()) for name in FUNCTIONS]) == []


WRONG = {
    "an unknown function": Call("insert", 3, frozenset()),
    "an unknown method": Call("ndarray.setfield", 2, frozenset()),
    "an unknown attribute": Call("ndarray.ctypes", None, frozenset()),
    "an unknown keyword": Call("take", 2, frozenset({"axis", "mode"})),
    "an unknown keyword of a ufunc": Call("add", 2, frozenset({"where"})),
    "an unknown keyword of a method": Call("ndarray.sum", 0, frozenset({"initial"})),
    "an unknown keyword of a matrix product": Call("matmul", 2, frozenset({"where"})),
    "too many arguments": Call("flatnonzero", 2, frozenset()),
    "too many arguments of a method": Call("ndarray.swapaxes", 3, frozenset()),
    "an output of a ufunc without its name": Call("add", 3, frozenset()),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_call_is_found(cupy: ModuleType, what: str) -> None:
    assert len(refusals(cupy, [WRONG[what]])) == 1


@pytest.mark.usefixtures("cupy")
def test_without_a_device_cupy_says_why() -> None:
    reason = CupyBackend.unavailable()
    if reason is None:
        pytest.skip("there is a device")
    assert reason.startswith("CuPy ")
    assert "CUDA device" in reason
    assert "\n" not in reason
    with pytest.raises(BackendError) as raised:
        find_backend("cupy")
    assert reason in str(raised.value)
    assert isinstance(find_backend("auto"), NumpyBackend)


def test_without_cupy_the_reason_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    reason = CupyBackend.unavailable()
    assert reason is not None
    assert "pip install" in reason
    with pytest.raises(BackendError, match="pip install"):
        find_backend("cupy")
