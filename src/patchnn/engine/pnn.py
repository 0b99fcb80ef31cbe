"""One patch-nearest-neighbour module: the paper's six steps (Sec. 3.1, Fig. 3)."""

from __future__ import annotations

import math
from typing import Any

from patchnn.engine.atlas import Atlas
from patchnn.engine.backend import Array, NumpyBackend
from patchnn.engine.patches import Vote
from patchnn.engine.plan import Image, Plan, Source, as_image
from patchnn.engine.search import Level, Search
from patchnn.engine.search.exact import ExactSearch
from patchnn.errors import InputError

__all__ = ["PNN", "pnn"]


class PNN:
    """The module of one level: called with the output as it stands, it returns the next.

    1 extract the query's patches, 2 find their distances to all keys, 3 normalise these for completeness (the score
    S = D / (alpha + min over queries of D)), 4 take the nearest key: these four are the search's. 5 replace each query
    patch by the value patch at that place, 6 fold the overlapping patches by their weighted mean: the vote.

    In a level's first `claims` calls the keys then claim their places (see `claim`). guess: (H, W, C) device array or None:
    what the pixels that the level keeps stay as.
    """

    def __init__(self, level: Level, search: Search, guess: Array = None) -> None:
        self.search, self.claims = search, level.claims
        free = None if level.keep is None else level.backend.to_device(~level.keep)
        self.vote = Vote(level.backend, level.atlas.values, level.shape, level.patch, level.wrap, guess, free)

    def __call__(self, image: Array) -> Array:
        self.field = self.search(image, self.claims > 0)
        self.claims -= 1
        return self.vote(self.field)


def pnn(query: Any, key: Any, value: Any, *, alpha: float = math.inf, patch: int = 7) -> Image:
    """Put one picture through one exact PNN step: its patches become the value patches whose keys are nearest.

    query: (h, w, C). key, value: (H, W, C), the same shape. alpha: completeness, [1e-9, inf]. patch: side in pixels.
    Returns (h, w, C) float32. Raises InputError where shapes or alpha do not fit (paper, Sec. 3.1 and 3.2).
    """
    images = as_image(query, "query"), as_image(key, "key"), as_image(value, "value")
    if images[1].shape != images[2].shape or images[0].shape[2] != images[1].shape[2]:
        shapes = ", ".join(str(image.shape) for image in images)
        raise InputError(f"query, key and value have the shapes {shapes}: key and value need the same, all as many channels")
    # A plan checks alpha, and whether the patch fits the query and the key.
    Plan([Source(images[1])], images[0], alpha=alpha, patch=patch)
    backend = NumpyBackend()
    atlas = Atlas(backend, [images[2]], [images[1]], [None], patch)
    level = Level(backend, atlas, images[0].shape[:2], patch, (False, False), alpha)
    with backend.session():
        result: Image = PNN(level, ExactSearch(level, memory=1 << 28))(images[0])
    return result
