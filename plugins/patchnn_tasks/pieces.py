"""What an edit is made of: which pixels changed, and which pieces of the source were put there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from patchnn import Image, Mask, Window
from patchnn_tasks.finder import Finder
from patchnn_tasks.shared import around

__all__ = ["Offset", "Piece", "find_pieces", "shifted", "width"]

Offset = tuple[int, int]
"""Rows and columns from a place in the edit to the place in the source that it was copied from."""

EXACT = 1.5 / 255
"""Values that differ by no more are equal: the rounding of two 8-bit files."""
FAINT = 0.01
"""Differences below this are JPEG's own, even where it leaves nearly none."""
COARSE = 0.05
"""JPEG's usual differences are below this, even at its lowest quality."""
LARGEST = 33
"""Side of the largest square that is looked up in the source."""
NEAR = 4
"""Equal pixels that are no farther from a copy belong to it."""
LEAST = 9
"""Side of the smallest square that is looked up."""
MOST = 64
"""Pieces looked up at most: an edit of more is rare."""
BLOCK = 8
"""Side of the blocks in which JPEG leaves its traces."""
THIN = 2
"""Parts that are thinner and occur nowhere stay as they are."""
PLAIN = 0.015
"""Where values vary less than this, an area is painted: photographs have more grain."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of an edit.

    window: where it is. mask: (h, w) bool, its pixels in the window. offset: where in the source it was copied from, or
    None if it does not occur there. plain: whether it has no texture, as a painted stroke has none.
    """

    window: Window
    mask: Mask
    offset: Offset | None
    plain: bool = False

    @property
    def place(self) -> str:
        """Size and first pixel in words, as in "40×25 pixels at 120,64"."""
        rows, columns = self.window
        return f"{columns.stop - columns.start}×{rows.stop - rows.start} pixels at {columns.start},{rows.start}"


def find_pieces(source: Image, edited: Image) -> tuple[list[Piece], Mask]:
    """Take an edit apart.

    Returns the pieces, which do not overlap, and the pixels that they and the traces of JPEG cover, (H, W) bool. Copies
    come before all others, the largest of each kind first.
    """
    compare = _Comparison(source, edited)
    changed = compare.changed
    if not changed.any():
        return [], changed
    window = around(changed, 8)
    rows, columns = window
    label, offsets = _find_copies(compare, window)
    pieces = [_piece(label == number, window, offset) for number, offset in enumerate(offsets, 1) if (label == number).any()]
    strange, count = ndimage.label(changed[window] & (label == 0), np.ones((3, 3)))
    plain = _plain(edited[window], strange > 0)
    edits, _ = ndimage.label(ndimage.binary_dilation(changed[window], np.ones((3, 3)), 2))
    grained = set()
    others = []
    for number, box in enumerate(ndimage.find_objects(strange, count), 1):
        mask = strange[box] == number
        at = (_moved(box[0], rows.start), _moved(box[1], columns.start))
        if compare.lossy and width(mask) < BLOCK:
            # What JPEG leaves along edges: the source has it better.
            continue
        if width(mask) < THIN:
            changed[at][mask] = False
            continue
        edit, painted = int(edits[box][mask][0]), bool(plain[box][mask].mean() > 0.5)
        others.append((edit, Piece(at, mask, None, painted)))
        if not painted and width(mask) >= LEAST:
            grained.add(edit)
    # A plain part of an edit that also has grain is a part of a scaled or rotated piece: its sky, its shade.
    unknown = [replace(piece, plain=piece.plain and edit not in grained) for edit, piece in others]
    for kind in (pieces, unknown):
        kind.sort(key=lambda piece: -int(piece.mask.sum()))
    return pieces + unknown, changed


def shifted(image: Image, window: Window, offset: Offset) -> tuple[Image, Mask]:
    """Return what the window shows of an image moved by `offset`, (h, w, C), and where the image has it, (h, w) bool."""
    places = [np.arange(part.start, part.stop) + step for part, step in zip(window, offset, strict=True)]
    inside = [(place >= 0) & (place < side) for place, side in zip(places, image.shape, strict=False)]
    rows, columns = (np.clip(place, 0, side - 1) for place, side in zip(places, image.shape, strict=False))
    return image[rows[:, None], columns], inside[0][:, None] & inside[1]


def width(mask: Mask) -> int:
    """Return the side of the largest square that fits into a (H, W) mask, to within a pixel."""
    if not mask.any():
        return 0
    # Only the True pixels and what is next to them: most masks are a small part of an image.
    rows, columns = around(mask, 0)
    return max(0, 2 * int(_depth(mask[rows, columns]).max()) - 1)


def _depth(mask: Mask) -> NDArray[np.int32]:
    """Return how far each pixel is from one that is not in the mask, as a king moves; outside the image there are none."""
    return np.asarray(ndimage.distance_transform_cdt(np.pad(mask, 1), "chessboard"))[1:-1, 1:-1]


def _moved(part: slice, start: int) -> slice:
    return slice(part.start + start, part.stop + start)


def _piece(mask: Mask, window: Window, offset: Offset) -> Piece:
    rows, columns = around(mask, 0)
    return Piece((_moved(rows, window[0].start), _moved(columns, window[1].start)), mask[rows, columns], offset)


def _apart(image: Image, other: Image) -> NDArray[np.float32]:
    """Return the largest difference in any channel at every pixel, (H, W)."""
    # Channel by channel: over the last axis, which is short, NumPy's maximum takes ten times as long.
    channels = range(image.shape[2])
    return reduce(np.maximum, (np.abs(image[:, :, channel] - other[:, :, channel]) for channel in channels))


def _spread(image: Image, size: int) -> NDArray[np.float32]:
    """Return the standard deviation around every pixel, (H, W)."""
    mean = ndimage.uniform_filter(image, (size, size, 1))
    return _norm(image - mean, size)


def _norm(difference: Image, size: int) -> NDArray[np.float32]:
    """Return the root of the mean square around every pixel, (H, W)."""
    return np.asarray(np.sqrt(np.maximum(ndimage.uniform_filter((difference**2).mean(2), size), 0)))


def _plain(image: Image, mask: Mask) -> Mask:
    """Return where an image has no texture among the masked pixels, (H, W) bool."""
    weight = np.maximum(ndimage.uniform_filter(mask.astype(np.float32), 5), 1e-6)[:, :, None]
    inside = np.where(mask[:, :, None], image, 0)
    mean, square = (ndimage.uniform_filter(values, (5, 5, 1)) / weight for values in (inside, inside**2))
    return np.asarray(np.sqrt(np.maximum(square - mean**2, 0)).max(2) < PLAIN)


class _Comparison:
    """Which values of the edit differ from the source's by more than its file format does.

    Most of an edit is the source unchanged. Where this part is equal, any difference counts. Where it is not, the edit went
    through JPEG, whose errors grow with the texture.
    """

    def __init__(self, source: Image, edited: Image) -> None:
        self.source, self.edited = source, edited
        difference = _apart(edited, source)
        # A file format leaves its traces everywhere, a hand here and there.
        self.lossy = bool((ndimage.maximum_filter(difference, 16)[::16, ::16] > EXACT / 2).mean() > 0.6)
        self.usual = float(np.percentile(_norm(edited - source, 5), 25)) if self.lossy else 0.0
        # Larger differences everywhere are not a file format's.
        self.lossy &= self.usual < COARSE
        if not self.lossy:
            self.changed = difference > EXACT
            return
        changed = ndimage.binary_opening(self(edited, source), np.ones((3, 3)))
        parts, _ = ndimage.label(changed, np.ones((3, 3)))
        # JPEG leaves single blocks that look changed.
        self.changed = changed & (np.bincount(parts.reshape(-1))[parts] >= 40)

    def __call__(self, image: Image, other: Image) -> Mask:
        """Return where two images differ, (H, W) bool; the second has no traces of a file format."""
        if not self.lossy:
            return _apart(image, other) > EXACT
        # An edge leaves traces in the whole 8×8 block that it touches.
        texture = ndimage.maximum_filter(_spread(other, 5), 9)
        return np.asarray(_norm(image - other, 3) > np.maximum(3 * self.usual, 0.5 * texture) + FAINT)

    def mixes(self, image: Image, one: Image, other: Image) -> Mask:
        """Return where `image` is a mixture of two others, as a soft selection leaves it, (H, W) bool."""

        def length(difference: Image) -> NDArray[np.float32]:
            return np.asarray(np.sqrt((difference**2).sum(2)))

        slack = 4 * (FAINT + self.usual) if self.lossy else 2 * EXACT
        return length(image - one) + length(image - other) <= length(one - other) + slack


def _find_copies(compare: _Comparison, window: Window) -> tuple[NDArray[np.int32], list[Offset]]:
    """Look up squares of the edit in the source, the largest first, and let each match grow as far as it holds.

    Returns the number of the piece at every pixel of the window, 0 for none, and the offset of each piece.
    """
    source, edited, changed = compare.source, compare.edited[window], compare.changed[window]
    # A copy has pixels that happen to equal what was there.
    whole = np.pad(changed, 3)
    whole = ndimage.binary_fill_holes(ndimage.binary_closing(whole, np.ones((3, 3)), 2))[3:-3, 3:-3]
    label = np.zeros(changed.shape, np.int32)
    offsets: list[Offset] = []
    find = Finder(source)
    todo = whole.copy()
    for _ in range(MOST):
        depth = _depth(todo)
        row, col = (int(n) for n in np.unravel_index(depth.argmax(), depth.shape))
        if 2 * depth[row, col] - 1 < LEAST:
            break
        best, grown = None, np.zeros_like(todo)
        for shape in _shapes(todo, row, col, int(depth[row, col]) - 1):
            rows, columns = around(shape, 0)
            at = find(edited[rows, columns], shape[rows, columns])
            offset = at[0] - rows.start - window[0].start, at[1] - columns.start - window[1].start
            mine = _grow(compare, window, todo, shape, offset)
            if (mine & changed).sum() > (grown & changed).sum():
                best, grown = offset, mine
            if grown[shape].all():
                break
        if best is None:
            todo &= ~shape
        else:
            offsets.append(best)
            label[grown] = len(offsets)
            todo &= ~grown
    return label, offsets


def _shapes(todo: Mask, row: int, col: int, reach: int) -> Iterator[Mask]:
    """Yield what to look up around a pixel, (h, w) bool: all that hangs together, then smaller and smaller squares."""
    parts, _ = ndimage.label(todo)
    yield parts == parts[row, col]
    reach = min(reach, LARGEST // 2)
    while 2 * reach + 1 >= LEAST:
        square = np.zeros_like(todo)
        square[row - reach : row + reach + 1, col - reach : col + reach + 1] = True
        yield square
        reach //= 2


def _grow(compare: _Comparison, window: Window, todo: Mask, shape: Mask, offset: Offset) -> Mask:
    """Return the part of the edit around a shape that equals the source at an offset, (h, w) bool; none if it does not."""
    edited, source, changed = compare.edited[window], compare.source, compare.changed[window]
    copy, inside = shifted(source, window, offset)
    same = inside & ~compare(edited, copy)
    if same[shape].mean() < 0.9:
        return np.zeros_like(todo)
    if compare.lossy:
        same = ndimage.binary_closing(np.pad(same, 2), np.ones((3, 3)))[2:-2, 2:-2]
    # The rim of a soft selection mixes the copy with the ground.
    soft = changed & inside & compare.mixes(edited, copy, source[window])
    parts, _ = ndimage.label(ndimage.binary_fill_holes(same | soft) & todo & inside)
    here = np.unique(parts[shape])
    grown = np.isin(parts, here[here > 0])
    return np.asarray(grown | (ndimage.binary_dilation(grown, np.ones((3, 3)), NEAR) & (same | soft) & todo))
