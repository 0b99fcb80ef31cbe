"""Entry points → tasks: names at once, classes on first use, and a broken plugin is named, never fatal."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, cast

from patchnn.errors import PluginError
from patchnn.links import DOCUMENTATION
from patchnn.task import Task, options
from patchnn.tuning import TUNING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["COMMANDS", "COMMON_OPTIONS", "GROUP", "PLUGINS", "Plugin", "Registry", "origin", "task_name", "unusable_options"]

GROUP = "patchnn.tasks"

COMMANDS = frozenset({"completion", "doctor", "evaluate", "help", "score", "serve", "show", "studio", "survey", "sweep", "tasks"})
"""The command line's own commands, which no task may be called."""

COMMON_OPTIONS = frozenset(
    {
        *TUNING,
        *("output", "count", "seed", "depth", "quality", "search", "backend", "max_memory", "guide", "apply_to"),
        *("animate", "preview", "jobs", "cluster", "resume", "force", "quiet", "debug", "help"),
    }
)
"""What every task is given for free, and none may have as an option of its own."""


ARGUMENTS = ("seeds", "progress")
"""What a task's function takes as well, so that no task can have it."""

PLUGINS = {"tile": "patchnn-tile"}
"""Tasks in plugins that the documentation names, for an error that says what is missing."""


class Plugin:
    """One entry point: its name, the distribution it comes from, and the task class or why there is none."""

    def __init__(self, entry_point: EntryPoint, clash: str | None = None) -> None:
        self.name = entry_point.name
        self.distribution = entry_point.dist.name if entry_point.dist else "unknown"
        self.version = entry_point.dist.version if entry_point.dist else "?"
        self._entry_point = entry_point
        self._clash = clash

    def load(self) -> type[Task]:
        """Return the task class; raises PluginError, the same each time, if there is none that can be used."""
        if isinstance(self._found, str):
            line = f"the task {self.name} of {self.distribution} {self.version} cannot be used: {self._found}"
            raise PluginError(line) from self._cause
        return self._found

    @property
    def home(self) -> str | None:
        """The address of its distribution's documentation or home page, from its metadata."""
        distribution = self._entry_point.dist
        links = (link.partition(", ") for link in (distribution.metadata.get_all("Project-URL") or [] if distribution else []))
        found = {label.lower(): address for label, _, address in links}
        return found.get("documentation") or found.get("homepage")

    @property
    def problem(self) -> str | None:
        """Why it cannot be used, in one line; None if it can."""
        return self._found if isinstance(self._found, str) else None

    @cached_property
    def _found(self) -> type[Task] | str:
        self._cause: BaseException | None = None
        if self._clash:
            return self._clash
        try:
            # A plugin runs code of its own here: whatever it raises, and even an exit, is its own affair.
            found = self._entry_point.load()
            reason = _unusable(self.name, found)
        except (Exception, SystemExit) as error:
            self._cause = error
            return f"{type(error).__name__}: {' '.join(str(error).split())}"
        return reason or cast("type[Task]", found)


class Registry:
    """The tasks that are installed, by name; of two with one name, patchnn's own or the first distribution's is kept."""

    def __init__(self, found: Iterable[EntryPoint] | None = None) -> None:
        self._kept: dict[str, Plugin] = {}
        self._clashing: list[Plugin] = []
        for entry_point in sorted(_installed() if found is None else found, key=_precedence):
            kept = self._kept.get(entry_point.name)
            if entry_point.name in COMMANDS:
                self._clashing.append(Plugin(entry_point, "patchnn has a command of the same name"))
            elif kept:
                self._clashing.append(Plugin(entry_point, f"{kept.distribution} {kept.version} has a task of the same name"))
            else:
                self._kept[entry_point.name] = Plugin(entry_point)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._kept))

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def load(self, name: str) -> type[Task]:
        """Return the task class called `name`; raises PluginError if there is none or it is broken."""
        if name not in self._kept:
            raise PluginError(f"there is no task {name!r}: {', '.join(self) or 'none'} can be used")
        return self._kept[name].load()

    def page(self, name: str) -> str | None:
        """Return the address of a task's page: in patchnn's documentation, or where its distribution's metadata says."""
        plugin = self._kept[name]
        if plugin.distribution == "patchnn" or PLUGINS.get(name) == plugin.distribution:
            return f"{DOCUMENTATION}/tasks/{name}/"
        return plugin.home

    def plugins(self) -> list[Plugin]:
        """Return all there are by name, those that lost a clash included."""
        return sorted([*self._kept.values(), *self._clashing], key=lambda plugin: plugin.name)


@cache
def task_name(task: type[Task]) -> str:
    """Return what a task class is called: its entry point's name, or its own in lower case."""
    value = f"{task.__module__}:{task.__qualname__}"
    return next((found.name for found in _installed() if found.value == value), task.__name__.lower())


def origin(task: type[Task]) -> str:
    """Return the distribution that a task class comes from, with its version, or the name of its module."""
    value = f"{task.__module__}:{task.__qualname__}"
    for found in _installed():
        if found.value == value and found.dist:
            return f"{found.dist.name} {found.dist.version}"
    return task.__module__


def _installed() -> Iterable[EntryPoint]:
    # Slow to import, and needed only once a task is looked up.
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)


def _precedence(found: EntryPoint) -> tuple[bool, str]:
    distribution = found.dist.name if found.dist else ""
    return distribution != "patchnn", distribution


def _unusable(name: str, found: object) -> str | None:
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        return "its name must be of lower-case letters, digits and -"
    if not (isinstance(found, type) and issubclass(found, Task)):
        return "it is not a subclass of patchnn.Task"
    if "__dataclass_fields__" not in vars(found):
        return f"{found.__name__} is not a dataclass"
    if inspect.isabstract(found):
        return f"{found.__name__} has no plan()"
    return unusable_options(found)


def unusable_options(task: type[Task]) -> str | None:
    """Say why a task's options cannot be a command's; None if they can."""
    names = [o.name for o in options(task)]
    if list(inspect.signature(task).parameters) != names:
        return f"the arguments of {task.__name__} are not its fields"
    taken = ", ".join(sorted({*COMMON_OPTIONS, *ARGUMENTS}.intersection(names)))
    return f"every task has an option {taken} already" if taken else None
