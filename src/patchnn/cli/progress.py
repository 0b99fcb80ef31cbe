"""Progress of a run on stderr: a bar on a terminal, a line for every level elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from patchnn.engine.synthesize import Observer, Progress

__all__ = ["show_progress"]


@contextmanager
def show_progress(title: str, notes: list[str], quiet: bool) -> Iterator[Observer | None]:
    """Give an observer that shows how far a run is, with `title` before it; None if it is to be quiet.

    notes: lines to print once the work has begun, so that an error before it stands alone.
    """
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(title, notes) as observe:
            yield observe
    else:
        yield _lines(title, notes)


@contextmanager
def _bar(title: str, notes: list[str]) -> Iterator[Observer]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True, markup=False, highlight=False), transient=True) as bar:
        shown = bar.add_task(title, total=1.0)

        def observe(progress: Progress) -> None:
            _flush(notes, bar.console.print)
            step = f"iteration {progress.iteration}/{progress.iterations}"
            bar.update(shown, completed=progress.fraction, description=f"{_level(title, progress)}, {step}")

        yield observe


def _lines(title: str, notes: list[str]) -> Observer:
    last: tuple[int, int] | None = None

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    def observe(progress: Progress) -> None:
        nonlocal last
        _flush(notes, say)
        if (progress.round, progress.level) != last:
            last = progress.round, progress.level
            say(f"{_level(title, progress)}, {progress.fraction:.0%} done")

    return observe


def _flush(notes: list[str], say: Callable[[str], None]) -> None:
    while notes:
        say(notes.pop(0))


def _level(title: str, progress: Progress) -> str:
    rounds = f"round {progress.round}/{progress.rounds}" if progress.rounds > 1 else ""
    # People count up: the coarsest level, the engine's last, is where the work begins.
    level = f"level {progress.levels - progress.level}/{progress.levels}"
    return ", ".join(filter(None, [title, rounds, level]))
