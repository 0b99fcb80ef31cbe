"""Random numbers that are a hash of a patch's number, so that neither chunks nor threads change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

__all__ = ["near", "random_numbers"]

Array: TypeAlias = Any


def random_numbers(xp: Array, index: Array, salt: int) -> Array:
    """Return a random number below 2**32 for each index, (n,) int64."""
    value = index.astype(np.uint32)
    value *= np.uint32(0x9E3779B1)
    value += np.uint32(salt * 0x85EBCA77 & 0xFFFFFFFF)
    value ^= value >> np.uint32(15)
    value *= np.uint32(0x85EBCA6B)
    value ^= value >> np.uint32(13)
    value *= np.uint32(0xC2B2AE35)
    value ^= value >> np.uint32(16)
    return value.astype(np.int64)


def near(chance: Array, radius: int, strides: Sequence[int]) -> Array:
    """Return steps to random places up to `radius` away along every axis; an axis uses 16 bits of the random number."""
    bits = 32 // len(strides)
    total: Array = 0
    for axis, stride in enumerate(strides):
        part = (chance >> bits * axis) & ((1 << bits) - 1)
        total = total + ((part * (2 * radius + 1) >> bits) - radius) * stride
    return total
