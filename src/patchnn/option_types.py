"""Options of tasks as plain data: their types, how they are checked, and option() to describe them."""

from __future__ import annotations

import dataclasses
import math
import operator
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from patchnn.engine.arrays import Image, Mask, Shape, as_coverage, as_image, as_mask
from patchnn.errors import InputError, concerning
from patchnn.sizes import Size, SizeLike

__all__ = ["Option", "OptionType", "describe_field", "items", "option", "plain"]

OptionType: TypeAlias = Literal["image", "mask", "number", "integer", "flag", "text", "choice", "size"]


@dataclass(frozen=True)
class Option:
    """One option of a task as plain data, the same for library, command line, records and documentation.

    Attributes
    ----------
    name, help
        The field's name and one sentence about it.
    type
        The type of its values.
    default
        The default value, or dataclasses.MISSING.
    many
        The value is a tuple of images.
    optional
        The value may be None.
    choices
        All values of a choice.
    min, max
        Bounds of a number, included.
    inf
        A number may be infinite.
    words
        Texts to suggest; other texts are valid too.
    soft
        A mask's values are the share of each pixel that is marked, (H, W) float32 from 0 to 1.
    pixels
        The value counts pixels of the image: in a larger copy of it the same takes more.
    """

    name: str
    type: OptionType
    default: Any
    help: str = ""
    many: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    inf: bool = False
    words: tuple[str, ...] = ()
    soft: bool = False
    pixels: bool = False

    @property
    def positional(self) -> bool:
        """Whether it has no default and must be given."""
        return self.default is dataclasses.MISSING

    @property
    def is_image(self) -> bool:
        """Whether its values are pixels: they come from files, and records hold their digests."""
        return self.type in ("image", "mask")

    @property
    def bounds(self) -> str:
        """The range of a number in words, empty if there is none."""
        if self.min is not None and self.max is not None:
            return f"from {self.min:g} to {self.max:g}"
        if self.min is not None:
            return f"{self.min:g} or more"
        return "" if self.max is None else f"{self.max:g} or less"

    def check(self, value: Any) -> Any:
        """Return `value` in the form that a task holds; raises InputError about this option if it does not fit."""
        if value is None and self.optional:
            return None
        with concerning(self.name):
            if not self.many:
                return self._check_one(value)
            if not isinstance(value, tuple | list):
                raise InputError(f"{self.name} must be a tuple of images")
            if self.positional and not value:
                raise InputError(f"{self.name} needs at least one image")
            return tuple(self._check_one(item) for item in value)

    def _check_one(self, value: Any) -> Any:
        if self.type == "image":
            return self._check_scale(as_image(value, self.name))
        if self.type == "mask":
            return self.check_mask(value, np.shape(value)[:2])
        if self.type == "size":
            try:
                return Size.parse(value)
            except InputError as error:
                raise InputError(f"{self.name}: {error}") from None
        if self.type in ("number", "integer"):
            return self._check_number(value)
        accepted = {"flag": isinstance(value, bool), "text": isinstance(value, str), "choice": value in self.choices}
        if not accepted[self.type]:
            self._refuse(value)
        return value

    def _check_scale(self, image: Image) -> Image:
        low, high = float(image.min()), float(image.max())
        # Filters overshoot a little. Numbers far outside are of another scale, next to which noise and tolerances vanish.
        if low < -1 or high > 2:
            advice = "divide by 255" if low >= 0 and 2 < high <= 255 else "bring it to that scale first"
            raise InputError(f"{self.name} holds values from {low:g} to {high:g}: an image is floats in [0, 1]; {advice}")
        return image

    def check_mask(self, value: Any, shape: Shape) -> Any:
        """Return `value` as a mask of `shape`, in the form that a task holds; raises InputError if it is none."""
        return (as_coverage if self.soft else as_mask)(value, self.name, shape)

    def _check_number(self, value: Any) -> float | int:
        try:
            # "inf" is how JSON carries infinity. A bool is a number to Python, and a mistake here.
            number = None if isinstance(value, bool) else operator.index(value) if self.type == "integer" else float(value)
        except (TypeError, ValueError, OverflowError):
            number = None
        low, high = (-math.inf if self.min is None else self.min), (math.inf if self.max is None else self.max)
        if number is None or not low <= number <= high or (abs(number) == math.inf and not self.inf):
            self._refuse(value)
        return typing.cast(float, number)

    def _refuse(self, value: Any) -> typing.NoReturn:
        noun = {"number": "a number", "integer": "a whole number", "flag": "True or False", "text": "text"}
        needed = " or ".join(self.choices) if self.type == "choice" else noun[self.type]
        bounds = f", {self.bounds}" if self.bounds else ""
        raise InputError(f"{self.name} is {value}: it must be {needed}{bounds}{', or inf' if self.inf else ''}")


def option(
    default: Any = dataclasses.MISSING,
    help: str = "",
    *,
    min: float | None = None,
    max: float | None = None,
    inf: bool = False,
    words: tuple[str, ...] = (),
    soft: bool = False,
    pixels: bool = False,
) -> Any:
    """Describe a field of a task.

    Parameters
    ----------
    default
        The default value. Without one the option must be given, and is an argument of the command.
    help
        One sentence for the command's help.
    min, max
        Bounds of a number, included.
    inf
        Whether a number may be infinite.
    words
        Texts to suggest for a text; others are valid too.
    soft
        Whether a mask's values are the share of each pixel that is marked, (H, W) float32 from 0 to 1, instead of True and False.
    pixels
        Whether a number, or a text of digits, counts pixels of the image: in a larger copy of it the same takes more.

    Returns
    -------
    dataclasses.Field
        The field. Tasks that share an option call a function that returns `option(...)`.

    Examples
    --------
    A field of a task::

        noise: float = option(0.5, "How much the layout may change.", min=0)
    """
    facts = {"help": help, "min": min, "max": max, "inf": inf, "words": words, "soft": soft, "pixels": pixels}
    return dataclasses.field(default=default, metadata=facts)


def items(value: Any) -> tuple[Any, ...]:
    """Return the images in an image option's value: one, several or none."""
    return value if isinstance(value, tuple) else () if value is None else (value,)


def plain(value: Any) -> Any:
    """Return an option's value as one that strict JSON can hold: sizes and infinity as text."""
    return str(value) if isinstance(value, Size) or (isinstance(value, float) and math.isinf(value)) else value


_TYPES: tuple[tuple[Any, OptionType], ...] = (
    (Image, "image"),
    (Mask, "mask"),
    (bool, "flag"),
    (int, "integer"),
    (float, "number"),
    (str, "text"),
    (Size, "size"),
)


def describe_field(field: dataclasses.Field[Any], hint: Any) -> Option:
    unsupported = TypeError(f"the field {field.name} has a type that is no option's: {hint}")
    if not field.init or field.default_factory is not dataclasses.MISSING:
        raise TypeError(f"the field {field.name} must be an argument with a plain default")
    facts: dict[str, Any] = {"name": field.name, "default": field.default, **field.metadata}
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = set(typing.get_args(hint))
        facts["optional"] = type(None) in members
        members.discard(type(None))
        if members == set(typing.get_args(SizeLike)):
            members = {Size}
        if len(members) != 1:
            raise unsupported
        hint = members.pop()
    if hint == tuple[Image, ...]:
        facts["many"], hint = True, Image
    if typing.get_origin(hint) is Literal and all(isinstance(choice, str) for choice in typing.get_args(hint)):
        return Option(type="choice", choices=typing.get_args(hint), **facts)
    for known, name in _TYPES:
        if hint == known:
            return Option(type=name, **facts)
    raise unsupported
