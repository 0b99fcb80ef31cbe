"""Commands about a task, which have that task's options beside their own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from patchnn.cli.make import make
from patchnn.cli.options import parameter
from patchnn.command import flag
from patchnn.errors import InputError
from patchnn.registry import Registry
from patchnn.runner import TUNING
from patchnn.task import Option, Task, options, plain

__all__ = ["TASK", "Borrowed", "Named", "borrow", "named_task"]

TASK = "generate"

Named = Annotated[str, typer.Option(metavar="TASK", help="Which task; its options are then options here.")]
"""The option --task."""


@dataclass(frozen=True)
class Borrowed:
    """The task that a command was told, and what was given for its options.

    name, task: the task. picture: its first option, the picture that the command is about. values: the task's other
    options that were given, by name, files in the place of pictures. common: those of make's that the command has too.
    """

    registry: Registry
    name: str
    task: type[Task]
    picture: Option
    values: dict[str, Any]
    common: dict[str, Any]

    @property
    def files(self) -> dict[str, list[str]]:
        """The names that were given for the other picture options."""
        given = {o.name: self.values[o.name] for o in options(self.task) if o.picture and o.name in self.values}
        return {name: [str(file) for file in (value if isinstance(value, list) else [value])] for name, value in given.items()}

    @property
    def plain(self) -> dict[str, Any]:
        """What was given for the options that are not pictures, as JSON values; raises InputError for one that cannot be."""
        found = {o: self.values[o.name] for o in options(self.task) if not o.picture and o.name in self.values}
        return {o.name: plain(o.check(value)) for o, value in found.items()}

    @property
    def tuning(self) -> dict[str, Any]:
        """What was given for the options that are laid over a task's plan."""
        return {key: self.common[key] for key in TUNING if self.common.get(key) is not None}

    @property
    def words(self) -> list[str]:
        """The words of a command line that say all this."""
        words = ["--task", self.name]
        for o in options(self.task):
            value = self.values.get(o.name)
            for one in value if isinstance(value, list) else [value]:
                if o.type == "flag" and value is not None:
                    words.append(flag(o.name if one else f"no_{o.name}"))
                elif one is not None:
                    words += [flag(o.name), str(one)]
        shared = {**self.tuning, **{key: self.common[key] for key in ("search", "backend") if self.common.get(key) != "auto"}}
        return [*words, *(word for key, value in shared.items() for word in (flag(key), str(value)))]


def named_task(words: Sequence[str]) -> str:
    """Return the task that the words of a command name."""
    name = TASK
    for word, after in zip(words, [*words[1:], TASK], strict=False):
        if word == "--":
            break
        name = after if word == "--task" else word.removeprefix("--task=") if word.startswith("--task=") else name
    return name


def borrow(
    registry: Registry,
    name: str | None,
    function: Callable[..., None],
    common: Sequence[str],
    change: Callable[[inspect.Parameter], inspect.Parameter] = lambda parameter: parameter,
) -> Callable[..., None]:
    """Return `function` with the options of a task, and those of make's that `common` lists, in its signature.

    name: of the task; without one it is only listed, never called. function: takes a Borrowed and its own options.
    change: is done to what is borrowed. An option of the function's own takes the place of a task's of the same name.
    Raises PluginError for a task that cannot be used, InputError for one that needs no picture.
    """
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    if name is None:
        return _with_signature(function, function, own)
    task = registry.load(name)
    first, *rest = options(task) or (None,)
    taken = {p.name for p in own}
    if first is None or first.type != "image" or not first.positional or first.many:
        raise InputError(f"{function.__name__} needs a task of a single picture first, and {name} is none")
    if clash := taken.intersection(o.name for o in rest if o.positional):
        raise InputError(f"{function.__name__} cannot be told --{clash.pop()} of the task {name}: it has an option of that name")
    theirs = [parameter(o, named=True) for o in rest if o.name not in taken]
    made = inspect.signature(make, eval_str=True).parameters
    borrowed = [change(p) for p in (*theirs, *(made[key] for key in common))]

    def call(**given: Any) -> None:
        values = {p.name: value for p in theirs if (value := given.pop(p.name)) not in (p.default, None, [])}
        shared = {key: given.pop(key) for key in common}
        function(Borrowed(registry, name, task, first, values, shared), **given)

    return _with_signature(call, function, [*own, *borrowed])


def _with_signature(
    call: Callable[..., None], function: Callable[..., None], parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    def named(**given: Any) -> None:
        call(**given)

    named.__name__, named.__doc__ = function.__name__, function.__doc__
    ordered = [p.replace(kind=p.KEYWORD_ONLY) for p in parameters]
    named.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]  # read by inspect, unknown to typeshed
    return named
