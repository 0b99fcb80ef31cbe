"""Where a plan starts: several layouts are tried at the coarsest level, all at once, and the best is kept.

The layout decides what a result is, and it costs milliseconds. So it is worth trying several: each starts from the guess, cut
into upright strips that come in another order, with noise of its own. The patches of the sources claim their places in it, and
then it is measured how much of the guess moved, and how well its patches and those of the sources fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from patchnn.engine.arrays import Image, Mask
from patchnn.engine.atlas import Atlas
from patchnn.engine.backend import Array, Backend, NumpyBackend
from patchnn.engine.layouts import SPREAD, Starts, changed_share, shuffled
from patchnn.engine.machine import in_turn
from patchnn.engine.output import noise
from patchnn.engine.patches import Patches, on_canvas
from patchnn.engine.plan import Plan
from patchnn.engine.search import Level
from patchnn.engine.search.claims import claim
from patchnn.engine.vote import vote_weights

__all__ = ["Coarsest", "Start", "affordable", "changed_share", "find_start", "misfit"]

COMPONENTS = 48
"""Principal components of a patch that distances are computed in."""
SAMPLES = 256
"""Key patches that the principal components are fitted to."""
PAIRS = 1 << 22
"""Pairs of a query and a key that are compared at once."""
MOST_PAIRS = 1 << 26
"""Pairs that all layouts together compare in an iteration: at a very large coarsest level, fewer layouts are tried."""
SHRINK = 0.85
"""Patches of the next layouts, where the first moved too little, are smaller by this factor."""
TOLERANCE = 0.1
"""Layouts whose variety is this near to the wanted one are equally good in that respect."""
COMPLETENESS = 2.0
"""Weight of completeness next to coherence when layouts are compared: a lost object is worse than a visible seam."""
ERROR = 0.5
"""What an error as large as the contrast of the sources' patches counts, when a miss of the whole variety counts 1."""


@dataclass(frozen=True, eq=False)
class Start:
    """The layout that was kept.

    number: which of those tried, from 0. variety: the share of the image that moved in it. image: (H, W, C) float32.
    changed: the share of the finished result that looks different from the guess; None if they have different sizes.
    """

    number: int
    variety: float
    image: Image
    changed: float | None = None


@dataclass(frozen=True, eq=False)
class Coarsest:
    """What a plan holds at its coarsest level, on the host: its guess, and for each source the image, which pixels may be used
    and the guide; the pixels of the guess that stay, and its guide.
    """

    guess: Image
    sources: Sequence[Image]
    usable: Sequence[Mask | None]
    guides: Sequence[Image] | None = None
    keep: Mask | None = None
    guide: Image | None = None


_Found: TypeAlias = tuple[float, Start]
"""A layout, and what it is compared by: the less, the better."""


def find_start(
    plan: Plan,
    starts: Starts,
    level: Coarsest,
    backend: Backend,
    seed: int,
    attempt: int = 0,
    tried: Callable[[Image], object] = lambda image: None,
) -> Start:
    """Try layouts, a few at a time, and return the best. Each attempt has layouts of its own, which belong to the seed.

    `tried` is shown each of them, in the order of their numbers.

    The best one has the least sum of its error and of how far its variety is from the wanted one, beyond TOLERANCE: where only
    torn things would move enough, less moves. If the best of all has far less than the wanted variety, the next few have smaller
    patches, which cost some error; if it has far too much, they have less noise.
    """
    found: list[_Found] = []
    wanted = starts.variety or 0.0
    patch, noise_level = starts.patch, plan.noise
    for turn in range(attempt * starts.turns, (attempt + 1) * starts.turns):
        trials = _Trials(plan, starts, patch, level)
        numbers = range(turn * starts.count, (turn + 1) * starts.count)[: MOST_PAIRS // trials.pairs + 1 - len(found)]
        settled = partial(_settled, trials, noise_level, seed, wanted)
        found += in_turn(backend.each, settled, numbers, lambda one: tried(one[1].image))
        if len(found) * trials.pairs > MOST_PAIRS:
            break
        if _best(found).variety < wanted - SPREAD:
            patch = max(2, round(patch * SHRINK))
        elif _best(found).variety > wanted + SPREAD:
            noise_level *= 0.4
        else:
            break
    return _best(found)


def _settled(trials: _Trials, noise_level: float, seed: int, wanted: float, number: int) -> _Found:
    """Return the layout of this number, and the sum of its error and of how far its variety is from the wanted one."""
    guess = trials.level.guess
    order = shuffled(guess.shape[1], wanted, [seed, number])
    image, nnf, error = trials.settle(guess[:, order] + noise_level * noise(guess.shape, [seed, number]))
    variety = trials.variety(image, nnf)
    # Less than half of the wanted variety is a last resort.
    miss = max(0.0, abs(variety - wanted) - TOLERANCE) + (variety < wanted / 2)
    return miss + ERROR * error / trials.contrast, Start(number, variety, image)


def affordable(level: Level, count: int) -> int:
    """Return how many layouts to try at a level, at most `count`: 1 where it is large."""
    return max(1, min(count, MOST_PAIRS // max(1, len(level.live) * len(level.atlas.index))))


def misfit(level: Level, image: Array, nnf: Array) -> float:
    """Return the mean squared distance of a level's patches, of (H, W, C), to those that its field (h, w) names."""
    backend, numbering = level.backend, level.numbering
    canvas = backend.xp.zeros(numbering.shape, np.int32)
    canvas[: nnf.shape[0], : nnf.shape[1]] = nnf
    here = Patches(backend, on_canvas(backend.xp, image, numbering), numbering.patch).extract(level.live)
    there = Patches(backend, level.atlas.values, numbering.patch).extract(canvas.reshape(-1)[level.live])
    return float(((here - there) ** 2).mean(dtype=np.float64))


def _best(found: list[_Found]) -> Start:
    return min(found, key=lambda pair: pair[0])[1]


class _Trials:
    """What all trials share: the patches of the sources, and which pixels every patch of the output covers."""

    def __init__(self, plan: Plan, starts: Starts, patch: int, level: Coarsest) -> None:
        self.level, self.iterations = level, starts.iterations
        guess, backend = level.guess, NumpyBackend(threads=1)
        # Five eighths of the shorter side at most, so that there is room to move.
        room = min(*guess.shape[:2], max(min(source.shape[:2]) for source in level.sources))
        patch = max(2, min(patch, 5 * room // 8))
        atlas = Atlas(backend, level.sources, None, level.usable, patch, level.guides)
        while not len(atlas.index):
            # Between the pixels that may not be used, smaller patches fit.
            patch -= 1
            atlas = Atlas(backend, level.sources, None, level.usable, patch, level.guides)
        values = Patches(backend, atlas.values, patch).extract(atlas.index)
        height, width, channels = guess.shape
        self.queries = Level(backend, atlas, (height, width), wrap=plan.wrap, guide=level.guide)
        rows, columns = self.queries.numbering.grids[0]
        top, left = (np.ravel(at) for at in np.mgrid[:rows, :columns])
        down, right = (np.ravel(at) for at in np.mgrid[:patch, :patch])
        self.pixels = (top[:, None] + down) % height * width + (left[:, None] + right) % width
        weights = np.outer(vote_weights(patch), vote_weights(patch)).ravel()
        self.total = np.bincount(self.pixels.ravel(), np.tile(weights, len(self.pixels)), height * width)
        colours = values.reshape(len(values), -1, channels)
        # What every patch adds to the sums of its pixels, channel by channel.
        self.votes = np.moveaxis(colours * weights[:, None], 2, 0).astype(np.float64)
        key_top, key_left = atlas.numbering.unravel(atlas.index)
        source = atlas.numbering.image_at(np, key_top)
        heights, widths = (np.array([image.shape[axis] for image in level.sources])[source] for axis in (0, 1))
        # A thing keeps its height in the image: nothing else keeps a boat out of the sky.
        here, there = (top + patch / 2) / height, (key_top - np.array(atlas.numbering.tops)[source] + patch / 2) / heights
        weight = 0.0 if plan.wrap[0] else starts.rows
        self.upright = (weight * (here[:, None] - there) ** 2).astype(np.float32)
        # Two patches are parts of one piece if they moved by the same rows and columns.
        self.place, self.key_place = (top, left), (key_top, key_left)
        self.contrast = max(1e-6, float(values.var(0, dtype=np.float64).mean()))
        self.contrasts, self.length = colours.std(1).mean(1) + 1e-4, values.shape[1]
        self._project(atlas.patches().extract(atlas.index))
        if not plan.wrap[1]:
            self._mind_edge(starts.edges, left == 0, key_left == 0)
            self._mind_edge(starts.edges, left == width - patch, key_left == widths - patch)

    @property
    def pairs(self) -> int:
        """Pairs of a query and a key."""
        return int(self.upright.size)

    def _project(self, keys: np.ndarray) -> None:
        """Fit the principal components; distances are exact in them, and in the lengths of the patches."""
        self.mean = keys.mean(0, dtype=np.float64)
        centred = keys - self.mean
        sample = centred[:: -(-len(keys) // SAMPLES)]
        # The vectors of the small matrix: there are fewer samples than values in a patch.
        energy, vectors = np.linalg.eigh(sample @ sample.T)
        kept = energy > energy[-1] * 1e-10 if energy[-1] > 0 else np.zeros(len(energy), np.bool_)
        kept[:-COMPONENTS] = False
        self.basis = sample.T @ (vectors[:, kept] / np.sqrt(energy[kept]))
        self.features, lengths = self._factors(centred)
        self.keys = np.column_stack([-2 / self.length * self.features, np.ones(len(keys)), lengths])

    def _factors(self, centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the features of patches, and the mean square of their values."""
        return centred @ self.basis, np.einsum("ij,ij->i", centred, centred) / self.length

    def _mind_edge(self, weight: float, here: np.ndarray, there: np.ndarray) -> None:
        """Let the patches at an edge be like some that the sources have there: elsewhere the edge would cut things."""
        if weight and there.any():
            features, lengths = self.features, np.einsum("ij,ij->i", self.features, self.features)
            distances = lengths[:, None] + lengths[there] - 2 * features @ features[there].T
            nearest = np.maximum(0, distances.min(1)) / self.length
            self.upright[here] += (weight * nearest).astype(np.float32)

    def settle(self, image: Image) -> tuple[Image, np.ndarray, float]:
        """Let every source patch claim its place, again and again.

        Returns the layout, its nearest-neighbour field as numbers of `keys`, and its error: coherence and completeness.
        """
        image = self._pin(image)
        for _ in range(self.iterations):
            nnf, _, places, closest = self._nearest(image)
            claim(np, nnf, np.arange(len(self.keys)), places, closest)
            image = self._vote(nnf)
        nnf, coherence, _, completeness = self._nearest(image)
        return image, nnf, float(coherence.mean() + COMPLETENESS * completeness.mean())

    def _nearest(self, image: Image) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return every query's nearest key, how far that is, every key's nearest query, and how far that is."""
        count = len(self.pixels)
        queries = self.queries.patches(image).extract(self.queries.live)
        features, lengths = self._factors(queries - self.mean)
        # One product then gives the mean squared distance |q|² - 2 q·k + |k|² of every query to every key.
        left = np.column_stack([features, lengths, np.ones(count)])
        found, nearest = np.empty(count, np.int64), np.empty(count, np.float32)
        places, closest = np.zeros(len(self.keys), np.int64), np.full(len(self.keys), np.inf, np.float32)
        block = max(1, PAIRS // len(self.keys))
        for first in range(0, count, block):
            at = slice(first, first + block)
            # In float64, then rounded: what matrix libraries do differently is gone, and equal keys are equally far.
            rounded = (left[at] @ self.keys.T).astype(np.float32)
            np.maximum(rounded, 0, out=rounded)
            rounded += self.upright[at]
            found[at] = rounded.argmin(1)
            nearest[at] = rounded[np.arange(len(rounded)), found[at]]
            query = rounded.argmin(0)
            score = rounded[query, np.arange(len(query))]
            better = score < closest
            places[better], closest[better] = query[better] + first, score[better]
        return found, nearest, places, closest

    def _vote(self, nnf: np.ndarray) -> Image:
        """Return the image that the patches at `nnf` vote for."""
        shape = self.level.guess.shape
        at = self.pixels.ravel()
        sums = [np.bincount(at, votes[nnf].ravel(), len(self.total)) for votes in self.votes]
        return self._pin((np.stack(sums, 1) / self.total[:, None]).astype(np.float32).reshape(shape))

    def _pin(self, image: Image) -> Image:
        keep = self.level.keep
        return image if keep is None else np.where(keep[:, :, None], self.level.guess, image)

    def variety(self, image: Image, nnf: np.ndarray) -> float:
        """Return the share of a layout that is elsewhere in the guess.

        It is the least of two shares of what has structure: of the pixels that look different, and of the patches that did not
        move with the largest piece. So the whole guess moved to the side has none.
        """
        return min(changed_share(image, self.level.guess), 1 - self._largest_piece(nnf))

    def _largest_piece(self, nnf: np.ndarray) -> float:
        """Return the share of the patches, each weighted by its contrast, that moved by the same rows and columns, give or take
        one.
        """
        contrast, moves = self.contrasts[nnf], []
        for place, key_place in zip(self.place, self.key_place, strict=True):
            move = key_place[nnf] - place
            moves.append(move - move.min() + 1)
        shape = tuple(int(move.max()) + 2 for move in moves)
        shares = np.bincount(moves[0] * shape[1] + moves[1], contrast, shape[0] * shape[1]).reshape(shape)
        for axis in (0, 1):
            shares = shares + np.roll(shares, 1, axis) + np.roll(shares, -1, axis)
        return float(shares.max() / contrast.sum())
