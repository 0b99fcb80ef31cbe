"""An edit, put together again from its source: what is kept, what is made anew."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from patchnn import Image, Mask, Window, fill_holes
from patchnn_tasks.pieces import Piece, find_pieces, shifted, width
from patchnn_tasks.seams import insert, move_border, seam, unlike
from patchnn_tasks.shared import windows_around

STEERED = 10
"""Pixels that the widest painted part spans at the coarsest level: a patch and a half, so that its colour is seen whole."""
VISIBLE = 0.03
"""A seam is healed where its sides differ by more than this."""
CONTEXT = 128
"""Pixels around a seam that its patches are looked for in: they come from the sides of the seam."""
HEALED = 6, 48
"""Pixels on each side of a seam that are made anew, at least and at most."""


class Composition:
    """The edit, put together again from the source.

    image: what it looks like before its seams are healed. free: (H, W) bool, pixels to make anew. painted: those of them
    that a painted stroke covers. changed: the pixels that the edit changed. origin: (H, W, 2), where in the source each pixel
    comes from.
    """

    def __init__(self, source: Image, edited: Image) -> None:
        self.source = source
        erased = _erased(source, edited)
        shown = edited
        if erased.any():
            edited = fill_holes(edited, ~erased)
            shown = np.where(erased[:, :, None], source, edited)
        self.pieces, self.changed = find_pieces(source, shown)
        self.changed |= erased
        self.free = ndimage.binary_dilation(erased, np.ones((3, 3))) if erased.any() else np.zeros_like(erased)
        self.painted = np.zeros_like(erased)
        self.strokes: list[str] = []
        self.taken = erased.copy()
        for piece in self.pieces:
            self.taken[piece.window] |= piece.mask
        # What changed and is of no piece are the traces of JPEG around them.
        self.image = np.where((self.changed & ~self.taken)[:, :, None], source, edited)
        self.origin = np.moveaxis(np.indices(self.changed.shape, np.int32), 0, 2)
        for piece in self.pieces:
            margin = 4 * HEALED[0] + _reach(piece.mask)
            rows, columns = (
                slice(max(0, own.start - margin), min(side, own.stop + margin))
                for own, side in zip(piece.window, self.changed.shape, strict=True)
            )
            part = rows, columns
            if piece.offset is not None:
                self._put(piece, part)
            else:
                self._show(piece, part, edited)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what is not kept."""
        if not self.strokes:
            return ()
        more = f" and {len(self.strokes) - 1} more parts" if len(self.strokes) > 1 else ""
        return (f"painted, so made of patches of about this colour: {self.strokes[0]}{more} (--keep keeps what it masks)",)

    def usable(self, free: Mask | None) -> Mask | None:
        """Return the pixels of the source that may come back: not those that the edit covered, unless it uses them.

        free: pixels to make anew: what was moved away from there does not come back. None is all of them, where the edit
        covers nearly everything.
        """
        usable = ~self.changed
        for piece in self.pieces:
            if piece.offset is not None:
                rows, columns = (
                    slice(max(0, part.start + step - HEALED[0]), max(0, part.stop + step + HEALED[0]))
                    for part, step in zip(piece.window, piece.offset, strict=True)
                )
                usable[rows, columns] = True
        if free is not None:
            # Seams take patches from the rim of what they border on.
            gone = free & self.changed
            usable &= ndimage.distance_transform_edt(gone) <= _reach(gone)
        return usable if width(usable) > 2 * STEERED else None

    def windows(self, usable: Mask | None) -> list[Window] | None:
        """Return the parts of the image to look at; None, all of it, where one of them would have too few patches to take."""
        if not self.free.any():
            return None
        windows = windows_around(self.free, CONTEXT)
        if windows is None or usable is None or all(width(usable[window]) > 2 * STEERED for window in windows):
            return windows
        return None

    def _put(self, piece: Piece, part: Window) -> None:
        """Put a copy into the image."""
        mask, reach = _within(piece, part), _reach(piece.mask)
        inner = max(2.0, width(piece.mask) / 8)
        copy, inside = shifted(self.source, part, piece.offset or (0, 0))
        depth, (row, col) = ndimage.distance_transform_edt(mask, return_indices=True)
        away = ndimage.distance_transform_edt(~mask)
        # Under a piece is the source; where it borders on another piece, this goes on.
        taken, others = self.taken[part], (self.taken[part] & ~mask)[row, col]
        under = np.where(others[:, :, None], self.image[part][row, col], self.source[part])
        ground = np.where(mask[:, :, None], under, self.image[part])
        movable = np.where(mask, (depth <= min(24, 0.6 * inner)) & ~others, (away <= min(24, reach)) & ~taken)
        shown = move_border(mask, copy, ground, movable & inside)
        self.origin[part][shown] += np.array(piece.offset, np.int32)
        self.image[part], gap = insert(ground, copy, inside, shown, inner)
        self._heal(part, gap, reach, mask & (depth > inner))

    def _show(self, piece: Piece, part: Window, edited: Image) -> None:
        """Show a piece that the source does not hold: as it is, or made of patches if it is painted."""
        mask = _within(piece, part)
        self.image[part] = np.where(mask[:, :, None], edited[part], self.image[part])
        gap = unlike(self.source[part], self.image[part], mask)
        # What is recoloured in its place has the source's edges, a stroke has its own.
        if piece.plain and gap[mask & seam(mask)].mean() > VISIBLE:
            self.painted[part] |= mask
            self.strokes.append(piece.place)
            self.free[part] |= ndimage.distance_transform_edt(~mask) <= HEALED[0] / 2
        else:
            depth = ndimage.distance_transform_edt(mask)
            self._heal(part, gap, HEALED[0], mask & (depth > max(2.0, width(piece.mask) / 16)))

    def _heal(self, part: Window, gap: np.ndarray, reach: float, core: Mask) -> None:
        """Free what is near a visible seam, but for the core of a piece."""
        visible = gap > VISIBLE
        if visible.any():
            self.free[part] |= (ndimage.distance_transform_edt(~visible) <= reach) & ~core
        self.free[part] &= ~core


def _within(piece: Piece, part: Window) -> Mask:
    """Return a piece's mask in a window that holds the piece's own, (h, w) bool."""
    rims = [(own.start - whole.start, whole.stop - own.stop) for own, whole in zip(piece.window, part, strict=True)]
    return np.pad(piece.mask, rims)


def _reach(mask: Mask) -> int:
    """Return how far from its border a piece may change: the larger, the farther."""
    return int(np.clip(width(mask) / 8, *HEALED))


def _erased(source: Image, edited: Image) -> Mask:
    """Return the pixels that were erased from an opaque image, (H, W) bool: they are holes."""
    if source.shape[2] not in (2, 4) or source[:, :, -1].min() < 1:
        return np.zeros(source.shape[:2], np.bool_)
    return np.asarray(edited[:, :, -1] < 0.99)
