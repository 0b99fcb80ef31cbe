"""Approximate nearest neighbours in linear time: PatchMatch in whole-array code, with the completeness score.

Four things make it fast. A level starts from the coarser level's field, which is nearly right already. Keys stay the
same within a level, so their patches are projected on a few principal components once. Every step is done on thousands
of patches at a time. And after a level's first call only patches that see a changed pixel, and the neighbours of those
that found something new, are looked at again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from patchnn.engine.atlas import Sheet
from patchnn.engine.backend import Array, Backend
from patchnn.engine.patches import Patches
from patchnn.engine.search import Fields, Level, claim, winners

__all__ = ["PatchMatch"]

COMPONENTS = 24
"""Principal components kept of a patch: they carry about 99.8 % of the energy of 7×7 colour patches."""
SAMPLES = 4096
"""Key patches that the principal components are fitted to."""
CHANGED = 1 / 1024
"""A pixel has changed when it moved by more than this: a quarter of an 8-bit step."""
FRESH_SWEEPS = 8
"""Sweeps over the whole picture where there is no coarser level to start from."""
ANYWHERE = -1
"""The radius of random places that are not near the match at all."""
FAR = 1e9
"""Coordinate of patches that must not be matched: farther away than any score can make up for."""


class PatchMatch:
    """Search by propagation and random sampling, from the coarser level's fields; it keeps its own from call to call."""

    def __init__(self, level: Level, ratio: float, coarser: Fields | None) -> None:
        self.level = level
        # A source too small for a patch at the coarser level is met for the first time here.
        self.fresh = coarser is None or any(
            min(new) > 0 >= min(old) for new, old in zip(level.atlas.sheet.grids, coarser.sheets[1].grids, strict=True)
        )
        backend, atlas = level.backend, level.atlas
        key_patches = Patches(backend, atlas.keys, level.patch, whole=True)
        self.basis = _principal_components(backend, key_patches, atlas.index)
        keys = Side(backend, atlas.sheet, atlas.shape[0] * atlas.shape[1], atlas.index, True)
        keys.project(key_patches, atlas.index, self.basis)
        both = level.claims > 0 or level.alpha < math.inf
        queries = Side(backend, level.sheet, level.grid[0] * level.grid[1], level.live, both)
        self.forward = Matching(backend, queries, keys, level.seed)
        self.backward = Matching(backend, keys, queries, level.seed + 1) if both else None
        self._start(ratio, coarser)
        self.seen: Array = None

    def _start(self, ratio: float, coarser: Fields | None) -> None:
        level, live, usable = self.level, self.level.live, self.level.atlas.index
        sheets = level.sheet, level.atlas.sheet
        if coarser is None:
            self.forward.place(live, lambda part: _spread(level.backend, part, *sheets))
            if self.backward:
                self.backward.place(usable, lambda part: _spread(level.backend, part, *reversed(sheets)))
        else:
            self.forward.place(live, _Finer(level, ratio, coarser.field, sheets, coarser.sheets))
            if self.backward:
                self.backward.place(usable, _Finer(level, ratio, coarser.reverse, sheets[::-1], coarser.sheets[::-1]))
        # Places out of reach cannot win against others, so nobody may begin there.
        for matching in (self.forward, self.backward):
            if matching:
                matching.stay_within_reach()

    @property
    def field(self) -> Array:
        """The (h, w) int32 field as it stands."""
        return self.forward.field.reshape(self.level.grid)

    def fields(self, both: bool) -> Fields:
        """Return what a finer level may start from; with both=True a finite alpha's reverse field too."""
        level = self.level
        reverse = self.backward.field.reshape(level.atlas.shape) if both and self.backward else None
        return Fields((level.sheet, level.atlas.sheet), self.field, reverse)

    def __call__(self, image: Array, claiming: bool = False) -> Array:
        level, forward = self.level, self.forward
        # Once all claims are made, only a finite alpha still asks where the keys are.
        backward = self.backward if claiming or level.alpha < math.inf else None
        first = self.seen is None
        changed, index = self._changed(image)
        if not (first or claiming or len(index) or forward.moved.any()):
            return self.field
        patches = Patches(level.backend, image, level.patch, level.wrap)
        forward.here.project(patches, index, self.basis)
        forward.measure(index)
        if backward:
            keys = level.atlas.index
            stale = keys[changed.reshape(-1)[backward.field[keys]]]
            backward.measure(stale)
            backward.learn(forward, index)
        for steps, radii in self._schedule(first):
            scale = None
            if backward:
                backward.sweep(backward.active(stale, keys), steps, radii)
                if level.alpha < math.inf:
                    scale = 1 / (level.alpha + backward.distance)
            forward.sweep(forward.active(index, level.live), steps, radii, scale)
        if backward and claiming:
            self._claim(forward, backward)
        return self.field

    def _claim(self, forward: Matching, backward: Matching) -> None:
        keys = self.level.atlas.index
        given = claim(self.level.backend.xp, forward.field, keys, backward.field[keys], backward.distance[keys])
        forward.measure(given)
        forward.moved[given] = True

    def _schedule(self, first: bool) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
        """Yield the steps and radii of each sweep of a call: one sweep, but many where there was nothing to start from."""
        if not first:
            yield (1,), (4,)
            return
        if self.fresh:
            reach = max(*self.level.atlas.shape, *self.level.shape)
            for _ in range(FRESH_SWEEPS):
                yield (4, 2, 1), (*(ANYWHERE,) * 4, *(reach >> n for n in range(reach.bit_length())))
        yield (4, 2, 1), (16, 4, 1)

    def _changed(self, image: Array) -> tuple[Array, Array]:
        """Return which queries see a changed pixel, as (h, w) bool and as numbers; all live ones at first."""
        level, xp = self.level, self.level.backend.xp
        if self.seen is None:
            self.seen = image.copy()
            return xp.ones(level.grid, np.bool_), level.live
        pixels = xp.zeros(level.shape, np.bool_)
        here, new, old = pixels[level.window], image[level.window], self.seen[level.window]
        for channel in range(image.shape[2]):
            here |= abs(new[:, :, channel] - old[:, :, channel]) > CHANGED
        xp.copyto(old, new, where=here[:, :, None])
        # Only pixels that are not kept can change, so that whoever sees one is live.
        grid = level.touching(xp, pixels)
        return grid, xp.flatnonzero(grid.reshape(-1))


class Side:
    """One side of a matching: where its patches lie, which of them may be matched, and their features."""

    def __init__(self, backend: Backend, sheet: Sheet, count: int, allowed: Array, matched: bool) -> None:
        self.backend, self.sheet, self.allowed = backend, sheet, allowed
        self.features = backend.xp.empty((count, COMPONENTS), np.float32)
        if matched:
            # The score itself then keeps the others out. Where nobody looks for a match, their memory is not even touched.
            out = backend.xp.ones(count, np.bool_)
            out[allowed] = False
            self.features[out] = FAR

    def project(self, patches: Patches, index: Array, basis: Array) -> None:
        """Take the features of these patches afresh."""

        def work(part: Array) -> None:
            self.features[part] = self.backend.xp.matmul(patches.extract(part), basis)

        self.backend.each_chunk(work, index)


class Matching:
    """The nearest patches there for every patch here, improved sweep by sweep.

    field: (n,) int32 numbers there. distance: (n,) float32 mean squared distances to them. moved: (n,) bool, whose
    match the last sweep changed.
    """

    def __init__(self, backend: Backend, here: Side, there: Side, seed: int) -> None:
        xp, count = backend.xp, len(here.features)
        self.backend, self.here, self.there, self.seed, self.sweeps = backend, here, there, seed, 0
        self.field = xp.full(count, -1, np.int32)
        self.distance = xp.zeros(count, np.float32)
        self.moved = xp.zeros(count, np.bool_)

    def place(self, index: Array, match: Callable[[Array], Array]) -> None:
        """Give these patches the matches that a function of their numbers returns."""

        def work(part: Array) -> None:
            self.field[part] = match(part)

        self.backend.each_chunk(work, index)

    def stay_within_reach(self) -> None:
        """Send patches whose match is out of reach to any other."""
        xp, index, allowed = self.backend.xp, self.here.allowed, self.there.allowed
        good = xp.zeros(len(self.there.features), np.bool_)
        good[allowed] = True
        wrong = index[~good[self.field[index]]]
        self.field[wrong] = allowed[_hash(xp, wrong, self.seed) % len(allowed)]

    def measure(self, index: Array) -> None:
        """Take the distances of these patches to their matches afresh."""

        def work(part: Array) -> None:
            self.distance[part] = self._distances(self._gather(self.here, part), self.field[part])

        self.backend.each_chunk(work, index)

    def learn(self, other: Matching, index: Array) -> None:
        """Take over what the other direction knows: whoever is matched there may match back."""
        match, distance = other.field[index], other.distance[index]
        better = self.backend.xp.flatnonzero(distance < self.distance[match])
        match, distance, index = match[better], distance[better], index[better]
        won = winners(self.backend.xp, match, distance)
        match = match[won]
        self.field[match], self.distance[match], self.moved[match] = index[won], distance[won], True

    def active(self, index: Array, live: Array) -> Array:
        """Return whom to look at again: these patches, and the neighbours of those that moved in the last sweep."""
        width = self.here.sheet.width
        if len(index) == len(live):
            return live
        busy = self.moved.copy()
        for step in (1, width):
            busy[step:] |= self.moved[:-step]
            busy[:-step] |= self.moved[step:]
        busy[index] = True
        return live[busy[live]]

    def sweep(self, index: Array, steps: Sequence[int], radii: Sequence[int], scale: Array | None = None) -> None:
        """Offer these patches their neighbours' matches, shifted, and places near their own; keep what scores better.

        steps: how far the neighbours are. radii: of the random places, one for each. scale: factor on the distance to
        every patch there. All read the field as it was before the sweep, so that the order does not matter.
        """
        before = self.field.copy()
        self.moved[:] = False
        self.sweeps += 1
        salt = self.seed * 1000003 + self.sweeps
        self.backend.each_chunk(lambda part: self._improve(part, before, steps, radii, scale, salt), index)

    def _improve(
        self, index: Array, before: Array, steps: Sequence[int], radii: Sequence[int], scale: Array | None, salt: int
    ) -> None:
        xp, width = self.backend.xp, self.there.sheet.width
        features = self._gather(self.here, index)
        start = before[index].astype(np.int64)
        match = start.copy()
        best = self.distance[index]
        if scale is not None:
            best *= scale[match]

        def score(mine: Array, candidate: Array) -> Array:
            distance = self._distances(mine, candidate)
            return distance if scale is None else xp.multiply(distance, scale[candidate], out=distance)

        for step in steps:
            for dy, dx in ((0, step), (0, -step), (step, 0), (-step, 0)):
                # Past the end of a row or of the sheet some other patch is asked: as good a guess as any.
                neighbour = _between(xp, index - (dy * self.here.sheet.width + dx), len(before))
                candidate = _between(xp, before[neighbour].astype(np.int64) + (dy * width + dx), len(self.there.features))
                # In a coherent region the neighbour only says what is known already.
                new = xp.flatnonzero(candidate != match)
                candidate = candidate[new]
                offered = score(features[new], candidate)
                better = offered < best[new]
                new = new[better]
                match[new] = candidate[better]
                best[new] = offered[better]
        for turn, radius in enumerate(radii):
            chance = _hash(xp, index, salt * 64 + turn)
            if radius == ANYWHERE:
                candidate = self.there.allowed[chance % len(self.there.allowed)].astype(np.int64)
            else:
                span = 2 * radius + 1
                dy = ((chance & 0xFFFF) * span >> 16) - radius
                dx = ((chance >> 16) * span >> 16) - radius
                candidate = _between(xp, match + (dy * width + dx), len(self.there.features))
            offered = score(features, candidate)
            better = offered < best
            xp.copyto(match, candidate, where=better)
            xp.copyto(best, offered, where=better)
        self.distance[index] = best if scale is None else best / scale[match]
        self.field[index] = match
        self.moved[index] = match != start

    def _distances(self, features: Array, match: Array) -> Array:
        difference = self._gather(self.there, match)
        difference -= features
        return self.backend.xp.einsum("ij,ij->i", difference, difference)

    def _gather(self, side: Side, index: Array) -> Array:
        return self.backend.take(side.features, index, self.backend.xp.empty((len(index), COMPONENTS), np.float32))


def _between(xp: Array, number: Array, count: int) -> Array:
    xp.maximum(number, 0, out=number)
    return xp.minimum(number, count - 1, out=number)


def _hash(xp: Array, index: Array, salt: int) -> Array:
    """Return a random number below 2**32 for each index, (n,) int64: the same in whatever chunks they come."""
    value = index.astype(np.uint32)
    value *= np.uint32(0x9E3779B1)
    value += np.uint32(salt * 0x85EBCA77 & 0xFFFFFFFF)
    value ^= value >> np.uint32(15)
    value *= np.uint32(0x85EBCA6B)
    value ^= value >> np.uint32(13)
    value *= np.uint32(0xC2B2AE35)
    value ^= value >> np.uint32(16)
    return value.astype(np.int64)


def _principal_components(backend: Backend, patches: Patches, index: Array) -> Array:
    """Return (p*p*C, k) on which differences of patches keep their mean squared length, as far as k directions can."""
    xp = backend.xp
    sample = patches.extract(index[:: max(1, len(index) // SAMPLES)])
    sample = sample - sample.mean(0)
    _, vectors = xp.linalg.eigh(sample.T @ sample)
    basis = xp.zeros((patches.length, COMPONENTS), np.float32)
    kept = min(COMPONENTS, patches.length)
    basis[:, :kept] = vectors[:, -kept:] / math.sqrt(patches.length)
    return basis


class _Finer:
    """Bring a coarser level's field up to a finer one: a patch's coarser self tells where to look, and lies off by a bit.

    field: the coarser one. new, old: the sheets of both sides, at the finer and at the coarser level. Called with
    numbers of patches here, it returns those of their matches there.
    """

    def __init__(self, level: Level, ratio: float, field: Array, new: tuple[Sheet, Sheet], old: tuple[Sheet, Sheet]) -> None:
        self.xp, self.patch, self.ratio = level.backend.xp, level.patch, ratio
        self.field, self.new, self.old = field.reshape(-1), new, old

    def __call__(self, index: Array) -> Array:
        xp, (here, there), (old_here, old_there) = self.xp, self.new, self.old
        row, col = index // here.width, index % here.width
        image = _image(xp, here, row)
        coarse = self._inside(image, *self._rescale(image, row, col, here, old_here, 1 / self.ratio), old_here)
        at = self._rescale(image, *coarse, old_here, here, self.ratio)
        match = xp.maximum(self.field[coarse[0] * old_here.width + coarse[1]].astype(np.int64), 0)
        match_row, match_col = match // old_there.width, match % old_there.width
        image = _image(xp, old_there, match_row)
        to = self._rescale(image, match_row, match_col, old_there, there, self.ratio)
        new_row, new_col = self._inside(image, to[0] + (row - at[0]), to[1] + (col - at[1]), there)
        return new_row * there.width + new_col

    def _rescale(self, image: Array, row: Array, col: Array, old: Sheet, new: Sheet, factor: float) -> tuple[Array, Array]:
        """Bring patches from a sheet to the same one at another level, not rounded.

        A patch's centre keeps its distance from the picture's, times the factor, as resampling has it.
        """

        def move(value: Array, axis: int) -> Array:
            half = (self.patch - 1) / 2
            centres = []
            for sheet in (old, new):
                first = sheet.tops if axis == 0 else (0,) * len(sheet.tops)
                centre = [top + (shape[axis] - 1) / 2 - half for top, shape in zip(first, sheet.shapes, strict=True)]
                centres.append(self.xp.asarray(np.array(centre, np.float32))[image])
            return (value - centres[0]) * np.float32(factor) + centres[1]

        return move(row, 0), move(col, 1)

    def _inside(self, image: Array, row: Array, col: Array, sheet: Sheet) -> tuple[Array, Array]:
        """Round rows and columns to the nearest positions of their picture."""
        xp = self.xp

        def place(value: Array, first: Sequence[int], count: Sequence[int]) -> Array:
            low = np.array(first)
            high = low + np.maximum(np.array(count) - 1, 0)
            return xp.clip(xp.rint(value).astype(np.int64), xp.asarray(low)[image], xp.asarray(high)[image])

        rows, columns = zip(*sheet.grids, strict=True)
        return place(row, sheet.tops, rows), place(col, [0] * len(columns), columns)


def _image(xp: Array, sheet: Sheet, row: Array) -> Array:
    if len(sheet.tops) == 1:
        return xp.zeros_like(row)
    return xp.searchsorted(xp.asarray(np.array(sheet.tops)), row, side="right") - 1


def _spread(backend: Backend, index: Array, here: Sheet, there: Sheet) -> Array:
    """Return a first guess where there is no coarser level: the same place there, scaled; pictures take turns."""
    xp = backend.xp
    row, col = index // here.width, index % here.width
    image = _image(xp, here, row)
    other = (index if len(there.tops) > 1 else image) % len(there.tops)

    def place(value: Array, axis: int) -> Array:
        mine = np.array([max(1, grid[axis] - 1) for grid in here.grids], np.float32)
        theirs = np.array([max(0, grid[axis] - 1) for grid in there.grids], np.float32)
        return xp.rint(value * xp.asarray(theirs)[other] / xp.asarray(mine)[image]).astype(np.int64)

    new_row = place(row - xp.asarray(np.array(here.tops))[image], 0) + xp.asarray(np.array(there.tops))[other]
    return new_row * there.width + place(col, 1)
