"""A function for every task: `patchnn.inpaint(image, mask)`. Images come in any form, and results go back in the same."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from patchnn.errors import InputError
from patchnn.forms import Form, take_image, take_mask
from patchnn.option_types import Option
from patchnn.registry import PLUGINS, Registry
from patchnn.runner import run
from patchnn.task import Task, options
from patchnn.tuning import SEARCH, TUNING

__all__ = ["EVERY", "find", "function", "names", "signature"]

EVERY = {
    "seed": "The same seed gives the same image. Default: random.",
    "seeds": "Several seeds, as range(8): the result is then a list with an image for each.",
    **{name: o.help for name, o in TUNING.items()},
    "guides": "Each (source, target) or (source, target, weight): two images that are alike where patches should go.",
    "search": SEARCH.help,
    "backend": 'What to compute with: "numpy", "cupy", or "auto", the GPU if one works.',
    "max_memory": 'Memory limit in bytes, or as "2GB". Default: half of the free memory.',
    "progress": "Whether to show a bar. Default: in a notebook.",
}
"""The arguments that every function has, besides its task's options."""

WIDTH = 110
"""Columns of a docstring."""

_DEFAULTS = {"guides": (), "search": SEARCH.default, "backend": "auto"}


@cache
def _registry() -> Registry:
    return Registry()


def names() -> list[str]:
    """Return the names of all functions."""
    return [name.replace("-", "_") for name in _registry()]


@cache
def find(name: str) -> Callable[..., Any]:
    """Return the function called `name`; raises AttributeError if no task has this name, PluginError if it is broken."""
    for task in _registry():
        if task.replace("-", "_") == name:
            return function(name, _registry().load(task))
    where = f": it comes with the plugin {PLUGINS[name]}, which is not installed" if name in PLUGINS else ""
    raise AttributeError(f"module 'patchnn' has no attribute {name!r}{where}")


def function(name: str, task: type[Task]) -> Callable[..., Any]:
    """Return the function that carries out a task on images in any form."""
    shape, own = signature(task), options(task)

    def call(*args: Any, **kwargs: Any) -> Any:
        given = shape.bind(*args, **kwargs).arguments
        values, form = _take(own, {o.name: given.pop(o.name) for o in own if o.name in given})
        seeds = given.pop("seeds", None)
        given["guides"] = [_take_guide(guide) for guide in given.get("guides", ())]
        if seeds is None:
            return form.restore(run(task(**values), **given).image)
        if given.get("seed") is not None:
            raise InputError("seeds and seed are both given: choose one", about="seeds")
        made = task(**values)
        return [form.restore(run(made, **{**given, "seed": seed}).image) for seed in _listed(seeds)]

    call.__name__ = call.__qualname__ = name
    call.__module__ = "patchnn"
    call.__signature__ = shape  # type: ignore[attr-defined]  # read by inspect, unknown to typeshed
    call.__doc__ = describe(task)
    return call


def signature(task: type[Task]) -> inspect.Signature:
    """Return the signature of a task's function: required options and a size by position, everything else by name."""
    by_position = [o for o in options(task) if o.positional] + [o for o in options(task) if o.type == "size"]
    by_name = [o for o in options(task) if o not in by_position]
    parameters = [
        inspect.Parameter(
            o.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD if o in by_position else inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if o.positional else o.default,
        )
        for o in (*by_position, *by_name)
    ]
    every = [inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS.get(key)) for key in EVERY]
    return inspect.Signature([*parameters, *every])


def describe(task: type[Task]) -> str:
    """Return the docstring of a task's function."""
    order = list(signature(task).parameters)
    own = {o.name: f"{o.help} [{o.bounds}]" if o.bounds else o.help for o in options(task)}
    images = [o for o in options(task) if o.type == "image" and o.positional]
    returns = f"The result, in the form of `{images[0].name}`" if images else "The result, (H, W, C) float32"
    lines = [_in_python(inspect.getdoc(task) or task.__name__), "", "Parameters", "----------"]
    for name, text in {**{name: own[name] for name in order if name in own}, **EVERY}.items():
        lines += [name, textwrap.fill(_in_python(text), WIDTH, initial_indent="    ", subsequent_indent="    ")]
    lines += ["", "Returns", "-------", "image", f"    {returns}; with `seeds` a list."]
    return "\n".join([*lines, "", "Raises", "------", "PatchnnError", "    If an argument does not fit; the message says why."])


def _in_python(text: str) -> str:
    """Return a help text with the names of options as arguments: noise in place of --noise."""
    return re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), text)


def _take(own: Iterable[Option], given: dict[str, Any]) -> tuple[dict[str, Any], Form]:
    """Return the values of a task's options, and the form of its first image."""
    form: Form | None = None
    for o in own:
        value = given.get(o.name)
        if value is None:
            continue
        if o.type == "mask":
            given[o.name] = take_mask(value, o.name, soft=o.soft)
        elif o.type == "image":
            several = list(value) if isinstance(value, tuple | list) and o.many else [value]
            taken = [take_image(one, o.name) for one in several]
            form = form or (taken[0][1] if taken else None)
            given[o.name] = tuple(image for image, _ in taken) if o.many else taken[0][0]
    return given, form or Form()


def _take_guide(value: Any) -> Any:
    """Return a guide whose images, in any form, are arrays."""
    if not isinstance(value, tuple | list) or len(value) not in (2, 3):
        return value
    source, target, *weight = value
    several = source if isinstance(source, tuple | list) else (source,)
    return (tuple(take_image(one, "guides")[0] for one in several), take_image(target, "guides")[0], *weight)


def _listed(seeds: Any) -> list[int]:
    try:
        return list(seeds)
    except TypeError:
        raise InputError(f"seeds is {seeds!r}: it must be several, as range(8) or [3, 5]", about="seeds") from None
