"""NumPy's backend with the hot loops in C. patchnn/engine/kernels.py says what each must return."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from patchnn.engine.backend import NumpyBackend
from patchnn.engine.kernels import FEATURE, store
from patchnn.engine.patches import GuidedPatches
from patchnn.errors import BackendError
from patchnn_kernels.library import Ballot, Sides, address, load, long_array

__all__ = ["KernelsBackend"]

COMPONENTS = 24
"""Features that `project` computes; other numbers of them are left to NumPy."""

CHANNELS = 16
"""Most channels that `fold` takes; more are left to NumPy."""

ROWS = 32
"""Rows of an image that a thread works on at once."""

Array = Any


class KernelsBackend(NumpyBackend):
    """NumPy on the CPU, with compiled kernels."""

    name = "kernels"
    interface = 2
    priority = 5
    # Large enough that a call costs little, small enough for many threads.
    chunk = 16384

    def __init__(self, threads: int | None = None) -> None:
        super().__init__(threads)
        reason = self.unavailable()
        if reason:
            raise BackendError(reason)
        self._library = load()

    @classmethod
    def unavailable(cls) -> str | None:
        try:
            load()
        except OSError as error:
            return f"patchnn-kernels cannot load its library ({error}): pip install --force-reinstall patchnn-kernels"
        return None

    @property
    def description(self) -> str:
        return f"compiled kernels ({self._library.variant}), {super().description}"

    def project(self, patches: Any, index: Array, basis: Array, out: Array, rows: Array) -> None:
        if isinstance(patches, GuidedPatches) and basis.shape[1] == COMPONENTS:
            image, guide = patches.parts
            features = np.empty((len(index), COMPONENTS), np.float32)
            self.project(image, index, basis[: image.length], features, None)
            features += guide.extract(index) @ basis[image.length :]
            return store(np, features, out, rows)
        if basis.shape[1] != COMPONENTS or patches.canvas is None:
            return super().project(patches, index, basis, out, rows)
        height, width, channels = patches.canvas.shape
        numbers = height * width - (patches.patch - 1) * (width + 1)
        shape = (len(index) if rows is None else None, COMPONENTS)
        targets = [(None, np.float32), (out, FEATURE)] if out.dtype == FEATURE else [(out, np.float32), (None, FEATURE)]
        self._library.call(
            "project",
            address("canvas", patches.canvas, np.float32, (None, None, None)),
            width,
            channels,
            patches.patch,
            numbers,
            address("index", index, np.int64, (None,)),
            len(index),
            address("basis", basis, np.float32, (patches.patch**2 * channels, COMPONENTS)),
            *(address("out", target, kind, shape, write=True) for target, kind in targets),
            address("rows", rows, np.int64, (len(index),)),
            len(out),
        )
        return None

    def measure(
        self,
        index: Array,
        features: Array,
        rows: Array,
        keys: Array,
        field: Array,
        distance: Array,
        unit: float,
        weights: Array = None,
        key_weights: Array = None,
    ) -> None:
        (row_count, length), numbers, key_numbers = features.shape, len(field), len(keys)
        self._library.call(
            "measure",
            address("index", index, np.int64, (None,)),
            len(index),
            numbers,
            address("features", features, FEATURE, (len(index) if rows is None else None, None)),
            address("rows", rows, np.int64, (len(index),)),
            row_count,
            address("keys", keys, FEATURE, (None, length)),
            key_numbers,
            length,
            address("field", field, np.int32, (numbers,)),
            address("distance", distance, np.float32, (numbers,), write=True),
            unit,
            address("weights", weights, np.float32, (row_count, length)),
            address("key_weights", key_weights, np.float32, (key_numbers, length)),
        )

    def improve(
        self,
        index: Array,
        features: Array,
        rows: Array,
        keys: Array,
        allowed: Array,
        before: Array,
        field: Array,
        distance: Array,
        moved: Array,
        strides: tuple[Sequence[int], Sequence[int]],
        steps: Sequence[int],
        radii: Sequence[int],
        scale: Array,
        salt: int,
        unit: float,
        weights: Array = None,
        key_weights: Array = None,
    ) -> None:
        (row_count, length), numbers, key_numbers = features.shape, len(field), len(keys)
        sides = Sides(
            address("features", features, FEATURE, (len(index) if rows is None else None, None)),
            address("keys", keys, FEATURE, (None, length)),
            address("rows", rows, np.int64, (len(index),)),
            address("weights", weights, np.float32, (row_count, length)),
            address("key_weights", key_weights, np.float32, (key_numbers, length)),
            address("scale", scale, np.float32, (key_numbers,)),
            address("allowed", allowed, np.int32, (None,)),
            address("before", before, np.int32, (numbers,)),
            address("field", field, np.int32, (numbers,), write=True),
            address("distance", distance, np.float32, (numbers,), write=True),
            address("moved", moved, np.bool_, (numbers,), write=True),
            numbers,
            row_count,
            key_numbers,
            len(allowed),
            length,
            *(long_array(stride) for stride in strides),
            unit,
        )
        salts = [(salt * 64 + turn) * 0x85EBCA77 & 0xFFFFFFFF for turn in range(len(radii))]
        self._library.call(
            "improve",
            ctypes.byref(sides),
            address("index", index, np.int64, (None,)),
            len(index),
            long_array(steps),
            len(steps),
            long_array(radii),
            (ctypes.c_uint32 * len(salts))(*salts),
            len(salts),
        )

    def fold(
        self,
        image: Array,
        pixels: Array,
        field: Array,
        before: Array,
        patch: int,
        strides: Sequence[int],
        weights: Sequence[float],
        sums: tuple[Array, Array],
        confidence: Array,
        free: Array,
        limits: tuple[Array, Array],
    ) -> None:
        height, width, channels = image.shape
        if channels > CHANNELS:
            return super().fold(image, pixels, field, before, patch, strides, weights, sums, confidence, free, limits)
        lanes, reach = self.unpack(pixels[:1]).shape[1], patch - 1
        rim = height + reach, width + reach
        packed, shares = pixels.view(np.float32), np.array(weights, np.float32)
        ballot = Ballot(
            address("image", image, np.float32, (height, width, channels), write=True),
            address("pixels", packed.reshape(-1), np.float32, (len(pixels) * lanes,)),
            address("field", field, np.int32, rim),
            address("before", before, np.int32, rim),
            address("weights", shares, np.float32, (patch * patch,)),
            address("sums of rows", sums[0], np.float32, (height,)),
            address("sums of columns", sums[1], np.float32, (width,)),
            address("confidence", confidence, np.float32, (rim[0] * rim[1],)),
            address("free", free, np.bool_, (height, width)),
            *(address("limits", limit, np.float32, (channels,)) for limit in limits),
            height,
            width,
            channels,
            lanes,
            patch,
            *strides,
            # Behind the last patch's first pixel come its others.
            len(pixels) - 1 - reach * sum(strides),
        )
        tops = range(0, height, ROWS)
        self.each(lambda top: self._library.call("fold", ctypes.byref(ballot), top, min(top + ROWS, height)), tops)
        return None

    def changed(self, new: Array, seen: Array, least: float) -> Array:
        height, width, channels = new.shape
        pixels = np.empty((height, width), np.bool_)

        def work(top: int) -> None:
            rows = slice(top, min(top + ROWS, height))
            self._library.call(
                "changed",
                *_rows("new", new[rows]),
                *_rows("seen", seen[rows], write=True),
                rows.stop - top,
                width,
                channels,
                least,
                address("pixels", pixels[rows], np.bool_, (None, width), write=True),
            )

        if seen.shape != new.shape:
            raise ValueError(f"seen has the shape {seen.shape}: it must be {new.shape}")
        self.each(work, range(0, height, ROWS))
        return pixels

    def seams(self, planes: Array, costs: Array, count: int) -> tuple[Array, Array]:
        channels, height, width = planes.shape
        if not 0 <= count <= width:
            raise ValueError(f"there are no {count} seams in {width} columns")
        found, prices = np.zeros((height, width), np.bool_), np.empty(count, np.float32)
        self._library.call(
            "seams",
            address("planes", planes, np.float32, (None, None, None)),
            address("costs", costs, np.float32, (height, width)),
            channels,
            height,
            width,
            count,
            address("found", found, np.bool_, (height, width), write=True),
            address("prices", prices, np.float32, (count,), write=True),
        )
        return found, prices


def _rows(name: str, image: Array, write: bool = False) -> tuple[int | None, int]:
    """Return the address of an image whose rows are contiguous, and how many floats it is from one row to the next."""
    return address(name, image[0], np.float32, image.shape[1:], write), image.strides[0] // image.itemsize
