"""A task as a ComfyUI node: its options are the inputs, its results IMAGE, MASK and where every patch came from."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from patchnn import Result, Task, run
from patchnn.task import Option, options
from patchnn.tuning import TUNING

from .tensors import from_images, from_masks, interrupted, items, progress_bar, take_image

__all__ = ["MANY", "ORIGIN", "TUNED", "ApplyToMaps", "inputs_of", "node"]

CATEGORY = "image/patchnn"
ORIGIN = "PATCHNN_ORIGIN"
"""The type of a connection that carries results, for Apply to maps."""
MANY = 4
"""How many images a node takes for an option that takes any number."""
TUNED = ("coarsest", "alpha")
"""Tuning options that every node shows."""
DEFAULT = -1
"""What a number's widget shows where the task decides; ComfyUI's widgets cannot be empty."""
SEEDS = 2**32

Inputs = dict[str, dict[str, Any]]


def node(name: str, task: type[Task]) -> type:
    """Return the node class of a task."""
    needed = inputs_of(task)

    class Node:
        RETURN_TYPES = ("IMAGE", "MASK", ORIGIN)
        RETURN_NAMES = ("image", "new", "origin")
        OUTPUT_TOOLTIPS = ("The result.", "What is new: all but pixels that were kept.", "For Apply to maps.")
        FUNCTION = "make"
        DESCRIPTION = inspect.getdoc(task) or ""

        @classmethod
        def INPUT_TYPES(cls) -> Inputs:  # noqa: N802  # ComfyUI's name
            return needed

        def make(self, seed: int, **given: Any) -> tuple[Any, Any, list[Result]]:
            """Make an image of every one in the batch; image i has the seed + i."""
            results = make(task, seed, given)
            new = [np.ones(r.image.shape[:2], np.float32) if r.plan.keep is None else 1 - r.plan.keep for r in results]
            return from_images([result.image for result in results]), from_masks(new), results

    Node.CATEGORY = CATEGORY  # type: ignore[attr-defined]  # read by ComfyUI
    Node.__name__ = Node.__qualname__ = f"Patchnn{name.capitalize()}"
    return Node


def make(task: type[Task], seed: int, given: dict[str, Any]) -> list[Result]:
    """Return a result for every image of the batch; inputs that hold one image serve all of them."""
    tuning = {name: value for name in TUNED if (value := given.pop(name, DEFAULT)) != DEFAULT}
    values = {o.name: value for o in options(task) if (value := _value(o, given)) is not None}
    images = [o for o in options(task) if o.name in values and o.is_image]
    count = max((len(values[o.name]) for o in images if not o.many), default=1)
    for o in images:
        if not o.many and len(values[o.name]) not in (1, count):
            raise ValueError(f"{o.name} holds {len(values[o.name])} images, another input {count}: give one, or as many")
    bar, results = progress_bar(count), []
    for index in range(count):
        one = {o.name: values[o.name][index % len(values[o.name])] for o in images if not o.many}

        def observe(progress: Any, index: int = index) -> None:
            interrupted()
            bar((index + progress.fraction) / count)

        results.append(run(task(**{**values, **one}), seed=(seed + index) % SEEDS, observe=observe, **tuning))
    return results


def inputs_of(task: type[Task]) -> Inputs:
    """Return the inputs of a task's node, as ComfyUI wants them: connections first, then widgets, then tuning."""
    required: dict[str, Any] = {}
    optional: dict[str, Any] = {}
    for o in options(task):
        place = required if o.positional or not o.is_image else optional
        if o.many:
            for number in range(1, MANY + 1):
                (required if o.positional and number < 3 else optional)[f"{o.name}_{number}"] = (o.type.upper(), _tip(o))
        else:
            place[o.name] = widget(o)
    for name in TUNED:
        required[name] = widget(TUNING[name])
    required["seed"] = ("INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True})
    return {"required": required, "optional": optional}


def widget(o: Option) -> tuple[Any, dict[str, Any]]:
    """Return an option's type and settings as ComfyUI has them."""
    if o.is_image:
        return o.type.upper(), _tip(o)
    if o.type == "choice":
        return list(o.choices), {"default": o.default, **_tip(o)}
    if o.type == "flag":
        return "BOOLEAN", {"default": o.default, **_tip(o)}
    if o.type in ("number", "integer"):
        unset = o.default is None
        low = DEFAULT if unset else -(10**6) if o.min is None else o.min
        high = 10**6 if o.max is None else o.max
        limits = {
            "default": DEFAULT if unset else o.default,
            "min": low,
            "max": high,
            **_tip(o, " -1: the default." if unset else ""),
        }
        return ("INT", limits) if o.type == "integer" else ("FLOAT", {**limits, "step": 0.005})
    return "STRING", {"default": "" if o.default is None else str(o.default), **_tip(o)}


def _tip(o: Option, more: str = "") -> dict[str, str]:
    return {"tooltip": o.help + more}


def _value(o: Option, given: dict[str, Any]) -> Any:
    """Return an option's value from the inputs: for images a list, of a batch or of several inputs; None if it is not given."""
    if o.many:
        several = [given.get(f"{o.name}_{number}") for number in range(1, MANY + 1)]
        return tuple(take_image(item) for batch in several if batch is not None for item in items(batch)) or None
    value = given.get(o.name)
    if value is None or (not o.is_image and o.default is None and value in ("", DEFAULT)):
        return None
    if o.type == "image":
        return [take_image(item) for item in items(value)]
    if o.type == "mask":
        return [item if o.soft else item > 0.5 for item in items(value, axes=2)]
    return value


class ApplyToMaps:
    """Rebuild other images of the source, such as normals or depth, from the same patches as a result."""

    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "apply"
    CATEGORY = CATEGORY
    DESCRIPTION = "Rebuild other images of the source, such as normals or depth, from the same patches as a result."

    @classmethod
    def INPUT_TYPES(cls) -> Inputs:  # noqa: N802  # ComfyUI's name
        """Return the inputs."""
        first = ("IMAGE", {"tooltip": "A map of the source's size. For several sources, one for each, in their order."})
        more = {f"map_{number}": ("IMAGE",) for number in range(2, MANY + 1)}
        return {"required": {"origin": (ORIGIN,), "map_1": first}, "optional": more}

    def apply(self, origin: list[Result], **maps: Any) -> tuple[Any]:
        """Return the maps of all results."""
        batches = [items(maps[key]) for number in range(1, MANY + 1) if (key := f"map_{number}") in maps]
        made = []
        for index, result in enumerate(origin):
            interrupted()
            made.append(result.apply(*(take_image(batch[index % len(batch)]) for batch in batches)))
        return (from_images(made),)
