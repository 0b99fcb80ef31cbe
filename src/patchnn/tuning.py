"""The options that change any task's plan, listed once: what `run`, the command line, records and pages offer comes from here."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from typing import Any

from patchnn.engine.machine import BLAS
from patchnn.engine.plan import Plan
from patchnn.engine.search import SEARCHES
from patchnn.errors import InputError
from patchnn.task import Option, Task

__all__ = ["MIN_MEMORY", "SEARCH", "TUNING", "parse_bytes", "tune"]

MIN_MEMORY = 65 << 20
"""What the smallest image needs. Most of it is room for a block of distances."""


TUNING = {
    option.name: option
    for option in (
        Option(
            "alpha",
            "number",
            None,
            "Completeness: smaller values show more of the source. inf turns it off.",
            optional=True,
            inf=True,
        ),
        Option("patch", "integer", None, "Patch side in pixels. Most tasks use 7.", optional=True),
        Option("iterations", "integer", None, "Iterations per level, except the coarsest. Most tasks use 10.", optional=True),
        Option("ratio", "number", None, "Ratio between the sides of neighbouring levels. Most tasks use 4/3.", optional=True),
        Option(
            "coarsest",
            "number",
            None,
            "Shorter side at the coarsest level, in pixels. Larger values rearrange smaller pieces.",
            optional=True,
        ),
    )
}
"""Fields of a Plan that a user may set for any task, described as the options of a task are."""

SEARCH = Option("search", "choice", "auto", "How to search for the nearest patches.", choices=tuple(SEARCHES))


def tune(task: Task, seed: int | None = None, **tuning: Any) -> Plan:
    """Return the plan of a task, changed by tuning options.

    Parameters
    ----------
    task
        The task.
    seed
        0 to 2**32 - 1, passed to a `plan` that takes one. Default: that plan's own.
    **tuning
        Values by the names in `TUNING`. None keeps the value that the task chose. An `alpha` replaces
        `Plan.completeness` and claims, so that completeness is the paper's score alone.

    Raises
    ------
    InputError
        If an option is unknown or its value does not fit.
    """
    if unknown := sorted(tuning.keys() - TUNING.keys()):
        raise InputError(f"{unknown[0]} is no tuning option: choose {', '.join(TUNING)}", about=unknown[0])
    given = {name: TUNING[name].check(value) for name, value in tuning.items() if value is not None}
    if "alpha" in given:
        given |= {"claims": 0, "completeness": 0.0}
    # Most plans are the same for every seed.
    takes_seed = "seed" in inspect.signature(task.plan).parameters
    # As a run does: beside other programs, BLAS's own threads take several times as long.
    with BLAS.held():
        plan = task.plan(**({"seed": seed} if takes_seed and seed is not None else {}))
    return replace(plan, **given) if given else plan


def parse_bytes(text: str) -> int:
    """Return the number of bytes in text such as "4GB", "512MiB" or "1000000"; raises InputError for other text."""
    match = re.fullmatch(r"(\d{1,18}(?:\.\d+)?)\s*(?:([kmgt])(i?)b?|b)?", text.strip(), re.IGNORECASE)
    if not match:
        raise InputError(f"max_memory is {text!r}: write 4GB, 512MiB or a number of bytes", about="max_memory")
    number, unit, binary = match.groups()
    value = int(float(number) * (1024 if binary else 1000) ** ("kmgt".index(unit.lower()) + 1 if unit else 0))
    if value < MIN_MEMORY:
        raise InputError(f"max_memory is {text}: it must be {MIN_MEMORY >> 20}MiB or more", about="max_memory")
    return value
