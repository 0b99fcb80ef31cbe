"""Commands that measure a task, with a subcommand for each task: `patchnn evaluate [TASK] …` and `patchnn sweep [TASK] …`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from patchnn.cli.examples import of_command
from patchnn.cli.help import PLAIN, Command, meant, summary, write_examples, write_sections
from patchnn.cli.options import parameter
from patchnn.cli.request import Request
from patchnn.cli.settings import Settings, with_pairs
from patchnn.errors import InputError, PluginError
from patchnn.registry import Registry
from patchnn.task import Option, Task, options

__all__ = ["DEFAULT", "TaskGroup", "task_group"]

DEFAULT = "generate"
"""The task where the command line names none."""

Parameter = inspect.Parameter


class TaskGroup(TyperGroup):
    """A command with a subcommand for each task; without a task's name it runs `generate`.

    subcommand: returns the subcommand for a task's name. The help shows the default task's options and lists the tasks.
    """

    registry: Registry
    subcommand: Callable[[str], Any]

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in self.registry if _fits(self.registry, name)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return self.subcommand(cmd_name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.registry, *ctx.help_option_names}:
            _check_spelling(ctx, args, self.list_commands(ctx))
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        pieces: list[str] = self.default().collect_usage_pieces(ctx)
        return ["[TASK]", *pieces]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.default().format_options(ctx, formatter)
        tasks = [(name, summary(self.get_command(ctx, name))) for name in self.list_commands(ctx)]
        write_sections({f"Tasks (default: {DEFAULT})": tasks}, formatter)
        formatter.write_paragraph()
        formatter.write_text(f"{ctx.command_path} TASK --help shows the options of a task.")

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_examples(*of_command(self.name), formatter)

    def default(self) -> Any:
        """Return the subcommand of the default task."""
        return self.subcommand(DEFAULT)


def task_group(
    registry: Registry,
    function: Callable[..., None],
    shared: Sequence[str],
    change: Callable[[Parameter], Parameter] = lambda parameter: parameter,
) -> Any:
    """Return the command that calls `function` with a Request for a task.

    function: takes the request, then its own options; the first of these stands for the task's first image. shared:
    names of the options of every task that the command has too. change: is applied to the task's and the shared
    options. An option of the function replaces the task's option of the same name.
    """

    class Tasks(TaskGroup):
        pass

    Tasks.registry = registry
    Tasks.subcommand = staticmethod(lambda name: _subcommand(registry, name, function, shared, change))
    app = typer.Typer(cls=Tasks, help=inspect.getdoc(function), **PLAIN)
    app.callback()(lambda: None)
    command = get_command(app)
    command.name = function.__name__
    return command


def _subcommand(
    registry: Registry,
    name: str,
    function: Callable[..., None],
    shared: Sequence[str],
    change: Callable[[Parameter], Parameter],
) -> Any:
    """Return the subcommand of one task; raises PluginError or InputError for a task that cannot be used here."""
    task = registry.load(name)
    first, *rest = _options_after_an_image(task, function.__name__, name)
    subject, *own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    taken = {p.name for p in (subject, *own)}
    if clash := taken.intersection(o.name for o in rest if o.positional):
        raise InputError(f"{function.__name__} cannot run {name}: both have an option called {clash.pop()}")
    theirs = [change(parameter(o)) for o in rest if o.name not in taken]
    every = inspect.signature(Settings, eval_str=True).parameters
    common = [change(every[key]) for key in shared]

    def call(**given: Any) -> None:
        values = {p.name: value for p in theirs if (value := given.pop(p.name)) not in (p.default, None, [])}
        values[first.name] = given[subject.name]
        settings = Settings(**{p.name: given.pop(p.name) for p in common})
        function(Request(registry, name, task, values, settings), **given)

    ordered = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in (subject, *theirs, *own, *common)]
    call.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]  # read by inspect, unknown to typeshed
    app = typer.Typer(**PLAIN)
    about = (inspect.getdoc(task) or "").partition("\n\n")[0]
    app.command(name, cls=Command, help=f"{about}\n\n{inspect.getdoc(function)}")(call)
    command = with_pairs(get_command(app))
    command.common = frozenset(shared)
    command.examples = of_command(function.__name__)
    return command


def _options_after_an_image(task: type[Task], command: str, name: str) -> Sequence[Option]:
    """Return a task's options; raises InputError unless the first is one image."""
    found = options(task)
    if not found or found[0].type != "image" or not found[0].positional or found[0].many:
        raise InputError(f"{command} cannot run {name}: it needs a task whose first input is one image")
    return found


def _fits(registry: Registry, name: str) -> bool:
    try:
        return bool(_options_after_an_image(registry.load(name), "", name))
    except (InputError, PluginError):
        return False


def _check_spelling(ctx: Any, args: Sequence[str], tasks: Sequence[str]) -> None:
    """Fail for a first word that is meant for a task and misspelled: no file has that name, and another word follows."""
    if len(args) > 1 and not args[1].startswith("-") and not os.path.exists(args[0]):
        hint = meant(args[0], tasks)
        if hint != ".":
            ctx.fail(f"No such task {args[0]!r}{hint}")
