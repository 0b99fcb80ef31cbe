"""Approximate nearest neighbours in linear time: PatchMatch in whole-array code, with the completeness score.

Four things make it fast. A level starts from the coarser level's field, which is nearly right already. Keys stay the
same within a level, so their patches are projected on a few principal components once. Every step is done on thousands
of patches at a time. And after a level's first iteration only patches that see a changed pixel, and the neighbours of
those that found something new, are looked at again (Barnes et al., PatchMatch, SIGGRAPH 2009).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from patchnn.engine.backend import Array, Backend
from patchnn.engine.kernels import ANYWHERE, FEATURE
from patchnn.engine.patches import GuidedPatches, Patches, rounded
from patchnn.engine.search.claims import claim
from patchnn.engine.search.level import Level, Matches
from patchnn.engine.search.matching import Finer, Matching, Side, spread

__all__ = ["PatchMatch"]

COMPONENTS = 24
"""Principal components kept of a patch: they carry about 99.8 % of the energy of 7×7 colour patches."""
SAMPLES = 4096
"""Key patches that the principal components are fitted to."""
PART = 1024
"""Samples that a thread multiplies at once."""
CHANGED = 1 / 1024
"""A pixel has changed when it moved by more than this: a quarter of an 8-bit step."""
PIXEL_STEPS, BASIS_STEPS = 2.0**14, 2.0**10
"""Steps of a pixel and of a basis, in 1. Their products are whole numbers of 2**-24, and so is the sum over a patch of values
in [0, 1], which is at most 1: float32 holds it exactly, whatever order a matrix library adds in."""
FAINT = 1e-8
"""Directions with a smaller share of the first one's energy are rounding errors, other ones in each matrix library."""
FRESH_PASSES = 8
"""Passes over the whole image where there is no coarser level to start from."""


class PatchMatch:
    """Searches by propagation and random sampling, from the coarser level's matches; keeps its own between iterations."""

    def __init__(self, level: Level, coarser: Matches | None) -> None:
        self.level, backend, atlas = level, level.backend, level.atlas
        # A source too small for a patch at the coarser level is met for the first time here.
        self.fresh = coarser is None or any(
            min(new) > 0 >= min(old) for new, old in zip(atlas.numbering.grids, coarser.there.grids, strict=True)
        )
        key_patches = atlas.patches(steps=PIXEL_STEPS)
        if level.weights is None:
            self.basis = principal_components(backend, key_patches, atlas.index, level.values)
        else:
            # What counts differs from query to query, so no few directions serve all.
            self.basis = backend.xp.eye(key_patches.length, dtype=np.float32) / np.float32(math.sqrt(level.values))
        # Features are whole numbers of a unit as small as their range allows; it is a power of two, which rounds nothing.
        steps = 2.0 ** (15 - math.ceil(math.log2(largest_feature(level)) - 0.1))
        self.basis *= np.float32(steps)
        dimensions = self.basis.shape[1]
        keys = Side(backend, atlas.numbering, atlas.index, dimensions, matched=True)
        keys.show(key_patches, self.basis)
        keys.project(atlas.index)
        # They stay as they are: only their features are needed from here on.
        del keys.patches, key_patches
        both = level.claims > 0 or level.complete
        # Where no key searches among the queries, these are looked at one chunk after another, and nothing need be kept.
        queries = Side(backend, level.numbering, level.live, dimensions, matched=both, kept=both or level.weights is not None)
        if level.weights is not None:
            queries.weights = backend.xp.ones(queries.features.shape, np.float32)
            queries.weights[level.live] = level.shares(level.live)
        # A query's features are the sum of the image's, new in every iteration, and the guide's.
        self.basis, guide_basis = self.basis[: level.values], self.basis[level.values :]
        if level.guide_patches is not None:
            fixed = queries.fixed = backend.xp.zeros((level.numbering.size, dimensions), np.float32)
            backend.each_chunk(lambda part: backend.project(level.guide_patches, part, guide_basis, fixed, part), level.live)
        self.canvas = backend.xp.empty((*level.numbering.shape, atlas.values.shape[2]), np.float32)
        queries.show(Patches(backend, self.canvas, level.numbering.patch), self.basis)
        unit = steps**-2
        self.forward = Matching(backend, queries, keys, level.seed, unit)
        self.backward = Matching(backend, keys, queries, level.seed + 1, unit) if both else None
        numberings = level.numbering, atlas.numbering
        if coarser is None:
            self.forward.place(spread(backend, *numberings))
            if self.backward:
                self.backward.place(spread(backend, *reversed(numberings)))
        else:
            old = coarser.here, coarser.there
            self.forward.place(Finer(backend, level.ratio, coarser.forward, numberings, old))
            if self.backward:
                self.backward.place(Finer(backend, level.ratio, coarser.backward, numberings[::-1], old[::-1]))
        self.first = True

    def __call__(self, image: Array, iteration: int) -> Array:
        """See Search."""
        level, forward, claiming = self.level, self.forward, iteration < self.level.claims
        # Once all claims are made, only the completeness score still asks where the keys are.
        backward = self.backward if claiming or level.complete else None
        first, self.first = self.first, False
        index = self._show(image, first)
        if not (first or claiming or len(index) or forward.moved.any()):
            return level.grid(forward.field)
        forward.look(index)
        if backward:
            stale = self._matched_to(index)
            backward.measure(stale)
            backward.learn(forward, index)
        for steps, radii in self._schedule(first):
            scale = None
            if backward:
                backward.improve(backward.active(stale), steps, radii)
                # The completeness score: distances to each key, times a factor by how far its nearest query is.
                scale = level.factors(backward.distance, level.atlas.index)
            forward.improve(forward.active(index), steps, radii, scale)
        if backward and claiming:
            keys = level.atlas.index
            given = claim(level.backend.xp, forward.field, keys, backward.field[keys], backward.distance[keys])
            forward.measure(given)
            forward.moved[given] = True
        return level.grid(forward.field)

    def matches(self, both: bool) -> Matches:
        """See Search; with both=True only where the level has them."""
        backward = self.backward.field if both and self.backward else None
        return Matches(self.level.numbering, self.level.atlas.numbering, self.forward.field, backward)

    @staticmethod
    def bytes_per_patch(both: bool, weighted: int = 0, guided: bool = False) -> tuple[int, int]:
        """Return about what it allocates for a patch of the output, and of the sources.

        both: whether keys search too. weighted: values of a patch where pixels have weights, so that features are whole patches.
        guided: whether a guide's part of the features is kept.
        """
        values = weighted or COMPONENTS
        feature = np.dtype(FEATURE).itemsize * values
        field_distance_moved = 20
        # Weights, what they are made of, and a guide's part are not rounded.
        here = (feature if both or weighted else 0) + 4 * values * (2 * (weighted > 0) + guided) + field_distance_moved
        return here, feature + 8 + (field_distance_moved if both else 0)

    def _schedule(self, first: bool) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
        """Yield the steps and radii of each pass of an iteration: one pass, but many where there was nothing to start from."""
        if not first:
            yield (1,), (4,)
            return
        if self.fresh:
            reach = max(*self.level.atlas.numbering.shape, *self.level.shape)
            for _ in range(FRESH_PASSES):
                yield (4, 2, 1), (*(ANYWHERE,) * 4, *(reach >> n for n in range(reach.bit_length())))
        yield (4, 2, 1), (16, 4, 1)

    def _show(self, image: Array, first: bool) -> Array:
        """Put the pixels of an output that changed, rounded, on the canvas that its patches are read from.

        Returns the queries that see one, (n,); at first all that may change.
        """
        level, backend, canvas = self.level, self.level.backend, self.canvas
        height, width = level.shape
        window, shown = level.window(), canvas[:height, :width]
        if first:
            index = level.live
            rounded(backend, image, PIXEL_STEPS, shown)
        else:
            pixels = backend.xp.zeros(level.shape, np.bool_)
            pixels[window] = backend.changed(image[window], shown[window], CHANGED)
            # Only pixels that are not kept can change, so that every query which sees one is live.
            index = level.touching(backend.xp, pixels)
            rounded(backend, shown[window], PIXEL_STEPS, shown[window])
        # Behind each end comes the other one; only patches of an axis that wraps reach there.
        canvas[height:, :width] = canvas[: len(canvas) - height, :width]
        canvas[:, width:] = canvas[:, : canvas.shape[1] - width]
        return index

    def _matched_to(self, index: Array) -> Array:
        """Return the keys whose match is one of these queries."""
        keys, xp = self.level.atlas.index, self.level.backend.xp
        if len(index) == len(self.level.live):
            return keys
        queries = xp.zeros(self.level.numbering.size, np.bool_)
        queries[index] = True
        assert self.backward is not None
        return keys[queries[self.backward.field[keys]]]


def largest_feature(level: Level) -> float:
    """Return how large a feature can be: as large as the root mean square of a patch, so as its largest value."""

    def most(canvas: Array) -> float:
        return max(float(canvas.max()), -float(canvas.min()))

    square = most(level.atlas.values) ** 2
    if level.guide is not None:
        guides = level.guide.shape[2] / level.atlas.values.shape[2]
        square += guides * max(most(level.guide), most(level.atlas.guide)) ** 2
    return math.sqrt(max(square, 1e-12))


def principal_components(backend: Backend, patches: Patches | GuidedPatches, index: Array, values: int) -> Array:
    """Return a basis (length, k): the squared length of a difference of patches times the basis is their mean squared
    distance over `values` values, as far as k directions can tell.
    """
    xp = backend.xp
    sample = patches.extract(index[:: max(1, len(index) // SAMPLES)])
    mean, products = sample.mean(0, dtype=np.float64), {}

    def multiply(first: int) -> None:
        part = sample[first : first + PART] - mean
        products[first] = part.T @ part

    # In float64 and then rounded, so that matrix libraries agree on the basis, and each direction with one sign.
    backend.each(multiply, range(0, len(sample), PART))
    energy, vectors = xp.linalg.eigh(sum(products[first] for first in sorted(products)))
    vectors = vectors * xp.where(vectors.sum(0) < 0, -1.0, 1.0) * (energy > FAINT * energy[-1])
    basis = xp.zeros((patches.length, COMPONENTS), np.float32)
    kept = min(COMPONENTS, patches.length)
    basis[:, :kept] = vectors[:, -kept:] / math.sqrt(values)
    return rounded(backend, basis, BASIS_STEPS)
