"""Many jobs, through any executor."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patchnn import BackendError
from patchnn.batch import Job, Outcome, carry_out, run_jobs
from small_jobs import JOB, jobs, write_images


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a few small images in it."""
    monkeypatch.chdir(tmp_path)
    write_images()
    return tmp_path


def test_a_job_that_fails_stops_none_of_the_others() -> None:
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


def test_ctrl_c_is_not_a_failure_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_an_error_of_an_executor_is_the_outcome() -> None:
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
