"""How library, command line and studio call the engine: a task and a seed give an image and its record."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from patchnn.engine.arrays import Image, check_seed
from patchnn.engine.atlas import Field
from patchnn.engine.backend import Backend, find_backend
from patchnn.engine.machine import BLAS
from patchnn.engine.maps import apply_field
from patchnn.engine.plan import Plan
from patchnn.engine.starts import Start
from patchnn.engine.synthesize import HARDLY, Observer, synthesize
from patchnn.errors import memory_bounded
from patchnn.guides import Guide, guide_plan
from patchnn.origins import draw_origins
from patchnn.record import describe
from patchnn.task import Task
from patchnn.tuning import parse_bytes, tune
from patchnn.watching import show_bar

__all__ = ["Result", "run", "together"]


@dataclass(frozen=True, eq=False)
class Result:
    """An image, where its patches came from, and how it was made.

    Attributes
    ----------
    image
        (H, W, C) float32.
    field
        The source and position of every patch, as in `Synthesis`.
    seed
        The random seed.
    record
        Everything that decides the image, as JSON values.
    plan
        The plan that was carried out.
    notes
        What the user should know about this result, one sentence each.
    """

    image: Image
    field: Field
    seed: int
    record: dict[str, Any]
    plan: Plan
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        rows, columns, channels = self.image.shape
        return f"<Result of {self.record.get('task', 'a plan')}: {columns}×{rows}, {channels} channels, seed {self.seed}>"

    def _repr_png_(self) -> bytes | None:
        """Return the image as a notebook shows it."""
        from patchnn.images import encode

        return encode(self.image, "result.png") if self.image.shape[2] <= 4 else None

    def draw_origins(self) -> tuple[Image, ...]:
        """Draw where the patches came from: the result and every source, in colours that name a place.

        Returns
        -------
        tuple of Image
            (h, w, 3) float32 in [0, 1]: the result, then each source in the plan's order. What has the same colour in the
            result and in a source was copied from there. Kept pixels of the result are grey.

        Examples
        --------
        >>> import numpy as np
        >>> from patchnn_tasks import Generate
        >>> result = patchnn.run(Generate(image=np.random.default_rng(0).random((24, 32, 3))), seed=1, iterations=2)
        >>> [image.shape for image in result.draw_origins()]
        [(24, 32, 3), (24, 32, 3)]
        """
        return draw_origins(self.plan, self.field, self.image)

    def apply(self, *maps: Any) -> Image:
        """Build another image from the same patches, taken from maps of the sources, such as normals or heights.

        Parameters
        ----------
        *maps
            (H, W, C), one for each source in their order, each of its source's size.

        Returns
        -------
        Image
            (h, w, C) float32. From the sources themselves it is `image`. Pixels that the task keeps come from the
            first map.

        Raises
        ------
        InputError
            If the maps do not fit.
        """
        return apply_field(self.plan, self.field, maps, find_backend(self.record["backend"]))


# Held throughout: plan and synthesis would each look for BLAS libraries.
@BLAS.held()
def run(
    task: Task,
    *,
    seed: int | None = None,
    alpha: float | None = None,
    patch: int | None = None,
    iterations: int | None = None,
    ratio: float | None = None,
    coarsest: float | None = None,
    guides: Sequence[Guide | tuple[Any, ...]] = (),
    backend: str | Backend = "auto",
    search: str = "auto",
    max_memory: int | str | None = None,
    observe: Observer | None = None,
    progress: bool | None = None,
    plan: Plan | None = None,
) -> Result:
    """Carry out a task.

    Parameters
    ----------
    task
        The task, with its options.
    seed
        0 to 2**32 - 1. The same seed gives the same image. Default: random.
    alpha, patch, iterations, ratio, coarsest
        As in `Plan`. Default: what the task chose. A given alpha also turns off the plan's claims.
    guides
        Each a `Guide`, or (source, target) or (source, target, weight): two images that are alike where patches of the source
        should go in the result.
    backend
        "numpy", "cupy", or "auto": the GPU if one works.
    search
        "exact", "patchmatch", or "auto": each where it is best.
    max_memory
        Memory limit in bytes, or as text: "2GB", "512MiB". Default: half of the free memory. The result does not depend on it.
    observe
        Called with a `Progress` of the start, of each start tried, and after every iteration. An exception that it raises
        ends the run.
    progress
        Whether to show a bar. Default: in a notebook, unless there is an observer.
    plan
        The task's plan for this seed and with these options, where it is there already. Default: it is made.

    Returns
    -------
    Result
        The image, the origin of its patches, and the record.

    Raises
    ------
    InputError
        If an option or the plan does not fit.
    BackendError
        If the backend cannot run here, or memory runs out.

    Examples
    --------
    >>> import numpy as np
    >>> from patchnn_tasks import Generate
    >>> image = np.random.default_rng(0).random((24, 32, 3))
    >>> patchnn.run(Generate(image=image, noise=0.5), seed=4, iterations=2).image.shape
    (24, 32, 3)
    """
    tuning = {"alpha": alpha, "patch": patch, "iterations": iterations, "ratio": ratio, "coarsest": coarsest}
    limit = parse_bytes(max_memory) if isinstance(max_memory, str) else max_memory
    with memory_bounded(), show_bar(False if observe and progress is None else progress) as bar:
        if seed is None:
            seed = secrets.randbelow(2**31)
        check_seed(seed)
        given = [Guide.of(guide) for guide in guides]
        plan = guide_plan(plan or tune(task, seed, **tuning), given)
        both = together(observe, bar)
        made = synthesize(plan, seed=seed, backend=backend, search=search, max_memory=limit, observe=both)
    facts = _facts(given, made.start)
    record = describe(task, seed=made.seed, tuning=tuning, search=search, backend=made.backend, **facts)
    return Result(made.image, made.field, made.seed, record, plan, tuple(_shortfall(plan, made.start)))


def _facts(guides: Sequence[Guide], start: Start | None) -> dict[str, Any]:
    """Return what a record tells of the guides, and of the start where several were tried, as JSON values."""
    facts: dict[str, Any] = {"guides": [guide.to_json() for guide in guides]} if guides else {}
    if start is not None:
        facts["start"] = {"variety": round(start.variety, 3)}
        if start.changed is not None:
            facts["start"]["changed"] = round(start.changed, 3)
    return facts


def together(*observers: Observer | None) -> Observer | None:
    """Return one observer that calls all of them, or None if there are none."""
    there = [observer for observer in observers if observer]
    return (lambda progress: [observer(progress) for observer in there]) if there else None


def _shortfall(plan: Plan, start: Start | None) -> list[str]:
    """Return what to tell a user who wanted a result farther from the guess than any layout, or the result itself, is."""
    wanted = None if plan.starts is None else plan.starts.variety
    if wanted is None or start is None:
        return []
    if start.variety < wanted / 2:
        return [
            f"the variety is {start.variety:.2f} in place of {wanted:g}: try another seed; an image of one large thing, or "
            "without details, cannot be varied much without cutting it"
        ]
    if start.changed is not None and start.changed < HARDLY * wanted:
        return [f"the result looks like the image, two layouts came back to it: try another seed, or more than {wanted:g}"]
    return []
