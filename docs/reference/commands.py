"""Write the command line's reference: `python docs/reference/commands.py` makes cli.md from the commands themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from typer.main import get_command

from patchnn.cli.app import BORROWING, build_app
from patchnn.command import flag
from patchnn.registry import COMMON_OPTIONS, GROUP, Registry

HERE = Path(__file__).parent
TILE = HERE.parents[1] / "plugins" / "patchnn-tile"

HEAD = """# Command line

<!-- Made by `python docs/reference/commands.py` from the commands themselves; change it there. -->

Exit codes: 0 all is well, 1 an error, said in one line on stderr, 2 wrong usage, 130 Ctrl-C. Paths of the files written go to
stdout, everything else to stderr. `--debug`, anywhere on the line, or `PATCHNN_DEBUG=1` shows the traceback of an error.
`python -m patchnn` is `patchnn`. `PATCHNN_THREADS` says how many threads a process works on, by
default as many as there are cores.
"""


def registry() -> Registry:
    """Return patchnn's own tasks and the plugin of this repository, whatever else is installed."""
    own = [found for found in entry_points(group=GROUP) if found.dist and found.dist.name == "patchnn"]
    if str(TILE) not in sys.path:
        sys.path.append(str(TILE))
    return Registry([*own, EntryPoint("tile", "patchnn_tile:Tile", GROUP)])


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Give (name, command) of a command and of all below it."""
    yield name, command
    if hasattr(command, "list_commands"):
        context = command.make_context(name, [], resilient_parsing=True)
        for part in command.list_commands(context):
            yield from commands(command.get_command(context, part), f"{name} {part}")


def reference() -> str:
    """Return cli.md: every command with its arguments and options, those that every task has only once."""
    tasks, common = {f"patchnn {name}" for name in registry()}, {}
    parts = [HEAD]
    for name, command in commands(get_command(build_app(registry())), "patchnn"):
        own = [p for p in command.params if name not in tasks or p.name not in COMMON_OPTIONS]
        common |= {p.name: p for p in command.params if p not in own}
        parts += [f"## {name}\n", f"{command.help or ''}\n", table(own)]
        if name in tasks:
            parts.append("And the [options of every task](#options-of-every-task).\n")
        elif borrowed := BORROWING.get(name.partition(" ")[2]):
            flags = ", ".join(f"`{flag(option)}`" for option in borrowed[1])
            parts.append(f"And those of the task that `--task` names, and [of every task](#options-of-every-task) {flags}.\n")
    return "\n".join([*parts, "## Options of every task\n", "[With pictures](../options.md).\n", table(common.values())])


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
    (HERE / "cli.md").write_text(reference(), encoding="utf-8")
