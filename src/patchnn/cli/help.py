"""What --help shows: commands and options in groups, whole summaries, no Python types. And errors in option names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from typer.core import TyperCommand, TyperGroup

from patchnn.cli.examples import of_command
from patchnn.cli.options import with_flag
from patchnn.cli.trailing import OUTPUT, SIZE, place_words, takes_output
from patchnn.errors import PatchnnError
from patchnn.registry import COMMON_OPTIONS, PLUGINS

__all__ = ["PLAIN", "Command", "Group", "TaskCommand", "meant", "summary", "write_examples", "write_sections"]

PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""Settings of every typer app here: errors and help are plain text."""

MEASURING = ("score", "evaluate", "sweep", "survey")
"""Commands that measure; the help lists them under a heading of their own."""


class Command(TyperCommand):
    """A command whose help has its own options first, then those that every task has."""

    common: frozenset[str] = frozenset()
    examples: tuple[list[str], str | None] | None = None

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_examples(*(self.examples or of_command(self.name)), formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Options of every task": []}
        for parameter in self.get_params(ctx):
            name, about = parameter.get_help_record(ctx) or ("", "")
            if parameter.param_type_name == "argument":
                # typer adds the Python type, as <list[Path]>, where it has no other description.
                sections["Arguments"].append((re.sub(r" <.*>$", "", name), about))
            elif name:
                sections["Options of every task" if parameter.name in self.common else "Options"].append((name, about))
        write_sections(sections, formatter)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except PatchnnError as error:
            named = {p.name for p in self.params if p.param_type_name == "option"}
            error.args = (with_flag(str(error), error.about, named),)
            raise


class TaskCommand(Command):
    """The command of a task: a size and an output may follow its images as bare words."""

    common = COMMON_OPTIONS

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        arguments = [p for p in self.params if p.param_type_name == "argument"]
        words = [f"{p.metavar}..." if p.nargs == -1 else str(p.metavar) for p in arguments]
        more = [SIZE, OUTPUT] if any(p.name == "size" for p in self.params) else [OUTPUT]
        return [*words, *(more if takes_output(self.params) else []), "[OPTIONS]"]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True
        super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            place_words(ctx, self.params)
        ctx.args = []
        return []


class Group(TyperGroup):
    """The commands; the help lists those that make images first, then those that measure, then the others."""

    tasks: Any = ()

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Tasks": [], "Measuring": [], "Other commands": []}
        for name in self.list_commands(ctx):
            title = "Tasks" if name in self.tasks else "Measuring" if name in MEASURING else "Other commands"
            sections[title].append((name, summary(self.get_command(ctx, name))))
        write_sections(sections, formatter)
        formatter.write_paragraph()
        formatter.write_text("patchnn COMMAND --help shows the options of a command.")

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        write_examples(*of_command("patchnn"), formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if self.get_command(ctx, args[0]) is None:
            ctx.fail(f"No such command {args[0]!r}{meant(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def meant(word: str, names: Sequence[str]) -> str:
    """Return the end of an error about a name that is not there: what may be meant, and the plugin that has it."""
    near = get_close_matches(word, {*names, *PLUGINS}, n=2)
    missing = [name for name in near if name not in names]
    if missing:
        came = "it" if missing[0] == word else missing[0]
        return f": {came} comes with the plugin {PLUGINS[missing[0]]}, which is not installed."
    return f". Did you mean {' or '.join(near)}?" if near else "."


def write_examples(examples: Sequence[str], page: str | None, formatter: Any) -> None:
    """Write examples of a command, and the address of its page if there is one."""
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
    if page:
        formatter.write(f"\nMore: {page}\n")


def summary(command: Any) -> str:
    """Return the first paragraph of a command's help on one line."""
    return " ".join(command.help.partition("\n\n")[0].split())


def write_sections(sections: dict[str, list[tuple[str, str]]], formatter: Any) -> None:
    """Write the sections that are not empty, each as a title and a list of names with their descriptions."""
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)
