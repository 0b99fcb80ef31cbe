"""What every task's command does: find the files, make a job of every picture, and show what comes of them."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from patchnn.animate import check_animation
from patchnn.batch import Job, Outcome, carry_out, run_jobs
from patchnn.cli.inputs import MAPS, Inputs, find_inputs
from patchnn.cli.options import check_count, check_jobs, parse_bytes, parse_depth
from patchnn.cli.outputs import animation_paths, folder_pattern, map_path, output_paths, pattern_paths, stem
from patchnn.cli.progress import print_failures, show_progress
from patchnn.engine.backend import find_backend
from patchnn.errors import InputError
from patchnn.files import clear_parts
from patchnn.images import STREAM, check_output, read_record
from patchnn.registry import Registry
from patchnn.runner import SEARCH, TUNING
from patchnn.task import options
from patchnn.workers import open_workers

__all__ = ["make"]


def make(
    registry: Registry,
    name: str,
    values: dict[str, Any],
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE|FOLDER/",
            help="Where to write: a file, a folder, or - for standard output; by default named after the first input.",
        ),
    ] = None,
    count: Annotated[int, typer.Option("-n", "--count", metavar="INTEGER", help="How many pictures to make.")] = 1,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER",
            help="Which of all possible results; of several the first has this seed, the next one more. By default a random one.",
        ),
    ] = None,
    depth: Annotated[
        str,
        typer.Option(metavar="auto|8|16|float", help="Bits a channel; auto is the first input's, where the output can hold it."),
    ] = "auto",
    quality: Annotated[
        int | None, typer.Option(metavar="INTEGER", help="Of a JPEG or WebP, from 1 to 100; by default 95.")
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(metavar="NUMBER|inf", help=TUNING["alpha"].help),
    ] = None,
    patch: Annotated[int | None, typer.Option(metavar="INTEGER", help=TUNING["patch"].help)] = None,
    iterations: Annotated[int | None, typer.Option(metavar="INTEGER", help=TUNING["iterations"].help)] = None,
    ratio: Annotated[float | None, typer.Option(metavar="NUMBER", help=TUNING["ratio"].help)] = None,
    coarsest: Annotated[float | None, typer.Option(metavar="NUMBER", help=TUNING["coarsest"].help)] = None,
    search: Annotated[str, typer.Option(metavar="|".join(SEARCH.choices), help=SEARCH.help)] = "auto",
    backend: Annotated[
        str, typer.Option(metavar="auto|numpy|cupy", help="What computes; auto is the GPU where one runs.")
    ] = "auto",
    max_memory: Annotated[
        str | None,
        typer.Option(metavar="BYTES", help="Memory that may be used, as 4GB or 512MiB; by default half of what is free."),
    ] = None,
    apply_to: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Another picture of the source's size, made of the same patches; may be given again."),
    ] = None,
    animate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the run, coarse to fine, as an animation: .gif, .webp or .mp4."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(metavar="INTEGER", help="How many pictures to work on at a time, each in a process of its own.")
    ] = 1,
    cluster: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="A Dask scheduler whose workers do the work.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Leave pictures that the same command made before, and make the rest.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors and the files written.")] = False,
) -> None:
    """Make `count` pictures of each input and print their paths; the keyword arguments are the options that every task has.

    values: the task's own options as the command line gave them, files, folders and patterns in the place of pictures.
    """
    # Whatever can be wrong with the command is found before any work.
    task = registry.load(name)
    own = {o.name: values[o.name] for o in options(task) if not o.picture}
    for o in options(task):
        if o.name in own:
            o.check(own[o.name])
    memory = None if max_memory is None else parse_bytes(max_memory)
    check_count(count, seed)
    check_jobs(jobs)
    form: dict[str, Any] = {"depth": parse_depth(depth), "quality": quality}
    device = None if cluster else find_backend(backend)
    inputs = find_inputs(task, values, apply_to or [])
    places = _places(inputs, output, name, count, force or resume, form)

    notes = [f"backend: {device.description}"] if device and backend == "auto" else []
    if seed is None:
        earlier = _earlier_seed(inputs, places, name) if resume else None
        seed = secrets.randbelow(2**31) if earlier is None else earlier
        notes.append(f"seed: {seed}")
    total = len(inputs.names) * count
    if (jobs > 1 or cluster) and STREAM in (output, *(word for words in inputs.words.values() for word in words)):
        raise InputError("- is standard input or output, which other processes do not have: leave out --jobs and --cluster")
    animations = animation_paths(animate, total)
    for path in animations:
        check_animation(path, overwrite=force or resume)
    jobs = min(jobs, total)
    if device and jobs > 1:
        memory = (memory or device.free_bytes() // 2) // jobs
    tuning = {"alpha": alpha, "patch": patch, "iterations": iterations, "ratio": ratio, "coarsest": coarsest}
    job = Job(name, {}, "", seed, own, tuning, search, backend, memory, **form, force=force, resume=resume)
    work = _jobs(job, inputs, places, animations)
    if cluster:
        work = map(_absolute, work)

    failed: list[Outcome] = []
    with open_workers(jobs, cluster) as (executor, workers), show_progress(total, notes, quiet) as display:
        if total == 1 and executor is None:
            outcomes = iter([carry_out(next(work), display.observe, registry)])
        else:
            outcomes = run_jobs(work, executor, workers=workers, observe=display.observe, registry=registry)
        for outcome in outcomes:
            display.note(outcome.notes)
            display.finish(_in_words(outcome))
            if outcome.error:
                failed.append(outcome)
            for file in outcome.paths if output != STREAM else ():
                display.print(file)
    if failed:
        _explain(failed, total)
        raise typer.Exit(1)


def _places(
    inputs: Inputs, output: str | None, name: str, count: int, overwrite: bool, form: dict[str, Any]
) -> Callable[[str], list[Path]]:
    """Return what says, for each picture that is gone through, where its results go; raises InputError if they cannot."""
    if output == STREAM and (inputs.through or count > 1 or inputs.words[MAPS]):
        raise InputError("--output is -, standard output, which takes one picture: give a folder, as -o out/")
    if inputs.through:
        pattern = folder_pattern(output, len(inputs.names), form)
        clear_parts(Path(pattern).parent)
        return lambda picture: pattern_paths(pattern, stem(picture), count)
    paths = output_paths(output, f"{stem(inputs.names[0])}-{name}", count, overwrite)
    for path in paths:
        check_output(path, **form, overwrite=overwrite)
    return lambda picture: paths


def _jobs(job: Job, inputs: Inputs, places: Callable[[str], list[Path]], animations: list[Path]) -> Iterator[Job]:
    """Yield a job for every picture to be made, with seeds that count up from `job`'s for each that is gone through."""
    animation = map(str, animations)
    for picture, files in inputs:
        given = files.pop(MAPS)
        for index, path in enumerate(places(picture)):
            maps = tuple((file, str(map_path(path, file, picture))) for file in given)
            seed, shown = job.seed + index, next(animation, None)
            yield replace(job, files=files, output=str(path), seed=seed, maps=maps, animation=shown)


def _absolute(job: Job) -> Job:
    """Name a job's files as another machine finds them, on a file system that both see."""
    files = {key: [os.path.abspath(file) for file in several] for key, several in job.files.items()}
    maps = tuple((os.path.abspath(file), os.path.abspath(path)) for file, path in job.maps)
    animation = job.animation and os.path.abspath(job.animation)
    return replace(job, files=files, output=os.path.abspath(job.output), maps=maps, animation=animation)


def _earlier_seed(inputs: Inputs, places: Callable[[str], list[Path]], name: str) -> int | None:
    """Return the seed that the first picture there was made with, so that the others are made with it too."""
    for picture in inputs.names:
        for index, path in enumerate(places(picture)):
            if path.suffix.lower() == ".png" and path.exists():
                with contextlib.suppress(InputError, KeyError, TypeError):
                    record = read_record(path)
                    if record["task"] == name:
                        return max(0, int(record["seed"]) - index)
    return None


def _in_words(outcome: Outcome) -> str:
    if outcome.error:
        return f"{outcome.job.output} failed"
    return f"{outcome.job.output} {'was there' if outcome.skipped else f'{outcome.seconds:.1f} s'}"


def _explain(failed: list[Outcome], total: int) -> None:
    """Say on stderr what failed and why, what went wrong in the same way once."""
    reasons = []
    for (error, about), times in Counter((str(outcome.error), outcome.about) for outcome in failed).items():
        where = next(outcome.job.output for outcome in failed if outcome.error == error)
        reasons.append(error if about == "output" else f"{error} ({f'{times} pictures' if times > 1 else where})")
    print_failures(len(failed), total, reasons)
