"""What every --help ends with: two examples, and the address of the page that says more."""

from __future__ import annotations

from patchnn.links import DOCUMENTATION
from patchnn.task import Task, options

__all__ = ["COMMANDS", "of_command", "of_task"]

COMMANDS: dict[str, tuple[str, str, str]] = {
    "patchnn": ("", "generate photo.jpg", "retarget photo.jpg 50%"),
    "completion": ("start/#shell-completion", "completion bash", "completion zsh"),
    "doctor": ("start/", "doctor", "doctor --json"),
    "evaluate": (
        "measuring/#a-whole-folder-patchnn-evaluate",
        "evaluate photos/ -o report/",
        "evaluate photos/ --samples 2",
    ),
    "help": ("start/", "help generate", "help sweep retarget"),
    "score": ("measuring/", "score photo.jpg photo-generate.png", "score photo.jpg result.png --json"),
    "serve": ("http/", "serve", "serve --host 0.0.0.0 --port 8000"),
    "show": ("files/", "show photo-generate.png", "show photo-generate.png --json"),
    "studio": ("studio/", "studio photo.jpg --open", "studio --port 0"),
    "survey": ("survey/", "survey photos/ --ours results/ -o survey/", "survey report survey/"),
    "sweep": (
        "measuring/#choosing-options-by-eye-patchnn-sweep",
        "sweep photo.jpg --variety 0.3,0.5,0.7",
        "sweep retarget photo.jpg --size 60% --alpha 0.005,inf",
    ),
    "tasks": ("start/", "tasks", "help inpaint"),
}
"""For each command that is no task: its page in the documentation, and its examples, as they are typed after `patchnn`."""


def of_command(name: str | None) -> tuple[list[str], str]:
    """Return the examples of a command that is no task, and the address of its page."""
    page, *examples = COMMANDS[name or ""]
    return [f"patchnn {words}" for words in examples], f"{DOCUMENTATION}/{page}"


def of_task(name: str, task: type[Task]) -> list[str]:
    """Return a task's examples; for a task that has none, what can be typed for any."""
    if task.examples:
        return [f"patchnn {name} {words}" for words in task.examples]
    files = " ".join(f"{o.name}.png" for o in options(task) if o.positional)
    return [f"patchnn {name} {files}", f"patchnn {name} {files} -n 4 -o results/"]
