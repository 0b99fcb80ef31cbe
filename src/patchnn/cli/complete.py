"""Shell completion: the script that a shell reads, and the words that may come next."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any

import typer

from patchnn.cli.printing import write

__all__ = ["WORDS", "Shell", "candidates", "completion"]

WORDS = "_words"
"""The hidden command that the scripts call: it prints what may stand in place of the last of the words that follow."""

_BASH = """_patchnn() {
  local IFS=$'\\n'
  COMPREPLY=($(patchnn _words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _patchnn patchnn"""

_ZSH = """#compdef patchnn
_patchnn() {
  local -a found
  found=("${(@f)$(patchnn _words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -- "${found[@]}"; else _files; fi
}
compdef _patchnn patchnn"""

_FISH = """complete -c patchnn -a '(patchnn _words (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'"""


class Shell(str, Enum):
    """A shell that can complete commands."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


_SCRIPTS = {Shell.bash: _BASH, Shell.zsh: _ZSH, Shell.fish: _FISH}


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", help="The shell.", show_default=False)],
) -> None:
    """Print a script that makes a shell complete commands, options and their values: eval "$(patchnn completion bash)"."""
    write(_SCRIPTS[shell])


def candidates(command: Any, words: Sequence[str]) -> list[str]:
    """Return what may stand in place of the last word, in order; nothing where a file's name is wanted.

    command: the whole command line's. words: all words after the program's name, the last one not yet finished.
    """
    *before, last = words or [""]
    context = command.make_context("patchnn", [], resilient_parsing=True)
    while hasattr(command, "list_commands"):
        names = command.list_commands(context)
        word = next((word for word in before if not word.startswith("-")), None)
        if word is None or word not in names:
            # A group that has a default task takes its options too.
            found = [*names, *_flags(command.default() if hasattr(command, "default") else command)]
            return _matching(found, last)
        before = before[before.index(word) + 1 :]
        command = command.get_command(context, word)
    option = next((p for p in command.params if before and before[-1] in _names(p)), None)
    if option is not None and not getattr(option, "is_flag", False):
        return _matching(_values(option), last)
    if last.startswith("-"):
        return _matching(_flags(command), last)
    return _matching([word for p in command.params if p.param_type_name == "argument" for word in _values(p)], last)


def _matching(found: Sequence[str], start: str) -> list[str]:
    return [word for word in found if word.startswith(start)]


def _names(parameter: Any) -> list[str]:
    return [*parameter.opts, *parameter.secondary_opts] if parameter.param_type_name == "option" else []


def _flags(command: Any) -> list[str]:
    return [*sorted(name for p in command.params for name in _names(p) if name.startswith("--")), "--help"]


def _values(option: Any) -> list[str]:
    """Return the words that an option or an argument takes, where its metavar lists them: auto|numpy|cupy."""
    words = (option.metavar or "").split("|")
    return words if len(words) > 1 and all(word == word.lower() for word in words) else []
