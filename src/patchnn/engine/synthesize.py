"""The one loop of all applications: rounds, levels, iterations (paper, Sec. 3 and Fig. 2)."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np

from patchnn.engine.atlas import Atlas, Field
from patchnn.engine.backend import Array, Backend, find_backend
from patchnn.engine.patches import whole_patches
from patchnn.engine.plan import Image, Mask, Plan, Shape, Source
from patchnn.engine.pnn import PNN
from patchnn.engine.resample import fill_holes, level_shape, resample, shrink_mask
from patchnn.engine.search import SEARCHES, Fields, Level, Search
from patchnn.engine.search.exact import ExactSearch
from patchnn.engine.search.patchmatch import COMPONENTS, PatchMatch
from patchnn.errors import InputError

__all__ = ["Observer", "Progress", "Synthesis", "synthesize"]

AUTO_EXACT = 1200
"""Search is exact by default while a level has up to this many patches on either side: there it costs nothing."""
TINY = 400
"""Up to here trying all patches is cheaper than trying some, so that patchmatch is exact too."""


@dataclass(frozen=True, eq=False)
class Progress:
    """What an observer is told after every iteration.

    round and iteration count from 1 to rounds and iterations; level counts down from levels - 1 to 0, the finest.
    fraction: share of all work that is done, 1.0 in the last event. image: a function that returns a host copy of the
    output as it stands, (H, W, C) float32.
    """

    round: int
    rounds: int
    level: int
    levels: int
    iteration: int
    iterations: int
    fraction: float
    image: Callable[[], Image]


Observer: TypeAlias = Callable[[Progress], object]


@dataclass(frozen=True, eq=False)
class Synthesis:
    """A picture and where every patch of it came from; the picture is exactly the vote over these patches.

    image: (H, W, C) float32. field: the source and place of every patch. seed: what the randomness came from.
    backend: name of the backend that made it.
    """

    image: Image
    field: Field
    seed: int
    backend: str


def synthesize(
    plan: Plan,
    *,
    seed: int | None = None,
    backend: str | Backend = "auto",
    search: str = "auto",
    max_memory: int | None = None,
    observe: Observer | None = None,
) -> Synthesis:
    """Carry out a plan.

    seed: 0 to 2**32 - 1; the same seed gives the same picture; None takes one at random. backend: "auto", "numpy", "cupy".
    search: "auto", "exact" or "patchmatch". max_memory: bytes that may be used, default half of what is free; the
    result does not depend on it. observe: called with a Progress after every iteration; an exception it raises ends
    the run. Raises InputError where the plan cannot be carried out, BackendError where the backend cannot run.
    """
    if search not in SEARCHES:
        raise InputError(f"search is {search!r}: choose {', '.join(SEARCHES)}", about="search")
    if seed is None:
        seed = secrets.randbelow(2**31)
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise InputError(f"seed is {seed}: it must be a whole number from 0 to {2**32 - 1}", about="seed")
    if max_memory is not None and max_memory <= 0:
        raise InputError(f"max_memory is {max_memory}: it must be a number of bytes greater than 0", about="max_memory")
    device = find_backend(backend)
    memory = max_memory or device.free_bytes() // 2
    with device.session():
        image, field = _Run(plan, seed, device, search, memory, observe or (lambda progress: None))()
    return Synthesis(device.to_host(image), field, seed, device.name)


class _Run:
    """One synthesis under way: the plan's pyramids, and the loop over them."""

    def __init__(self, plan: Plan, seed: int, backend: Backend, search: str, memory: int, observe: Observer) -> None:
        self.plan, self.seed, self.backend = plan, seed, backend
        self.search, self.memory, self.observe = search, memory, observe
        self.rounds = tuple(plan.rounds or ())
        self._check_memory()
        deepest = max(plan.depth(shape) for shape in self.rounds)
        self.usable = [self._masks(source.usable, deepest) for source in plan.sources]
        while deepest and not self._holds_patches(deepest):
            deepest -= 1
        if not self._holds_patches(0):
            raise InputError("no patch may be copied: every patch of every source touches an unusable pixel")
        self.depths = [min(plan.depth(shape), deepest) for shape in self.rounds]
        self.pyramids = [self._pyramid(self._known(source), deepest) for source in plan.sources]
        self.atlases: dict[tuple[int, bool], Atlas] = {}
        self.work = sum(
            self._iterations(level, depth) * self._pixels(shape, level)
            for number, (shape, depth) in enumerate(zip(self.rounds, self.depths, strict=True))
            for level in range(self._finest(number), depth + 1)
        )
        self.done = 0

    def __call__(self) -> tuple[Array, Field]:
        image = self.backend.to_device(self.plan.guess)
        for number in range(len(self.rounds)):
            image, field, atlas = self._round(number, image)
        return image, atlas.locate(field)

    def _round(self, number: int, image: Array) -> tuple[Array, Array, Atlas]:
        """Go once from coarse to fine; return the picture, its field and the atlas that this names patches of."""
        plan, backend = self.plan, self.backend
        shape, depth = self.rounds[number], self.depths[number]
        shapes = [level_shape(shape, plan.ratio, n) for n in range(depth + 1)]
        guesses, keeps = self._pins(depth)
        image = self._coarsest(image, shapes)
        if number == 0 and plan.noise:
            image = image + backend.to_device(self._noise(image.shape))
        fields: Fields | None = None
        for n in range(depth, self._finest(number) - 1, -1):
            if n < depth:
                image = resample(backend, image, shapes[n], (plan.ratio, plan.ratio), plan.wrap)
            image = self._pin(image, guesses[n], keeps[n])
            atlas = self._atlas(n, n == depth)
            claims = min(plan.claims, n)
            level = Level(backend, atlas, shapes[n], plan.patch, plan.wrap, plan.alpha, claims, keeps[n], self.seed + number)
            module = PNN(level, self._search(level, fields), guesses[n])
            iterations = self._iterations(n, depth)
            for iteration in range(1, iterations + 1):
                image = module(image)
                self.done += self._pixels(shape, n)
                self._report(image, number, n, depth, iteration, iterations)
            field = module.field
            # The features of a level are its largest arrays: they go before the next level's come.
            fields = module.search.fields(n > 0 and (plan.alpha < math.inf or min(plan.claims, n - 1) > 0))
            del module, level
        return image, field, atlas

    def _search(self, level: Level, coarser: Fields | None) -> Search:
        size = len(level.atlas.index) * len(level.live)
        limit = {"exact": math.inf, "auto": AUTO_EXACT**2, "patchmatch": TINY**2}[self.search]
        if size <= limit:
            return ExactSearch(level, self.memory)
        return PatchMatch(level, self.plan.ratio, coarser)

    def _report(self, image: Array, number: int, level: int, depth: int, iteration: int, iterations: int) -> None:
        def host_copy() -> Image:
            return np.array(self.backend.to_host(image))

        rounds = len(self.rounds)
        fraction = self.done / self.work
        self.observe(Progress(number + 1, rounds, level, depth + 1, iteration, iterations, fraction, host_copy))

    def _finest(self, number: int) -> int:
        """Return the level at which a round ends."""
        last = number == len(self.rounds) - 1
        return 0 if last or self.plan.climb is None else max(0, self.depths[number] - self.plan.climb)

    def _iterations(self, level: int, depth: int) -> int:
        return self.plan.coarsest_iterations if level == depth else self.plan.iterations

    def _pixels(self, shape: Shape, level: int) -> int:
        height, width = level_shape(shape, self.plan.ratio, level)
        return height * width

    def _check_memory(self) -> None:
        """Refuse a plan that cannot fit, before any work."""
        output = max(height * width for height, width in self.rounds)
        shapes = [source.image.shape for source in self.plan.sources]
        canvas = sum(shape[0] for shape in shapes) * max(shape[1] for shape in shapes)
        fixed, per_output, per_source = self._bytes()
        needed = fixed + per_output * output + per_source * canvas
        if needed > self.memory:
            height, width = self.rounds[-1]
            advice = "raise max_memory or use smaller pictures"
            room = self.memory - fixed - per_source * canvas
            if room > per_output * self.plan.patch**2:
                side = math.sqrt(room / per_output / (height * width))
                advice = f"raise max_memory, or ask for an output of at most {int(width * side)}×{int(height * side)}"
            raise InputError(
                f"this needs about {_gigabytes(needed)} of memory and may use {_gigabytes(self.memory)}: {advice}", "max_memory"
            )

    def _bytes(self) -> tuple[int, int, int]:
        """Return about how much the largest level takes: in any case, by pixel of the output, and of the sources."""
        picture, rounds = 4 * self.plan.guess.shape[2], len(self.rounds)
        features = 0 if self.search == "exact" else 4 * COMPONENTS
        both = 20 if self.plan.alpha < math.inf or self.plan.claims else 0
        shrinking = 1 / (1 - self.plan.ratio**-2)
        # Rounds share the keys of all levels; one round holds those of the level at work.
        keys = picture * (1 if rounds == 1 else shrinking)
        per_source = features + both + picture * shrinking + keys + max(16, picture) + 8
        return 64 << 20, features + 5 * picture + 56, int(per_source)

    # The output: where it starts, and what of it stays.

    def _coarsest(self, image: Array, shapes: list[Shape]) -> Array:
        """Bring a guess, or the last round's output, to the coarsest level."""
        if image.shape[:2] == shapes[0] != shapes[-1]:
            return self._pyramid(image, len(shapes) - 1, self.plan.wrap)[-1]
        return resample(self.backend, image, shapes[-1], wrap=self.plan.wrap)

    def _noise(self, shape: tuple[int, int, int]) -> Image:
        """Return the plan's noise for a picture of `shape`: it moves things about, and shifts no channel as a whole."""
        height, width, channels = shape
        # Channel by channel, so that a picture with an alpha channel gets the layout that it has without. RandomState's
        # stream is frozen for good, a Generator's is not: a seed must give its picture in years to come.
        noise = np.random.RandomState(self.seed).standard_normal((channels, height, width))
        noise -= noise.mean((1, 2), keepdims=True)
        return np.moveaxis(self.plan.noise * noise, 0, 2).astype(np.float32)

    def _pins(self, depth: int) -> tuple[list[Array], list[Mask | None]]:
        """Return, for every level, the guess and which of its pixels stay; Nones where the plan keeps nothing."""
        if self.plan.keep is None:
            return [None] * (depth + 1), [None] * (depth + 1)
        guesses = self._pyramid(self.backend.to_device(self.plan.guess), depth, self.plan.wrap)
        return guesses, self._masks(self.plan.keep, depth)

    def _pin(self, image: Array, guess: Array, keep: Mask | None) -> Array:
        if keep is None:
            return image
        return self.backend.xp.where(self.backend.to_device(keep)[:, :, None], guess, image)

    # The sources: their pyramids, and which of their patches may be used.

    def _pyramid(self, image: Array, depth: int, wrap: tuple[bool, bool] = (False, False)) -> list[Array]:
        levels = [image]
        for n in range(1, depth + 1):
            shape = level_shape(image.shape[:2], self.plan.ratio, n)
            levels.append(resample(self.backend, levels[-1], shape, (1 / self.plan.ratio,) * 2, wrap))
        return levels

    def _known(self, source: Source) -> Array:
        """Return a source with its unusable pixels smoothed over, so that coarser levels are free of their colours."""
        image = source.image
        if source.usable is not None and source.usable.any():
            image = fill_holes(image, source.usable)
        return self.backend.to_device(image)

    def _masks(self, mask: Mask | None, depth: int) -> list[Mask | None]:
        """Return a mask at every level: there a pixel is True only where every pixel under it is."""
        if mask is None:
            return [None] * (depth + 1)
        shapes = [level_shape(mask.shape[:2], self.plan.ratio, n) for n in range(1, depth + 1)]
        masks: list[Mask] = list(accumulate(shapes, shrink_mask, initial=mask))
        return [*masks]

    def _holds_patches(self, level: int) -> bool:
        for source, masks in zip(self.plan.sources, self.usable, strict=True):
            shape, mask, patch = level_shape(source.image.shape[:2], self.plan.ratio, level), masks[level], self.plan.patch
            if min(shape) >= patch and (mask is None or bool(whole_patches(mask, patch).any())):
                return True
        return False

    def _atlas(self, level: int, coarsest: bool) -> Atlas:
        """Return the sources of a level; rounds share them."""
        if (level, coarsest) not in self.atlases:
            values = [pyramid[level] for pyramid in self.pyramids]
            keys = None
            if not coarsest:
                # As blurred as the queries are: the coarser level, brought up to this one's size (Sec. 3.1).
                up, ratios = [pyramid[level + 1] for pyramid in self.pyramids], (self.plan.ratio,) * 2
                keys = [resample(self.backend, image, value.shape[:2], ratios) for image, value in zip(up, values, strict=True)]
            if len(self.rounds) == 1:
                self.atlases.clear()
            usable = [masks[level] for masks in self.usable]
            self.atlases[level, coarsest] = Atlas(self.backend, values, keys, usable, self.plan.patch)
        return self.atlases[level, coarsest]


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
