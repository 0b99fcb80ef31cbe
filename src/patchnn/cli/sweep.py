"""`patchnn sweep`: one picture under many settings, as a contact sheet."""

from __future__ import annotations

import copy
import inspect
import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from patchnn.batch import Job, prepare
from patchnn.cli.borrow import TASK, Borrowed, Named
from patchnn.cli.options import check_count, parse_bytes
from patchnn.cli.outputs import output_paths, stem
from patchnn.cli.progress import show_progress
from patchnn.command import flag
from patchnn.engine.backend import find_backend
from patchnn.errors import InputError
from patchnn.evaluate.sweep import Tried, draw, try_out
from patchnn.images import STREAM, check_output, read_image, write_image
from patchnn.runner import TUNING
from patchnn.task import options

__all__ = ["COMMON", "listed", "sweep"]

COMMON = (*TUNING, "search", "backend", "max_memory", "force", "quiet")
"""What it has of the options of every task."""


def listed(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return an option that is a number as one that is several, with commas between them; others as they are."""
    kind, described = get_args(parameter.annotation)
    if not {float, int}.intersection((kind, *get_args(kind))):
        return parameter
    described = copy.copy(described)
    described.metavar = f"{described.metavar}[,…]"
    return parameter.replace(default=None, annotation=Annotated[str | None, described])


def sweep(
    about: Borrowed,
    *,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The picture.")],
    task: Named = TASK,
    samples: Annotated[int, typer.Option(metavar="INTEGER", help="How many results of each combination.")] = 1,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Where to draw; by default IMAGE-sweep.png.")
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="INTEGER", help="Seed of each combination's first result, the next one has one more.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures of every combination.")] = False,
) -> None:
    """Draw what a picture becomes under many settings, with its figures, to choose by eye.

    Give one option or two several values, as --noise 0.2,0.5,1 --alpha 0.005,inf: the first has a column for each, the
    second a row.
    """
    # Whatever can be wrong with the command is found before any work.
    memory = None if about.common["max_memory"] is None else parse_bytes(about.common["max_memory"])
    check_count(samples, seed, "--samples")
    path = output_paths(output, f"{stem(image)}-sweep", 1, about.common["force"])[0]
    check_output(path, channels=3, overwrite=about.common["force"])
    source = read_image(image)
    names, combinations = _combinations(about)
    grid = [[(values, _job(about, image, values)) for values in row] for row in combinations]
    for row in grid:
        for _, job in row:
            prepare(job, about.task)
    device = find_backend(about.common["backend"])
    how: dict[str, Any] = {"backend": device, "search": about.common["search"], "max_memory": memory}

    notes = [f"backend: {device.description}"] if about.common["backend"] == "auto" else []
    tried: list[list[Tried]] = []
    with show_progress(sum(map(len, grid)), notes, about.common["quiet"]) as display:
        for row in grid:
            tried.append([])
            for values, job in row:
                made = prepare(job, about.task)[0]
                seeds = range(seed, seed + samples)
                try:
                    tried[-1].append(try_out(made, source, values, seeds, **job.tuning, **how, observe=display.observe))
                except InputError as error:
                    raise InputError(f"{image}: {error}") from None
                display.finish(", ".join(f"{name} {value:g}" for name, value in values.items()))

    fixed = {name: value for name, value in tried[0][0].values.items() if name not in names}
    words = [*about.words, "--samples", str(samples), "--seed", str(seed)]
    sheet = draw(image.name, _about(about.name, source.shape, fixed, range(seed, seed + samples)), source, names, tried)
    write_image(path, sheet, record={"command": ["sweep", str(image), *words]}, overwrite=about.common["force"])
    if as_json:
        figures = [one.to_json() for row in tried for one in row]
        print(json.dumps({"sheet": str(path), "task": about.name, "seed": seed, "samples": samples, "tried": figures}, indent=2))
    elif output != STREAM:
        print(path)


def _combinations(about: Borrowed) -> tuple[list[str], list[list[dict[str, Any]]]]:
    """Return the names of the options that change, one or two, and by row and column the values of all that are numbers."""
    given = {**about.values, **about.tuning}
    numbers = [o.name for o in options(about.task) if o.type in ("number", "integer")]
    values = {name: _numbers(name, given[name]) for name in (*numbers, *TUNING) if name in given}
    several = [name for name in values if len(values[name]) > 1]
    if not several:
        raise InputError("nothing changes: give one option or two several values, as --noise 0.2,0.5,1")
    if len(several) > 2:
        names = ", ".join(map(flag, several))
        raise InputError(f"{names} have several values each: a sheet has rows and columns, so two of them at most can")
    fixed = {name: values[name][0] for name in values if name not in several}
    across, down = several[0], several[1:]
    rows = [{down[0]: value} for value in values[down[0]]] if down else [{}]
    return several, [[{across: value, **row, **fixed} for value in values[across]] for row in rows]


def _numbers(name: str, text: str) -> list[float | int]:
    try:
        return [int(part) if part.strip().isdigit() else float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{flag(name)} is {text}: give a number, or several with commas between them, as 0.2,0.5,1") from None


def _job(about: Borrowed, image: Path, values: dict[str, Any]) -> Job:
    """Return what makes one combination."""
    task = {name: value for name, value in values.items() if name not in TUNING}
    tuning = {name: value for name, value in values.items() if name in TUNING}
    cell = replace(about, values={**about.values, **task}, common={**about.common, **tuning})
    files = {about.picture.name: [str(image)], **cell.files}
    return Job(about.name, files, output="", seed=0, options=cell.plain, tuning=cell.tuning)


def _about(name: str, shape: tuple[int, ...], fixed: dict[str, Any], seeds: range) -> str:
    said = [name, f"{shape[1]} × {shape[0]} pixels", *(f"{key} {value:g}" for key, value in fixed.items())]
    return ", ".join([*said, f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"])
