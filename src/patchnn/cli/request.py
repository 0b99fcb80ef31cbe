"""What a command line asks of a task, before any file is read."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from patchnn.batch import Job
from patchnn.cli.settings import Settings
from patchnn.record import flag
from patchnn.registry import Registry
from patchnn.task import Task, options, plain

__all__ = ["Request"]


@dataclass(frozen=True)
class Request:
    """A task and the values that the command line gave for its options.

    values: the task's own options by name; file names, folders and patterns for images. settings: the options that
    every task has.
    """

    registry: Registry
    name: str
    task: type[Task]
    values: dict[str, Any]
    settings: Settings = field(default_factory=Settings)

    @property
    def files(self) -> dict[str, list[str]]:
        """The file names given for each image option."""
        given = {o.name: self.values[o.name] for o in options(self.task) if o.is_image and self.values.get(o.name) is not None}
        return {name: [str(file) for file in (value if isinstance(value, list) else [value])] for name, value in given.items()}

    @property
    def options(self) -> dict[str, Any]:
        """The values of the other options as JSON; raises InputError, naming the option, for one that the task refuses."""
        found = {o: self.values[o.name] for o in options(self.task) if not o.is_image and o.name in self.values}
        return {o.name: plain(o.check(value)) for o, value in found.items()}

    def job(self, **given: Any) -> Job:
        """Return a job with these options; `given` are its other fields, or replace some of them."""
        s = self.settings
        shared = {"search": s.search, "backend": s.backend, "force": s.force, "resume": s.resume}
        blank: dict[str, Any] = {"files": {}, "output": "", "seed": 0, "options": self.options, "tuning": s.tuning}
        return Job(self.name, **{**blank, **shared, **given})

    @property
    def named(self) -> set[str]:
        """The options that are given by name, the task's own and those of every task."""
        return {o.name for o in options(self.task) if not o.positional} | {f.name for f in fields(Settings)}

    @property
    def words(self) -> list[str]:
        """The words of a command line that give the same options, without the first image."""
        arguments, words = [], []
        for o in options(self.task)[1:]:
            value = self.values.get(o.name)
            for one in value if isinstance(value, list) else [value]:
                if one is None:
                    continue
                if o.positional:
                    arguments.append(str(one))
                else:
                    words += [flag(o.name if one else f"no_{o.name}")] if o.type == "flag" else [flag(o.name), str(one)]
        shared = {**self.settings.tuning, "search": self.settings.search, "backend": self.settings.backend}
        words += [word for key, value in shared.items() if value != "auto" for word in (flag(key), str(value))]
        words += [word for pair in self.settings.guide or [] for word in (flag("guide"), *map(str, pair))]
        return [*arguments, *words]
