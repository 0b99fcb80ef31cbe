"""The output of one round: its shape at every level, where it starts, and which of its pixels stay."""

from __future__ import annotations

import numpy as np

from patchnn.engine.arrays import Image, Mask
from patchnn.engine.backend import Array, Backend
from patchnn.engine.plan import Plan
from patchnn.engine.resample import level_shape, pyramid, resample
from patchnn.engine.sources import Sources, channels_of, known_levels, shrink_masks

__all__ = ["Output"]


class Output:
    """What a round makes, level by level.

    coarsest: the level at which the round begins. finest: where it ends, 0 for the last round. shapes: by level.
    """

    def __init__(self, plan: Plan, backend: Backend, number: int, deepest: int) -> None:
        self.plan, self.backend = plan, backend
        rounds = tuple(plan.rounds or ())
        self.shape = rounds[number]
        self.coarsest = min(plan.levels_above(self.shape), deepest)
        self._keeps = shrink_masks(backend, plan.keep, plan, self.coarsest)
        if plan.known_share < 1:
            self.coarsest = self._last_hole()
        last = number == len(rounds) - 1
        self.finest = 0 if last or plan.climb is None else max(0, self.coarsest - plan.climb)
        self.shapes = [level_shape(self.shape, plan.ratio, level) for level in range(self.coarsest + 1)]
        self._guesses: list[Array] | None = None
        self._guides: list[Array] | None = None
        self._weights: list[Array] | None = None

    def _last_hole(self) -> int:
        """Return the coarsest level that still has a pixel to fill: where known pixels spread, holes are gone in the end."""
        levels = [level for level, keep in enumerate(self._keeps) if keep is None or not keep.all()]
        return levels[-1] if levels else 0

    @property
    def work(self) -> int:
        """Pixels that all iterations compute."""
        levels = range(self.finest, self.coarsest + 1)
        return sum(self.iterations(level) * self.pixels(level) for level in levels)

    def iterations(self, level: int) -> int:
        """Return how many steps a level takes."""
        return self.plan.coarsest_iterations if level == self.coarsest else self.plan.iterations

    def pixels(self, level: int) -> int:
        """Return how many pixels the output has at a level."""
        return self.shapes[level][0] * self.shapes[level][1]

    def open(self, sources: Sources) -> None:
        """Build the pyramids of what is kept and of the guide, or take them from the sources where these have the same."""
        plan = self.plan
        self._guesses, self._guides = sources.shared(self.shape)
        if plan.keep is not None and self._guesses is None:
            known = known_levels(self._keeps, plan)
            guess = self.backend.to_device(plan.guess)
            self._guesses = pyramid(self.backend, guess, plan.ratio, self.coarsest, plan.wrap, known)
        if plan.guide is not None and self._guides is None:
            guide = resample(self.backend, self.backend.to_device(plan.weighted(plan.guide)), self.shape, wrap=plan.wrap)
            self._guides = pyramid(self.backend, guide, plan.ratio, self.coarsest, plan.wrap)
        if plan.pixel_weights is not None:
            weights = resample(self.backend, self.backend.to_device(plan.pixel_weights), self.shape, wrap=plan.wrap)
            levels = pyramid(self.backend, weights, plan.ratio, self.coarsest, plan.wrap)
            self._weights = [self.backend.xp.clip(level, 0, 1) for level in levels]

    def start(self, image: Array, seed: int | list[int] | None) -> Array:
        """Bring a guess, or the last round's output, to the coarsest level; with a seed, add the plan's noise."""
        shape, plan = self.shapes[-1], self.plan
        if seed is not None and self._guesses is not None:
            image = self._guesses[self.coarsest]
        elif image.shape[:2] == self.shape != shape:
            image = pyramid(self.backend, image, plan.ratio, self.coarsest, plan.wrap)[-1]
        else:
            image = resample(self.backend, image, shape, wrap=plan.wrap)
        return self._pin(image, self.coarsest) if seed is None else self.noisy(image, seed)

    def noisy(self, image: Array, seed: int | list[int]) -> Array:
        """Return an image of the coarsest level with the plan's noise, but for what stays."""
        if self.plan.noise:
            image = image + self.backend.to_device(self.plan.noise * noise(image.shape, seed))
        return self._pin(image, self.coarsest)

    def finer(self, image: Array, level: int) -> Array:
        """Bring the output of the next coarser level up to this one."""
        ratio = self.plan.ratio
        return self._pin(resample(self.backend, image, self.shapes[level], (ratio, ratio), self.plan.wrap), level)

    def pinned(self, level: int) -> tuple[Array, Mask | None]:
        """Return the guess at a level and which of its pixels stay; Nones where the plan keeps nothing."""
        return (None, None) if self._guesses is None else (self._guesses[level], self._keeps[level])

    def guide(self, level: int) -> Array:
        """Return the guide's weighted channels that are compared at a level, or None if none is."""
        return None if self._guides is None else channels_of(self._guides[level], self.compared(level))

    def compared(self, level: int) -> tuple[int, ...]:
        """Return the guide's channels that are compared at a level."""
        return self.plan.compared(self.coarsest - level)

    def completeness(self, level: int) -> float:
        """Return how firmly a level asks for the whole of the sources."""
        levels = self.plan.completeness_levels
        return self.plan.completeness if levels is None or self.coarsest - level < levels else 0.0

    def pixel_weights(self, level: int) -> Array:
        """Return what each pixel counts at a level, or None."""
        levels = self.plan.weight_levels
        if self._weights is None or (levels is not None and self.coarsest - level >= levels):
            return None
        return self._weights[level]

    def _pin(self, image: Array, level: int) -> Array:
        guess, keep = self.pinned(level)
        if keep is None:
            return image
        return self.backend.xp.where(self.backend.to_device(keep)[:, :, None], guess, image)


def noise(shape: tuple[int, int, int], seed: int | list[int]) -> Image:
    """Return Gaussian noise of standard deviation 1 for an image of `shape`. Every channel has the mean 0, so that noise moves
    things about and does not change the exposure.
    """
    height, width, channels = shape
    # Channel by channel, so that an image with an opacity channel gets the layout that it has without. RandomState's
    # stream is frozen for good, a Generator's is not: a seed must give the same image in years to come.
    values = np.random.RandomState(seed).standard_normal((channels, height, width))
    values -= values.mean((1, 2), keepdims=True)
    return np.moveaxis(values, 0, 2).astype(np.float32)
