"""Size: how large an output should be, in pixels or in percent of the input's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from patchnn.engine.arrays import Shape
from patchnn.errors import InputError

__all__ = ["Size", "SizeLike"]

MAX_PIXELS = 10**9
"""A larger output is a typing error."""

_PERCENT = r"\d{1,12}(?:\.\d{1,12})?%"
_SIDE = rf"(?:\d{{1,12}}|{_PERCENT})"


@dataclass(frozen=True)
class Size:
    """The size of an output: width × height, in pixels or in percent of the input's.

    Attributes
    ----------
    text
        "300x200", "150%" (both sides), "150%x100%" or "400x50%".

    Raises
    ------
    InputError
        If the text is no size.

    Examples
    --------
    >>> Size("150%x100%").of((200, 300))  # rows, columns
    (200, 450)
    """

    text: str

    def __post_init__(self) -> None:
        if isinstance(self.text, str):
            object.__setattr__(self, "text", self.text.lower().replace("×", "x"))
        if not isinstance(self.text, str) or not re.fullmatch(rf"{_SIDE}[x×]{_SIDE}|{_PERCENT}", self.text):
            advice = "write width x height, as 300x200, or 150%, or 60%x100%"
            if re.fullmatch(r"\d{1,12}", str(self.text)):
                advice = f"it is one side; write {self.text}x100% to keep the height, {self.text}x300, or a share such as 50%"
            raise InputError(f"{self.text!r} is not a size: {advice}")
        if "%" not in self.text:
            self.of((1, 1))

    @classmethod
    def parse(cls, value: str | Size | Shape) -> Size:
        """Return a Size from one, from its text, or from (rows, columns)."""
        if isinstance(value, Size):
            return value
        if isinstance(value, tuple | list) and len(value) == 2:
            return cls(f"{value[1]}x{value[0]}")
        return cls(value)

    def of(self, shape: Shape) -> Shape:
        """Return the size of an output.

        Parameters
        ----------
        shape
            Rows and columns of the input.

        Returns
        -------
        (int, int)
            Rows and columns of the output.

        Raises
        ------
        InputError
            If the output has no pixels, or too many.
        """
        width, height = self.text.split("x") if "x" in self.text else (self.text, self.text)
        rows, columns = _length(height, shape[0]), _length(width, shape[1])
        if not 0 < rows * columns <= MAX_PIXELS:
            raise InputError(f"{self} gives {columns}×{rows} pixels: an output has at least one and at most {MAX_PIXELS:,}")
        return rows, columns

    def __str__(self) -> str:
        return self.text


SizeLike: TypeAlias = Size | str | Shape
"""What can be given where a size is wanted: a Size, its text, or (rows, columns)."""


def _length(text: str, side: int) -> int:
    return round(float(text[:-1]) / 100 * side) if text.endswith("%") else int(text)
