"""A bar that shows how far a run is: in a notebook, or on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from patchnn.engine.synthesize import Observer, Progress

__all__ = ["in_notebook", "show_bar"]


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, which shows HTML."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    return running is not None and getattr(running, "kernel", None) is not None


@contextmanager
def show_bar(wanted: bool | None) -> Iterator[Observer | None]:
    """Give an observer that shows a bar, and remove the bar at the end.

    wanted: None shows it in a notebook alone, True on a terminal too. Where no bar is shown, there is no observer.
    """
    if wanted is False:
        yield None
    elif in_notebook():
        with _notebook_bar() as observe:
            yield observe
    elif wanted and sys.stderr is not None and sys.stderr.isatty():
        with _terminal_bar() as observe:
            yield observe
    else:
        yield None


@contextmanager
def _notebook_bar() -> Iterator[Observer]:
    from IPython.display import HTML, display

    # IPython's own display: no widgets to install, the same in Jupyter, VS Code and Colab.
    shown: Any = display(HTML(_html(0.0, "")), display_id=True)
    try:
        yield lambda progress: shown.update(HTML(_html(progress.fraction, _level(progress))))
    finally:
        shown.update(HTML(""))


def _html(fraction: float, level: str) -> str:
    return f'<progress value="{fraction:.3f}" max="1" style="width: 20em"></progress> {fraction:.0%} {level}'


@contextmanager
def _terminal_bar() -> Iterator[Observer]:
    from rich.console import Console
    from rich.progress import Progress as Rich

    with Rich(console=Console(stderr=True), transient=True, redirect_stdout=False) as rich:
        bar = rich.add_task("", total=1.0)
        yield lambda progress: rich.update(bar, completed=progress.fraction, description=_level(progress))


def _level(progress: Progress) -> str:
    rounds = f"round {progress.round}/{progress.rounds}, " if progress.rounds > 1 else ""
    return f"{rounds}level {progress.levels - progress.level}/{progress.levels}"
