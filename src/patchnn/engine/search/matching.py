"""One direction of a PatchMatch: patches here, their matches there, and passes that improve them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from patchnn.engine.backend import Array, Backend
from patchnn.engine.chance import random_numbers
from patchnn.engine.kernels import FEATURE, NEVER, clearly_below, whole
from patchnn.engine.numbering import Numbering
from patchnn.engine.patches import GuidedPatches, Patches
from patchnn.engine.search.claims import winners

__all__ = ["Finer", "Matching", "Side", "spread"]


class Side:
    """One side of a matching: how its patches are numbered, which may be matched, and their features, as whole numbers.

    weights: what the values of each feature count, (numbers, dimensions), or None. fixed: what is added to all features,
    (numbers, dimensions) float32, or None. features: (numbers, dimensions), or None where they are computed whenever they are
    needed. allowed: (n,) numbers. dimensions: of a feature. matched: whether the other side searches among these patches.
    kept: whether features are.
    """

    def __init__(
        self, backend: Backend, numbering: Numbering, allowed: Array, dimensions: int, matched: bool, kept: bool = True
    ) -> None:
        self.backend, self.numbering, self.allowed, self.dimensions = backend, numbering, allowed, dimensions
        self.features: Array = None
        if kept:
            self.features = backend.xp.empty((numbering.size, dimensions), FEATURE)
        self.weights: Array = None
        self.fixed: Array = None
        self.patches: Patches | GuidedPatches
        self.basis: Array
        if matched:
            # Where nothing is searched among them, their memory is not even touched.
            out = backend.xp.ones(numbering.size, np.bool_)
            out[allowed] = False

            def bar(top: int) -> None:
                part = slice(top, top + backend.chunk)
                self.features[part][out[part]] = NEVER

            # In chunks: memory that is touched for the first time is slow, and all cores share that.
            backend.each(bar, range(0, numbering.size, backend.chunk))

    def show(self, patches: Patches | GuidedPatches, basis: Array) -> None:
        """Say what these patches are from now on: their features are the patches times the basis."""
        self.patches, self.basis = patches, basis

    def project(self, index: Array) -> None:
        """Compute the features of these patches, where they are kept."""
        if self.features is not None:
            self.backend.each_chunk(lambda part: self.rows(part), index)

    def rows(self, part: Array, fresh: bool = True) -> tuple[Array, Array]:
        """Return the features of a chunk of patches: an array, and which of its rows, or None where they are all.

        fresh: whether these are to be computed; those that are not kept always are.
        """
        features, rows, fixed = self.features, part, self.fixed
        if features is None:
            features, rows = self.backend.xp.empty((len(part), self.dimensions), FEATURE), None
        elif not fresh:
            return features, rows
        if fixed is None:
            self.backend.project(self.patches, part, self.basis, features, rows)
        else:
            values = self.backend.xp.empty((len(part), self.dimensions), np.float32)
            self.backend.project(self.patches, part, self.basis, values, None)
            values += fixed[part]
            features[slice(None) if rows is None else rows] = whole(self.backend.xp, values)
        return features, rows


class Matching:
    """The nearest patches there for every patch here, improved pass by pass.

    unit: what the squared distance of two features that differ by 1 is.
    field: flat int32 numbers there. distance: float32 mean squared distances to them. moved: bool, whether the last pass changed
    the match.
    """

    def __init__(self, backend: Backend, here: Side, there: Side, seed: int, unit: float) -> None:
        xp, count = backend.xp, here.numbering.size
        self.backend, self.here, self.there, self.seed, self.unit, self.passes = backend, here, there, seed, unit, 0
        self.field = xp.full(count, -1, np.int32)
        self.distance = xp.zeros(count, np.float32)
        self.moved = xp.zeros(count, np.bool_)

    def place(self, match: Callable[[Array], Array]) -> None:
        """Give the patches here the matches that a function of their numbers returns."""

        def work(part: Array) -> None:
            self.field[part] = match(part)

        self.backend.each_chunk(work, self.here.allowed)
        self._replace_disallowed()

    def _replace_disallowed(self) -> None:
        """Give patches whose match is not allowed another one: such a key never wins a comparison, so don't start from one."""
        xp, index, allowed = self.backend.xp, self.here.allowed, self.there.allowed
        good = xp.zeros(self.there.numbering.size, np.bool_)
        good[allowed] = True
        wrong = index[~good[self.field[index]]]
        self.field[wrong] = allowed[random_numbers(xp, wrong, self.seed) % len(allowed)]

    def look(self, index: Array) -> None:
        """Compute the features of these patches here, which changed, and their distances to their matches.

        Where features are not kept, `improve` does this.
        """
        if self.here.features is not None:
            self.backend.each_chunk(lambda part: self._measure(part, *self.here.rows(part)), index)

    def measure(self, index: Array) -> None:
        """Compute the distances of these patches to their matches."""
        self.backend.each_chunk(lambda part: self._measure(part, *self.here.rows(part, fresh=False)), index)

    def _measure(self, part: Array, features: Array, rows: Array) -> None:
        sides = features, rows, self.there.features
        self.backend.measure(part, *sides, self.field, self.distance, self.unit, self.here.weights, self.there.weights)

    def learn(self, other: Matching, index: Array) -> None:
        """Take over the other direction's matches of these patches where they are better than the ones here."""
        found = [index[:0]]

        def compare(part: Array) -> None:
            found.append(part[other.distance[part] < clearly_below(self.distance[other.field[part]])])

        self.backend.each_chunk(compare, index)
        better = self.backend.xp.sort(self.backend.xp.concatenate(found))
        match, distance = other.field[better], other.distance[better]
        won = winners(self.backend.xp, match, distance)
        match = match[won]
        self.field[match], self.distance[match], self.moved[match] = better[won], distance[won], True

    def active(self, index: Array) -> Array:
        """Return the patches to look at again: these, and the neighbours of those that moved in the last pass."""
        if len(index) == len(self.here.allowed):
            return self.here.allowed
        busy = self.moved.copy()
        for stride in self.here.numbering.strides:
            busy[stride:] |= self.moved[:-stride]
            busy[:-stride] |= self.moved[stride:]
        busy[index] = True
        return self.here.allowed[busy[self.here.allowed]]

    def improve(self, index: Array, steps: Sequence[int], radii: Sequence[int], scale: Array | None = None) -> None:
        """Make one pass over these patches: see kernels.improve.

        All patches read the field as it was before the pass, so that their order does not matter.
        """
        before = self.field.copy()
        self.moved[:] = False
        self.passes += 1
        salt = self.seed * 1000003 + self.passes
        state = before, self.field, self.distance, self.moved
        strides = self.here.numbering.strides, self.there.numbering.strides
        weights = self.here.weights, self.there.weights

        def work(part: Array) -> None:
            features, rows = self.here.rows(part, fresh=False)
            if rows is None:
                self._measure(part, features, rows)
            sides = features, rows, self.there.features, self.there.allowed
            self.backend.improve(part, *sides, *state, strides, steps, radii, scale, salt, self.unit, *weights)

        self.backend.each_chunk(work, index)


class Finer:
    """Brings a coarser level's field up to a finer one. Called with numbers of patches here, it returns their matches there.

    A patch looks at the patch that covers its place at the coarser level, and takes that one's match, brought up to the finer
    level, as far off as it is itself off from the coarser patch's place.

    new, old: the numberings of both sides, at the finer and at the coarser level. field: the coarser one, flat.
    """

    def __init__(
        self, backend: Backend, ratio: float, field: Array, new: tuple[Numbering, Numbering], old: tuple[Numbering, Numbering]
    ) -> None:
        self.xp, self.field = backend.xp, field
        (self.here, self.there), (self.old_here, self.old_there) = new, old
        down, up = _Scaling(backend, self.here, self.old_here, 1 / ratio), _Scaling(backend, self.old_here, self.here, ratio)
        self.match_up = _Scaling(backend, self.old_there, self.there, ratio)
        # Rows and columns scale by themselves: each is computed once, not for every patch.
        self.coarse, self.offset, self.scaled = [], [], []
        for axis in (0, 1):
            image, position = self._all(self.here, axis)
            self.coarse.append(down.inside(axis, image, down(axis, image, position)))
            self.offset.append(position - up(axis, image, self.coarse[axis]))
            self.scaled.append(self.match_up(axis, *self._all(self.old_there, axis)))

    def __call__(self, index: Array) -> Array:
        _, mine = self._find(self.here, index)
        coarse = self.old_here.ravel([table[at] for table, at in zip(self.coarse, mine, strict=True)])
        image, match = self._find(self.old_there, self.xp.maximum(self.field[coarse].astype(np.int64), 0))
        found = [self.scaled[axis][match[axis]] + self.offset[axis][mine[axis]] for axis in (0, 1)]
        return self.there.ravel([self.match_up.inside(axis, image, at) for axis, at in enumerate(found)])

    def _all(self, numbering: Numbering, axis: int) -> tuple[Array, Array]:
        """Return every row of a canvas, or every column of each image: the image, and where it is."""
        xp, side, count = self.xp, numbering.shape[axis], len(numbering.tops)
        if axis == 0:
            rows = xp.arange(side)
            return numbering.image_at(xp, rows), rows
        return xp.repeat(xp.arange(count), side), xp.tile(xp.arange(side), count)

    def _find(self, numbering: Numbering, number: Array) -> tuple[Array, tuple[Array, Array]]:
        """Return the image of each number, and its place in what `_all` returns for rows and for columns."""
        row, column = numbering.unravel(number)
        if len(numbering.tops) == 1:
            return 0, (row, column)
        image = numbering.image_at(self.xp, row)
        return image, (row, image * numbering.shape[1] + column)


class _Scaling:
    """Brings positions of patches from a numbering to the same images' numbering at another level, one axis at a time.

    A patch's centre keeps its distance from the image's centre, times the factor, as resampling has it.
    """

    def __init__(self, backend: Backend, old: Numbering, new: Numbering, factor: float) -> None:
        self.xp, self.factor = backend.xp, np.float32(factor)

        def table(values: Sequence[float], kind: type) -> Array:
            return backend.to_device(np.array(values, kind))

        def centres(numbering: Numbering, axis: int) -> Array:
            firsts = zip(numbering.firsts(axis), numbering.shapes, strict=True)
            return table([first + (shape[axis] - numbering.patch) / 2 for first, shape in firsts], np.float32)

        axes = range(len(old.shape))
        self.centres = [(centres(old, axis), centres(new, axis)) for axis in axes]

        def bounds(axis: int) -> tuple[Array, Array]:
            first = list(new.firsts(axis))
            last = [start + max(grid[axis] - 1, 0) for start, grid in zip(first, new.grids, strict=True)]
            return table(first, np.int64), table(last, np.int64)

        self.bounds = [bounds(axis) for axis in axes]

    def __call__(self, axis: int, image: Array, position: Array) -> Array:
        """Return the scaled positions, not rounded. image: of each position."""
        old, new = self.centres[axis]
        return (position - old[image]) * self.factor + new[image]

    def inside(self, axis: int, image: Array, position: Array) -> Array:
        """Round positions to the nearest ones of their image in the new numbering. image: of each position, or 0 for all."""
        low, high = self.bounds[axis]
        return self.xp.clip(self.xp.rint(position).astype(np.int64), low[image], high[image])


def spread(backend: Backend, here: Numbering, there: Numbering) -> Callable[[Array], Array]:
    """Return what proposes a first match where there is no coarser level: the same place there, scaled; images take turns."""
    xp = backend.xp
    turns = len(there.tops)

    def table(grids: tuple[tuple[int, ...], ...], axis: int) -> Array:
        return backend.to_device(np.array([max(grid[axis] - 1, 0) for grid in grids], np.float32))

    axes = range(len(here.shape))
    extents = [(table(here.grids, axis), table(there.grids, axis)) for axis in axes]
    firsts = [[backend.to_device(np.array(numbering.firsts(axis), np.int64)) for numbering in (here, there)] for axis in axes]

    def propose(index: Array) -> Array:
        position = here.unravel(index)
        image = here.image_at(xp, position[0])
        other = (index if turns > 1 else image) % turns
        places = []
        for at, (mine, theirs), (first, other_first) in zip(position, extents, firsts, strict=True):
            scaled = (at - first[image]) * theirs[other] / xp.maximum(mine[image], 1)
            places.append(xp.rint(scaled).astype(np.int64) + other_first[other])
        return there.ravel(places)

    return propose
