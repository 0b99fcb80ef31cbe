"""The app: a command for every task in the registry, and the commands that list, show, measure and examine."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.main import get_command

from patchnn.cli.complete import completion
from patchnn.cli.doctor import doctor_command
from patchnn.cli.evaluate import SHARED as EVALUATE
from patchnn.cli.evaluate import evaluate
from patchnn.cli.examples import of_task
from patchnn.cli.help import PLAIN, Command, Group, TaskCommand
from patchnn.cli.options import metavar, parameter
from patchnn.cli.printing import write
from patchnn.cli.request import Request
from patchnn.cli.run_task import run_task
from patchnn.cli.score import score
from patchnn.cli.serve import serve
from patchnn.cli.settings import Settings, with_pairs
from patchnn.cli.show import show_command
from patchnn.cli.studio import studio
from patchnn.cli.survey import survey_group
from patchnn.cli.sweep import SHARED as SWEEP
from patchnn.cli.sweep import listed, sweep
from patchnn.cli.task_group import task_group
from patchnn.errors import PluginError
from patchnn.registry import Registry
from patchnn.task import Task, options
from patchnn.version import __version__

__all__ = ["build_app"]


def build_app(registry: Registry) -> typer.Typer:
    """Return the command line for the tasks of `registry`; it loads a task only when its command is needed."""
    groups: dict[str, Callable[[], Any]] = {
        "evaluate": lambda: task_group(registry, evaluate, EVALUATE),
        "sweep": lambda: task_group(registry, sweep, SWEEP, listed),
        "survey": survey_group,
    }

    class Commands(Group):
        tasks = registry

        def list_commands(self, ctx: Any) -> list[str]:
            return [*registry, *super().list_commands(ctx), *groups]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name in groups:
                return groups[cmd_name]()
            return _task_command(registry, cmd_name) if cmd_name in registry else super().get_command(ctx, cmd_name)

    app = typer.Typer(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, **PLAIN)

    @app.callback()
    def patchnn(
        version: Annotated[
            bool, typer.Option("-V", "--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
        ] = False,
        debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error, as PATCHNN_DEBUG=1 does.")] = False,
    ) -> None:
        """Make new images from the patches of a given one."""

    @app.command(cls=Command)
    def tasks() -> None:
        """List the installed tasks, with the reason for those that cannot be used."""
        for plugin in registry.plugins():
            about = f"broken: {plugin.problem}" if plugin.problem else _summary(plugin.load())
            write(f"{plugin.name:12} {plugin.distribution} {plugin.version}  {about}")

    @app.command("help", cls=Command)
    def show_help(
        ctx: typer.Context,
        command: Annotated[
            list[str] | None, typer.Argument(metavar="COMMAND", help="The command. Default: all in short.")
        ] = None,
    ) -> None:
        """Show the help of a command, as COMMAND --help does."""
        ctx.find_root().command.main([*(command or []), "--help"], prog_name="patchnn", standalone_mode=False)

    for command in (studio, serve, show_command(registry), doctor_command(registry), score, completion):
        app.command(cls=Command)(command)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        write(f"patchnn {__version__}")
        raise typer.Exit


def _task_command(registry: Registry, name: str) -> Any:
    command = typer.Typer(**PLAIN)
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
        made = _adapt_parameters(get_command(command), task)
        made.examples = of_task(name, task), registry.page(name)
        return made
    return get_command(command)


def _adapt_parameters(command: Any, task: type[Task]) -> Any:
    """Let the help describe an argument's value as it does an option's; typer shows its Python type, as <list[Path]>."""
    words = {o.name: metavar(o) for o in options(task) if o.positional}
    for given in command.params:
        if given.name in words:
            given.display_type_rich = lambda ctx, word=words[given.name]: word
    return with_pairs(command)


def _task_function(registry: Registry, name: str, task: type[Task]) -> Callable[..., None]:
    """Return a function whose signature, from which typer reads a command, has the task's options and those of every task."""
    own = [parameter(o) for o in options(task)]
    every = [p.replace(kind=p.KEYWORD_ONLY) for p in inspect.signature(Settings, eval_str=True).parameters.values()]

    def function(**given: Any) -> None:
        values = {p.name: given.pop(p.name) for p in own}
        run_task(Request(registry, name, task, values, Settings(**given)))

    function.__signature__ = inspect.Signature([*own, *every])  # type: ignore[attr-defined]  # read by inspect, unknown to typeshed
    return function


def _summary(task: type[Task]) -> str:
    return (inspect.getdoc(task) or "").partition("\n")[0]
