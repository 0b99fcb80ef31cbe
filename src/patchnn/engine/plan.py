"""What the engine is asked to do: plain data, checked when it is made."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Image, Mask, Shape, Window, as_image, as_mask, as_text, as_windows, require, require_optional
from patchnn.engine.layouts import Starts
from patchnn.errors import InputError

__all__ = ["Plan", "Source"]


@dataclass(frozen=True, eq=False)
class Source:
    """An image whose patches may be copied.

    Parameters
    ----------
    image : array, (H, W, C) float
    usable : array, (H, W) bool, optional
        No patch that touches a False pixel is copied. Default: all may be.
    guide : array, (H, W, G) float, optional
        Channels that patches are compared by as well, and that are not copied (see Plan.guide).
    """

    image: Image
    usable: Mask | None = None
    guide: Image | None = None

    def __post_init__(self) -> None:
        image = as_image(self.image, "a source")
        object.__setattr__(self, "image", image)
        if self.usable is not None:
            object.__setattr__(self, "usable", as_mask(self.usable, "a source's usable mask", image.shape[:2]))
        if self.guide is not None:
            guide = as_image(self.guide, "a source's guide")
            if guide.shape[:2] != image.shape[:2]:
                raise InputError(f"a source's guide is {as_text(guide.shape)}, its image {as_text(image.shape)}: they must agree")
            object.__setattr__(self, "guide", guide)


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that distinguishes one application from another (paper, Sec. 3 and 4).

    Parameters
    ----------
    sources : list of Source
        The images whose patches make the output, at least one, all with the guess's channels.
    guess : array, (h, w, C) float
        Where the first round starts. Resized to its coarsest level unless it has that shape.
    rounds : list of (rows, columns), optional
        Output shapes, one for each coarse-to-fine run; each starts from the last one's output. Default: the guess's shape.
    alpha : float, 1e-9 to inf
        Completeness: the smaller, the more of the sources is used (Sec. 3.2). inf is off.
    completeness : float, 0 to 1e6
        How firmly the whole of the sources is asked for, as firmly at every level. Above 0, every iteration has an alpha of its
        own: the mean distance of the source patches from their nearest in the output, divided by this.
    completeness_levels : int, 1 or more, optional
        How many levels, the coarsest first, ask for it; the others take `alpha`. Default: all.
    noise : float, 0 to 1000
        Standard deviation of the Gaussian noise added to the guess at the coarsest level. Every channel has the mean 0.
    starts : Starts, optional
        Layouts to try at the coarsest level; the first round starts from the best. It takes the place of the guess, which only
        says how much moved, or of its noise (see Starts).
    claims : int, 0 or more
        How many iterations at the start of a level let every source patch claim the place that it fits best, so that objects are
        not lost; the iterations after them mend the seams. At most n at level n, so 0 at the finest.
    climb : int, 0 or more, optional
        Levels above the coarsest that every round but the last goes up. Default: all.
    keep : array, (H, W) bool, optional
        Pixels of the output that stay as the guess has them. Guess and every round then have this shape.
    origin : array, (H, W, 2) or (H, W, 3) int, optional
        Row and column in the first source of every kept pixel, or the number of a source, row and column: maps follow it (see
        Result.apply). Default: its own.
    yields : bool
        Whether `keep`, `origin`, `windows` and `guide` hold only where a run is given no guides: these then decide alone.
    windows : list of (slice, slice), optional
        Rows and columns of parts of the output that hold all pixels which are not kept. Each is made by itself, from what it
        shows of the guess and of the sources of the guess's size: the time and memory are those of the windows.
        Default: the whole output. An empty list where all is kept: no patch is looked for.
    known_share : float, 0.01 to 1
        A pixel of a coarser level is kept, or a usable pixel of a source, where at least this share of what it sees at the finer
        level is. Below 1 it has the colour of that share alone: holes shrink towards coarser levels, and a fill grows
        inwards from its rim.
    wrap : (bool, bool)
        Whether the output's rows, and its columns, join at the ends.
    guide : array, (h, w, G) float, optional
        Channels that are compared and not voted: a patch of the output looks for source patches whose `Source.guide` is like
        its own guide. Resized to the last round's shape. Every source then needs one with as many channels (image analogies:
        Hertzmann et al., SIGGRAPH 2001).
    guide_weights : float or list of float, 0 or more
        What the mean squared difference of the guide counts next to that of the image, for all its channels or for each.
    guide_levels : int or list of int, 1 or more, optional
        How many levels, the coarsest first, compare the guide, for all its channels or for each: it then decides what comes
        where and leaves details alone. Default, and None for a channel: all.
    pixel_weights : array, (H, W) float in [0, 1], optional
        What each pixel of the output counts when its patches are compared with those of the sources; the distance is the weighted
        mean. Default: all count alike. Resized to the last round's shape. Patches are then compared in full, without
        principal components, which takes more time and memory.
    weight_levels : int, 1 or more, optional
        How many levels, the coarsest first, take `pixel_weights`. Default: all.
    patch : int, 2 or more
        Side of a patch in pixels.
    ratio : float, 1.05 to 8
        Between the sizes of one level and the next.
    coarsest : float, 2 or more
        Shorter side at the coarsest level, in pixels: a shape (H, W) has round(log(min(H, W) / coarsest) / log(ratio)) levels
        above it, fewer where a patch would no longer fit.
    iterations, coarsest_iterations : int, 1 to 10000
        PNN steps at a level, and at the coarsest one.
    step : str or Step
        What one iteration does: "pnn", the paper's step, or an object with `search` and `vote` (see patchnn.PNN).
    notes : tuple of str
        What a task tells its user about this plan, one sentence each; the engine ignores them.

    Raises
    ------
    InputError
        If a value is out of range or the shapes do not fit; `about` names the field.
    """

    sources: Sequence[Source]
    guess: Image
    rounds: Sequence[Shape] | None = None
    alpha: float = math.inf
    completeness: float = 0.0
    completeness_levels: int | None = None
    noise: float = 0.0
    starts: Starts | None = None
    claims: int = 0
    climb: int | None = None
    keep: Mask | None = None
    origin: NDArray[np.integer[Any]] | None = None
    yields: bool = False
    windows: Sequence[Window] | None = None
    known_share: float = 1.0
    wrap: tuple[bool, bool] = (False, False)
    guide: Image | None = None
    guide_weights: float | Sequence[float] = 1.0
    guide_levels: int | Sequence[int | None] | None = None
    pixel_weights: Any = None
    weight_levels: int | None = None
    patch: int = 7
    ratio: float = 4 / 3
    coarsest: float = 14
    iterations: int = 10
    coarsest_iterations: int = 1
    step: Any = "pnn"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("guess", as_image(self.guess, "the guess"))
        if not isinstance(self.sources, list | tuple) or not all(isinstance(s, Source) for s in self.sources):
            raise InputError("sources must be a list of Source", about="sources")
        put("sources", tuple(self.sources))
        put("rounds", _shapes([self.guess.shape[:2]] if self.rounds is None else self.rounds))
        if not isinstance(self.wrap, list | tuple) or [type(joined) for joined in self.wrap] != [bool, bool]:
            raise InputError(f"wrap is {self.wrap!r}: it must be two truth values, for rows and for columns", about="wrap")
        put("wrap", tuple(self.wrap))
        put("notes", tuple(self.notes))
        require(self.alpha, "alpha", 1e-9, math.inf, "1e-09 or more, or inf")
        require(self.completeness, "completeness", 0, 1e6, "between 0 and 1000000")
        require_optional(self.completeness_levels, "completeness_levels", 1)
        require_optional(self.weight_levels, "weight_levels", 1)
        require(self.noise, "noise", 0, 1000, "between 0 and 1000")
        require(self.claims, "claims", 0, math.inf, "0 or more", whole=True)
        require_optional(self.climb, "climb", 0)
        require(self.known_share, "known_share", 0.01, 1, "between 0.01 and 1")
        require(self.patch, "patch", 2, math.inf, "2 or more", whole=True)
        require(self.ratio, "ratio", 1.05, 8, "between 1.05 and 8")
        require(self.coarsest, "coarsest", 2, sys.float_info.max, "2 or more")
        require(self.iterations, "iterations", 1, 10_000, "between 1 and 10000", whole=True)
        require(self.coarsest_iterations, "coarsest_iterations", 1, 10_000, "between 1 and 10000", whole=True)
        if not isinstance(self.step, str) and not (hasattr(self.step, "search") and hasattr(self.step, "vote")):
            raise InputError(f"step is {self.step!r}: it must be a name, or have the methods search and vote", about="step")
        self._check_shapes()
        if self.windows is not None:
            if self.keep is None or any(self.wrap):
                raise InputError("windows need keep, and no wrap: what they do not show must stay", about="windows")
            put("windows", as_windows(self.windows, ~self.keep, self.patch))
        self._check_guides()
        if self.starts is not None and not isinstance(self.starts, Starts):
            raise InputError(f"starts is {self.starts!r}: it must be Starts or None", about="starts")
        if self.pixel_weights is not None:
            weights = as_image(self.pixel_weights, "pixel_weights")
            if weights.shape[2] != 1 or not 0 <= weights.min() <= weights.max() <= 1:
                raise InputError("pixel_weights must be one channel with values between 0 and 1", about="pixel_weights")
            put("pixel_weights", weights)

    def _check_guides(self) -> None:
        guides = [source.guide for source in self.sources]
        if self.guide is None:
            if any(guide is not None for guide in guides):
                raise InputError("a source has a guide, the plan none: give both or neither", about="guide")
            return
        guide = as_image(self.guide, "guide")
        object.__setattr__(self, "guide", guide)
        channels = guide.shape[2]
        for other in guides:
            if other is None or other.shape[2] != channels:
                has = "no guide" if other is None else f"a guide of {other.shape[2]} channels"
                raise InputError(f"a source has {has}, the plan one of {channels}: they must agree", about="guide")
        weights = self._for_each_channel("guide_weights", channels)
        for weight in weights:
            require(weight, "guide_weights", 0, 1e6, "0 or more")
        object.__setattr__(self, "guide_weights", tuple(float(weight) for weight in weights))
        levels = self._for_each_channel("guide_levels", channels)
        for count in levels:
            if count is not None:
                require(count, "guide_levels", 1, math.inf, "1 or more, or None", whole=True)
        object.__setattr__(self, "guide_levels", tuple(levels))

    def _for_each_channel(self, name: str, channels: int) -> Sequence[Any]:
        """Return a field that holds one value for all the guide's channels, or one for each, as one for each."""
        value = getattr(self, name)
        values = value if isinstance(value, Sequence) else [value] * channels
        if len(values) != channels:
            raise InputError(f"{name} has {len(values)} values, the guide {channels} channels", about=name)
        return values

    def compared(self, finer: int) -> tuple[int, ...]:
        """Return the guide's channels that are compared `finer` levels from the coarsest one."""
        levels = self.guide_levels if isinstance(self.guide_levels, tuple) else ()
        return tuple(channel for channel, count in enumerate(levels) if count is None or finer < count)

    def weighted(self, guide: Image) -> Image:
        """Return a guide, multiplied so that plain squared differences of patches count it as `guide_weights` says."""
        weights = np.asarray(self.guide_weights, np.float32) * self.guess.shape[2]
        return np.asarray(guide * np.sqrt(weights), np.float32)

    def _check_shapes(self) -> None:
        channels = self.guess.shape[2]
        if not self.sources:
            raise InputError("a plan needs at least one source")
        for source in self.sources:
            if source.image.shape[2] != channels:
                raise InputError(f"a source has {source.image.shape[2]} channels, the guess {channels}: they must agree")
            if min(source.image.shape[:2]) < self.patch:
                raise InputError(f"a source is {as_text(source.image.shape)}: no patch of {self.patch}×{self.patch} fits in it")
        if not self.rounds:
            raise InputError("a plan needs at least one round")
        for shape in self.rounds:
            if min(shape) < self.patch:
                raise InputError(f"an output of {as_text(shape)} is asked for: no patch of {self.patch}×{self.patch} fits in it")
        if self.keep is not None:
            shape = self.guess.shape[:2]
            object.__setattr__(self, "keep", as_mask(self.keep, "keep", shape))
            if any(r != shape for r in self.rounds):
                raise InputError("keep pins pixels to the guess: every round must have the guess's shape")
        if self.origin is not None:
            origin, shape = np.asarray(self.origin), self.guess.shape[:2]
            if self.keep is None or origin.shape not in ((*shape, 2), (*shape, 3)) or origin.dtype.kind not in "iu":
                raise InputError(
                    f"origin is {origin.dtype} {origin.shape}: it must be whole numbers (H, W, 2) next to keep, or (H, W, 3)"
                )
            object.__setattr__(self, "origin", origin)
            sides = np.array([source.image.shape[:2] for source in self.sources])
            number, place = self.located()
            if origin.min() < 0 or number.max() >= len(sides) or (place >= sides[number]).any():
                raise InputError("origin names pixels outside the sources", about="origin")

    def located(self) -> tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]:
        """Return the source, (H, W), and the place in it, (H, W, 2), that `origin` says."""
        assert self.origin is not None
        number = self.origin[:, :, 0] if self.origin.shape[2] == 3 else np.zeros(self.origin.shape[:2], np.intp)
        return number, self.origin[:, :, -2:]

    def levels_above(self, shape: Shape) -> int:
        """Levels above the coarsest that an output of `shape` has, as far as output and sources still hold a patch."""
        wanted = round(math.log(min(shape) / self.coarsest) / math.log(self.ratio))
        largest = max(min(source.image.shape[:2]) for source in self.sources)
        # Shapes are rounded up (pyramid_shape), so a side of patch - 1 and a bit still holds one patch.
        fits = math.floor(math.log(min(*shape, largest) / (self.patch - 1)) / math.log(self.ratio) - 1e-9)
        return max(0, min(wanted, fits))


def _shapes(rounds: Any) -> tuple[Shape, ...]:
    try:
        return tuple((operator.index(height), operator.index(width)) for height, width in rounds)
    except (TypeError, ValueError):
        raise InputError(f"rounds is {rounds!r}: it must be a list of (rows, columns) in whole pixels", about="rounds") from None
