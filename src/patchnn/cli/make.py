"""What every task's command does: check everything, synthesize, write, and say where the pictures are."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from patchnn.animate import Animation, check_animation
from patchnn.cli.options import parse_bytes
from patchnn.cli.progress import show_progress
from patchnn.command import command_words
from patchnn.engine.backend import find_backend
from patchnn.engine.synthesize import Observer
from patchnn.errors import InputError
from patchnn.images import check_output, read_image, read_mask, write_image
from patchnn.run import run, tune
from patchnn.task import Option, Task, options

__all__ = ["make", "output_paths"]


def make(
    name: str,
    task: type[Task],
    values: dict[str, Any],
    *,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE|FOLDER/", help="Where to write; by default named after the first input."),
    ] = None,
    count: Annotated[int, typer.Option("-n", "--count", metavar="INTEGER", min=1, help="How many pictures to make.")] = 1,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER",
            min=0,
            help="The first of several pictures has this seed, the next one more; by default a random one.",
        ),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(metavar="NUMBER|inf", help="Completeness: the smaller, the more of the source is seen."),
    ] = None,
    patch: Annotated[int | None, typer.Option(metavar="INTEGER", help="Side of a patch, in pixels.")] = None,
    iterations: Annotated[int | None, typer.Option(metavar="INTEGER", help="Steps at every level but the coarsest.")] = None,
    ratio: Annotated[float | None, typer.Option(metavar="NUMBER", help="How much smaller each level is.")] = None,
    coarsest: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="Shorter side at the coarsest level, in pixels.")
    ] = None,
    search: Annotated[str, typer.Option(metavar="auto|exact|patchmatch", help="How the nearest patches are found.")] = "auto",
    backend: Annotated[
        str, typer.Option(metavar="auto|numpy|cupy", help="What computes; auto is the GPU where one runs.")
    ] = "auto",
    max_memory: Annotated[
        str | None,
        typer.Option(metavar="BYTES", help="Memory that may be used, as 4GB or 512MiB; by default half of what is free."),
    ] = None,
    animate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the run, coarse to fine, as an animation: .gif, .webp or .mp4."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors and the files written.")] = False,
) -> None:
    """Make `count` pictures and print their paths; the keyword arguments are the options that every task has.

    values: the task's own options as the command line gave them, files in the place of pictures.
    """
    # Whatever can be wrong is found before any work.
    memory = None if max_memory is None else parse_bytes(max_memory)
    files = {o.name: _files(values[o.name]) for o in options(task) if o.picture}
    first = next((Path(file).stem for names in files.values() for file in names), "patchnn")
    paths = output_paths(output, f"{first}-{name}", count, force)
    for path in paths:
        check_output(path, overwrite=force)
    films = _animation_paths(animate, count)
    for file in films:
        check_animation(file, overwrite=force)
        if file in paths:
            raise InputError(f"--animate is {file}, where the picture goes: choose another name")
    device = find_backend(backend)
    read = {o.name: _read(o, values[o.name]) for o in options(task)}
    tuning: dict[str, Any] = {"alpha": alpha, "patch": patch, "iterations": iterations, "ratio": ratio, "coarsest": coarsest}
    with _naming(files, [o.name for o in options(task) if not o.picture] + list(tuning)):
        made = task(**read)
        plan = tune(made, **tuning)
    check_output(paths[0], channels=plan.guess.shape[2], overwrite=force)

    notes = [f"backend: {device.description}"] if backend == "auto" else []
    if seed is None:
        seed = secrets.randbelow(2**31)
        notes.append(f"seed: {seed}")
    given = {**tuning, **{key: word for key, word in (("search", search), ("backend", backend)) if word != "auto"}}
    for index, path in enumerate(paths):
        title = f"picture {index + 1}/{count}" if count > 1 else ""
        film = Animation(films[index], plan.rounds or (), overwrite=force) if films else None
        with show_progress(title, notes, quiet) as observe:
            both = _together(observe, film)
            result = run(made, seed=seed + index, **tuning, backend=device, search=search, max_memory=memory, observe=both)
        command = command_words(name, made, files, {**given, "seed": result.seed})
        record = {**result.record, "task": name, "files": files, "command": command}
        write_image(path, result.image, record=record, overwrite=force)
        print(path, flush=True)
        if film:
            film.write()
            print(film.path, flush=True)


def output_paths(output: str | None, name: str, count: int, force: bool) -> list[Path]:
    """Return where `count` pictures go: the file that was asked for, or one called `name` in that folder or here.

    Several are numbered from 1. A name that nobody asked for gives way to files that exist, unless `force` is set.
    """
    folder = Path(output or ".")
    if output and not output.endswith("/") and not folder.is_dir():
        return [folder] if count == 1 else _numbered(folder, 1, count)
    if not folder.is_dir():
        raise InputError(f"{output}: the folder does not exist; make it first")
    path, start = folder / f"{name}.png", 1
    if count == 1 and (force or not path.exists()):
        return [path]
    while not force and any(numbered.exists() for numbered in _numbered(path, start, count)):
        start += 1
    return _numbered(path, start, count)


def _animation_paths(path: Path | None, count: int) -> list[Path]:
    """Return where the animations of `count` pictures go, numbered as the pictures are; none if none is asked for."""
    if path is None:
        return []
    return [path] if count == 1 else _numbered(path, 1, count)


def _numbered(path: Path, start: int, count: int) -> list[Path]:
    return [path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(start, start + count)]


@contextlib.contextmanager
def _naming(files: dict[str, list[str]], other: list[str]) -> Iterator[None]:
    """Add the files to an error that is not about one of the other options."""
    try:
        yield
    except InputError as error:
        about = str(error).split(" ")[0].rstrip(":")
        if about in other:
            raise
        names = files.get(about) or [name for several in files.values() for name in several]
        raise InputError(f"{', '.join(names)}: {error}") from None


def _together(*observers: Observer | None) -> Observer | None:
    """Return one observer for all that are there."""
    there = [observer for observer in observers if observer]
    return (lambda progress: [observer(progress) for observer in there]) if there else None


def _files(value: Path | list[Path] | None) -> list[str]:
    return [str(path) for path in (value if isinstance(value, list) else [value]) if path is not None]


def _read(option: Option, value: Any) -> Any:
    """Return an option's value with pictures in the place of files."""
    if not option.picture or value is None:
        return value
    read = read_mask if option.kind == "mask" else read_image
    return tuple(read(path) for path in value) if option.many else read(value)
