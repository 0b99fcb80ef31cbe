"""Progress on stderr: a bar on a terminal; elsewhere a line for every picture, and now and then one in between."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from patchnn.engine.synthesize import Progress

__all__ = ["Display", "print_failures", "show_progress"]

STEADY = 5.0
"""Seconds between two lines about one picture."""


class Display:
    """What is shown of `total` pictures; this one shows nothing.

    notes: lines to print once the work has begun, so that an error before it stands alone.
    """

    def __init__(self, total: int, notes: list[str]) -> None:
        self.total, self.notes, self.done = total, list(notes), 0
        self.noted = set(notes)

    def note(self, lines: Iterable[str]) -> None:
        """Have lines printed, each of them once."""
        for line in lines:
            if line not in self.noted:
                self.noted.add(line)
                self.notes.append(line)

    def observe(self, progress: Progress) -> None:
        """Show how far the picture at work is."""

    def finish(self, text: str) -> None:
        """Show that one more is done, and what came of it."""
        self.done += 1

    def print(self, line: str) -> None:
        """Print a line on stdout."""
        print(line, flush=True)

    def _flush(self, say: Callable[[str], None]) -> None:
        while self.notes:
            say(self.notes.pop(0))

    def _title(self, text: str) -> str:
        return f"{min(self.done + 1, self.total)}/{self.total} {text}" if self.total > 1 else text


@contextmanager
def show_progress(total: int, notes: list[str], quiet: bool) -> Iterator[Display]:
    """Give what shows how far the making of `total` pictures is, nothing if it is to be quiet."""
    if quiet:
        yield Display(total, notes)
    elif sys.stderr.isatty():
        with _bar(total, notes) as bar:
            yield bar
    else:
        yield _Lines(total, notes)


def print_failures(failed: int, total: int, reasons: Iterable[str]) -> None:
    """Print on stderr how many pictures failed, and why."""
    for line in (f"error: {failed} of {total} pictures failed", *(f"  {reason}" for reason in reasons)):
        _say(line)


class _Lines(Display):
    def __init__(self, total: int, notes: list[str]) -> None:
        super().__init__(total, notes)
        self.last = time.monotonic()

    def observe(self, progress: Progress) -> None:
        self._flush(_say)
        now = time.monotonic()
        if now - self.last >= STEADY:
            self.last = now
            _say(self._title(f"{_level(progress)}, {progress.fraction:.0%} done"))

    def finish(self, text: str) -> None:
        self._flush(_say)
        if self.total > 1:
            _say(self._title(text))
        super().finish(text)
        self.last = time.monotonic()


@contextmanager
def _bar(total: int, notes: list[str]) -> Iterator[Display]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Rich

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())

    def say(line: str) -> None:
        rich.console.print(line, soft_wrap=True)

    class Bar(Display):
        def observe(self, progress: Progress) -> None:
            self._flush(say)
            step = f"iteration {progress.iteration}/{progress.iterations}"
            rich.update(shown, completed=self.done + progress.fraction, description=self._title(f"{_level(progress)}, {step}"))

        def finish(self, text: str) -> None:
            self._flush(say)
            title = self._title(text)
            super().finish(text)
            rich.update(shown, completed=self.done, description=title)

        def print(self, line: str) -> None:
            if sys.stdout.isatty():
                # The bar is on the same screen, and must know.
                say(line)
            else:
                super().print(line)

    console = Console(stderr=True, markup=False, highlight=False)
    with Rich(*columns, console=console, transient=True, redirect_stdout=False) as rich:
        shown = rich.add_task("", total=float(total))
        yield Bar(total, notes)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _level(progress: Progress) -> str:
    rounds = f"round {progress.round}/{progress.rounds}, " if progress.rounds > 1 else ""
    # People count up: the coarsest level, the engine's last, is where the work begins.
    return f"{rounds}level {progress.levels - progress.level}/{progress.levels}"
