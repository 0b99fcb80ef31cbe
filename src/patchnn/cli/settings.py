"""The options that every task's command has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from patchnn.guides import parse_target
from patchnn.tuning import SEARCH, TUNING, parse_bytes

__all__ = ["Settings", "with_pairs"]

PAIRED = ("guide",)
"""The options that take two words each time; `cli/app.py` tells typer's command."""


@dataclass(frozen=True)
class Settings:
    """What the command line gave for the options that every task has; typer reads the options from the fields."""

    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE|FOLDER/",
            help="Output file or folder, or - for standard output. Default: named after the first input.",
        ),
    ] = None
    count: Annotated[int, typer.Option("-n", "--count", metavar="INTEGER", help="Number of images to make.")] = 1
    seed: Annotated[
        int | None,
        typer.Option(metavar="INTEGER", help="Random seed. With -n, image i (from 0) uses seed + i. Default: random."),
    ] = None
    depth: Annotated[
        str,
        typer.Option(metavar="auto|8|16|float", help="Bits per channel. auto: those of the first input if the format has them."),
    ] = "auto"
    quality: Annotated[int | None, typer.Option(metavar="INTEGER", help="JPEG or WebP quality, 1 to 100. Default: 95.")] = None
    alpha: Annotated[float | None, typer.Option(metavar="NUMBER|inf", help=TUNING["alpha"].help)] = None
    patch: Annotated[int | None, typer.Option(metavar="INTEGER", help=TUNING["patch"].help)] = None
    iterations: Annotated[int | None, typer.Option(metavar="INTEGER", help=TUNING["iterations"].help)] = None
    ratio: Annotated[float | None, typer.Option(metavar="NUMBER", help=TUNING["ratio"].help)] = None
    coarsest: Annotated[float | None, typer.Option(metavar="NUMBER", help=TUNING["coarsest"].help)] = None
    guide: Annotated[
        list[Any] | None,  # pairs, which typer has no type for: see `PAIRED`
        typer.Option(
            metavar="SOURCE TARGET[:WEIGHT]",
            help="Guide: an image over the source and one over the result, alike where patches should go, such as labels. "
            "Repeatable.",
        ),
    ] = None
    search: Annotated[str, typer.Option(metavar="|".join(SEARCH.choices), help=SEARCH.help)] = "auto"
    backend: Annotated[
        str, typer.Option(metavar="auto|numpy|kernels|cupy", help="What to compute with. auto: the fastest that works.")
    ] = "auto"
    max_memory: Annotated[
        str | None,
        typer.Option(metavar="BYTES", help="Memory limit, such as 4GB or 512MiB. Default: half of the free memory."),
    ] = None
    apply_to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Image of the source's size, such as normals, to rebuild from the same patches. Repeatable.",
        ),
    ] = None
    animate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write an animation of the run, coarse to fine: .gif, .webp or .mp4."),
    ] = None
    preview: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the result laid two by two, for tasks whose results repeat, such as tile."),
    ] = None
    jobs: Annotated[
        int, typer.Option(metavar="INTEGER", help="Number of images to work on at a time, each in its own process.")
    ] = 1
    cluster: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Dask scheduler whose workers make the images.")
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Skip outputs this command already made.")] = False
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only errors and the paths of written files.")] = False

    @property
    def tuning(self) -> dict[str, Any]:
        """The options that change a task's plan, as far as they were given."""
        return {name: value for name in TUNING if (value := getattr(self, name)) is not None}

    @property
    def guides(self) -> list[tuple[str, str, float]]:
        """The guides' files and weights; raises InputError for a weight that cannot be used."""
        return [(source, *parse_target(target)) for source, target in self.guide or []]

    @property
    def guide_files(self) -> list[str]:
        """The guides' files, a source and a target one after another."""
        return [file for source, target, _ in self.guides for file in (source, target)]

    @property
    def memory(self) -> int | None:
        """The memory limit in bytes; raises InputError for text that is no number of bytes."""
        return None if self.max_memory is None else parse_bytes(self.max_memory)


def with_pairs(command: Any) -> Any:
    """Return a command whose options in PAIRED take two words."""
    for given in command.params:
        if given.name in PAIRED:
            given.nargs = 2
    return command
