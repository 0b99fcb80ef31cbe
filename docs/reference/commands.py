"""Write what is made from the tasks: `python docs/reference/commands.py` writes cli.md, signatures.pyi, workflows."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from typer.main import get_command

from patchnn.cli.app import build_app
from patchnn.cli.task_group import DEFAULT, TaskGroup
from patchnn.record import flag
from patchnn.registry import COMMON_OPTIONS, GROUP, Registry
from patchnn.task import options

HERE = Path(__file__).parent
TILE = HERE.parents[1] / "plugins" / "patchnn-tile"

HEAD = """# Command line

<!-- `python docs/reference/commands.py` writes this page from the commands themselves. -->

Exit codes: 0 success, 1 an error, explained in one line on stderr, 2 wrong usage, 130 Ctrl-C. stdout gets the paths of the
written files, stderr everything else. Both show control characters in file names escaped, as `\\x1b`. `--debug`, anywhere on
the line, or `PATCHNN_DEBUG=1` shows the traceback of an error. `python -m patchnn` is the same as `patchnn`.
`PATCHNN_THREADS` sets the number of threads of a process. Default: the number of cores.
"""


def registry() -> Registry:
    """Return patchnn's own tasks and the plugin of this repository, without other installed tasks."""
    own = [found for found in entry_points(group=GROUP) if found.dist and found.dist.name == "patchnn"]
    if str(TILE) not in sys.path:
        sys.path.insert(0, str(TILE))
    return Registry([*own, EntryPoint("tile", "patchnn_tile:Tile", GROUP)])


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield (name, command) for a command and its subcommands; a task group stands for its default task's subcommand."""
    if isinstance(command, TaskGroup):
        default = command.default()
        default.help = command.help
        yield name, default
        return
    yield name, command
    if hasattr(command, "list_commands"):
        context = command.make_context(name, [], resilient_parsing=True)
        for part in command.list_commands(context):
            yield from commands(command.get_command(context, part), f"{name} {part}")


def reference() -> str:
    """Return cli.md: every command with its arguments and options, those that every task has only once."""
    common: dict[str, Any] = {}
    parts = [HEAD]
    for name, command in commands(get_command(build_app(registry())), "patchnn"):
        shared = getattr(command, "common", frozenset())
        own = [p for p in command.params if p.name not in shared]
        if shared == COMMON_OPTIONS:
            common |= {p.name: p for p in command.params if p.name in shared}
            about = "And the [options of every task](#options-of-every-task).\n"
            parts += [f"## {name}\n", f"{command.help}\n", table(own), about]
        elif shared:
            parts += measuring(name, command, shared)
        else:
            parts += [f"## {name}\n", f"{command.help or ''}\n", table(own)]
    return "\n".join([*parts, "## Options of every task\n", "[With figures](../options.md).\n", table(common.values())])


def measuring(name: str, command: Any, shared: frozenset[str]) -> list[str]:
    """Return the section of a command that works on a task, with its own options only."""
    of_task = {o.name for o in options(registry().load(DEFAULT))}
    own = [p for p in command.params if p.name not in shared | of_task or p.param_type_name == "argument"]
    flags = ", ".join(f"`{flag(p.name)}`" for p in command.params if p.name in shared)
    about = f"And the task's other arguments and options, and {flags} of [every task](#options-of-every-task).\n"
    tasks = f"TASK is a task whose first argument is one image. Default: `{DEFAULT}`.\n"
    return [f"## {name} [TASK]\n", f"{command.help}\n", tasks, table(own), about]


def table(parameters: Iterable[Any]) -> str:
    """Return arguments and options as a table, empty if there are none."""
    rows = [row(parameter) for parameter in parameters]
    return "\n".join(["| argument or option | |", "|---|---|", *rows, ""]) if rows else ""


def row(parameter: Any) -> str:
    """Return an argument or option as a line of a table."""
    metavar = parameter.metavar or ""
    names = ", ".join([*parameter.opts, *parameter.secondary_opts]) if parameter.param_type_name == "option" else ""
    many = parameter.nargs == -1
    text = f"{names} {metavar or parameter.name.upper()}{'…' if many else ''}" if not is_flag(parameter) else names
    default = "" if is_flag(parameter) or parameter.default in (None, [], ()) else str(parameter.default)
    about = (parameter.help or "") + (f" Default: `{default}`." if default else "")
    return f"| `{cell(text.strip())}` | {cell(about)} |"


def is_flag(parameter: Any) -> bool:
    return bool(getattr(parameter, "is_flag", False))


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", " or ")


if __name__ == "__main__":
    import signatures

    (HERE / "cli.md").write_text(reference(), encoding="utf-8")
    signatures.write()
    runpy.run_path(str(TILE.parent / "comfyui-patchnn" / "workflows.py"))["write"]()
