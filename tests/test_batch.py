"""Jobs: what they write, when they are done, and many of them, here, in processes and on a cluster."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import BackendError, Image, InputError, Plan, PluginError, Source, Task, option, read_image, run, write_image
from patchnn.batch import Job, Outcome, carry_out, run_jobs
from patchnn.engine.machine import THREADS, count_threads
from patchnn.images import read_record
from patchnn.registry import GROUP, Registry
from patchnn.testing import tiny_image, tiny_mask
from patchnn.workers import Processes, open_workers
from patchnn_tasks import Generate, Inpaint

JOB = Job("generate", {"image": ["a.png"]}, "out.png", 5, {"noise": 0.5}, {"iterations": 1})

posix = pytest.mark.skipif(os.name != "posix", reason="signals as Unix has them")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a few small pictures in it."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate("abc"):
        write_image(f"{name}.png", tiny_image(seed=seed))
    write_image("mask.png", tiny_mask().astype(float))
    return tmp_path


def jobs(count: int) -> list[Job]:
    # The search is named, for what auto chooses is set for this process alone (conftest.py).
    return [replace(JOB, output=f"out-{n}.png", seed=n, search="exact") for n in range(count)]


# One job.


def test_a_job_writes_what_run_makes_and_how() -> None:
    outcome = carry_out(JOB)
    assert (outcome.paths, outcome.error, outcome.skipped) == (("out.png",), None, False)
    assert outcome.seconds > 0
    result = run(Generate(read_image("a.png"), noise=0.5), seed=5, iterations=1)
    assert np.abs(read_image("out.png") - result.image).max() <= 0.5001 / 255
    assert read_record("out.png") == {
        **result.record,
        "files": {"image": ["a.png"]},
        "command": [
            "generate",
            "a.png",
            *["--noise", "0.5", "--iterations", "1", "--seed", "5"],
        ],
        "depth": None,
    }


def test_every_field_of_a_job_reaches_the_run() -> None:
    job = Job(
        "inpaint",
        {"image": ["a.png"], "mask": ["mask.png"]},
        "out.png",
        5,
        {"fill": "own"},
        {"alpha": 0.5, "patch": 5, "iterations": 2, "ratio": 1.5, "coarsest": 9},
        "exact",
        "numpy",
        1 << 30,
    )
    carry_out(job)
    result = run(Inpaint(read_image("a.png"), tiny_mask(), fill="own"), seed=5, **job.tuning, search="exact", backend="numpy")
    record = read_record("out.png")
    assert {key: record[key] for key in result.record} == result.record
    words = "inpaint a.png mask.png --fill own"
    words += " --alpha 0.5 --patch 5 --iterations 2 --ratio 1.5"
    assert " ".join(record["command"]) == f"{words} --coarsest 9 --search exact --backend numpy --seed 5"
    with pytest.raises(InputError, match=r"this needs .* and may use 1.0 MB"):
        carry_out(replace(job, max_memory=10**6, force=True))


def test_a_job_is_plain_data() -> None:
    job = replace(JOB, maps=(("b.png", "c.png"),), guides=(("a.png", "b.png", 2.0),), tuning={"alpha": float("inf")})
    assert pickle.loads(pickle.dumps(job)) == job
    values = json.loads(json.dumps(asdict(job)))
    pairs = {name: tuple(map(tuple, values[name])) for name in ("maps", "guides")}
    assert Job(**{**values, **pairs}) == job


def test_maps_are_written_beside_and_the_source_as_a_map_is_the_picture() -> None:
    job = replace(JOB, maps=(("a.png", "one.png"), ("b.png", "two.png")))
    assert carry_out(job).paths == ("out.png", "one.png", "two.png")
    np.testing.assert_array_equal(read_image("one.png"), read_image("out.png"))
    assert (read_image("two.png") != read_image("out.png")).any()
    assert read_record("out.png")["command"][-6:-2] == ["--apply-to", "a.png", "--apply-to", "b.png"]
    assert len(read_record("out.png")["maps"]) == 2


def test_a_map_for_each_of_several_sources() -> None:
    # With its colours unchanged, a collage of images of one height is made of the very files.
    plain = {"harmonise": False}
    pair = Job("collage", {"images": ["a.png", "b.png"]}, "out.png", 5, options=plain, tuning={"iterations": 1})
    assert carry_out(replace(pair, maps=(("a.png", "one.png"), ("b.png", "two.png")))).paths == ("out.png", "one.png")
    np.testing.assert_array_equal(read_image("one.png"), read_image("out.png"))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"files": {"image": ["absent.png"]}}, "absent.png does not exist"),
    ({"files": {}}, "image is missing"),
    ({"options": {"noise": -1}}, "noise is -1"),
    ({"options": {"colour": 1}}, "Generate has no option colour"),
    ({"options": {"size": "3x3"}}, r"a.png: an output of 3×3"),
    ({"tuning": {"alpha": 0}}, "alpha is 0"),
    ({"seed": -1}, "seed is -1"),
    ({"search": "brute"}, "search is 'brute'"),
    ({"output": "a.png"}, "a.png exists"),
    ({"output": "out.xyz"}, "out.xyz: .xyz cannot be written"),
    ({"output": "nowhere/out.png"}, "nowhere/out.png: the folder nowhere does not exist"),
    ({"maps": (("absent.png", "m.png"),)}, "absent.png does not exist"),
    ({"maps": (("small.png", "m.png"),)}, "small.png: a map has its source's size: it is 9×9, the source 32×24"),
    ({"maps": (("a.png", "b.png"),)}, "b.png exists"),
    ({"maps": (("a.png", "m.png"), ("b.png", "m.png"))}, "two results would go to one file"),
]


@pytest.mark.parametrize(("changes", "said"), BAD, ids=[said for _, said in BAD])
def test_bad_jobs_are_refused_before_any_work(
    changes: dict[str, Any], said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image("small.png", tiny_image((9, 9)))
    before = sorted(folder.iterdir())
    if not {"seed", "search"} & set(changes):
        monkeypatch.setattr("patchnn.job.run", lambda *args, **kwargs: pytest.fail("work was done"))
    with pytest.raises(InputError, match=said):
        carry_out(replace(JOB, **changes))
    assert sorted(folder.iterdir()) == before


@dataclass(frozen=True, eq=False)
class Picky(Task):
    """Refuse every image, each time in other words."""

    image: Image = option()
    other: Image | None = None
    mood: str = "good"

    def plan(self) -> Plan:
        if self.mood == "bad":
            raise InputError("in a bad mood nothing works", about="mood")
        raise InputError("mood and other matter less than the colours here", about="other" if self.other is not None else None)


PICKY: list[tuple[dict[str, Any], str, str | None]] = [
    ({"options": {"mood": "bad"}}, "in a bad mood nothing works", "mood"),
    ({}, "a.png: mood and other matter less than the colours here", None),
    ({"files": {"image": ["a.png"], "other": ["b.png"]}}, "b.png: mood and other matter less than the colours here", "other"),
]


@pytest.mark.parametrize(("changes", "said", "about"), PICKY)
def test_what_an_error_is_about_decides_which_files_it_names(changes: dict[str, Any], said: str, about: str | None) -> None:
    registry = Registry([EntryPoint("picky", f"{__name__}:Picky", GROUP)])
    job = replace(Job("picky", {"image": ["a.png"]}, "out.png", 5), **changes)
    outcome = next(run_jobs([job], registry=registry))
    assert (outcome.error, outcome.about) == (said, about)


@dataclass(frozen=True, eq=False)
class Failing(Task):
    """Fail in plan(), in the way that it is told."""

    image: Image = option()
    how: str = "zero"

    def plan(self) -> Plan:
        if self.how == "memory":
            np.zeros(1 << 50, np.uint8)
        return Plan([Source(self.image)], self.image, noise=1 / len(self.how.removeprefix("zero")), notes=("It did not fail.",))


def test_what_a_plan_tells_its_user_is_among_the_notes() -> None:
    registry = Registry([EntryPoint("failing", f"{__name__}:Failing", GROUP)])
    job = Job("failing", {"image": ["a.png"]}, "out.png", 5, {"how": "well"}, {"iterations": 1})
    assert carry_out(job, registry=registry).notes == ("It did not fail.",)


@pytest.mark.parametrize(
    ("how", "said", "kind"),
    [
        ("zero", rf"^a.png: the task failing of {__name__} failed: ZeroDivisionError: division by zero$", PluginError),
        ("memory", "^memory ran out: use smaller images, a smaller output, or a lower max_memory$", BackendError),
    ],
)
def test_a_task_that_fails_is_named_with_its_plugin_and_files(how: str, said: str, kind: type[Exception]) -> None:
    registry = Registry([EntryPoint("failing", f"{__name__}:Failing", GROUP)])
    with pytest.raises(kind, match=said):
        carry_out(Job("failing", {"image": ["a.png"]}, "out.png", 5, {"how": how}), registry=registry)


def test_a_task_that_is_not_there() -> None:
    with pytest.raises(PluginError, match="nosuch"):
        carry_out(replace(JOB, task="nosuch"))


# Jobs that were done before.

AGAIN = replace(JOB, resume=True, maps=(("b.png", "m.png"),))


@pytest.fixture
def done() -> dict[str, bytes]:
    """The files of a job that was done."""
    carry_out(AGAIN)
    return {name: Path(name).read_bytes() for name in ("out.png", "m.png")}


def test_what_was_done_is_left_alone(done: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchnn.job.run", lambda *args, **kwargs: pytest.fail("work was done"))
    assert carry_out(AGAIN).skipped
    assert carry_out(AGAIN).paths == ("out.png", "m.png")
    # A file by another name is the same input.
    Path("a.png").rename("moved.png")
    assert carry_out(replace(AGAIN, files={"image": ["moved.png"]})).skipped


@pytest.mark.parametrize(("lost", "wreck"), [("out.png", False), ("out.png", True), ("m.png", False)])
def test_what_is_absent_or_damaged_is_made_again(done: dict[str, bytes], lost: str, wreck: bool) -> None:
    Path(lost).unlink()
    if lost == "out.png":
        # The picture is written first, so that maps are never there without it.
        Path("m.png").unlink()
        if wreck:
            Path("out.png").write_bytes(done["out.png"][:-500])
    assert not carry_out(AGAIN).skipped
    assert {name: Path(name).read_bytes() for name in done} == done


@pytest.mark.parametrize("output", ["out.png", "out.jpg"])
def test_a_file_that_is_no_damaged_result_is_not_lost(output: str) -> None:
    Path(output).write_text("notes of mine")
    with pytest.raises(InputError, match=f"{output} was made otherwise"):
        carry_out(replace(JOB, output=output, resume=True))
    assert Path(output).read_text() == "notes of mine"
    Path(output).write_bytes(b"")
    assert not carry_out(replace(JOB, output=output, resume=True)).skipped


def test_a_result_that_is_too_large_to_read_is_not_taken_for_damaged(done: dict[str, bytes]) -> None:
    # The output needs more memory than the inputs, and than there is.
    large = np.zeros((1000, 1000, 3))
    write_image("out.png", large, overwrite=True)
    with pytest.raises(InputError, match=r"^out\.png needs 21 MB of memory to be read"):
        carry_out(replace(AGAIN, max_memory=15_000_000))
    assert read_image("out.png").shape == large.shape


CHANGED: list[dict[str, Any]] = [
    {"seed": 6},
    {"options": {"noise": 0.6}},
    {"tuning": {"iterations": 2}},
    {"tuning": {"iterations": 1, "alpha": 1.0}},
    {"files": {"image": ["c.png"]}},
    {"files": {"image": ["a.png"], "source": ["c.png"]}, "maps": ()},
    {"maps": (("c.png", "m.png"),)},
    {"search": "exact"},
    {"task": "tile", "options": {}},
]


@pytest.mark.parametrize("changes", CHANGED, ids=str)
def test_what_was_made_otherwise_is_not_taken_for_done_nor_lost(done: dict[str, bytes], changes: dict[str, Any]) -> None:
    job = replace(AGAIN, **changes)
    tile = EntryPoint("tile", "patchnn_tasks.generate:Generate", GROUP)
    registry = Registry([tile, EntryPoint("generate", "patchnn_tasks.generate:Generate", GROUP)])
    with pytest.raises(InputError, match=r"out.png was made otherwise"):
        carry_out(job, registry=registry)
    assert {name: Path(name).read_bytes() for name in done} == done
    assert not carry_out(replace(job, force=True), registry=registry).skipped
    assert carry_out(job, registry=registry).skipped


def test_an_input_that_changed_is_seen(done: dict[str, bytes]) -> None:
    write_image("a.png", tiny_image(seed=9), overwrite=True)
    with pytest.raises(InputError, match="made otherwise"):
        carry_out(AGAIN)


def test_a_kind_of_file_without_record_is_done_when_it_is_there() -> None:
    job = replace(JOB, output="out.jpg", resume=True)
    assert [carry_out(job).skipped for _ in range(2)] == [False, True]
    Path("out.jpg").write_bytes(Path("out.jpg").read_bytes()[:100])
    assert [carry_out(job).skipped for _ in range(2)] == [False, True]


# Many jobs.


def test_one_that_fails_keeps_none_of_the_others() -> None:
    Path("no.png").write_text("no")
    first, _, third = jobs(3)
    broken = replace(JOB, files={"image": ["no.png"]}, output="no-out.png")
    outcomes = list(run_jobs([first, broken, third]))
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert outcomes[1].error is not None
    assert "no.png cannot be read" in outcomes[1].error
    assert outcomes[1] == Outcome(broken, (), outcomes[1].seconds, outcomes[1].error)
    assert Path("out-2.png").exists()


def test_an_error_of_a_task_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ValueError("two\nlines")

    monkeypatch.setattr("patchnn.job.run", fail)
    assert next(run_jobs([JOB])).error == "ValueError: two lines"
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("PATCHNN_DEBUG", "1")
    next(run_jobs([replace(JOB, files={"image": ["\x1b[31m\u202e.png"]})]))
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert "\\x1b[31m\\u202e.png does not exist" in err
    assert "\x1b" not in err
    assert "\u202e" not in err


def test_ctrl_c_is_nobodys_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("patchnn.job.run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        next(run_jobs([JOB]))


class Counting(ThreadPoolExecutor):
    """Keeps count of the jobs that are in flight."""

    def __init__(self) -> None:
        super().__init__(2)
        self.flying = self.most = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.flying += 1
        self.most = max(self.most, self.flying)
        future = super().submit(fn, *args, **kwargs)
        future.add_done_callback(self._land)
        return future

    def _land(self, future: Future[Any]) -> None:
        self.flying -= 1


def test_any_executor_does_them_a_few_at_a_time() -> None:
    taken = 0

    def endless() -> Iterator[Job]:
        nonlocal taken
        for job in jobs(99):
            taken += 1
            yield job

    with Counting() as executor:
        outcomes = run_jobs(endless(), executor, workers=2)
        seen = [next(outcomes) for _ in range(10)]
        assert executor.most <= 4
        assert taken <= 10 + 4
        outcomes.close()
    assert [outcome.error for outcome in seen] == [None] * 10
    assert len({outcome.paths for outcome in seen}) == 10


def test_an_executor_gives_what_this_process_gives() -> None:
    list(run_jobs(jobs(3)))
    alone = {path.name: path.read_bytes() for path in Path().glob("out-*.png")}
    with ThreadPoolExecutor(2) as executor:
        outcomes = list(run_jobs([replace(job, force=True) for job in jobs(3)], executor, workers=2))
    assert {outcome.error for outcome in outcomes} == {None}
    assert {path.name: path.read_bytes() for path in Path().glob("out-*.png")} == alone


class Killing(Executor):
    """Breaks whenever it is given a certain job, as a pool whose process that job kills; all in flight break with it."""

    def __init__(self, fatal: str, twice: bool) -> None:
        self.fatal, self.twice, self.waiting = fatal, twice, list[tuple[Future[Any], Any]]()
        self.kills = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        fatal = args[0].output == self.fatal and self.kills <= self.twice
        self.waiting.append((future, lambda: fn(*args)))
        if fatal:
            self.kills += 1
            for broken, work in self.waiting:
                work()  # written, and not told
                broken.set_exception(BrokenExecutor("killed"))
            self.waiting.clear()
        elif len(self.waiting) == 3 or self.kills:
            for whole, work in self.waiting:
                whole.set_result(work())
            self.waiting.clear()
        return future


@pytest.mark.parametrize("twice", [False, True])
def test_jobs_whose_worker_died_are_done_again_alone(twice: bool) -> None:
    outcomes = {o.job.output: o for o in run_jobs(jobs(5), Killing("out-1.png", twice), workers=2)}
    failed = [outcome.job.output for outcome in outcomes.values() if outcome.error]
    assert len(outcomes) == 5
    assert failed == (["out-1.png"] if twice else [])
    if twice:
        assert "was killed" in (outcomes["out-1.png"].error or "")
    assert len(list(Path().glob("out-*.png"))) == 5
    assert [outcomes[job.output].job for job in jobs(5)] == jobs(5)


def test_a_broken_pool_that_stays_broken_is_one_line_for_each_job() -> None:
    class Broken(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            raise BrokenExecutor

    assert [bool(outcome.error) for outcome in run_jobs(jobs(3), Broken(), workers=2)] == [True] * 3


def test_a_worker_that_died_after_writing_is_not_in_the_way() -> None:
    class Forgetful(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            fn(*args)  # done, and its answer lost
            return super().submit(fn, *args, **kwargs)

    with Forgetful(1) as executor:
        assert next(run_jobs([JOB], executor)).error is None


@pytest.mark.parametrize("output", ["out.png", "out.jpg"])
def test_files_that_exist_are_as_safe_from_an_executor(output: str) -> None:
    job = replace(JOB, output=output)
    carry_out(job)
    with ThreadPoolExecutor(1) as executor:
        outcome = next(run_jobs([job], executor))
    assert outcome.error == f"{output} exists; choose another name, or overwrite it with --force"


def test_what_an_executor_cannot_do_is_told() -> None:
    class Far(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(ModuleNotFoundError("No module named 'patchnn'"))
            return future

    assert next(run_jobs([JOB], Far())).error == "ModuleNotFoundError: No module named 'patchnn'"


def test_an_executor_that_gives_up_its_jobs_is_the_end() -> None:
    class Gone(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(BackendError, match="--resume makes what is missing"):
        next(run_jobs([JOB], Gone()))


# Processes.


def test_processes_share_the_cores_and_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "6")
    assert count_threads() == 6
    list(run_jobs(jobs(4)))
    alone = {path.name: path.read_bytes() for path in Path().glob("out-*.png")}
    with open_workers(2) as (executor, workers):
        assert workers == 2
        assert executor is not None
        assert executor.submit(count_threads).result() == 3
        outcomes = list(run_jobs([replace(job, force=True) for job in jobs(4)], executor, workers=workers))
    assert {outcome.error for outcome in outcomes} == {None}
    assert {path.name: path.read_bytes() for path in Path().glob("out-*.png")} == alone
    assert not multiprocessing.active_children()


@posix
def test_processes_never_hear_ctrl_c() -> None:
    with Processes(1) as pool:
        # From their first moment on: what is blocked was blocked when they began.
        assert signal.SIGINT in pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@posix
def test_processes_outlive_the_death_of_one() -> None:
    with Processes(2) as pool:
        killed = 0
        for number, outcome in enumerate(run_jobs(jobs(12), pool, workers=2)):
            assert outcome.error is None
            if number == 3:
                os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)
                killed += 1
    assert killed == 1
    assert len(list(Path().glob("out-*.png"))) == 12


@posix
def test_processes_end_at_once_when_left_by_an_exception() -> None:
    started = time.monotonic()

    def leave() -> None:
        with Processes(2) as pool:
            for _ in range(4):
                pool.submit(time.sleep, 60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    assert time.monotonic() - started < 30
    assert not multiprocessing.active_children()


@posix
def test_processes_end_with_the_one_that_began_them() -> None:
    code = """
import os, time
from patchnn.workers import Processes
if __name__ == "__main__":
    with Processes(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 60).result()
"""
    Path("parent.py").write_text(code)
    with subprocess.Popen([sys.executable, "parent.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child still runs")


# A cluster.


CLUSTER = """
import os, signal
from distributed import LocalCluster
from patchnn.batch import Job, run_jobs
from patchnn.workers import open_workers

if __name__ == "__main__":
    jobs = [
        Job("generate", {"image": [os.path.abspath("a.png")]}, os.path.abspath(f"out-{n}.png"), seed=n, options={"noise": 0.5})
        for n in range(40)
    ]
    settings = dict(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50)
    with LocalCluster(**settings) as cluster, open_workers(1, cluster.scheduler_address) as (executor, workers):
        assert workers == 2
        done = []
        for outcome in run_jobs(jobs, executor, workers=workers):
            assert outcome.error is None, outcome.error
            done.append(outcome.job)
            if len(done) == 5:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    assert sorted(job.seed for job in done) == list(range(40))
    list(run_jobs([Job("generate", {"image": ["a.png"]}, "alone.png", seed=7, options={"noise": 0.5})]))
"""


@posix
def test_a_cluster_one_of_whose_workers_is_killed(folder: Path) -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    # In a process of its own, for Dask leaves threads behind.
    Path("cluster.py").write_text(CLUSTER)
    environment = {**os.environ, THREADS: "1"}
    done = subprocess.run([sys.executable, "cluster.py"], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(list(folder.glob("out-*.png"))) == 40
    np.testing.assert_array_equal(read_image("alone.png"), read_image("out-7.png"))


def test_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="write tcp://HOST:PORT"), open_workers(1, "nonsense"):
        pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BackendError, match=r"pip install 'patchnn\[cluster\]'"), open_workers(1, "tcp://127.0.0.1:1"):
        pass


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "9" * 5000])
def test_a_number_of_threads_that_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(THREADS, text)
    with pytest.raises(BackendError, match=THREADS):
        count_threads()
