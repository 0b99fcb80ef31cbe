"""What people want of the tasks, in their own words: the page's first choice. Plugins offer it as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from patchnn.studio.words import label

__all__ = ["GROUP", "arranged", "offered"]

GROUP = "patchnn.goals"
"""The entry points that offer goals: each a list of dicts with word, task, options, how, icon, tool and gap."""

_ICON = "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z"


def offered() -> tuple[list[Any], list[str]]:
    """Return the goals that installed packages offer, and what is broken: each entry point in a line, as broken tasks are named.

    The tasks of a package whose goals cannot be loaded are offered under their own names.
    """
    found = [_load(point) for point in entry_points(group=GROUP)]
    return [goal for goals, _ in found for goal in goals], [problem for _, problem in found if problem]


def _load(point: EntryPoint) -> tuple[list[Any], str]:
    """Return the goals of an entry point, or why there are none."""
    try:
        goals = list(point.load())
        for goal in goals:
            if not isinstance(goal, Mapping) or "task" not in goal:
                raise TypeError(f"{goal!r} is no goal: a goal is a dict with a task")
    except Exception as error:
        distribution = point.dist.name if point.dist else "unknown"
        return [], f"goals {point.name} of {distribution}: {type(error).__name__}: {' '.join(str(error).split())}"
    return goals, ""


def arranged(goals: Iterable[Any], tasks: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the goals of the tasks that there are, and one for each task that has none.

    tasks: what each does, by name.
    """
    found = [_checked(goal) for goal in goals if str(goal["task"]) in tasks]
    aimed = {goal["task"] for goal in found}
    plain = [_checked({"task": name, "how": how}) for name, how in tasks.items()]
    return found + [goal for goal in plain if goal["task"] not in aimed]


def _checked(goal: Mapping[str, Any]) -> dict[str, Any]:
    word = str(goal.get("word") or label(str(goal["task"])))
    preset = goal.get("options")
    usual = {"how": "", "icon": _ICON, "tool": "", "gap": ""}
    facts = {key: str(goal.get(key) or default) for key, default in usual.items()}
    return {"word": word, "task": str(goal["task"]), "options": dict(preset) if isinstance(preset, Mapping) else {}, **facts}
