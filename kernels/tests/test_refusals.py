"""Arrays and numbers that NumPy would refuse do not reach C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from patchnn.engine.kernels import ANYWHERE, FEATURE
from patchnn.engine.numbering import Numbering
from patchnn.engine.patches import Patches
from patchnn.engine.vote import Vote
from patchnn_kernels import KernelsBackend
from patchnn_kernels.backend import COMPONENTS


def wrong_type(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64 if array.dtype == np.float32 else np.uint16)


def strided(array: np.ndarray) -> np.ndarray:
    return np.repeat(array, 2, 0)[::2]


def shorter(array: np.ndarray) -> np.ndarray:
    return array[:-1].copy()


def frozen(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


def improving() -> dict[str, Any]:
    return {
        "index": np.arange(20),
        "features": np.zeros((20, 24), FEATURE),
        "rows": np.arange(20),
        "keys": np.zeros((30, 24), FEATURE),
        "allowed": np.arange(30, dtype=np.int32),
        "before": np.zeros(20, np.int32),
        "field": np.zeros(20, np.int32),
        "distance": np.ones(20, np.float32),
        "moved": np.zeros(20, np.bool_),
        "strides": ((5, 1), (6, 1)),
        "steps": (1,),
        "radii": (4, ANYWHERE),
        "scale": np.ones(30, np.float32),
        "salt": 7,
        "unit": 0.5,
        "weights": np.ones((20, 24), np.float32),
    }


def measuring() -> dict[str, Any]:
    return {name: improving()[name] for name in ("index", "features", "rows", "keys", "field", "distance", "unit", "weights")}


CALLS = {"improve": improving, "measure": measuring}
ARRAYS = [(call, name) for call, given in CALLS.items() for name, value in given().items() if isinstance(value, np.ndarray)]


@pytest.mark.parametrize("damage", [wrong_type, strided], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize(("call", "name"), ARRAYS)
def test_arrays_of_another_kind_do_not_reach_c(call: str, name: str, damage: Callable[[np.ndarray], np.ndarray]) -> None:
    arguments = CALLS[call]()
    backend = KernelsBackend(threads=1)
    getattr(backend, call)(**arguments)
    arguments[name] = damage(arguments[name])
    with pytest.raises(TypeError, match=name):
        getattr(backend, call)(**arguments)


SIZED = [pair for pair in ARRAYS if pair[1] not in {"index", "allowed", "features", "keys", "field"}]
"""Arrays whose length follows from another's."""


@pytest.mark.parametrize(("call", "name"), SIZED)
def test_arrays_of_another_length_do_not_reach_c(call: str, name: str) -> None:
    arguments = CALLS[call]()
    arguments[name] = shorter(arguments[name])
    with pytest.raises(ValueError, match=name):
        getattr(KernelsBackend(threads=1), call)(**arguments)


@pytest.mark.parametrize(("call", "name"), [pair for pair in ARRAYS if pair[1] in {"field", "distance", "moved"}])
def test_what_is_written_must_be_writable(call: str, name: str) -> None:
    arguments = CALLS[call]()
    arguments[name] = frozen(arguments[name])
    if (call, name) != ("measure", "field"):
        with pytest.raises(TypeError, match="writable"):
            getattr(KernelsBackend(threads=1), call)(**arguments)


@pytest.mark.parametrize("number", [-1, 20, 2**40])
@pytest.mark.parametrize("name", ["index", "rows"])
@pytest.mark.parametrize("call", CALLS)
def test_numbers_that_lead_outside_are_refused(call: str, name: str, number: int) -> None:
    arguments = CALLS[call]()
    arguments[name][7] = number
    with pytest.raises(IndexError, match=call):
        getattr(KernelsBackend(threads=1), call)(**arguments)


@pytest.mark.parametrize(("call", "name"), [("improve", "before"), ("measure", "field")])
@pytest.mark.parametrize("number", [-2, 30])
def test_matches_that_lead_outside_are_refused(call: str, name: str, number: int) -> None:
    arguments = CALLS[call]()
    arguments[name][7] = number
    with pytest.raises(IndexError, match=call):
        getattr(KernelsBackend(threads=1), call)(**arguments)


@pytest.mark.parametrize("number", [-1, 26])
def test_patches_that_are_not_there_are_refused(number: int) -> None:
    backend = KernelsBackend(threads=1)
    patches = Patches(backend, np.zeros((6, 7, 3), np.float32), 3)
    basis, out = np.zeros((27, COMPONENTS), np.float32), np.zeros((42, COMPONENTS), np.float32)
    # The last patch begins two rows and two columns before the last pixel, number 41.
    backend.project(patches, np.array([25]), basis, out, np.array([41]))
    with pytest.raises(IndexError, match="project"):
        backend.project(patches, np.array([number]), basis, out, np.array([41]))
    with pytest.raises(IndexError, match="project"):
        backend.project(patches, np.array([25]), basis, out, np.array([42]))


@pytest.mark.parametrize("number", [-7, 10**6])
def test_a_vote_for_no_patch_is_refused(number: int) -> None:
    backend = KernelsBackend(threads=2)
    values = np.zeros((23, 15, 3), np.float32)
    vote = Vote(backend, values, Numbering.of_sources([(23, 15)], 5), Numbering.of_output((20, 20), 5))
    field = np.zeros((16, 16), np.int32)
    vote(field)
    vote.nnf[9, 9] = number
    arguments = (vote.weights.pixels, vote.weights.sums, vote.confidence, vote.free, vote.range)
    with pytest.raises(IndexError, match="fold"):
        backend.fold(vote.image, vote.pixels, vote.nnf, None, 5, (15, 1), *arguments)


@pytest.mark.parametrize("damage", [wrong_type, strided])
@pytest.mark.parametrize("name", ["planes", "costs"])
def test_images_of_another_kind_have_no_seams(name: str, damage: Callable[[np.ndarray], np.ndarray]) -> None:
    arguments: dict[str, Any] = {"planes": np.zeros((3, 9, 12), np.float32), "costs": np.zeros((9, 12), np.float32), "count": 4}
    backend = KernelsBackend(threads=1)
    assert backend.seams(**arguments)[0].sum() == 36
    for count in (-1, 13):
        with pytest.raises(ValueError, match="seams in 12 columns"):
            backend.seams(**arguments | {"count": count})
    with pytest.raises(ValueError, match="costs"):
        backend.seams(**arguments | {"costs": shorter(arguments["costs"])})
    with pytest.raises(TypeError, match=name):
        backend.seams(**arguments | {name: damage(arguments[name])})
