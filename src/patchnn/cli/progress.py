"""Progress on stderr: a bar on a terminal; elsewhere a line for every image, and one every few seconds in between."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from patchnn.cli.printing import escape, is_terminal, say, write
from patchnn.engine.synthesize import Progress

__all__ = ["Display", "print_failures", "show_progress"]

STEADY = 5.0
"""Seconds between two lines about one image."""


class Display:
    """The display of a run over `total` images; this base class shows no progress.

    notes: lines to show once the work has begun. An error before that is then the only line.
    """

    def __init__(self, total: int, notes: list[str]) -> None:
        self.total, self.notes, self.done = total, list(notes), 0
        self.noted = set(notes)

    def note(self, lines: Iterable[str]) -> None:
        """Add notes, each line once."""
        for line in lines:
            if line not in self.noted:
                self.noted.add(line)
                self.notes.append(line)

    def observe(self, progress: Progress) -> None:
        """Show the progress of the current image."""

    def finish(self, text: str) -> None:
        """Show that one more image is done, and its result."""
        self.done += 1

    def print(self, line: str) -> None:
        """Print a line on stdout."""
        write(line)

    def _flush(self, show: Callable[[str], None]) -> None:
        while self.notes:
            show(self.notes.pop(0))

    def _title(self, text: str) -> str:
        return f"{min(self.done + 1, self.total)}/{self.total} {text}" if self.total > 1 else text


@contextmanager
def show_progress(total: int, notes: list[str], quiet: bool) -> Iterator[Display]:
    """Give the display for making `total` images; with `quiet` it shows no progress."""
    if quiet:
        yield Display(total, notes)
    elif is_terminal(sys.stderr):
        with _bar(total, notes) as bar:
            yield bar
    else:
        yield _Lines(total, notes)


def print_failures(failed: int, total: int, reasons: Iterable[str]) -> None:
    """Print on stderr how many images failed, and why."""
    for line in (f"error: {failed} of {total} images failed", *(f"  {reason}" for reason in reasons)):
        say(line)


class _Lines(Display):
    def __init__(self, total: int, notes: list[str]) -> None:
        super().__init__(total, notes)
        self.last = time.monotonic()

    def observe(self, progress: Progress) -> None:
        self._flush(say)
        now = time.monotonic()
        if progress.iteration and now - self.last >= STEADY:
            self.last = now
            say(self._title(f"{_level(progress)}, {progress.fraction:.0%} done"))

    def finish(self, text: str) -> None:
        self._flush(say)
        if self.total > 1:
            say(self._title(text))
        super().finish(text)
        self.last = time.monotonic()


@contextmanager
def _bar(total: int, notes: list[str]) -> Iterator[Display]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Rich

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())

    def show(line: str) -> None:
        rich.console.print(escape(line), soft_wrap=True)

    class Bar(Display):
        def observe(self, progress: Progress) -> None:
            self._flush(show)
            step = f", iteration {progress.iteration}/{progress.iterations}" if progress.iteration else ""
            title = self._title(_level(progress) + step)
            rich.update(shown, completed=self.done + progress.fraction, description=title)

        def finish(self, text: str) -> None:
            self._flush(show)
            title = escape(self._title(text))
            super().finish(text)
            rich.update(shown, completed=self.done, description=title)

        def print(self, line: str) -> None:
            if is_terminal(sys.stdout):
                # The bar is on the same screen and has to move down.
                show(line)
            else:
                super().print(line)

    console = Console(stderr=True, markup=False, highlight=False)
    with Rich(*columns, console=console, transient=True, redirect_stdout=False) as rich:
        shown = rich.add_task("", total=float(total))
        yield Bar(total, notes)


def _level(progress: Progress) -> str:
    rounds = f"round {progress.round}/{progress.rounds}, " if progress.rounds > 1 else ""
    # Count up for the reader: the work begins at the coarsest level, which the engine numbers last.
    return f"{rounds}level {progress.levels - progress.level}/{progress.levels}"
