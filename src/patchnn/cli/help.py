"""What --help says: commands and options in groups, every summary whole, and no Python types."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any

from typer.core import TyperCommand, TyperGroup

from patchnn.registry import COMMON_OPTIONS

__all__ = ["Command", "Group", "TaskCommand"]

MEASURING = ("score", "evaluate", "sweep")
"""Commands that measure; what is neither one of them nor a task is another command."""


class Command(TyperCommand):
    """A command whose help has what is its own first, then the options that every task has."""

    common: frozenset[str] = frozenset()

    def format_options(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Options of every task": []}
        for parameter in self.get_params(ctx):
            name, about = parameter.get_help_record(ctx) or ("", "")
            if parameter.param_type_name == "argument":
                # typer adds the Python type, as <list[Path]>, where nobody says what it is.
                sections["Arguments"].append((re.sub(r" <.*>$", "", name), about))
            elif name:
                sections["Options of every task" if parameter.name in self.common else "Options"].append((name, about))
        _write(sections, formatter)


class TaskCommand(Command):
    """The command of a task."""

    common = COMMON_OPTIONS


class Group(TyperGroup):
    """The commands, in the help those that make pictures first, then those that measure, then the others."""

    tasks: Any = ()

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Tasks": [], "Measuring": [], "Other commands": []}
        for name in self.list_commands(ctx):
            title = "Tasks" if name in self.tasks else "Measuring" if name in MEASURING else "Other commands"
            about: Any = self.get_command(ctx, name)
            sections[title].append((name, " ".join(about.help.partition("\n\n")[0].split())))
        _write(sections, formatter)
        formatter.write_paragraph()
        formatter.write_text("patchnn COMMAND --help says what a command can do.")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if self.get_command(ctx, args[0]) is None:
            near = get_close_matches(args[0], self.list_commands(ctx), n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def _write(sections: dict[str, list[tuple[str, str]]], formatter: Any) -> None:
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)
