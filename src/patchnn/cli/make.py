"""What every task's command does: check everything, synthesize, write, and say where the pictures are."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from patchnn.cli.options import check_count, parse_bytes, parse_depth
from patchnn.cli.progress import show_progress
from patchnn.command import command_words
from patchnn.engine.backend import find_backend
from patchnn.errors import InputError
from patchnn.images import Kind, check_output, read_picture, write_image
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
    count: Annotated[int, typer.Option("-n", "--count", metavar="INTEGER", help="How many pictures to make.")] = 1,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER",
            help="The first of several pictures has this seed, the next one more; by default a random one.",
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
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors and the files written.")] = False,
) -> None:
    """Make `count` pictures and print their paths; the keyword arguments are the options that every task has.

    values: the task's own options as the command line gave them, files in the place of pictures.
    """
    # Whatever can be wrong is found before any work.
    memory = None if max_memory is None else parse_bytes(max_memory)
    check_count(count, seed)
    form: dict[str, Any] = {"depth": parse_depth(depth), "quality": quality}
    files = {o.name: _files(values[o.name]) for o in options(task) if o.picture}
    first = next((Path(file).stem for names in files.values() for file in names), "patchnn")
    paths = output_paths(output, f"{first}-{name}", count, force)
    for path in paths:
        check_output(path, **form, overwrite=force)
    device = find_backend(backend)
    notes: list[str] = []
    kinds: list[Kind] = []
    read = {o.name: _read(o, values[o.name], kinds, notes) for o in options(task)}
    tuning: dict[str, Any] = {"alpha": alpha, "patch": patch, "iterations": iterations, "ratio": ratio, "coarsest": coarsest}
    with _naming(files, [o.name for o in options(task) if not o.picture] + list(tuning)):
        made = task(**read)
        plan = tune(made, **tuning)
    check_output(paths[0], channels=plan.guess.shape[2], **form, overwrite=force)

    if backend == "auto":
        notes.append(f"backend: {device.description}")
    if seed is None:
        seed = secrets.randbelow(2**31)
        notes.append(f"seed: {seed}")
    chosen = {key: word for key, word in (("search", search), ("backend", backend), ("depth", depth)) if word != "auto"}
    given = {**tuning, **chosen, "quality": quality}
    for index, path in enumerate(paths):
        title = f"picture {index + 1}/{count}" if count > 1 else ""
        with show_progress(title, notes, quiet) as observe:
            result = run(made, seed=seed + index, **tuning, backend=device, search=search, max_memory=memory, observe=observe)
        command = command_words(name, made, files, {**given, "seed": result.seed})
        record = {**result.record, "task": name, "files": files, "command": command}
        write_image(path, result.image, kind=next(iter(kinds), None), **form, record=record, overwrite=force)
        print(path, flush=True)


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


def _files(value: Path | list[Path] | None) -> list[str]:
    return [str(path) for path in (value if isinstance(value, list) else [value]) if path is not None]


def _read(option: Option, value: Any, kinds: list[Kind], notes: list[str]) -> Any:
    """Return an option's value with pictures in the place of files; add the kinds of images, and what is to be said of them."""
    if not option.picture or value is None:
        return value

    def one(path: Path) -> Any:
        picture = read_picture(path)
        if picture.frames > 1:
            notes.append(f"{path} holds {picture.frames} pictures: the first is used")
        if option.kind == "mask":
            return picture.mask()
        kinds.append(picture.kind)
        return picture.pixels

    return tuple(one(path) for path in value) if option.many else one(value)
