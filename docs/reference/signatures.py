"""Write the signatures of the tasks' functions for type checkers: `python docs/reference/signatures.py` writes signatures.pyi."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path

from commands import registry

from patchnn.functions import describe, signature
from patchnn.task import Option, Task, options

PLACE = Path(__file__).parents[2] / "src" / "patchnn" / "signatures.pyi"

HEAD = '''"""The functions of the tasks, as type checkers see them. `python docs/reference/signatures.py` writes this file."""

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image as PillowImage

from patchnn.guides import Guide
from patchnn.task import SizeLike

class HasArray(Protocol):
    def __array__(self) -> np.ndarray[Any, Any]: ...

Named: TypeAlias = str | PathLike[str] | HasArray
ImageLike: TypeAlias = Named | NDArray[Any] | PillowImage
MaskLike: TypeAlias = ImageLike
Form = TypeVar("Form", bound=NDArray[Any] | PillowImage)
'''

EVERY = {
    "seed": "int | None",
    "alpha": "float | None",
    "patch": "int | None",
    "iterations": "int | None",
    "ratio": "float | None",
    "coarsest": "float | None",
    "guides": "Sequence[Guide | tuple[Any, ...]]",
    "search": "str",
    "backend": "str",
    "max_memory": "int | str | None",
    "progress": "bool | None",
}
"""The types of the arguments that every function has, besides seeds."""

TYPES = {"mask": "MaskLike", "number": "float", "integer": "int", "flag": "bool", "text": "str", "size": "SizeLike"}


def text() -> str:
    """Return signatures.pyi: four signatures for each task, for one result or several, in the caller's form or as arrays."""
    tasks = registry()
    parts = [HEAD]
    for name in tasks:
        task = tasks.load(name)
        forms = (("Form", "Form"), ("Named", "NDArray[Any]"))
        overloads = [(form, made, several) for form, made in forms for several in (False, True)]
        parts += [overload(name.replace("-", "_"), task, *case, first=case is overloads[0]) for case in overloads]
    return "\n".join(parts)


def overload(name: str, task: type[Task], form: str, made: str, several: bool, *, first: bool) -> str:
    """Return one signature."""
    own = {o.name: o for o in options(task)}
    subject = next((o.name for o in own.values() if o.type == "image"), "")
    lines, starred = [], False
    for key, parameter in signature(task).parameters.items():
        if parameter.kind == inspect.Parameter.KEYWORD_ONLY and not starred:
            starred = True
            lines.append("*")
        if key == "seeds":
            lines.append("seeds: Iterable[int]" if several else "seeds: None = None")
        else:
            kind = own_type(own[key], form if key == subject else "ImageLike") if key in own else EVERY[key]
            default = f" = {parameter.default!r}".replace("'", '"') if parameter.default is not inspect.Parameter.empty else ""
            lines.append(f"{key}: {kind}{default}")
    result = f"list[{made}]" if several else made
    body = f'\n    """{textwrap.indent(describe(task), "    ").strip()}\n    """\n' if first else " ...\n"
    arguments = "".join(f"    {line},\n" for line in lines)
    return f"@overload\ndef {name}(\n{arguments}) -> {result}:{body}"


def own_type(option: Option, image: str) -> str:
    """Return the type of a task's option."""
    if option.type == "image":
        found = f"Sequence[{image}]" if option.many else image
    elif option.type == "choice":
        found = f"Literal[{', '.join(map(repr, option.choices))}]".replace("'", '"')
    else:
        found = TYPES[option.type]
    return f"{found} | None" if option.optional else found


def write() -> None:
    PLACE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
