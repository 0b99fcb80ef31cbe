"""What a task's command does: parse the options, plan a job for every image, run the jobs and report what came of them."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from patchnn.animate import check_animation
from patchnn.batch import Job, Outcome, carry_out, run_jobs
from patchnn.cli.inputs import GUIDES, MAPS, Inputs, find_inputs, weighted
from patchnn.cli.options import check_count, check_jobs, parse_depth, with_flag
from patchnn.cli.outputs import check_not_empty, folder_pattern, map_path, output_paths, pattern_paths, side_paths, stem
from patchnn.cli.printing import say
from patchnn.cli.progress import Display, print_failures, show_progress
from patchnn.cli.request import Request
from patchnn.engine.backend import Backend, find_backend
from patchnn.errors import InputError
from patchnn.files import clear_parts
from patchnn.images import STREAM, check_output, read_record
from patchnn.workers import open_workers

__all__ = ["run_task"]

Places = Callable[[str], list[Path]]
"""Returns where to write the results of an input image."""


@dataclass(frozen=True)
class Plans:
    """Everything a command is about to do, checked.

    total: how many images. workers: how many at a time. jobs: one for each image. notes: lines to show first.
    """

    request: Request
    total: int
    workers: int
    jobs: Iterator[Job]
    notes: list[str]


def run_task(request: Request) -> None:
    """Make `count` images of each input and print their paths; raises typer.Exit(1) if some failed."""
    plans = plan_jobs(request, parse(request))
    failed = run_and_report(plans)
    if failed:
        print_failures(len(failed), plans.total, _reasons(request, failed))
        raise typer.Exit(1)


def parse(request: Request) -> Job:
    """Return a job with the options that all images share; raises InputError for any option that cannot be used."""
    given = request.settings
    check_count(given.count, given.seed)
    check_jobs(given.jobs)
    check_not_empty("--output", given.output)
    for option, file in (("--animate", given.animate), ("--preview", given.preview)):
        check_not_empty(option, "" if file == Path() else str(file))
    return request.job(max_memory=given.memory, depth=parse_depth(given.depth), quality=given.quality)


def plan_jobs(request: Request, shared: Job) -> Plans:
    """Find the inputs, decide on outputs and seeds, and return a job for every image.

    Raises InputError for inputs that are missing and outputs that cannot be written.
    """
    given = request.settings
    device = None if given.cluster else find_backend(given.backend)
    inputs = find_inputs(request.task, request.values, given.apply_to or [], given.guide_files)
    total = len(inputs.names) * given.count
    _check_streams(request, inputs)
    places = _places(request, inputs, {"depth": shared.depth, "quality": shared.quality})
    beside = {"animation": side_paths(given.animate, total), "preview": side_paths(given.preview, total)}
    for path in beside["animation"]:
        check_animation(path, overwrite=given.force or given.resume)
    for path in beside["preview"]:
        check_output(path, overwrite=given.force or given.resume)

    notes = [f"backend: {device.description}"] if device and given.backend == "auto" else []
    seed = given.seed
    if seed is None:
        earlier = _earlier_seed(inputs, places, request.name) if given.resume else None
        seed = secrets.randbelow(2**31) if earlier is None else earlier
        notes.append(f"seed: {seed}")
    workers = min(given.jobs, total)
    memory = share_memory(shared.max_memory, device, workers)
    jobs = _jobs(replace(shared, seed=seed, max_memory=memory), inputs, places, beside, [weight for *_, weight in given.guides])
    return Plans(request, total, workers, map(_absolute, jobs) if given.cluster else jobs, notes)


def run_and_report(plans: Plans) -> list[Outcome]:
    """Run the jobs, show progress and print the paths of the files; return the outcomes that failed."""
    request, given = plans.request, plans.request.settings
    failed: list[Outcome] = []
    made: list[Outcome] = []
    started = time.monotonic()
    with (
        open_workers(plans.workers, given.cluster) as (executor, workers),
        show_progress(plans.total, plans.notes, given.quiet) as display,
    ):
        if plans.total == 1 and executor is None:
            outcomes = iter([carry_out(next(plans.jobs), display.observe, request.registry)])
        else:
            outcomes = run_jobs(plans.jobs, executor, workers=workers, observe=display.observe, registry=request.registry)
        for outcome in outcomes:
            _show(outcome, display, stdout_is_free=given.output != STREAM)
            (failed if outcome.error else made).append(outcome)
    if made and not given.quiet:
        say(_closing(made, time.monotonic() - started))
    return failed


def _closing(made: list[Outcome], seconds: float) -> str:
    """Return the last line of a run: what was made, how long it took, and the seeds."""
    first, several = made[0], sorted({outcome.job.seed for outcome in made})
    if len(made) > 1:
        seeds = f"seeds {several[0]} to {several[-1]}" if len(several) > 1 else f"seed {several[0]}"
        skipped = sum(outcome.skipped for outcome in made)
        before = f", {skipped} of them made before" if skipped else ""
        return f"{len(made)} images{before}: {seconds:.1f} s, {seeds}"
    if first.skipped:
        return f"{first.job.output}: made before"
    name = "standard output" if first.job.output == STREAM else first.job.output
    return f"{name}: {first.made}, {first.seconds:.1f} s, seed {first.job.seed}"


def share_memory(limit: int | None, device: Backend | None, workers: int) -> int | None:
    """Return the memory limit of one job, in bytes, where several work at the same time on this machine."""
    if device is None or workers < 2:
        return limit
    return (limit or device.free_bytes() // 2) // workers


def _check_streams(request: Request, inputs: Inputs) -> None:
    """Raise InputError where - cannot be used: standard output takes one image, and other processes have neither stream."""
    given = request.settings
    if given.preview == Path(STREAM):
        raise InputError("--preview is -, standard output, which takes one image: give a file, as in --preview twice.png")
    if given.output == STREAM and (inputs.through or given.count > 1 or inputs.words[MAPS]):
        raise InputError("--output is -, standard output, which takes one image: give a folder, as in -o out/")
    if (given.jobs > 1 or given.cluster) and STREAM in (
        given.output,
        *(word for words in inputs.words.values() for word in words),
    ):
        raise InputError("- is standard input or output, which other processes do not have: leave out --jobs and --cluster")


def _places(request: Request, inputs: Inputs, form: Mapping[str, Any]) -> Places:
    """Return a function from an input image to its output paths; raises InputError if they cannot be written."""
    given = request.settings
    overwrite = given.force or given.resume
    if inputs.through:
        pattern = folder_pattern(given.output, len(inputs.names), form)
        clear_parts(Path(pattern).parent)
        return lambda image: pattern_paths(pattern, stem(image), given.count)
    paths = output_paths(given.output, f"{stem(inputs.names[0])}-{request.name}", given.count, overwrite)
    for path in paths:
        check_output(path, **form, overwrite=overwrite)
    return lambda image: paths


def _jobs(shared: Job, inputs: Inputs, places: Places, beside: dict[str, list[Path]], weights: list[float]) -> Iterator[Job]:
    """Yield a job for every image; the seeds of one input's images count up from the shared job's.

    beside: the paths of the images' animations and previews, by the job's field.
    """
    paths_beside = {field: map(str, paths) for field, paths in beside.items()}
    for image, files in inputs:
        given = files.pop(MAPS)
        shared = replace(shared, guides=weighted(files.pop(GUIDES), weights))
        for index, path in enumerate(places(image)):
            maps = tuple((file, str(map_path(path, file, image))) for file in given)
            more: dict[str, Any] = {field: next(paths, None) for field, paths in paths_beside.items()}
            yield replace(shared, files=files, output=str(path), seed=shared.seed + index, maps=maps, **more)


def _absolute(job: Job) -> Job:
    """Return a job with absolute file names, for another machine that shares the file system."""
    files = {key: [os.path.abspath(file) for file in several] for key, several in job.files.items()}
    maps = tuple((os.path.abspath(file), os.path.abspath(path)) for file, path in job.maps)
    guides = tuple((os.path.abspath(source), os.path.abspath(target), weight) for source, target, weight in job.guides)
    animation, preview = (file and os.path.abspath(file) for file in (job.animation, job.preview))
    more: dict[str, Any] = {"maps": maps, "guides": guides, "animation": animation, "preview": preview}
    return replace(job, files=files, output=os.path.abspath(job.output), **more)


def _earlier_seed(inputs: Inputs, places: Places, task: str) -> int | None:
    """Return the seed of an earlier run of this command, read from the first output that exists; None without one."""
    for image in inputs.names:
        for index, path in enumerate(places(image)):
            if path.suffix.lower() == ".png" and path.exists():
                with contextlib.suppress(InputError, KeyError, TypeError, ValueError, OverflowError):
                    record = read_record(path)
                    if record["task"] == task:
                        return max(0, int(record["seed"]) - index)
    return None


def _show(outcome: Outcome, display: Display, *, stdout_is_free: bool) -> None:
    """Show what came of one job and print the paths of its files."""
    came = "failed" if outcome.error else "skipped, already made" if outcome.skipped else f"{outcome.seconds:.1f} s"
    display.note(outcome.notes)
    display.finish(f"{outcome.job.output} {came}")
    for file in outcome.paths if stdout_is_free else ():
        display.print(file)


def _reasons(request: Request, failed: list[Outcome]) -> list[str]:
    """Return why images failed, each reason once, with the output or the number of images that it concerns."""
    reasons = []
    for (error, about), times in Counter((str(outcome.error), outcome.about) for outcome in failed).items():
        first = next(outcome.job.output for outcome in failed if outcome.error == error)
        where = "" if about == "output" else f" ({f'{times} images' if times > 1 else first})"
        reasons.append(with_flag(error, about, request.named) + where)
    return reasons
