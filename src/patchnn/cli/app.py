"""The app: a command for every task in the registry, and the few that are about them."""

from __future__ import annotations

import inspect
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command

from patchnn.cli.borrow import borrow, named_task
from patchnn.cli.doctor import doctor_command
from patchnn.cli.evaluate import COMMON as EVALUATE
from patchnn.cli.evaluate import evaluate
from patchnn.cli.help import Command, Group, TaskCommand
from patchnn.cli.make import make
from patchnn.cli.options import metavar, parameter
from patchnn.cli.score import score
from patchnn.cli.studio import studio
from patchnn.cli.sweep import COMMON as SWEEP
from patchnn.cli.sweep import listed, sweep
from patchnn.errors import InputError, PluginError
from patchnn.images import read_record
from patchnn.registry import Registry
from patchnn.task import Task, options
from patchnn.version import __version__

__all__ = ["BORROWING", "build_app"]

BORROWING: dict[str, Any] = {"evaluate": (evaluate, EVALUATE), "sweep": (sweep, SWEEP, listed)}
"""Commands that have the options of the task that they are told: what `borrow` makes them of."""

_PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}


def build_app(registry: Registry) -> typer.Typer:
    """Return the command line over the tasks of `registry`; a task is loaded only when its command is asked for."""

    class Commands(Group):
        tasks = registry

        def list_commands(self, ctx: Any) -> list[str]:
            return [*registry, *super().list_commands(ctx), *BORROWING]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name in BORROWING:
                return _borrowing_command(registry, cmd_name)
            return _task_command(registry, cmd_name) if cmd_name in registry else super().get_command(ctx, cmd_name)

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            if args[0] in BORROWING:
                return args[0], _borrowing_command(registry, args[0], named_task(args[1:])), args[1:]
            return super().resolve_command(ctx, args)

    app = typer.Typer(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, **_PLAIN)

    @app.callback()
    def patchnn(
        version: Annotated[
            bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
        ] = False,
        debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error, as PATCHNN_DEBUG=1 does.")] = False,
    ) -> None:
        """New pictures out of the patches of a single one."""

    app.command(cls=Command)(studio)

    @app.command(cls=Command)
    def tasks() -> None:
        """List the tasks that are installed, the broken ones with the reason."""
        for plugin in registry.plugins():
            about = f"broken: {plugin.problem}" if plugin.problem else _summary(plugin.load())
            print(f"{plugin.name:12} {plugin.distribution} {plugin.version}  {about}")

    @app.command(cls=Command)
    def show(
        path: Annotated[Path, typer.Argument(metavar="PICTURE", help="A PNG that patchnn wrote.")],
        as_json: Annotated[bool, typer.Option("--json", help="Print the whole record.")] = False,
    ) -> None:
        """Print the command that makes a picture again."""
        record = read_record(path)
        if as_json:
            print(json.dumps(record, indent=2))
        elif isinstance(record.get("command"), list):
            print(shlex.join(["patchnn", *map(str, record["command"]), "-o", str(path)]))
        else:
            raise InputError(f"{path} was not made by a command; --json prints how it was")

    app.command(cls=Command)(doctor_command(registry))
    app.command(cls=Command)(score)
    return app


def _borrowing_command(registry: Registry, name: str, task: str | None = None) -> Any:
    command = typer.Typer(**_PLAIN)
    command.command(name, cls=Command)(borrow(registry, task, *BORROWING[name]))
    return get_command(command)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"patchnn {__version__}")
        raise typer.Exit


def _task_command(registry: Registry, name: str) -> Any:
    command = typer.Typer(**_PLAIN)
    try:
        task = registry.load(name)
    except PluginError as error:
        problem = error

        def broken() -> None:
            raise problem

        anything = {"ignore_unknown_options": True, "allow_extra_args": True}
        command.command(name, help=f"(broken: {problem})", context_settings=anything)(broken)
    else:
        command.command(name, cls=TaskCommand, help=inspect.getdoc(task))(_task_function(registry, name, task))
        return _say_what_arguments_are(get_command(command), task)
    return get_command(command)


def _say_what_arguments_are(command: Any, task: type[Task]) -> Any:
    """Let the help call arguments what it calls options' values; typer shows their Python types, as <list[Path]>."""
    words = {o.name: metavar(o) for o in options(task) if o.positional}
    for argument in command.params:
        if argument.name in words:
            argument.display_type_rich = lambda ctx, word=words[argument.name]: word
    return command


def _task_function(registry: Registry, name: str, task: type[Task]) -> Callable[..., None]:
    """Return a function whose signature, from which typer reads a command, is the task's options and make's."""
    own = [parameter(o) for o in options(task)]
    common = [p for p in inspect.signature(make, eval_str=True).parameters.values() if p.kind is p.KEYWORD_ONLY]

    def function(**given: Any) -> None:
        values = {p.name: given.pop(p.name) for p in own}
        make(registry, name, values, **given)

    function.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]  # read by inspect, unknown to typeshed
    return function


def _summary(task: type[Task]) -> str:
    return (inspect.getdoc(task) or "").partition("\n")[0]
