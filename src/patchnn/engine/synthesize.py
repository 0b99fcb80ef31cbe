"""The one loop of all applications: rounds, levels, iterations (paper, Sec. 3 and Fig. 2)."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from patchnn.engine.arrays import Image, Window, check_seed
from patchnn.engine.atlas import Field
from patchnn.engine.backend import Array, Backend, find_backend
from patchnn.engine.layouts import Starts, changed_share
from patchnn.engine.memory import check_memory
from patchnn.engine.output import Output
from patchnn.engine.plan import Plan
from patchnn.engine.progress import Observer, Progress
from patchnn.engine.resample import resample
from patchnn.engine.search import Level, Matches, Policy, find_policy
from patchnn.engine.sources import Sources
from patchnn.engine.starts import Start, affordable, misfit
from patchnn.engine.step import find_step
from patchnn.engine.strips import lay_out
from patchnn.engine.windows import View, kept_field
from patchnn.errors import InputError

__all__ = ["Observer", "Progress", "Synthesis", "synthesize"]

WITHHOLDING = 3
"""Levels, the coarsest first, at which a layout does without some of the source patches."""
SHARPER = 1
"""How many levels above the coarsest one a layout is made: thin things are seen there, and patches then mend its seams below."""
HARDLY = 0.25
"""A result of which less than this share of the wanted variety looks different is tried again."""


@dataclass(frozen=True, eq=False)
class Synthesis:
    """An image and where every patch of it came from: the vote over these patches, and what `PNN.feather` adds to it.

    Attributes
    ----------
    image
        (H, W, C) float32.
    field
        The source and position of every patch.
    seed
        The random seed.
    backend
        The name of the backend that made it.
    start
        The layout that was kept, if the plan tries several.
    """

    image: Image
    field: Field
    seed: int
    backend: str
    start: Start | None = None


def synthesize(
    plan: Plan,
    *,
    seed: int | None = None,
    backend: str | Backend = "auto",
    search: str | Policy = "auto",
    max_memory: int | None = None,
    observe: Observer | None = None,
) -> Synthesis:
    """Carry out a plan.

    Parameters
    ----------
    plan : Plan
    seed : int, 0 to 2**32 - 1, optional
        The same seed gives the same image. Default: random.
    backend : str or Backend
        "auto" (the fastest that works), "numpy", "kernels" (needs patchnn-kernels) or "cupy" (needs a GPU).
    search : str or Policy
        "auto" (exact on small levels, PatchMatch above), "exact" or "patchmatch".
    max_memory : int, optional
        Bytes that may be used; the result does not depend on it. Default: half of what is free.
    observe : callable, optional
        Called with a Progress of the start, of each start tried, and after every iteration. An exception it raises ends the
        run.

    Returns
    -------
    Synthesis

    Raises
    ------
    InputError
        If the plan cannot be carried out.
    BackendError
        If the backend cannot run here.
    """
    policy = find_policy(search)
    if seed is None:
        seed = secrets.randbelow(2**31)
    check_seed(seed)
    if max_memory is not None and max_memory <= 0:
        raise InputError(f"max_memory is {max_memory}: it must be a number of bytes greater than 0", about="max_memory")
    device = find_backend(backend)
    memory = max_memory or device.free_bytes() // 2
    listener = observe or (lambda progress: None)

    def carry_out(part: Plan, observe: Observer) -> Synthesis:
        check_memory(part, policy, memory)
        attempts = (_Run(part, seed, device, policy, memory, observe).result(attempt) for attempt in (0, 1))
        with device.session():
            made = next(attempts)
            return max(made, next(attempts), key=_changed) if _came_back(part, made) else made

    if plan.windows is None:
        return carry_out(plan, listener)
    return _through_windows(plan, plan.windows, seed, device.name, carry_out, listener)


def _through_windows(
    plan: Plan,
    windows: Sequence[Window],
    seed: int,
    backend: str,
    carry_out: Callable[[Plan, Observer], Synthesis],
    observe: Observer,
) -> Synthesis:
    """Carry out a plan window by window; all pixels outside stay the guess's."""
    image = plan.guess.copy()
    if not windows:
        # Nothing is to be made: the run is over, and says so.
        observe(Progress(1, 1, 0, 1, 1, 1, 1.0, image.copy, image.shape[:2]))
    rows, columns = (side - plan.patch + 1 for side in image.shape[:2])
    field, found = kept_field((rows, columns)), None
    total, done = float(sum((down.stop - down.start) * (across.stop - across.start) for down, across in windows)), 0.0
    for window in windows:
        view = View(plan, window)
        share = image[window][:, :, 0].size / total
        made = carry_out(view.plan, _reported(observe, view, image, done, share))
        image[window] = made.image
        view.enter(made.field, field)
        done, found = done + share, found or made.start
    return Synthesis(image, field, seed, backend, found)


def _reported(observe: Observer, view: View, image: Image, done: float, share: float) -> Observer:
    """Return what reports a window's progress as that of the whole: its share of the work comes after what is done."""

    def report(progress: Progress) -> None:
        fraction = done + share * progress.fraction
        # Sums of shares are rounded: the last event says 1.
        fraction = 1.0 if fraction > 1 - 1e-9 else fraction
        shown = replace(progress, image=lambda: view.show(image, progress.image(), progress.level), shape=view.shape)
        observe(replace(shown, fraction=fraction))

    return report


def _came_back(plan: Plan, made: Synthesis) -> bool:
    """Return whether the finished image hardly differs from the guess, though its layout did and no guide asked for that."""
    wanted = None if plan.starts is None or plan.guide is not None else plan.starts.variety
    if wanted is None or made.start is None:
        return False
    return _changed(made) < HARDLY * wanted <= made.start.variety


def _changed(made: Synthesis) -> float:
    return 1.0 if made.start is None or made.start.changed is None else made.start.changed


class _Run:
    """One synthesis: its last image and field, and what the next level starts from. Nothing else keeps the arrays of a level."""

    def __init__(self, plan: Plan, seed: int, backend: Backend, policy: Policy, memory: int, observe: Observer) -> None:
        self.plan, self.seed, self.backend, self.policy, self.memory, self.observe = plan, seed, backend, policy, memory, observe
        self.step = find_step(plan.step)
        shapes = tuple(plan.rounds or ())
        self.sources = Sources(plan, backend, max(plan.levels_above(shape) for shape in shapes))
        self.outputs = [Output(plan, backend, number, self.sources.deepest) for number in range(len(shapes))]
        self.work, self.done = sum(output.work for output in self.outputs), 0
        self.attempt = self.trial = 0
        self.image: Array = None
        self.matches: Matches | None = None
        self.found: Start | None = None

    def result(self, attempt: int) -> Synthesis:
        """Return what one attempt makes. Where a plan tries several layouts, each has others."""
        self.attempt = attempt
        field = self._all_rounds()
        made, guess = self.backend.to_host(self.image), self.plan.guess
        if self.found is not None and made.shape == guess.shape:
            self.found = replace(self.found, changed=changed_share(made, guess))
        return Synthesis(made, field, self.seed, self.backend.name, self.found)

    def _all_rounds(self) -> Field:
        """Go from coarse to fine once for every round, each from the last one's output; return the last level's field."""
        for number, output in enumerate(self.outputs):
            output.open(self.sources)
            self.image = self._start(output) if number == 0 else output.start(self.image, None)
            self.matches = None
            for at in range(output.coarsest, output.finest - 1, -1):
                if at < output.coarsest:
                    self.image = output.finer(self.image, at)
                level = self._level(number, at)
                self._iterate(level, number)
        return level.atlas.locate(self.nnf)

    def _start(self, output: Output) -> Array:
        """Return where the first round starts: the guess with noise, or the best of several layouts."""
        plan, host, at = self.plan, self.backend.to_host, output.coarsest
        guess = self.backend.to_device(plan.guess)
        if plan.starts is None:
            return self._shown(output.start(guess, self.seed))
        if plan.starts.variety is None:
            return self._fittest(output, guess, plan.starts)
        self._shown(output.start(guess, None))
        at = max(output.finest, at - SHARPER)
        guess = host(resample(self.backend, guess, output.shapes[at], wrap=plan.wrap))
        sources = [host(levels[at]) for levels in self.sources.pyramids]
        image, variety = lay_out(guess, sources, plan.starts, [self.seed, self.attempt])
        start = output.start(self.backend.to_device(image), None)
        start = output.noisy(start, [self.seed, self.attempt])
        self.found = Start(variety, host(start))
        return self._shown(start)

    def _fittest(self, output: Output, guess: Array, starts: Starts) -> Array:
        """Return the start whose patches fit best at the end of the coarsest level, of several with noise of their own."""
        count = affordable(self._level(0, output.coarsest), starts.count)
        if count == 1:
            return self._shown(output.start(guess, [self.seed, 0]))
        tried: list[tuple[float, int, Array]] = []
        for number in range(count):
            self.trial = number
            level, start = self._level(0, output.coarsest), self._shown(output.start(guess, [self.seed, number]))
            self.image, self.matches = start, None
            self._iterate(level, 0, observed=False)
            self._shown(self.image)
            tried.append((misfit(level, self.image, self.nnf), number, start))
        _, self.trial, start = min(tried, key=lambda one: one[:2])
        return start

    def _level(self, number: int, at: int) -> Level:
        """Describe a level of a round to the search and the vote."""
        plan, output = self.plan, self.outputs[number]
        pinned, keep = output.pinned(at)
        atlas = self.sources.atlas(at, coarsest=at == output.coarsest, compared=output.compared(at))
        if plan.starts is not None and plan.starts.withheld and number == 0 and output.coarsest - at < WITHHOLDING:
            atlas = atlas.without(plan.starts.withheld, [self.seed, self.trial])
        return Level(
            backend=self.backend,
            atlas=atlas,
            shape=output.shapes[at],
            number=at,
            wrap=plan.wrap,
            alpha=plan.alpha,
            completeness=output.completeness(at),
            # None at the finest level, where the image stays the vote over its patches.
            claims=min(plan.claims, at),
            ratio=plan.ratio,
            iterations=output.iterations(at),
            pinned=pinned,
            keep=keep,
            guide=output.guide(at),
            pixel_weights=output.pixel_weights(at),
            seed=self.seed + number,
        )

    def _iterate(self, level: Level, number: int, observed: bool = True) -> None:
        """Take the steps of one level, from `image` and `matches`."""
        search = self.step.search(level, self.matches, self.policy, self.memory)
        # It has taken what it needs of them.
        self.nnf = self.matches = None
        self.sources.leave(level.number + 1)
        vote = self.step.vote(level)
        for iteration in range(level.iterations):
            self.nnf = search(self.image, iteration)
            self.image = vote(self.nnf, iteration)
            if observed:
                self.done += self.outputs[number].pixels(level.number)
                self._report(self.image, number, level.number, iteration + 1)
        # Only what the next level needs survives: features are the largest arrays there are.
        plan, finer = self.plan, level.number - 1
        both = plan.alpha < math.inf or min(plan.claims, finer) > 0 or self.outputs[number].completeness(finer) > 0
        self.matches = search.matches(finer >= 0 and both)

    def _shown(self, image: Array) -> Array:
        """Report an image of the coarsest level, before its first iteration, and return it."""
        self._report(image, 0, self.outputs[0].coarsest, 0)
        return image

    def _report(self, image: Array, number: int, at: int, iteration: int) -> None:
        output, shape = self.outputs[number], tuple(self.plan.rounds or ())[-1]
        place = (number + 1, len(self.outputs), at, output.coarsest + 1, iteration, output.iterations(at))
        self.observe(Progress(*place, self.done / self.work, lambda: np.array(self.backend.to_host(image)), shape))
