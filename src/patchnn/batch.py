"""Many pictures: jobs as plain data, carried out here, in processes or on a cluster, a few at a time."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from patchnn.animate import Animation, check_animation
from patchnn.engine.backend import Backend, find_backend
from patchnn.engine.maps import check_maps
from patchnn.engine.plan import Image, Plan
from patchnn.engine.synthesize import Observer
from patchnn.errors import BackendError, InputError, PatchnnError, concerning, debugging
from patchnn.images import (
    STREAM,
    BitDepth,
    DecodedImage,
    FileTraits,
    check_output,
    read_file,
    read_image,
    read_record,
    write_image,
)
from patchnn.record import command_words, describe, digest, same
from patchnn.registry import Registry
from patchnn.runner import run
from patchnn.task import Option, Task, options
from patchnn.tuning import TUNING, tune

__all__ = ["Job", "Outcome", "carry_out", "prepare", "record_of", "run_jobs"]


@dataclass(frozen=True)
class Job:
    """One picture to be made from files, as plain data that can be sent to another process or machine.

    task: the name of an entry point. files: names of files by picture option. output: the file to write. seed: 0 to
    2**32 - 1. options: the task's other options as JSON values. tuning, search, backend, max_memory: as in run.
    depth, quality: as in write_image; by default those of the first picture.
    maps: files of the source's size and where to write what the same patches make of them; with several sources, one
    for each in their order, written where the first of them says. animation: a file for the run to be seen in. force:
    overwrite files. resume: leave a file that is whole and was made by the same job.
    """

    task: str
    files: Mapping[str, list[str]]
    output: str
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)
    tuning: Mapping[str, Any] = field(default_factory=dict)
    search: str = "auto"
    backend: str = "auto"
    max_memory: int | None = None
    depth: BitDepth | None = None
    quality: int | None = None
    maps: tuple[tuple[str, str], ...] = ()
    animation: str | None = None
    force: bool = False
    resume: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    paths: the files that hold its result, the picture first. seconds: how long it took. error: why there is none, in
    one line. about: the option that the error concerns, as in InputError. skipped: it had been done before. notes: what is
    to be said of its files.
    """

    job: Job
    paths: tuple[str, ...]
    seconds: float
    error: str | None = None
    about: str | None = None
    skipped: bool = False
    notes: tuple[str, ...] = ()


def carry_out(job: Job, observe: Observer | None = None, registry: Registry | None = None) -> Outcome:
    """Do a job: read its files, make the picture and its maps, and write them, each whole or not at all.

    Raises InputError for files and options that cannot be used, PluginError for a task that cannot be loaded,
    BackendError for a backend that cannot run.
    """
    started = time.perf_counter()
    task_class = (registry or Registry()).load(job.task)
    files = _Files()
    task, plan = prepare(job, task_class, files)
    maps = _read_maps(job, plan, files)
    outputs = (job.output, *(output for output, *_ in maps), *([job.animation] if job.animation else []))
    if len(set(outputs)) < len(outputs):
        raise InputError(f"{job.output}: two results would be written to one file; rename one of them", about="output")
    form: dict[str, Any] = {"depth": job.depth, "quality": job.quality}
    drawn = {"maps": [[digest(image) for image in images] for _, images, _ in maps]} if maps else {}

    record = record_of(job, task, **drawn)
    there = _what_is_there(job, record)
    if there == "another" and not job.force:
        raise InputError(f"{job.output} was made otherwise: choose another folder, or overwrite it with --force", about="output")
    missing = [path for path in outputs if there != "done" or not os.path.exists(path)]
    overwrite = {path: job.force or (there == "damaged" and path == job.output) for path in missing}
    animation: Animation | None = None
    for path in missing:
        if path == job.animation:
            animation = Animation(path, plan.rounds or (), overwrite=overwrite[path])
            continue
        own = {"channels": plan.guess.shape[2], **form} if path == job.output else {}
        with concerning("output" if path == job.output else "apply_to"):
            check_output(path, **own, overwrite=overwrite[path])
    if missing:
        how: dict[str, Any] = {"search": job.search, "backend": _backend(job.backend), "max_memory": job.max_memory}
        result = run(task, seed=job.seed, **job.tuning, **how, observe=_together(observe, animation))
        record["backend"] = result.record["backend"]
        # The picture comes first: where it is done, its record vouches for maps that are there too.
        if job.output in missing:
            write_image(job.output, result.image, traits=files.traits, **form, record=record, overwrite=overwrite[job.output])
        for path, images, traits in maps:
            if path in missing:
                write_image(path, result.apply(*images), traits=traits, overwrite=overwrite[path])
        if animation:
            animation.write()
    return Outcome(job, outputs, time.perf_counter() - started, skipped=not missing, notes=tuple(files.notes))


@cache
def _backend(name: str) -> Backend:
    """Return the backend of that name, one for all jobs: threads that come and go for each leave memory behind."""
    return find_backend(name)


def _together(*observers: Observer | None) -> Observer | None:
    """Return one observer for all that are there."""
    there = [observer for observer in observers if observer]
    return (lambda progress: [observer(progress) for observer in there]) if there else None


def record_of(job: Job, task: Task, **more: Any) -> dict[str, Any]:
    """Return the record of a job's result, with its files and the command that makes it again; more: other fields of it."""
    files = {o.name: list(job.files.get(o.name, [])) for o in options(type(task)) if o.picture}
    chosen = {key: word for key, word in (("search", job.search), ("backend", job.backend)) if word != "auto"}
    extra = {**job.tuning, **chosen, "depth": job.depth, "quality": job.quality, "apply_to": [file for file, _ in job.maps]}
    command = command_words(job.task, task, files, {**extra, "seed": job.seed})
    facts = {"backend": job.backend, "depth": job.depth, "files": dict(job.files), "command": command, **more}
    return describe(task, name=job.task, seed=job.seed, tuning=job.tuning, search=job.search, **facts)


def run_jobs(
    jobs: Iterable[Job],
    executor: Executor | None = None,
    *,
    workers: int = 1,
    observe: Observer | None = None,
    registry: Registry | None = None,
) -> Iterator[Outcome]:
    """Do jobs and yield what came of each as it is done; one that fails keeps none of the others.

    executor: where they are done, any of concurrent.futures; None is here, one after the other, with `observe` and the
    tasks of `registry`. workers: how many the executor has. Only two jobs for each are in flight at any time, so that
    `jobs` may be a generator without end. Jobs whose worker died are done again at the end, each alone. Raises
    BackendError if the executor gives its jobs up.
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
    for _, path in job.maps:
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
            traceback.print_exc()
        return _failure(job, time.perf_counter() - started, error)


def _failure(job: Job, seconds: float, error: Exception) -> Outcome:
    """Return the outcome of a job that ended with an error, in one line."""
    text = " ".join(str(error).split())
    line = text if isinstance(error, PatchnnError) else f"{type(error).__name__}: {text}"
    return Outcome(job, (), seconds, line, error.about if isinstance(error, InputError) else None)


@dataclass
class _Files:
    """What the files of a job say of themselves. traits: the first image's. notes: what is to be said of any."""

    traits: FileTraits | None = None
    notes: list[str] = field(default_factory=list)

    def read(self, file: str) -> DecodedImage:
        """Read a picture, and keep what is to be said of it."""
        picture = read_file(file)
        if picture.frames > 1:
            self.notes.append(f"{file} holds {picture.frames} pictures: the first is used")
        return picture

    def read_option(self, option: Option, file: str) -> Any:
        """Return what an option takes of a picture: its mask, or its pixels."""
        picture = self.read(file)
        if option.type == "mask":
            return picture.mask()
        self.traits = self.traits or picture.traits
        return picture.pixels


def prepare(job: Job, task_class: type[Task], files: _Files | None = None) -> tuple[Task, Plan]:
    """Return the task and its plan, with the job's files read."""
    files = files or _Files()
    pictures: dict[str, Any] = {}
    for o in options(task_class):
        if o.positional and o.name not in {*job.files, *job.options}:
            raise InputError(f"{o.name} is missing: {job.task} cannot do without", about=o.name)
        if o.picture and job.files.get(o.name):
            several = tuple(files.read_option(o, file) for file in job.files[o.name])
            pictures[o.name] = several if o.many else several[0]
    try:
        task = task_class.from_json(job.options, **pictures)
        return task, tune(task, **job.tuning)
    except InputError as error:
        if error.about in {*job.options, *TUNING, *(o.name for o in options(task_class) if not o.picture)}:
            raise
        # Everything else is about pictures, which have names here.
        names = job.files.get(error.about or "") or [name for several in job.files.values() for name in several]
        raise InputError(f"{', '.join(names)}: {error}", error.about) from None


def _read_maps(job: Job, plan: Plan, files: _Files) -> list[tuple[str, list[Image], FileTraits]]:
    """Return for each map where it goes, its pictures, one for every source, and the first one's traits."""
    count, found = len(plan.sources), []
    for start in range(0, len(job.maps), count):
        group = job.maps[start : start + count]
        pictures = [files.read(file) for file, _ in group]
        try:
            found.append((group[0][1], check_maps(plan, [p.pixels for p in pictures]), pictures[0].traits))
        except InputError as error:
            raise InputError(f"{', '.join(file for file, _ in group)}: {error}", about="apply_to") from None
    return found


def _what_is_there(job: Job, wanted: dict[str, Any]) -> Literal["nothing", "damaged", "another", "done"]:
    """Say what a job that is resumed finds in place of its output; a file that holds no record counts as done."""
    path = Path(job.output)
    if not job.resume or job.output == STREAM or not path.is_file():
        return "nothing"
    try:
        read_image(path)
    except InputError:
        return "damaged"
    if path.suffix.lower() != ".png":
        return "done"
    with suppress(InputError):
        if same(read_record(path), wanted):
            return "done"
    return "another"
