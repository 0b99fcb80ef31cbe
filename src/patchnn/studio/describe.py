"""What the page builds its controls from: tasks, their options and limits as JSON values."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Sequence
from typing import Any

from patchnn.registry import Registry
from patchnn.studio.goals import arranged, offered
from patchnn.studio.words import label, spoken
from patchnn.task import Option, Task, options, plain
from patchnn.tuning import SEARCH, TUNING
from patchnn.version import __version__

__all__ = ["describe"]


def describe(registry: Registry, images: Sequence[str], samples: Sequence[str], **limits: int) -> dict[str, Any]:
    """Return the tasks with their options, what people want of them, tuning options, the images to open, samples, and limits."""
    plugins = registry.plugins()
    tasks = [_task(plugin.name, plugin.load()) for plugin in plugins if not plugin.problem]
    goals, broken = offered()
    return {
        "version": __version__,
        "tasks": tasks,
        "goals": arranged(goals, {task["name"]: task["help"] for task in tasks}),
        "broken": [*(f"{one.name} of {one.distribution}: {one.problem}" for one in plugins if one.problem), *broken],
        "tuning": [_option(o) for o in TUNING.values()],
        "search": _option(SEARCH),
        "images": list(images),
        "samples": list(samples),
        "limits": limits,
    }


def _task(name: str, task: type[Task]) -> dict[str, Any]:
    text = " ".join((inspect.getdoc(task) or "").split())
    said = " ".join([text, *(o.help for o in options(task))])
    # What a task's help speaks of is at hand, not among the tuning that most people never open.
    named = [each for each in TUNING if re.search(rf"--{each}\b", said)]
    return {
        "name": name,
        "label": label(name),
        "help": spoken(text),
        "options": [_option(o) for o in options(task)],
        "tuning": named,
    }


def _option(o: Option) -> dict[str, Any]:
    default = None if o.is_image or o.positional else plain(o.default)
    bounds = {side: None if value is None or math.isinf(value) else value for side, value in (("min", o.min), ("max", o.max))}
    facts = {
        fact: getattr(o, fact) for fact in ("name", "type", "bounds", "many", "optional", "inf", "choices", "words", "pixels")
    }
    return {**facts, **bounds, "label": label(o.name), "help": spoken(o.help), "default": default, "required": o.positional}
