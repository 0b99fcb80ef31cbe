"""How much memory a file may take while it is read: stated before a decoder starts, refused where it is too much."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from patchnn.engine.machine import free_bytes
from patchnn.errors import InputError

__all__ = ["BLOCK", "LARGEST", "Budget", "blocks"]

LARGEST = 178_956_970
"""Pixels of the largest image that is read, by its header: Pillow's own limit against decompression bombs."""

BLOCK = 1 << 19
"""Pixels that are converted at once, so that what a conversion holds in between stays small."""

_RESULT = 16
"""Bytes of a pixel of the largest result: four channels of float32."""


@dataclass(frozen=True)
class Budget:
    """What reading the file `name` may take: bytes of memory, and pixels."""

    name: str
    memory: int
    pixels: int = LARGEST

    @classmethod
    def of(cls, name: str, max_memory: int | None, max_pixels: int = LARGEST) -> Budget:
        """Return a budget of max_memory bytes, by default half of what is free."""
        return cls(name, free_bytes() // 2 if max_memory is None else max_memory, max_pixels)

    def check(self, needed: int) -> None:
        """Raise InputError, naming the file, if it needs more bytes than there are."""
        if needed > self.memory:
            raise InputError(
                f"{self.name} needs {_megabytes(needed)} of memory to be read, and may take {_megabytes(self.memory)}: "
                "make the image smaller, or raise max_memory",
                about="max_memory",
            )

    def exceeded(self) -> str:
        """Say that decoding the file took more memory than it may take."""
        needs = f"needs more than the {_megabytes(self.memory)} it may take to be read"
        return f"{self.name} {needs}: make the image smaller, or raise max_memory"

    def too_large(self) -> str:
        """Say that the image has too many pixels."""
        return f"{self.name} has more than {self.pixels:,} pixels by its header, the most that is read: make it smaller"

    def check_size(self, width: int, height: int, decoder: int, more: int = 0) -> None:
        """Raise InputError, naming the file, if an image has too many pixels; call this before it is decoded.

        decoder: bytes that the decoder holds for a pixel. more: bytes that it holds whatever the size.
        """
        if width * height > self.pixels:
            raise InputError(self.too_large())
        self.check(width * height * (decoder + _RESULT) + more)


def blocks(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Yield the rows and columns of blocks that cover an image."""
    across = min(width, BLOCK)
    down = max(1, BLOCK // across)
    for top in range(0, height, down):
        for left in range(0, width, across):
            yield slice(top, min(top + down, height)), slice(left, min(left + across, width))


def _megabytes(count: Any) -> str:
    return f"{math.ceil(count / 1e6):,} MB"
