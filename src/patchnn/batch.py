"""Many images: jobs carried out here, in processes or on a cluster, a few at a time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import replace

from patchnn.animate import check_animation
from patchnn.engine.synthesize import Observer
from patchnn.errors import BackendError, InputError, PatchnnError, concerning, debugging, print_traceback
from patchnn.images import check_output
from patchnn.job import Job, Outcome, carry_out
from patchnn.registry import Registry

__all__ = ["Job", "Outcome", "carry_out", "run_jobs"]


def run_jobs(
    jobs: Iterable[Job],
    executor: Executor | None = None,
    *,
    workers: int = 1,
    observe: Observer | None = None,
    registry: Registry | None = None,
) -> Iterator[Outcome]:
    """Carry out jobs and yield what each did, as soon as it is done. A job that fails stops none of the others.

    Parameters
    ----------
    jobs
        The jobs. They may come from a generator without end: only two for each worker are in flight at any time.
    executor
        Any executor of `concurrent.futures`. None carries the jobs out in this process, one after the other.
    workers
        How many jobs the executor works on at a time.
    observe, registry
        As in `carry_out`, for jobs of this process.

    Yields
    ------
    Outcome
        What a job did. Jobs whose worker died are tried once more at the end, each alone.

    Raises
    ------
    BackendError
        If the executor cancels its jobs.

    Examples
    --------
    >>> job = Job("generate", {"image": ["missing.png"]}, "out.png", seed=1)
    >>> [outcome.error for outcome in run_jobs([job])]
    ['missing.png does not exist']
    """
    if executor is None:
        yield from (_attempt(job, observe, registry) for job in jobs)
        return
    lost: list[Job] = []
    for job, outcome in _through(executor, jobs, 2 * workers):
        if outcome is None:
            lost.append(job)
        else:
            yield outcome
    died = "the process that worked on it was killed: most likely memory ran out (try --max-memory, or fewer --jobs)"
    for job in lost:
        # It may have written its files before it died.
        again = job if job.force else replace(job, resume=True)
        for _, outcome in _through(executor, [again], 1):
            yield replace(outcome, job=job) if outcome else Outcome(job, (), 0.0, died)


def _through(executor: Executor, jobs: Iterable[Job], limit: int) -> Iterator[tuple[Job, Outcome | None]]:
    """Send jobs through an executor, at most `limit` at a time; the outcome is None where the worker died."""
    todo, flying = iter(jobs), dict[Future[Outcome], Job]()
    try:
        while True:
            for job in todo:
                try:
                    flying[executor.submit(_attempt, _repeatable(job))] = job
                except InputError as error:
                    yield job, _failure(job, 0.0, error)
                except BrokenExecutor:
                    yield job, None
                if len(flying) >= limit:
                    break
            if not flying:
                return
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                job = flying.pop(future)
                yield job, _outcome(job, future)
    finally:
        for future in flying:
            future.cancel()


def _repeatable(job: Job) -> Job:
    """Return a job that may be done twice: one whose worker dies may have written its files already.

    Raises InputError if there are files in its place, as the job itself would.
    """
    if job.force or job.resume:
        return job
    with concerning("output"):
        check_output(job.output)
    for path in (*(path for _, path in job.maps), *filter(None, [job.preview])):
        check_output(path)
    if job.animation:
        check_animation(job.animation)
    return replace(job, resume=True)


def _outcome(job: Job, future: Future[Outcome]) -> Outcome | None:
    try:
        return replace(future.result(), job=job)
    except BrokenExecutor:
        return None
    except CancelledError:
        raise BackendError("the cluster is gone, and with it what it had in hand; --resume makes what is missing") from None
    except Exception as error:
        # What an executor makes of a job that never ran, as a cluster whose machines lack patchnn.
        return _failure(job, 0.0, error)


def _attempt(job: Job, observe: Observer | None = None, registry: Registry | None = None) -> Outcome:
    """Carry out a job, with its failure as an outcome."""
    started = time.perf_counter()
    try:
        return carry_out(job, observe, registry)
    except Exception as error:
        if debugging():
            print_traceback()
        return _failure(job, time.perf_counter() - started, error)


def _failure(job: Job, seconds: float, error: Exception) -> Outcome:
    """Return the outcome of a job that ended with an error, in one line."""
    text = " ".join(str(error).split())
    line = text if isinstance(error, PatchnnError) else f"{type(error).__name__}: {text}"
    return Outcome(job, (), seconds, line, error.about if isinstance(error, PatchnnError) else None)
