"""What the engine is asked to do: plain data, checked when it is made."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from patchnn.errors import InputError

__all__ = ["Image", "Mask", "Plan", "Shape", "Source", "as_image", "as_mask"]

Image: TypeAlias = NDArray[np.float32]
"""A picture: (H, W, C) float32, nominally in [0, 1].

C is 1 for grey, 3 for RGB; 2 and 4 have alpha as the last channel, and then colours are multiplied by it ("premultiplied"),
so that colour under transparency is neither matched nor mixed in. Reading and writing files does and undoes this.
"""

Mask: TypeAlias = NDArray[np.bool_]
"""A yes or no for every pixel: (H, W) bool."""

Shape: TypeAlias = tuple[int, int]
"""Rows and columns, in pixels."""


def as_image(value: Any, name: str) -> Image:
    """Return `value` as a picture (H, W, C) float32; `name` is what an error calls it.

    A (H, W) array becomes one channel. Raises InputError for any other shape, for integers (whose scale is
    not known here), and for NaN or infinite values.
    """
    array = np.asarray(value)
    if array.dtype.kind != "f":
        raise InputError(f"{name} holds {array.dtype} values: give floats in [0, 1], or read the file with patchnn.read_image")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or 0 in array.shape:
        raise InputError(f"{name} has the shape {array.shape}: a picture is (height, width, channels)")
    with np.errstate(over="ignore", invalid="ignore"):
        image = np.ascontiguousarray(array, np.float32)
        # One sum is enough to see a NaN or an infinity, and costs no array of booleans.
        total = float(image.sum(dtype=np.float64))
    if not math.isfinite(total):
        raise InputError(f"{name} holds NaN or infinite values")
    return image


def as_mask(value: Any, name: str, shape: Shape) -> Mask:
    """Return `value` as a (H, W) bool mask of `shape`; raises InputError if it has another."""
    mask = np.asarray(value)
    if mask.dtype != np.bool_:
        raise InputError(f"{name} holds {mask.dtype} values: a mask is boolean")
    if mask.shape != shape:
        raise InputError(f"{name} is {_size(mask.shape)}, the picture {_size(shape)}: they must have one size")
    return mask


@dataclass(frozen=True, eq=False)
class Source:
    """A picture whose patches may be copied.

    image: (H, W, C) float32. usable: (H, W) bool or None; no patch that touches a False pixel is copied.
    """

    image: Image
    usable: Mask | None = None

    def __post_init__(self) -> None:
        image = as_image(self.image, "a source")
        object.__setattr__(self, "image", image)
        if self.usable is not None:
            object.__setattr__(self, "usable", as_mask(self.usable, "a source's usable mask", image.shape[:2]))


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that distinguishes one application from another (paper, Sec. 3 and 4).

    sources: the pictures whose patches make the output, at least one, all with the guess's channels.
    guess: (h, w, C), resized to the coarsest level of the first round unless it has that shape.
    rounds: output shapes, one for each whole coarse-to-fine run; each starts from the last one's output. Default: the guess's.
    alpha: completeness, in [1e-9, inf]; the smaller, the harder every source patch fights to be seen (Sec. 3.2); inf is off.
    claims: how many iterations at the start of a level let every source patch claim the place that it fits best, so that
        objects are not lost; the iterations after them mend the seams. At most n at level n, so none at the finest. 0 is off.
    climb: levels above the coarsest that every round but the last goes up; None is all of them.
    noise: standard deviation of the Gaussian noise added to the guess at the coarsest level, in the image's units, >= 0;
    every channel of it has the mean 0.
    keep: (H, W) bool; pixels of the output that stay as the guess has them. Guess and every round then have this shape.
    wrap: whether the output's rows, and its columns, join at the ends.
    patch: side of a patch, >= 2 pixels. ratio: between one level and the next, > 1.
    coarsest: shorter side at the coarsest level, in pixels, >= 2: a shape (H, W) has
        round(log(min(H, W) / coarsest) / log(ratio)) levels above it, fewer where a patch would no longer fit.
    iterations: PNN steps at a level; coarsest_iterations: at the coarsest one. Both >= 1.

    Raises InputError, naming the field, when a value is out of range or the shapes do not fit.
    """

    sources: Sequence[Source]
    guess: Image
    rounds: Sequence[Shape] | None = None
    alpha: float = math.inf
    noise: float = 0.0
    claims: int = 0
    climb: int | None = None
    keep: Mask | None = None
    wrap: tuple[bool, bool] = (False, False)
    patch: int = 7
    ratio: float = 4 / 3
    coarsest: float = 14
    iterations: int = 10
    coarsest_iterations: int = 1

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("guess", as_image(self.guess, "the guess"))
        if not isinstance(self.sources, list | tuple) or not all(isinstance(s, Source) for s in self.sources):
            raise InputError("sources must be a list of Source")
        put("sources", tuple(self.sources))
        put("rounds", _shapes([self.guess.shape[:2]] if self.rounds is None else self.rounds))
        if not isinstance(self.wrap, list | tuple) or [type(joined) for joined in self.wrap] != [bool, bool]:
            raise InputError(f"wrap is {self.wrap!r}: it must be two truth values, for rows and for columns", about="wrap")
        put("wrap", tuple(self.wrap))
        # A smaller alpha changes nothing any more, and would overflow.
        _require(self.alpha, "alpha", lambda value: value >= 1e-9, "1e-09 or more, or inf")
        _require(self.noise, "noise", lambda value: 0 <= value < math.inf, "0 or more")
        _require(self.claims, "claims", lambda value: value >= 0, "0 or more", whole=True)
        if self.climb is not None:
            _require(self.climb, "climb", lambda value: value >= 0, "0 or more, or None", whole=True)
        _require(self.patch, "patch", lambda value: value >= 2, "2 or more", whole=True)
        _require(self.ratio, "ratio", lambda value: 1.05 <= value <= 8, "between 1.05 and 8")
        _require(self.coarsest, "coarsest", lambda value: 2 <= value < math.inf, "2 or more")
        _require(self.iterations, "iterations", lambda value: value >= 1, "1 or more", whole=True)
        _require(self.coarsest_iterations, "coarsest_iterations", lambda value: value >= 1, "1 or more", whole=True)
        self._check_shapes()

    def _check_shapes(self) -> None:
        channels = self.guess.shape[2]
        if not self.sources:
            raise InputError("a plan needs at least one source")
        for source in self.sources:
            if source.image.shape[2] != channels:
                raise InputError(f"a source has {source.image.shape[2]} channels, the guess {channels}: they must agree")
            if min(source.image.shape[:2]) < self.patch:
                raise InputError(f"a source is {_size(source.image.shape)}: no patch of {self.patch}×{self.patch} fits in it")
        if not self.rounds:
            raise InputError("a plan needs at least one round")
        for shape in self.rounds:
            if min(shape) < self.patch:
                raise InputError(f"an output of {_size(shape)} is asked for: no patch of {self.patch}×{self.patch} fits in it")
        if self.keep is not None:
            shape = self.guess.shape[:2]
            object.__setattr__(self, "keep", as_mask(self.keep, "keep", shape))
            if any(r != shape for r in self.rounds):
                raise InputError("keep pins pixels to the guess: every round must have the guess's shape")

    def depth(self, shape: Shape) -> int:
        """Levels above the coarsest that an output of `shape` has, as far as output and sources still hold a patch."""
        wanted = round(math.log(min(shape) / self.coarsest) / math.log(self.ratio))
        largest = max(min(source.image.shape[:2]) for source in self.sources)
        # Shapes are rounded up (pyramid_shape), so a side of patch - 1 and a bit still holds one patch.
        fits = math.floor(math.log(min(*shape, largest) / (self.patch - 1)) / math.log(self.ratio) - 1e-9)
        return max(0, min(wanted, fits))


def _require(value: Any, name: str, fits: Callable[[Any], bool], needed: str, whole: bool = False) -> None:
    kind = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    # NaN fails every comparison, so it ends here too.
    if not isinstance(value, kind) or isinstance(value, bool) or not fits(value):
        raise InputError(f"{name} is {value!r}: it must be {'a whole number, ' if whole else ''}{needed}", about=name)


def _shapes(rounds: Any) -> tuple[Shape, ...]:
    try:
        return tuple((operator.index(height), operator.index(width)) for height, width in rounds)
    except (TypeError, ValueError):
        raise InputError(f"rounds is {rounds!r}: it must be a list of (rows, columns) in whole pixels", about="rounds") from None


def _size(shape: Sequence[int]) -> str:
    """Width × height, as people say it."""
    return f"{shape[1]}×{shape[0]}" if len(shape) > 1 else str(tuple(shape))
