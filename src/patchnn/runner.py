"""The one door to the engine for command line, library, page and batch: a task and a seed become a picture and its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from patchnn.engine.atlas import Field
from patchnn.engine.backend import Backend, find_backend
from patchnn.engine.maps import apply_field
from patchnn.engine.plan import Image, Plan
from patchnn.engine.synthesize import Observer, synthesize
from patchnn.record import describe
from patchnn.task import Task
from patchnn.tuning import tune

__all__ = ["Result", "run"]


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
    record = describe(task, seed=made.seed, tuning=tuning, search=search, backend=made.backend)
    return Result(made.image, made.field, made.seed, record, plan)
