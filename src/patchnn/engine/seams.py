"""Seams: connected lines of pixels, one in every row, that are missed least (Rubinstein, Shamir, Avidan 2008)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import patchnn.engine.kernels as kernels
from patchnn.engine.arrays import Image, Mask
from patchnn.engine.backend import NumpyBackend, find_backend
from patchnn.errors import InputError

__all__ = ["cheapest_path", "cheapest_seams"]

Costs = NDArray[np.float32]


def cheapest_seams(image: Image, costs: Costs, count: int) -> tuple[Mask, Costs]:
    """Find seams from top to bottom, each the cheapest of what is left of the image without those before it.

    A seam costs the contrast that removing it creates, between pixels that become neighbours, and the costs of its pixels. It
    avoids the outermost three columns.

    Parameters
    ----------
    image : (H, W, C) float32
    costs : (H, W) float32
        What a pixel costs beside that.
    count : int
        How many seams, at most W.

    Returns
    -------
    found : (H, W) bool
        The pixels of all seams: as many in every row as there are seams.
    prices : (count,) float32
        What each seam costs for a pixel.

    Raises
    ------
    InputError
        If there are not so many seams.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.random.default_rng(0).random((24, 32, 3), np.float32)
    >>> found, prices = cheapest_seams(image, np.zeros((24, 32), np.float32), 5)
    >>> set(found.sum(1).tolist()), prices.shape
    ({5}, (5,))
    """
    height, width, _ = image.shape
    if not 0 <= count <= width or costs.shape != (height, width):
        raise InputError(f"{count} seams and costs of shape {costs.shape} do not go with an image of {width}×{height}")
    # Channel by channel: over the last axis, which is short, NumPy's own ways take several times as long.
    planes = np.ascontiguousarray(np.moveaxis(image, 2, 0), np.float32)
    # The arrays are the host's, so a GPU is no help. All of them find the same seams.
    backend = find_backend("auto", NumpyBackend)
    found: tuple[Mask, Costs] = backend.seams(planes, np.ascontiguousarray(costs, np.float32), count)
    return found


def cheapest_path(costs: Any) -> NDArray[np.intp]:
    """Return the column, in every row, of the connected path from top to bottom that costs least.

    Parameters
    ----------
    costs : (H, W) or (H, 3, W) float32
        What a path pays for a pixel; or for one that it reaches from above left, from straight above, from above right.

    Returns
    -------
    (H,) int
        Columns of neighbouring rows differ by at most 1.

    Examples
    --------
    >>> import numpy as np
    >>> cheapest_path(np.array([[1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]], np.float32)).tolist()
    [1, 2, 3]
    """
    steps = np.asarray(costs, np.float32)
    if steps.ndim == 2:
        steps = np.broadcast_to(steps[:, None], (len(steps), 3, steps.shape[1]))
    path: NDArray[np.intp] = kernels.cheapest_path(np, steps)[0]
    return path
