"""One image from files: a job as plain data, and how it is carried out."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from patchnn.animate import Animation
from patchnn.engine.arrays import Image
from patchnn.engine.plan import Plan
from patchnn.engine.synthesize import Observer
from patchnn.errors import InputError, PatchnnError, PluginError, concerning, memory_bounded
from patchnn.guides import as_target
from patchnn.images import (
    STREAM,
    BitDepth,
    check_output,
    may_be_ours,
    read_image,
    read_record,
    write_image,
)
from patchnn.job_files import JobFiles
from patchnn.record import as_argument, command_words, describe, digest, flag, same
from patchnn.registry import Registry, origin
from patchnn.runner import Result, run, together
from patchnn.task import Task, options
from patchnn.tuning import TUNING, tune

__all__ = ["Job", "Outcome", "carry_out", "prepare", "record_of"]


@dataclass(frozen=True)
class Job:
    """One image to make from files, as plain data that can go to another process or machine.

    Attributes
    ----------
    task
        The name of a task's entry point.
    files
        File names, by image option.
    output
        The file to write.
    seed
        Random seed, 0 to 2**32 - 1.
    options
        The task's other options, as JSON values.
    tuning, search, backend, max_memory
        As in `patchnn.run`.
    depth, quality
        As in `write_image`. Default: those of the first image.
    guides
        Pairs of files and a weight: a guide of the source, one of the result (see `patchnn.Guide`). A task with several
        sources takes one of these for each, in their order, all with the first one's target.
    maps
        Pairs of files: an image of the source's size, and where to write what the same patches make of it. A task with
        several sources takes one image for each, in their order, and writes to the first one's place.
    animation
        The file to write an animation of the run to.
    preview
        The file to write the result to as it repeats: twice along each axis whose ends join.
    force
        Overwrite files.
    resume
        Keep an output that the same job already made.

    Examples
    --------
    >>> Job("generate", {"image": ["a.png"]}, "out.png", seed=5, options={"noise": 0.5}).task
    'generate'
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
    guides: tuple[tuple[str, str, float], ...] = ()
    maps: tuple[tuple[str, str], ...] = ()
    animation: str | None = None
    preview: str | None = None
    force: bool = False
    resume: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a job did.

    Attributes
    ----------
    job
        The job.
    paths
        The files that hold the result, the image first.
    seconds
        How long the job took.
    error
        Why there is no result, in one line, or None.
    about
        The option that the error concerns, as in `InputError`.
    skipped
        Whether the result was there before.
    notes
        Remarks about the job's files.
    made
        The image in a few words: its size, and where a layout was made how much of it moved.
    """

    job: Job
    paths: tuple[str, ...]
    seconds: float
    error: str | None = None
    about: str | None = None
    skipped: bool = False
    notes: tuple[str, ...] = ()
    made: str = ""


def carry_out(job: Job, observe: Observer | None = None, registry: Registry | None = None) -> Outcome:
    """Carry out a job: read its files, make the image and its maps, and write them, each whole or not at all.

    Parameters
    ----------
    job
        The job.
    observe
        Called with a `Progress`, as in `run`.
    registry
        The tasks. Default: those that are installed.

    Returns
    -------
    Outcome
        The files that were written, and what the user should know.

    Raises
    ------
    InputError
        If a file or an option cannot be used.
    PluginError
        If the task cannot be loaded, or fails.
    BackendError
        If the backend cannot run, or memory runs out.
    """
    started = time.perf_counter()
    task_class = (registry or Registry()).load(job.task)
    files = JobFiles(job.max_memory)
    task, plan = prepare(job, task_class, files)
    guides, maps = files.guides(job.guides, plan), files.maps(job.maps, plan)
    outputs = (job.output, *(output for output, *_ in maps), *filter(None, (job.preview, job.animation)))
    if len(set(outputs)) < len(outputs):
        raise InputError(f"{job.output}: two results would go to one file; rename one of them", about="output")
    digests: dict[str, Any] = {"maps": [[digest(image) for image in images] for _, images, _ in maps]} if maps else {}
    digests |= {"guides": [guide.to_json() for guide in guides]} if guides else {}
    record = record_of(job, task, **digests)
    there = _what_is_there(job, record)
    if there == "another" and not job.force:
        raise InputError(f"{job.output} was made otherwise: choose another folder, or overwrite it with --force", about="output")
    made, missing = "", {path: job.force for path in outputs if there != "done" or not os.path.exists(path)}
    if there == "damaged":
        missing[job.output] = True
    animation = _check_places(job, plan, missing)
    if missing:
        how: dict[str, Any] = {"search": job.search, "backend": job.backend, "max_memory": job.max_memory}
        result = run(task, seed=job.seed, **job.tuning, guides=guides, **how, observe=together(observe, animation), plan=plan)
        record |= found_by(result)
        made = _in_words(result)
        files.notes += [f"{job.output}: {note}" for note in result.notes]
        form: dict[str, Any] = {"depth": job.depth, "quality": job.quality, "traits": files.traits}
        # The image comes first: its record vouches for the maps that are there too.
        if job.output in missing:
            write_image(job.output, result.image, **form, record=record, overwrite=missing[job.output])
        if job.preview in missing:
            write_image(job.preview, _twice(result.image, plan.wrap), **form, overwrite=missing[job.preview])
        for path, images, traits in maps:
            if path in missing:
                write_image(path, result.apply(*images), traits=traits, overwrite=missing[path])
        if animation:
            animation.write()
    notes = (*files.notes, *plan.notes)
    return Outcome(job, outputs, time.perf_counter() - started, skipped=not missing, notes=notes, made=made)


def prepare(job: Job, task_class: type[Task], files: JobFiles | None = None) -> tuple[Task, Plan]:
    """Read a job's files and return its task and plan; errors name the files, or the plugin that failed."""
    files = files or JobFiles(job.max_memory)
    images: dict[str, Any] = {}
    for o in options(task_class):
        if o.positional and o.name not in {*job.files, *job.options}:
            raise InputError(f"{o.name} is missing: {job.task} needs it", about=o.name)
        if o.is_image and job.files.get(o.name):
            several = tuple(files.read_option(o, file) for file in job.files[o.name])
            images[o.name] = several if o.many else several[0]
    named = {*job.options, *TUNING, *(o.name for o in options(task_class) if not o.is_image)}
    every = ", ".join(name for several in job.files.values() for name in several)
    try:
        with memory_bounded():
            task = task_class.from_json(job.options, **images)
            return task, tune(task, job.seed, **job.tuning)
    except InputError as error:
        if error.about in named:
            raise
        # Any other error is about images, and users know those by their files.
        names = ", ".join(job.files.get(error.about or "", [])) or every
        raise InputError(f"{names}: {error}", error.about) from None
    except PatchnnError:
        raise
    except Exception as error:
        cause = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise PluginError(f"{every}: the task {job.task} of {origin(task_class)} failed: {cause}") from error


def record_of(job: Job, task: Task, **more: Any) -> dict[str, Any]:
    """Return the record of a job's result, with its files and the command that makes it again; more: other fields of it."""
    files = {o.name: list(job.files.get(o.name, [])) for o in options(type(task)) if o.is_image}
    chosen = {key: word for key, word in (("search", job.search), ("backend", job.backend)) if word != "auto"}
    extra = {**job.tuning, **chosen, "depth": job.depth, "quality": job.quality, "apply_to": [file for file, _ in job.maps]}
    command = command_words(job.task, task, files, {**extra, "seed": job.seed})
    for source, target, weight in job.guides:
        command += [flag("guide"), as_argument(source), as_target(target, weight)]
    facts = {"backend": job.backend, "depth": job.depth, "files": dict(job.files), "command": command, **more}
    return describe(task, name=job.task, seed=job.seed, tuning=job.tuning, search=job.search, **facts)


def found_by(result: Result) -> dict[str, Any]:
    """Return what a record tells that only the run could find: the backend, and the start where several were tried."""
    return {name: result.record[name] for name in ("backend", "start") if name in result.record}


def _in_words(result: Result) -> str:
    rows, columns = result.image.shape[:2]
    start = result.record.get("start")
    return f"{columns}×{rows}" + (f", {start['variety']:.0%} moved" if start else "")


def _twice(image: Image, joined: tuple[bool, bool]) -> Image:
    """Return an image beside itself, along each axis whose ends are joined."""
    return np.tile(image, (1 + joined[0], 1 + joined[1], 1))


def _check_places(job: Job, plan: Plan, missing: Mapping[str, bool]) -> Animation | None:
    """Check that the missing files can be written, each overwritten or not; return the animation if it is one of them."""
    if job.preview and not any(plan.wrap):
        raise InputError(f"preview is for images that repeat, and {job.task} makes none", about="preview")
    animation = None
    for path, overwrite in missing.items():
        if path == job.animation:
            animation = Animation(path, plan.rounds or (), overwrite=overwrite)
        elif path in (job.output, job.preview):
            with concerning("output" if path == job.output else "preview"):
                check_output(path, channels=plan.guess.shape[2], depth=job.depth, quality=job.quality, overwrite=overwrite)
        else:
            with concerning("apply_to"):
                check_output(path, overwrite=overwrite)
    return animation


def _what_is_there(job: Job, wanted: dict[str, Any]) -> Literal["nothing", "damaged", "another", "done"]:
    """Say what a job that is resumed finds in place of its output; a file that holds no record counts as done."""
    path = Path(job.output)
    if not job.resume or job.output == STREAM or not path.is_file():
        return "nothing"
    try:
        read_image(path, max_memory=job.max_memory)
    except InputError as error:
        if error.about == "max_memory":
            raise
        return "damaged" if may_be_ours(path) else "another"
    if path.suffix.lower() != ".png":
        return "done"
    with suppress(InputError):
        if same(read_record(path), wanted):
            return "done"
    return "another"
