"""One step of patch nearest neighbours: search, then vote (the paper's six steps: Sec. 3.1, Fig. 3)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from patchnn.engine.arrays import Image, as_image
from patchnn.engine.atlas import Atlas
from patchnn.engine.backend import Array, NumpyBackend
from patchnn.engine.feather import feather
from patchnn.engine.plan import Plan, Source
from patchnn.engine.search import Level, Matches, Policy, Search
from patchnn.engine.search.exact import ExactSearch
from patchnn.engine.vote import Vote, rim_confidence
from patchnn.errors import InputError

__all__ = ["PNN", "Step", "find_step", "pnn"]


class Step(Protocol):
    """What a level does in every iteration: `nnf = search(image, iteration)`, then `image = vote(nnf, iteration)`.

    Both are made once for each level. What passes from search to vote is theirs to choose; at the end of the finest level
    `Search` must return a nearest-neighbour field, (h, w) int32 atlas numbers, from which provenance is read. A vote is also made
    without a search: `Result.apply` calls one for the finest level, with the field and the last iteration's number.
    """

    def search(self, level: Level, coarser: Matches | None, policy: Policy, memory: int) -> Search:
        """Return the search of a level. coarser: what the next coarser level's search handed over, None at the coarsest."""

    def vote(self, level: Level) -> Callable[[Array, int], Array]:
        """Return what makes the level's image, (H, W, C), of what its search returned and the iteration's number."""


@dataclass(frozen=True)
class PNN:
    """The paper's step, which plans take by default.

    1 extract the query's patches, 2 find their distances to all keys, 3 normalise these for completeness (the score
    S = D / (alpha + min over queries of D)), 4 take the nearest key: the search does these four. 5 replace each query
    patch by the value patch at that position, 6 fold the overlapping patches by their weighted mean: the vote.

    Another step is any object with these two methods (see `Step`). For another vote alone, override `vote` in a subclass.

    Attributes
    ----------
    sigma
        Standard deviation of the vote's Gaussian where a patch spans [-1, 1]; the paper's is 1.7.
    rim
        A patch's vote has the weight rim**-d, where d is the distance of its centre from kept pixels; 1 is off.
    final, final_sigma
        Number of iterations at the end of the finest level that vote with `final_sigma` instead: the smaller, the sharper.
    feather
        Pixels over which colour steps in the result fade, at the rim of kept pixels and where patches from different places
        meet; 0 is off, and the result is the vote alone.
    """

    sigma: float = 1.7
    rim: float = 1.0
    final: int = 0
    final_sigma: float = 0.25
    feather: float = 0.0

    def search(self, level: Level, coarser: Matches | None, policy: Policy, memory: int) -> Search:
        """Return what finds the nearest-neighbour field of an output: steps 1 to 4."""
        return policy.choose(level, coarser, memory)

    def vote(self, level: Level) -> Callable[[Array, int], Array]:
        """Return what makes an image of a nearest-neighbour field and the iteration's number: steps 5 and 6."""
        confidence = None
        rims = level.keep is not None and bool(level.keep.any()) and not level.keep.all()
        if self.rim != 1 and level.keep is not None and rims:
            confidence = rim_confidence(~level.keep, level.numbering, self.rim)
        numberings = level.atlas.numbering, level.numbering
        vote = Vote(level.backend, level.atlas.values, *numberings, level.wrap, level.pinned, level.free, confidence)
        sharp = level.iterations - self.final if level.number == 0 else level.iterations
        fades = self.feather > 0 and rims and level.number == 0

        def weigh(nnf: Array, iteration: int) -> Array:
            sigma = self.final_sigma if iteration >= sharp else self.sigma
            image = vote(nnf, sigma)
            if fades and iteration == level.iterations - 1:
                image = feather(level, nnf, image, self.feather)
            return image

        return weigh


STEPS: dict[str, Step] = {"pnn": PNN()}


def find_step(step: str | Step) -> Step:
    """Return the step called `step`; an object is returned as it is. Raises InputError for an unknown name."""
    if not isinstance(step, str):
        return step
    if step not in STEPS:
        raise InputError(f"step is {step!r}: choose {', '.join(STEPS)}, or give an object", about="step")
    return STEPS[step]


def pnn(query: Any, key: Any, value: Any, *, alpha: float = math.inf, patch: int = 7) -> Image:
    """Put one image through one exact PNN step: its patches become the value patches whose keys are nearest.

    The paper's module, Sec. 3.1 and 3.2.

    Parameters
    ----------
    query : array, (h, w, C)
        The image whose patches are replaced.
    key, value : array, (H, W, C)
        Patches of `query` are compared with those of `key`, and replaced by the ones of `value` at the same positions.
    alpha : float, 1e-9 to inf
        Completeness: the smaller, the more of `value` is used. inf is plain nearest neighbour.
    patch : int, 2 or more
        Side of a patch in pixels.

    Returns
    -------
    array, (h, w, C) float32

    Raises
    ------
    InputError
        If shapes or alpha do not fit.

    Examples
    --------
    >>> import numpy as np, patchnn
    >>> image = np.random.default_rng(0).random((16, 16, 3))
    >>> bool(np.allclose(patchnn.pnn(image, image, image), image, atol=1e-5))
    True
    """
    images = as_image(query, "query"), as_image(key, "key"), as_image(value, "value")
    if images[1].shape != images[2].shape or images[0].shape[2] != images[1].shape[2]:
        shapes = ", ".join(str(image.shape) for image in images)
        raise InputError(f"query, key and value have the shapes {shapes}: key and value need the same, all as many channels")
    # A plan checks alpha, and whether the patch fits the query and the key.
    Plan([Source(images[1])], images[0], alpha=alpha, patch=patch)
    backend = NumpyBackend()
    level = Level(backend, Atlas(backend, [images[2]], lambda: [images[1]], [None], patch), images[0].shape[:2], alpha=alpha)
    with backend.session():
        nnf = ExactSearch(level, memory=1 << 28)(images[0], 0)
        return np.asarray(PNN().vote(level)(nnf, 0))
