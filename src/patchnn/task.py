"""What a plugin author needs: Task, the types an option may have, and option() to describe them."""

from __future__ import annotations

import dataclasses
import typing
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache, wraps
from typing import Any, ClassVar, TypeVar

import numpy as np

from patchnn.engine.arrays import Image, Mask, Shape
from patchnn.engine.plan import Plan
from patchnn.errors import InputError, concerning
from patchnn.option_types import Option, describe_field, items, option, plain
from patchnn.sizes import Size, SizeLike

__all__ = [
    "Image",
    "Mask",
    "Option",
    "Size",
    "SizeLike",
    "Task",
    "colour",
    "items",
    "match_channels",
    "option",
    "options",
    "plain",
]

_T = TypeVar("_T", bound="Task")


@cache
def options(task: type[Task]) -> tuple[Option, ...]:
    """Return the options of a task class in the order of its fields; raises TypeError for a field that cannot be one."""
    hints = typing.get_type_hints(task)
    return tuple(describe_field(field, hints[field.name]) for field in dataclasses.fields(task))  # type: ignore[arg-type]  # Task itself is no dataclass, every usable subclass is


class Task(ABC):
    """The base of all tasks: a frozen dataclass whose fields are its options, and the plan that they make.

    Decorate a subclass with `@dataclass(frozen=True, eq=False)` and annotate its fields with Image, Mask,
    tuple[Image, ...], float, int, bool, str, Literal[...], Size, or any of these `| None`. The class docstring is the
    command's help.

    `examples` may hold two or more command lines for the end of its help, without `patchnn` and the task's name.

    Every value is checked when a task is made, before a `__post_init__` of its own. A mask must have the size of the
    image field before it. All images get the same number of channels, the fewest that lose nothing.

    Raises
    ------
    InputError
        If a value does not fit; its `about` is the option.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from patchnn import Image, Plan, Source, Task, option, run
    >>> @dataclass(frozen=True, eq=False)
    ... class Copy(Task):
    ...     '''Return the image.'''
    ...
    ...     image: Image = option(help="The image to copy.")
    ...
    ...     def plan(self) -> Plan:
    ...         return Plan(sources=[Source(self.image)], guess=self.image)
    >>> run(Copy(image=np.full((20, 30, 3), 0.5)), seed=1).image.shape
    (20, 30, 3)
    """

    examples: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        own = cls.__post_init__
        if not hasattr(own, "checked"):
            # Options are checked even if a subclass or a mixin does not call super().
            @wraps(own)
            def checked(self: Task) -> None:
                Task.__post_init__(self)
                own(self)

            cls.__post_init__ = checked  # type: ignore[method-assign]  # wraps the method that is there
            checked.checked = True  # type: ignore[attr-defined]  # a mark for subclasses

    def __post_init__(self) -> None:
        """Check all values, and put them into the form that the rest of the code expects."""
        values = {o.name: o.check(getattr(self, o.name)) for o in options(type(self))}
        self._check_masks(values)
        images = [image for o in options(type(self)) if o.type == "image" for image in items(values[o.name])]
        matched = iter(match_channels(images))
        for o in options(type(self)):
            if o.type == "image" and values[o.name] is not None:
                values[o.name] = tuple(next(matched) for _ in values[o.name]) if o.many else next(matched)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    __post_init__.checked = True  # type: ignore[attr-defined]  # a mark for subclasses

    @abstractmethod
    def plan(self) -> Plan:
        """Return the plan that the options make.

        A plan that needs randomness of its own is defined as `plan(self, seed: int = 0)`, and gets the run's seed.
        """

    def sketch(self) -> Image | None:
        """Return something like the result, or None: what is shown while a plan is made that takes long."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the options that are not images as JSON values; from_json reads them back."""
        return {o.name: plain(getattr(self, o.name)) for o in options(type(self)) if not o.is_image}

    @classmethod
    def from_json(cls: type[_T], values: Mapping[str, Any], **images: Any) -> _T:
        """Make the task that to_json described, given its images; raises InputError for an unknown option."""
        unknown = {*values, *images} - {o.name for o in options(cls)}
        if unknown:
            raise InputError(f"{cls.__name__} has no option {', '.join(sorted(unknown))}", about=min(unknown))
        return cls(**values, **images)

    def _check_masks(self, values: Mapping[str, Any]) -> None:
        shape: Shape | None = None
        for o in options(type(self)):
            for pixels in items(values[o.name]) if o.is_image else ():
                if o.type == "mask" and shape is not None:
                    with concerning(o.name):
                        o.check_mask(pixels, shape)
                elif o.type == "image":
                    shape = pixels.shape[:2]


def colour(text: str, channels: int) -> Image:
    """Return the colour that a text names.

    Parameters
    ----------
    text
        A colour as in CSS: "#3a7bd5", "rgb(58, 123, 213)", "blue".
    channels
        1 grey, 2 grey and opacity, 3 RGB, 4 RGBA. The colour is opaque.

    Returns
    -------
    Image
        (channels,) float32 in [0, 1].

    Raises
    ------
    InputError
        If the text names no colour.

    Examples
    --------
    >>> colour("red", 3).tolist()
    [1.0, 0.0, 0.0]
    """
    from PIL import ImageColor

    try:
        rgb = np.array(ImageColor.getrgb(text)[:3], np.float32) / 255
    except ValueError:
        raise InputError(f"{text!r} is not a colour: write one as '#3a7bd5' or by name, as blue") from None
    tone = rgb if channels > 2 else rgb @ np.array([[0.299], [0.587], [0.114]], np.float32)
    opaque = np.ones(1 if channels in (2, 4) else 0, np.float32)
    return np.concatenate([tone, opaque], dtype=np.float32)


def match_channels(images: list[Image]) -> list[Image]:
    """Give images of 1 (grey), 2 (grey, opacity), 3 (RGB) and 4 (RGBA) channels the same number of them."""
    counts = {image.shape[2] for image in images}
    if len(counts) < 2:
        return images
    if max(counts) > 4:
        raise InputError(f"images of {', '.join(map(str, sorted(counts)))} channels do not go together")
    coloured, with_opacity = max(counts) > 2, not counts.isdisjoint((2, 4))

    def convert(image: Image) -> Image:
        tone, opacity = image, np.ones_like(image[:, :, :1])
        if image.shape[2] in (2, 4):
            tone, opacity = image[:, :, :-1], image[:, :, -1:]
        if coloured and tone.shape[2] == 1:
            tone = np.repeat(tone, 3, axis=2)
        return np.concatenate([tone, opacity], axis=2) if with_opacity else tone

    return [convert(image) for image in images]
