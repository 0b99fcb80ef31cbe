"""One result on every device: on a strict double everywhere, on a real one where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import reference
from patchnn.engine.backend import BACKENDS, CupyBackend, NumpyBackend, _import_problem, find_backend
from patchnn.engine.plan import Plan
from patchnn.engine.synthesize import Synthesis, synthesize
from patchnn.errors import BackendError
from patchnn.task import Task
from patchnn.tuning import tune
from samples import EXAMPLES, SEARCHES, random_image
from strict import StrictArray, StrictBackend


@pytest.fixture
def array() -> StrictArray:
    return StrictBackend().xp.asarray(np.arange(6, dtype=np.float32).reshape(2, 3)) * 1


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_double_gives_what_numpy_gives(example: str, search: str) -> None:
    strict = synthesize(EXAMPLES[example], seed=3, backend=StrictBackend(), search=SEARCHES[search])
    plain = synthesize(EXAMPLES[example], seed=3, backend=NumpyBackend(), search=SEARCHES[search])
    assert type(strict.image) is np.ndarray
    np.testing.assert_array_equal(strict.image, plain.image)
    for name in ("source", "row", "col"):
        np.testing.assert_array_equal(getattr(strict.field, name), getattr(plain.field, name))


def test_a_package_made_for_another_version_is_not_used() -> None:
    class Old(NumpyBackend):
        name = "old"
        priority = 99

    entry = EntryPoint("old", f"{__name__}:Old", "patchnn.backends")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "Old", Old)
        assert "is made for another version of patchnn" in str(_import_problem(entry))
    assert "old" not in BACKENDS


@pytest.mark.parametrize("search", SEARCHES)
def test_the_double_hands_observers_host_images(search: str) -> None:
    seen: list[object] = []
    strict = {"backend": StrictBackend(), "search": SEARCHES[search]}
    synthesize(EXAMPLES["plain"], seed=3, **strict, observe=lambda p: seen.append(type(p.image())))
    assert set(seen) == {np.ndarray}


HOST = np.ones((2, 3), np.float32)

REFUSED = {
    "conversion": lambda a: np.asarray(a),
    "a NumPy function": lambda a: np.concatenate([a, a]),
    "a NumPy ufunc": lambda a: np.add(a, a),
    "a NumPy operand": lambda a: a + HOST,
    "a NumPy operand on the left": lambda a: HOST * a,
    "a NumPy operand in place": lambda a: a.__iadd__(HOST),
    "a NumPy operand of a comparison": lambda a: a == HOST,
    "a NumPy argument": lambda a: a._xp.maximum(a, HOST),
    "a NumPy argument in a list": lambda a: a._xp.concatenate([a, HOST]),
    "a NumPy result": lambda a: a._xp.maximum(a, 0, out=HOST),
    "a NumPy index": lambda a: a[np.array([0])],
    "a NumPy index in a tuple": lambda a: a[:, np.array([0])],
    "a list as an index": lambda a: a[[0]],
    "a NumPy value": lambda a: a.__setitem__(0, HOST[0]),
    "a NumPy argument of a method": lambda a: a.dot(HOST),
    "iteration": lambda a: list(a),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_double_refuses(what: str, array: StrictArray) -> None:
    with pytest.raises(TypeError):
        REFUSED[what](array)


def test_the_double_has_no_functions_that_cupy_lacks(array: StrictArray) -> None:
    with pytest.raises(AttributeError, match="insert"):
        array._xp.insert(array, 0, 1)


def test_the_double_allows_what_cupy_allows(array: StrictArray) -> None:
    assert float((array * np.float32(2) + 1).sum()) == 36
    assert bool((2 - array).max() == 2)
    assert int(abs(array - 5)[0, 0]) == 5
    array[array > 2] = 0
    array += 1
    np.testing.assert_array_equal(array._xp.asnumpy(array), [[1, 2, 3], [1, 1, 1]])


def test_what_was_sent_to_the_double_is_not_written_to() -> None:
    sent = StrictBackend().to_device(HOST)
    with pytest.raises(ValueError, match="read-only"):
        sent[0] = 2


def test_without_a_device_cupy_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CupyBackend, "unavailable", classmethod(lambda cls: "no card"))
    with pytest.raises(BackendError, match="no card"):
        find_backend("cupy")
    with pytest.raises(BackendError, match="no card"):
        CupyBackend()
    assert isinstance(find_backend("auto"), NumpyBackend)


def test_a_backend_is_found_by_name_or_passed_on() -> None:
    assert isinstance(find_backend("numpy"), NumpyBackend)
    own = NumpyBackend(threads=2)
    assert find_backend(own) is own
    with pytest.raises(BackendError, match="tpu"):
        find_backend("tpu")


@pytest.fixture(scope="session")
def gpu() -> CupyBackend:
    reason = CupyBackend.unavailable()
    if reason:
        pytest.skip(reason)
    return CupyBackend()


@pytest.mark.gpu
@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_gpu_gives_what_numpy_gives(gpu: CupyBackend, example: str, search: str) -> None:
    # A device rounds sums its own way, so that near ties may fall otherwise, and then all that follows.
    plan = EXAMPLES[example]
    on_gpu = synthesize(plan, seed=3, backend=gpu, search=SEARCHES[search])
    on_cpu = synthesize(plan, seed=3, backend="numpy", search=SEARCHES[search])
    assert on_gpu.backend == "cupy"
    assert_is_vote(on_gpu, plan)
    assert error(on_gpu, plan) == pytest.approx(error(on_cpu, plan), rel=0.1, abs=1e-4)
    if search == "exact":
        assert (np.abs(on_gpu.image - on_cpu.image).max(2) < 1e-3).mean() > 0.9


@pytest.mark.gpu
@pytest.mark.parametrize("search", SEARCHES)
def test_a_gpu_gives_the_same_bytes_for_the_same_seed(gpu: CupyBackend, search: str) -> None:
    first, second = (synthesize(EXAMPLES["alpha"], seed=3, backend=gpu, search=SEARCHES[search]) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)


@pytest.mark.gpu
def test_a_gpu_says_what_it_is(gpu: CupyBackend) -> None:
    assert gpu.description.startswith("CuPy ")
    assert gpu.free_bytes() > 0
    np.testing.assert_array_equal(gpu.to_host(gpu.to_device(random_image((8, 8)))), random_image((8, 8)))


def assert_is_vote(result: Synthesis, plan: Plan) -> None:
    parts = reference.named(result.field, [source.image for source in plan.sources], plan.patch)
    voted = reference.fold(parts, result.image.shape[:2], plan.wrap)
    free = np.ones(voted.shape[:2], np.bool_) if plan.keep is None else ~plan.keep
    np.testing.assert_allclose(result.image[free], voted[free], atol=1e-5)


def error(result: Synthesis, plan: Plan) -> float:
    """How far the output's patches are, on average, from the nearest of the first source."""
    image = plan.sources[0].image
    return float(
        reference.distances(reference.patches(result.image, plan.patch), reference.patches(image, plan.patch)).min(1).mean()
    )


def blas() -> set[int]:
    """The threads of the matrix libraries."""
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_a_plan_is_made_with_one_thread_of_the_matrix_library() -> None:
    @dataclass(frozen=True, eq=False)
    class Looking(Task):
        """See how many there are."""

        def plan(self) -> Plan:
            seen.extend(blas())
            return EXAMPLES["plain"]

    seen: list[int] = []
    with threadpool_limits(2, user_api="blas"):
        tune(Looking())
        assert blas() == {2}
    assert set(seen) == {1}


def test_overlapping_runs_leave_the_matrix_library_as_it_was() -> None:
    first, second = NumpyBackend(1).session(), NumpyBackend(1).session()
    with threadpool_limits(2, user_api="blas"):
        first.__enter__()
        second.__enter__()
        assert blas() == {1}
        # The first one in leaves first: the other still runs, and must not be what restores the wrong number.
        first.__exit__(None, None, None)
        assert blas() == {1}
        second.__exit__(None, None, None)
        assert blas() == {2}


def test_runs_share_one_backend_of_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_backend("numpy") is find_backend("numpy")
    one = find_backend("numpy")
    monkeypatch.setenv("PATCHNN_THREADS", "3")
    assert find_backend("numpy") is not one
