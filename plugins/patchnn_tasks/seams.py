"""How a piece is joined to what is around it: where its border runs, how bright it is, and which seams stay visible."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from patchnn import Image, Mask, fill_holes

__all__ = ["insert", "move_border", "seam", "unlike"]

KEPT = 0.12
"""What it costs the border to give up a pixel of a piece, per unit of difference; a seam costs up to about 1 per pixel."""
CAP = 0.1, 0.4
"""Differences in brightness up to about this are matched: larger ones are another material, and not a shade of one. The
second holds where both sides are smooth, as two skies are."""
SUDDEN = 8
"""How suddenly matching ends there: shades below are matched whole, or a haze of them is left."""
TOLD = 0.25
"""The least part of a seam that can tell the shade of a smooth piece where that borders on another material."""
CALM = 0.01
"""How much pixels differ, at most, from those around them where a side is smooth."""
FADE = 6
"""Pixels on either side of a seam, at most, that two joined pieces fade into each other."""


def move_border(mask: Mask, piece: Image, ground: Image, free: Mask) -> Mask:
    """Move the border of a piece to where piece and ground agree: the minimal cut between them.

    mask: (H, W) bool, the piece as it was put. piece, ground: (H, W, C). free: (H, W) bool, which pixels may change sides.
    Returns the new mask.
    """
    count = int(free.sum())
    if not count:
        return mask
    number = np.full(mask.shape, -1)
    number[free] = np.arange(count)
    apart = np.abs(piece - ground).mean(2)
    inner, outer = count, count + 1
    edges: list[tuple[Any, Any, Any]] = []
    for axis in (0, 1):
        first, second = _neighbours(axis)
        # A seam is seen where the two differ, and least along edges.
        busy = sum(np.abs(np.diff(image, axis=axis)).mean(2) for image in (piece, ground))
        cost = np.minimum(0.05 * (apart[first] + apart[second]) / (0.02 + busy), 1) + 0.002
        both = free[first] & free[second]
        a, b = number[first][both], number[second][both]
        edges += [(a, b, cost[both]), (b, a, cost[both])]
        for here, there in ((first, second), (second, first)):
            fixed = free[here] & ~free[there]
            own, other = fixed & mask[there], fixed & ~mask[there]
            edges += [(inner, number[here][own], cost[own]), (number[here][other], outer, cost[other])]
    stay = KEPT * np.minimum(apart[free], 0.2) + 0.0005
    ours = mask[free]
    edges += [(inner, np.flatnonzero(ours), stay[ours]), (np.flatnonzero(~ours), outer, stay[~ours])]
    start, end, capacity = (np.concatenate([np.broadcast_to(e[n], len(e[2])) for e in edges]) for n in range(3))
    # maximum_flow counts in whole numbers.
    whole = np.round(capacity * 1e5).astype(np.int32)
    graph = coo_matrix((whole, (start, end)), (count + 2, count + 2)).tocsr()
    rest = graph - maximum_flow(graph, inner, outer).flow
    rest.data[rest.data < 0] = 0
    rest.eliminate_zeros()
    reached = np.zeros(count + 2, np.bool_)
    reached[breadth_first_order(rest, inner, return_predecessors=False)] = True
    moved = mask.copy()
    moved[free] = reached[:count]
    return moved


def insert(ground: Image, piece: Image, known: Mask, mask: Mask, fade: float = FADE) -> tuple[Image, NDArray[np.float32]]:
    """Put a piece into the ground: its brightness follows the ground's at the seam, and the two fade into each other.

    ground, piece: (H, W, C). known: (H, W) bool, where the piece has pixels, in the mask and beyond. mask: (H, W) bool,
    where it is shown. fade: over how many pixels, at most FADE. Returns the image, and how far the two still differ along
    the seam, (H, W), 0 away from it.
    """
    rim = seam(mask) & known
    if not rim.any():
        return np.where(mask[:, :, None], piece, ground), np.zeros(mask.shape, np.float32)
    apart = _smooth_along(ground - piece, rim)
    # Shades are matched whole, other materials not at all.
    grain = [np.abs(image - ndimage.gaussian_filter(image, (1, 1, 0))).max(2, keepdims=True) for image in (piece, ground)]
    calm = [np.exp(-((_smooth_along(values, rim) / CALM) ** 2)) for values in grain]
    cap = CAP[0] + (CAP[1] - CAP[0]) * np.minimum(*calm)
    alike = np.exp(-((np.abs(apart).max(2, keepdims=True) / cap) ** SUDDEN))
    shade = apart * alike
    gap = np.where(rim, np.abs(apart - shade).mean(2), 0).astype(np.float32)
    own = _spread(shade, rim)
    # Where a sky borders on a rock, it has the shade of its seam with the sky; a rock in the same piece has not.
    told = rim & ~((alike < 0.5) & (calm[0] > 0.5))[:, :, 0]
    if told.sum() > TOLD * rim.sum():
        own += (_spread(shade, told) - own) * np.exp(-((ndimage.maximum_filter(grain[0], (7, 7, 1)) / CALM / 2) ** 2))
    piece = piece + own
    if not known.all():
        row, col = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
        piece = piece[row, col]
    near = ndimage.distance_transform_cdt(~rim, "chessboard") <= fade
    joined = np.where(mask[:, :, None], piece, ground)
    joined[near] = _fade(ground, piece, mask, min(1, fade / FADE))[near]
    return np.clip(joined, 0, 1).astype(np.float32), gap


def unlike(source: Image, edited: Image, mask: Mask) -> NDArray[np.float32]:
    """Return how much more the edit steps along the border of a mask than the source does there, (H, W), 0 elsewhere.

    An edge of the source hides as much again as it has.
    """
    rim = mask & seam(mask)
    row, col = ndimage.distance_transform_edt(mask, return_distances=False, return_indices=True)
    steps = [np.abs(_smooth_along(image - image[row, col], rim)).mean(2) for image in (edited, source)]
    return np.where(rim, np.maximum(steps[0] - 2 * steps[1], 0), 0).astype(np.float32)


def seam(mask: Mask) -> Mask:
    """Return the pixels on both sides of a mask's border, (H, W) bool; the image's own border is none."""
    found = np.zeros(mask.shape, np.bool_)
    for axis in (0, 1):
        first, second = _neighbours(axis)
        differ = mask[first] != mask[second]
        found[first] |= differ
        found[second] |= differ
    return found


def _neighbours(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return what indexes every pixel but the last, and every pixel but the first, along an axis."""
    before = (slice(None),) * axis
    return (*before, slice(None, -1)), (*before, slice(1, None))


def _smooth_along(values: Image, rim: Mask) -> Image:
    """Return the mean of values (H, W, C) over nearby pixels of the rim."""
    weight = ndimage.gaussian_filter(rim.astype(np.float32), 3)
    total = ndimage.gaussian_filter(np.where(rim[:, :, None], values, 0), (3, 3, 0))
    return np.asarray(total / np.maximum(weight, 1e-6)[:, :, None])


def _spread(values: Image, known: Mask) -> Image:
    """Return values (H, W, C) that are those of the known pixels, and smooth between them."""
    return fill_holes(np.where(known[:, :, None], values, 0).astype(np.float32), known)


def _fade(ground: Image, piece: Image, mask: Mask, width: float) -> Image:
    """Return the two joined band by band: the coarser the structure, the wider the transition (Burt and Adelson)."""
    result, share = np.zeros_like(ground), mask.astype(np.float32)
    for sigma in (width, 2 * width, 0.0):
        last = not sigma
        smooth = [image if last else ndimage.gaussian_filter(image, (sigma, sigma, 0)) for image in (ground, piece)]
        part = ndimage.gaussian_filter(share, 2 * width if last else sigma / 2)[:, :, None]
        bands = smooth if last else [image - blurred for image, blurred in zip((ground, piece), smooth, strict=True)]
        result += bands[0] * (1 - part) + bands[1] * part
        ground, piece = smooth
    return result
