"""The vote: patches back to an image, by the weighted mean where they overlap (paper, Sec. 3.1, steps 5 and 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from patchnn.engine.arrays import Mask
from patchnn.engine.backend import Array, Backend
from patchnn.engine.numbering import Numbering
from patchnn.engine.resample import surround

__all__ = ["SIGMA", "Vote", "rim_confidence", "vote_weights"]

SIGMA = 1.7
"""Standard deviation of the vote's Gaussian where a patch spans [-1, 1]: the authors' setting."""


def vote_weights(patch: int, sigma: float = SIGMA) -> np.ndarray:
    """Return the weight of a patch's rows in the vote, (patch,) float32; a pixel has the product of its row's and column's."""
    return np.asarray(np.exp(-0.5 * (np.linspace(-1, 1, patch) / sigma) ** 2), np.float32)


def rim_confidence(free: Mask, numbering: Numbering, base: float) -> np.ndarray:
    """Return base**-d for every patch of an output, d being how far its centre is from the nearest kept pixel.

    free: (H, W) bool, the pixels that are not kept, at least one of them False. Returns float32 on the numbering's canvas
    (Wexler, Shechtman, Irani, PAMI 2007, Sec. 3.2).
    """
    from scipy import ndimage

    distance = np.zeros(free.shape)
    window = surround(free)
    distance[window] = ndimage.distance_transform_edt(free[window])
    confidence = np.zeros(numbering.shape, np.float32)
    rows, columns = numbering.grids[0]
    half = numbering.patch // 2
    centres = np.ix_((np.arange(rows) + half) % free.shape[0], (np.arange(columns) + half) % free.shape[1])
    # Far from the rim all count alike: multiplied by the vote's own weights, down to e**-59, smaller factors would underflow.
    confidence[:rows, :columns] = np.exp(-np.log(base) * np.minimum(distance[centres], 25 / np.log(base)))
    return confidence


@dataclass
class _Weights:
    """The weights that are in force: of a patch's pixels, and the sum over the patches that cover each row and column."""

    pixels: tuple[float, ...]
    sums: tuple[Array, Array]


class Vote:
    """The weighted mean of overlapping patches, updated as the nearest-neighbour field changes.

    backend, values: the source canvas (H, W, C) on the device. there, here: how its patches and the output's are numbered.
    wrap: axes of the output whose ends join. pinned: (H, W, C) and free: (H, W) bool, both on the device or None: an image,
    and which of its pixels are voted on. confidence: factor on the votes of each patch, on the canvas of `here`, 0 where no
    patch fits; or None.

    The result is the same as voting afresh everywhere: only pixels that a changed patch covers are computed, and a pixel whose
    patches all agree on its source pixel is copied from there.
    """

    def __init__(
        self,
        backend: Backend,
        values: Array,
        there: Numbering,
        here: Numbering,
        wrap: tuple[bool, bool] = (False, False),
        pinned: Array = None,
        free: Array = None,
        confidence: Array = None,
    ) -> None:
        xp = backend.xp
        self.backend, self.there, self.here, self.wrap, self.free = backend, there, here, wrap, free
        self.shape, self.channels = here.shapes[0], values.shape[2]
        rim = here.patch - 1
        # Absent patches point to black pixels behind the canvas, whichever of their pixels is read.
        self.absent = there.size
        # A mean of equal values can come out a rounding error above them.
        self.range = values.min(0).min(0), values.max(0).max(0)
        self.pixels = backend.pack(values.reshape(-1, self.channels), rim * sum(there.strides) + 1)
        # The numbers of the output's patches, with a rim in front: the patches that cover the first pixels begin there.
        self.nnf: Array = None
        self.image = xp.zeros((*self.shape, self.channels), np.float32) if pinned is None else pinned.copy()
        self.confidence = None
        if confidence is not None:
            extended = np.zeros(tuple(size + rim for size in self.shape), np.float32)
            extended[rim:, rim:] = confidence[: self.shape[0], : self.shape[1]]
            self._wrap(extended)
            self.confidence = backend.to_device(extended.reshape(-1))
        self.sigma = SIGMA
        self.weights = self._weigh(SIGMA)

    def __call__(self, nnf: Array, sigma: float = SIGMA) -> Array:
        """Return the image that `nnf` (h, w) votes for, (H, W, C); the array is this object's own.

        sigma: of the Gaussian, where a patch spans [-1, 1]: the smaller, the more a patch's centre counts.
        """
        before, self.nnf = self.nnf, self._extend(nnf)
        if sigma != self.sigma:
            self.sigma, self.weights, before = sigma, self._weigh(sigma), None
        self.backend.fold(
            self.image,
            self.pixels,
            self.nnf,
            before,
            self.here.patch,
            self.there.strides,
            self.weights.pixels,
            self.weights.sums,
            self.confidence,
            self.free,
            self.range,
        )
        return self.image

    @staticmethod
    def bytes_per_pixel(channels: int) -> tuple[int, int]:
        """Return about what a vote allocates for a pixel of the output, and of the sources."""
        return 4 * channels + 12, max(16, 4 * channels)

    def _weigh(self, sigma: float) -> _Weights:
        line = vote_weights(self.here.patch, sigma)
        rows, columns = (
            np.full(size, line.sum(), np.float32)
            if joined
            else np.convolve(np.ones(size - self.here.patch + 1, np.float32), line)
            for size, joined in zip(self.shape, self.wrap, strict=True)
        )
        sums = self.backend.to_device(rows), self.backend.to_device(columns)
        return _Weights(tuple(float(a * b) for a in line for b in line), sums)

    def _extend(self, nnf: Array) -> Array:
        """Return a field with its rim: every patch that covers a pixel, absent ones too."""
        xp, rim = self.backend.xp, self.here.patch - 1
        extended = xp.full(tuple(size + rim for size in self.shape), self.absent, np.int32)
        inside = extended[rim : rim + nnf.shape[0], rim : rim + nnf.shape[1]]
        inside[:] = xp.where(nnf < 0, self.absent, nnf)
        self._wrap(extended)
        return extended

    def _wrap(self, extended: Array) -> None:
        """Let what is in front of the first row and column be what stands at the end, where these join."""
        rim = self.here.patch - 1
        for axis, joined in enumerate(self.wrap):
            if joined and rim:
                before = (slice(None),) * axis
                size = self.shape[axis]
                extended[(*before, slice(rim))] = extended[(*before, slice(size, size + rim))]
