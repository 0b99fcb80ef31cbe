"""`patchnn sweep`: one image under many settings, as a contact sheet."""

from __future__ import annotations

import copy
import inspect
import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from patchnn.cli.options import check_count
from patchnn.cli.outputs import output_paths, stem
from patchnn.cli.printing import write
from patchnn.cli.progress import show_progress
from patchnn.cli.request import Request
from patchnn.engine.arrays import Image
from patchnn.engine.backend import find_backend
from patchnn.errors import InputError
from patchnn.evaluate.sweep import Tried, draw, try_out
from patchnn.guides import Guide
from patchnn.images import STREAM, check_output, read_image, write_image
from patchnn.job import Job, prepare
from patchnn.job_files import JobFiles
from patchnn.record import flag
from patchnn.task import Task, options
from patchnn.tuning import TUNING

__all__ = ["SHARED", "listed", "sweep"]

SHARED = (*TUNING, "guide", "search", "backend", "max_memory", "force", "quiet")
"""The options of every task that this command has too."""

Combination = tuple[dict[str, Any], Job]
"""The values of the options that are numbers, and the job that uses them."""


def listed(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return a number's parameter as one that takes several numbers, separated by commas; other parameters as they are."""
    kind, described = get_args(parameter.annotation)
    if not {float, int}.intersection((kind, *get_args(kind))):
        return parameter
    described = copy.copy(described)
    described.metavar = f"{described.metavar}[,…]"
    return parameter.replace(default=None, annotation=Annotated[str | None, described])


def sweep(
    request: Request,
    *,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The image.")],
    samples: Annotated[int, typer.Option(metavar="INTEGER", help="Number of results for each combination.")] = 1,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Output file. Default: IMAGE-sweep.png.")
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="INTEGER", help="Random seed. With --samples, result i (from 0) uses seed + i.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the measures of every combination as JSON.")] = False,
) -> None:
    """Draw a contact sheet of one image under many settings, with measures, to choose by eye.

    Give one or two options several values, as in --noise 0.2,0.5,1 --alpha 0.005,inf: the sheet has a column for each
    value of the first option, and a row for each value of the second.
    """
    # Check everything before any work.
    limit = request.settings.memory
    check_count(samples, seed, "--samples")
    path = output_paths(output, f"{stem(image)}-sweep", 1, request.settings.force)[0]
    check_output(path, channels=3, overwrite=request.settings.force)
    source = read_image(image, max_memory=limit)
    names, grid = _plan_grid(request)

    seeds = range(seed, seed + samples)
    tried = _try_grid(request, grid, source, seeds, limit)
    fixed = {name: value for name, value in tried[0][0].values.items() if name not in names}
    sheet = draw(image.name, _title(request.name, source.shape, fixed, seeds), source, names, tried)
    words = ["sweep", request.name, str(image), *request.words, "--samples", str(samples), "--seed", str(seed)]
    write_image(path, sheet, record={"command": words}, overwrite=request.settings.force)
    if as_json:
        measures = [one.to_json() for row in tried for one in row]
        report = {"sheet": str(path), "task": request.name, "seed": seed, "samples": samples, "tried": measures}
        write(json.dumps(report, indent=2))
    elif output != STREAM:
        write(str(path))


def _plan_grid(request: Request) -> tuple[list[str], list[list[Combination]]]:
    """Return the names of the options that vary, one or two, and the combinations by row and column.

    Raises InputError, naming the option, for a combination that the task refuses.
    """
    given = {**request.values, **request.settings.tuning}
    numbers = [o.name for o in options(request.task) if o.type in ("number", "integer")]
    values = {name: _numbers(name, given[name]) for name in (*numbers, *TUNING) if name in given}
    several = [name for name in values if len(values[name]) > 1]
    if not several:
        raise InputError("no option varies: give one or two options several values, as in --noise 0.2,0.5,1")
    if len(several) > 2:
        names = ", ".join(map(flag, several))
        raise InputError(f"{names} have several values each: a sheet has rows and columns, so at most two options can vary")
    fixed = {name: values[name][0] for name in values if name not in several}
    across, down = several[0], several[1:]
    rows = [{down[0]: value} for value in values[down[0]]] if down else [{}]
    grid = [[{across: value, **row, **fixed} for value in values[across]] for row in rows]
    combinations = [[(cell, _job(request, cell)) for cell in row] for row in grid]
    for row in combinations:
        for _, job in row:
            _prepared(job, request)
    return several, combinations


def _try_grid(
    request: Request, grid: list[list[Combination]], source: Image, seeds: range, limit: int | None
) -> list[list[Tried]]:
    """Make and measure every combination, showing progress."""
    settings, device = request.settings, find_backend(request.settings.backend)
    how: dict[str, Any] = {"backend": device, "search": settings.search, "max_memory": limit}
    notes = [f"backend: {device.description}"] if settings.backend == "auto" else []
    tried: list[list[Tried]] = []
    with show_progress(sum(map(len, grid)), notes, settings.quiet) as display:
        for row in grid:
            tried.append([])
            for values, job in row:
                task, guides = _prepared(job, request)
                how |= {"guides": guides, "observe": display.observe}
                try:
                    tried[-1].append(try_out(task, source, values, seeds, **job.tuning, **how))
                except InputError as error:
                    image = next(iter(job.files.values()))[0]
                    raise InputError(f"{image}: {error}", error.about) from error
                display.finish(", ".join(f"{name} {value:g}" for name, value in values.items()))
    return tried


def _prepared(job: Job, request: Request) -> tuple[Task, list[Guide]]:
    """Read a job's files; return its task and guides, or raise InputError."""
    files = JobFiles(job.max_memory)
    task, plan = prepare(job, request.task, files)
    return task, files.guides(job.guides, plan)


def _numbers(name: str, text: str) -> list[float | int]:
    try:
        return [int(part) if part.strip().isdigit() else float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{flag(name)} is {text}: it must be a number, or several with commas, as in 0.2,0.5,1") from None


def _job(request: Request, values: dict[str, Any]) -> Job:
    """Return the job for one combination."""
    own = {name: value for name, value in values.items() if name not in TUNING}
    tuning = {name: value for name, value in values.items() if name in TUNING}
    cell = replace(request, values={**request.values, **own}, settings=replace(request.settings, **tuning))
    return cell.job(files=cell.files, max_memory=cell.settings.memory, guides=tuple(cell.settings.guides))


def _title(name: str, shape: tuple[int, ...], fixed: dict[str, Any], seeds: range) -> str:
    parts = [name, f"{shape[1]} × {shape[0]} pixels", *(f"{key} {value:g}" for key, value in fixed.items())]
    return ", ".join([*parts, f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"])
