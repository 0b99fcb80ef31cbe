"""How much of an image was copied in one piece: blocks that equal the source at one shift.

Two places are equal if every 7×7 patch of one differs from the other's by at most 2 levels of 255 (root mean square), in luma
smoothed by a Gaussian of one pixel. JPEG of quality 75 changes a photograph by as much at worst; a shift by one pixel changes it
far more. Plain sky, straight edges and fine regular patterns fit in many places. A block of nothing else does not tell where it
is from, and counts neither as copied nor as new.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Image, Mask
from patchnn.engine.backend import NumpyBackend
from patchnn.engine.numbering import Numbering
from patchnn.engine.patches import Patches, windows_any
from patchnn.images.decoded import as_colours

__all__ = ["Copies", "copied_blocks", "copy_share", "luma"]

PATCH = 7
"""Side of the patches that are compared, in pixels."""

TOLERANCE = 2.0
"""How much equal patches may differ, root mean square on 0..255."""

SIDES = 8
"""The shorter side of the output divided by the side of a block."""

MOVED = 3.0
"""A patch tells where it is from if it differs by more than this from itself moved by a pixel."""

PLACES = 1000
"""A patch that equals more places of the source than this does not tell where it is from."""

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Copies:
    """The copied blocks of an image.

    Attributes
    ----------
    share : float
        The share of the pixels in telling blocks that were copied, in [0, 1].
    largest : float
        The same for the largest connected region of one shift.
    telling : float
        The share of all pixels that are in telling blocks.
    shifts : (n, 2) int array
        Rows and columns from a pixel to the source's.
    regions : (H, W) int32 array
        The shift that copied each pixel, or -1.
    """

    share: float
    largest: float
    telling: float
    shifts: Indices
    regions: NDArray[np.int32]


def copy_share(output: Any, source: Any) -> float:
    """Return the share of the output that was copied in blocks: the `share` of `copied_blocks`.

    Parameters
    ----------
    output, source : array_like
        Images (H, W, C) in [0, 1].

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> source = np.random.default_rng(0).random((40, 48, 3))
    >>> copy_share(source[8:, 8:], source) > 0.9
    True
    """
    return copied_blocks(output, source).share


def copied_blocks(output: Any, source: Any) -> Copies:
    """Find the blocks of the output, of 1/8 of its shorter side or more, that equal the source at some shift.

    Every telling block holds one of a grid of distinctive patches. Each of these votes for the shifts to the places of
    the source that it equals, and all these shifts are then compared pixel by pixel.

    Parameters
    ----------
    output, source : array_like
        Images (H, W, C) in [0, 1], of any sizes. Grey counts as RGB; transparent parts are seen on white.

    Returns
    -------
    Copies
        The copied pixels, and the shift of each.

    Examples
    --------
    >>> import numpy as np
    >>> source = np.random.default_rng(0).random((40, 48, 3))
    >>> copied_blocks(source[8:, 6:], source).shifts.tolist()
    [[8, 6]]
    """
    image, other = _smooth(output, "output"), _smooth(source, "source")
    side = max(PATCH, math.ceil(min(image.shape) / SIDES))
    regions = np.full(image.shape, -1, np.int32)
    taken: list[Indices] = []
    largest, total = 0, 0
    if min(image.shape + other.shape) >= side:
        reach = side - PATCH + 1
        net = _net(image, (reach + 2) // 3)
        rows, columns, shifts = _places(image, other, net)
        blocks = windows_any(np, net, (reach, reach))
        telling = _pixels(blocks, side)
        total = int(telling.sum())
        for shift, members in _by_votes(shifts):
            window = _window(rows[members], columns[members], shift, (image.shape, other.shape), reach)
            # Skip shifts whose pixels are all known to be copied.
            if (regions[window] >= 0)[telling[window]].all():
                continue
            copied = _copied(image, other, blocks, window, shift, side)
            here = regions[window]
            new = copied & (here < 0)
            if new.any():
                here[new] = len(taken)
                largest = max(largest, _largest(copied))
                taken.append(shift)
    share = int((regions >= 0).sum()) / max(1, total)
    return Copies(share, largest / max(1, total), total / regions.size, np.array(taken, np.int64).reshape(-1, 2), regions)


def _smooth(image: Any, name: str) -> Image:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(luma(as_colours(image, name)), 1.0, truncate=2.0), np.float32)


def luma(colours: Image) -> Image:
    """Return the luma (H, W) in [0, 255] of colours (H, W, 3) in [0, 255], by the weights of ITU-R BT.601."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(colours @ weights, np.float32)


def _differ(difference: Image) -> Mask:
    """Return where, (H - 6, W - 6), the patches of a difference of images (H, W) exceed the tolerance."""
    from scipy.ndimage import uniform_filter

    rim = PATCH // 2
    return np.asarray(uniform_filter(difference**2, PATCH)[rim:-rim, rim:-rim] > TOLERANCE**2)


def _net(image: Image, cell: int) -> Mask:
    """Return the positions, (H - 6, W - 6) bool, of distinctive patches, at most one in a cell.

    Such a patch differs from itself moved by a pixel to the right, down, and along both diagonals. Of those in a cell it is
    the one that differs most.
    """
    from scipy.ndimage import uniform_filter

    height, width = image.shape
    changes = []
    for rows, columns in (0, 1), (1, 0), (1, 1), (1, -1):
        first = slice(max(0, -columns), width - max(0, columns))
        second = slice(max(0, columns), width - max(0, -columns))
        change = np.zeros_like(image)
        change[: height - rows, first] = (image[: height - rows, first] - image[rows:, second]) ** 2
        rim = PATCH // 2
        changes.append(uniform_filter(change, PATCH)[rim:-rim, rim:-rim])
    distinct = np.minimum.reduce(changes)
    net = np.zeros(distinct.shape, np.bool_)
    for top in range(0, net.shape[0], cell):
        for left in range(0, net.shape[1], cell):
            part = distinct[top : top + cell, left : left + cell]
            row, column = np.unravel_index(part.argmax(), part.shape)
            net[top + row, left + column] = part[row, column] > MOVED**2
    return net


def _places(output: Image, source: Image, net: Mask) -> tuple[Indices, Indices, Indices]:
    """Find the places of the source that equal patches of the net.

    Returns, for every pair, row and column of the patch, each (n,), and the shift to the place, (n, 2). Patches that equal
    too many places are removed from `net`.
    """
    backend = NumpyBackend()
    ours, theirs = (Patches(backend, image[:, :, None] - np.float32(127), PATCH) for image in (output, source))
    numberings = [Numbering.of_sources([(image.shape[0], image.shape[1])], PATCH) for image in (output, source)]
    numbers, places_there = numberings[0].ravel(np.nonzero(net)), np.flatnonzero(numberings[1].positions())
    queries = ours.extract(numbers)
    squares = np.einsum("ij,ij->i", queries, queries)
    # Rounding must not lose pairs here: the comparison pixel by pixel comes later.
    limit = 1.01 * PATCH**2 * TOLERANCE**2
    count = len(places_there)
    chunk = 4096
    found: list[tuple[Indices, Indices]] = [(numbers[:0], numbers[:0])] * math.ceil(count / chunk)
    total = np.zeros(len(numbers), np.int64)
    lock = threading.Lock()

    def search(number: int) -> None:
        index = places_there[number * chunk : (number + 1) * chunk]
        keys = theirs.extract(index)
        distances = np.matmul(keys, queries.T)
        distances *= -2
        distances += squares
        distances += np.einsum("ij,ij->i", keys, keys)[:, None]
        equal = distances <= limit
        with lock:
            np.add(total, equal.sum(axis=0), out=total)
            equal[:, total > PLACES] = False
        places, patches = np.nonzero(equal)
        found[number] = index[places], patches

    with backend.session():
        backend.each(search, range(len(found)))
    net[tuple(numberings[0].unravel(numbers[total > PLACES]))] = False
    places, patches = (np.concatenate(part) for part in zip(*found, strict=True))
    kept = total[patches] <= PLACES
    places, at = places[kept], numbers[patches[kept]]
    here, there = numberings[0].unravel(at), numberings[1].unravel(places)
    return here[0], here[1], np.stack([there[0] - here[0], there[1] - here[1]], axis=1)


def _by_votes(shifts: Indices) -> list[tuple[Indices, Indices]]:
    """Return each of the shifts (n, 2) once, with the indices of its rows, the most frequent first."""
    if not len(shifts):
        return []
    different, which, votes = np.unique(shifts, axis=0, return_inverse=True, return_counts=True)
    members = np.split(np.argsort(which.reshape(-1), kind="stable"), np.cumsum(votes)[:-1])
    return [(different[n], members[n]) for n in np.argsort(-votes, kind="stable")]


def _window(rows: Indices, columns: Indices, shift: Indices, shapes: tuple[Any, Any], reach: int) -> tuple[slice, slice]:
    """Return the output's pixels that a block may cover if it holds one of these patches and is within both images."""
    sides = []
    for axis, at in enumerate((rows, columns)):
        first = max(0, int(-shift[axis]), int(at.min()) - reach + 1)
        last = min(shapes[0][axis], int(shapes[1][axis] - shift[axis]), int(at.max()) + reach + PATCH - 1)
        sides.append(slice(first, last))
    return sides[0], sides[1]


def _copied(output: Image, source: Image, blocks: Mask, window: tuple[slice, slice], shift: Indices, side: int) -> Mask:
    """Return the pixels of a window that are in one of the blocks, (H - side + 1, W - side + 1), that equal the source."""
    rows, columns = window
    if min(rows.stop - rows.start, columns.stop - columns.start) < side:
        return np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.bool_)
    there = tuple(slice(part.start + int(step), part.stop + int(step)) for part, step in zip(window, shift, strict=True))
    reach = side - PATCH + 1
    whole = ~windows_any(np, _differ(output[window] - source[there]), (reach, reach))
    whole &= blocks[rows.start : rows.stop - side + 1, columns.start : columns.stop - side + 1]
    return _pixels(whole, side)


def _pixels(blocks: Mask, side: int) -> Mask:
    """Return the pixels of blocks, from the mask of their first pixels."""
    return np.asarray(windows_any(np, np.pad(blocks, side - 1), (side, side)))


def _largest(mask: Mask) -> int:
    """Return the number of pixels in the largest connected region."""
    from scipy.ndimage import label

    return int(np.bincount(label(mask)[0].reshape(-1))[1:].max())
