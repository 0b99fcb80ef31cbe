"""The one door to the engine for command line, library, page and batch: a task and a seed become a picture and its record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from patchnn.engine.atlas import Field
from patchnn.engine.backend import Backend
from patchnn.engine.plan import Image, Plan
from patchnn.engine.synthesize import Observer, synthesize
from patchnn.registry import task_name
from patchnn.task import Task, items, options, plain
from patchnn.version import __version__

__all__ = ["Result", "run", "tune"]


@dataclass(frozen=True, eq=False)
class Result:
    """A picture, where its patches came from, and how it was made.

    image: (H, W, C) float32. field: the source and place of every patch, as in Synthesis. seed: what the randomness
    came from. record: the same and everything else that made it, as JSON values.
    """

    image: Image
    field: Field
    seed: int
    record: dict[str, Any]


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
    pictures = [o.name for o in options(type(task)) if o.picture]
    record = {
        "patchnn": __version__,
        "task": task_name(type(task)),
        "options": task.to_json(),
        "inputs": {name: [_digest(pixels) for pixels in items(getattr(task, name))] for name in pictures},
        "tuning": {name: plain(value) for name, value in tuning.items() if value is not None},
        "seed": made.seed,
        "search": search,
        "backend": made.backend,
    }
    return Result(made.image, made.field, made.seed, record)


def _digest(pixels: np.ndarray[Any, Any]) -> str:
    """SHA-256 of a picture's shape and its float32 values, whatever file they came from."""
    return hashlib.sha256(f"{pixels.shape}".encode() + pixels.astype(np.float32).tobytes()).hexdigest()
