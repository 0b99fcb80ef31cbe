"""The one door to the engine for command line, library, page and batch: a task and a seed become a picture and its record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from patchnn.engine.atlas import Field
from patchnn.engine.backend import Backend, find_backend
from patchnn.engine.maps import apply_field
from patchnn.engine.plan import Image, Plan
from patchnn.engine.search import SEARCHES
from patchnn.engine.synthesize import Observer, synthesize
from patchnn.registry import task_name
from patchnn.task import Option, Task, items, options, plain
from patchnn.version import __version__

__all__ = ["SEARCH", "TUNING", "Result", "describe", "digest", "run", "tune"]

TUNING = {
    option.name: option
    for option in (
        Option(
            "alpha",
            "number",
            None,
            "Completeness: the smaller, the more of the source is seen; inf is off.",
            optional=True,
            inf=True,
        ),
        Option("patch", "integer", None, "Side of a patch, in pixels; usually 7.", optional=True),
        Option("iterations", "integer", None, "Steps at every level but the coarsest; usually 10.", optional=True),
        Option("ratio", "number", None, "How much smaller each level is than the next finer one; usually 4/3.", optional=True),
        Option(
            "coarsest",
            "number",
            None,
            "Shorter side at the coarsest level, in pixels: the larger, the smaller the pieces laid out anew.",
            optional=True,
        ),
    )
}
"""What may be laid over any task's plan, described as a task's options are."""

SEARCH = Option("search", "choice", "auto", "How the nearest patches are found.", choices=tuple(SEARCHES))


@dataclass(frozen=True, eq=False)
class Result:
    """A picture, where its patches came from, and how it was made.

    image: (H, W, C) float32. field: the source and place of every patch, as in Synthesis. seed: what the randomness
    came from. record: the same and everything else that made it, as JSON values. plan: what was carried out.
    """

    image: Image
    field: Field
    seed: int
    record: dict[str, Any]
    plan: Plan

    def apply(self, *maps: Any) -> Image:
        """Return the picture that the same patches make of other pictures: normals, heights, any map of the source.

        maps: (H, W, C) of the source's size; where there are several sources, one for each in their order. Returns
        (h, w, C) float32; of the sources themselves it is `image`. Pixels that the task keeps are the first map's own.
        Raises InputError for maps that do not fit.
        """
        return apply_field(self.plan, self.field, maps, find_backend(self.record["backend"]))


def tune(task: Task, **tuning: Any) -> Plan:
    """Return the task's Plan with those of its fields replaced that are given and not None; raises InputError."""
    given = {name: value for name, value in tuning.items() if value is not None}
    if "alpha" in given:
        # Whoever names an alpha wants the paper's score, and nothing beside it.
        given["claims"] = 0
    return replace(task.plan(), **given)


def run(
    task: Task,
    *,
    seed: int | None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    backend: str | Backend = "auto",
    search: str = "auto",
    max_memory: int | None = None,
    observe: Observer | None = None,
) -> Result:
    """Carry out a task.

    alpha, patch, iterations, ratio, coarsest: as in Plan; what is not None is laid over the task's own, and an alpha
    takes the place of the task's claims. The others: as
    in synthesize. Raises InputError for a plan that cannot be carried out, BackendError for a backend that cannot run.
    """
    tuning = {"alpha": alpha, "patch": patch, "iterations": iterations, "ratio": ratio, "coarsest": coarsest}
    plan = tune(task, **tuning)
    made = synthesize(plan, seed=seed, backend=backend, search=search, max_memory=max_memory, observe=observe)
    record = {**describe(task, seed=made.seed, tuning=tuning, search=search), "backend": made.backend}
    return Result(made.image, made.field, made.seed, record, plan)


def describe(task: Task, *, seed: int, tuning: Mapping[str, Any], search: str) -> dict[str, Any]:
    """Return what decides a result, as JSON values: a record without the backend, which is known when it is done."""
    pictures = [o.name for o in options(type(task)) if o.picture]
    return {
        "patchnn": __version__,
        "task": task_name(type(task)),
        "options": task.to_json(),
        "inputs": {name: [digest(pixels) for pixels in items(getattr(task, name))] for name in pictures},
        "tuning": {name: plain(value) for name, value in tuning.items() if value is not None},
        "seed": seed,
        "search": search,
    }


def digest(pixels: np.ndarray[Any, Any]) -> str:
    """SHA-256 of a picture's shape and its float32 values, whatever file they came from."""
    return hashlib.sha256(f"{pixels.shape}".encode() + pixels.astype(np.float32).tobytes()).hexdigest()
