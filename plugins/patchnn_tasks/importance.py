"""What there is to see in an image, and so what each part of it is worth when its size changes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from patchnn import Image, Mask, Shape, resize
from patchnn_tasks.carving import FORBIDDEN, Costs
from patchnn_tasks.shared import shape_at

__all__ = ["carving_scale", "contrast", "costs", "covered", "detail", "firmness", "is_texture", "is_writing", "rarity", "smaller"]

NEIGHBOURHOOD = 5
"""Side of the patches that rarity compares, in pixels."""
COMMON = 0.1
"""A patch is as common as the nearest tenth of all patches is like it."""
SAMPLE = 450
"""How many patches rarity compares with."""
APART = 2
"""Of so many rows and columns, one is compared: most of a patch lies in its neighbours' too."""
CHUNK = 256
"""Patches that it compares at once."""
CARVED = 96
"""Shorter side at which an image is carved, in pixels, about: coarser, masts are thinner than a pixel."""
RARE = 0.6
"""Weight of a pixel's rarity beside the contrast that removing it creates."""
DETAIL = 0.5
"""Weight of the contrast that a pixel stands for at the image's own size."""
UNIFORM = 0.66
"""An image is a texture if half of it is at least so rare, beside the rarest hundredth: then nothing stands out."""
STROKES = 0.3
"""An image is writing if a twentieth of its pixels differ by so much from what surrounds them, and half of them hardly do."""
HARDLY = 0.05
"""Share of that which is hardly."""
CONTRASTED = 5
"""The power of what there is to see that firmness is: then things keep their shape, and the ground gives way."""
FINE = 0.5
"""Weight of the contrast at the image's own size, beside rarity, in what there is to see."""
SPREAD = 3.0
"""Standard deviation, in pixels of the smaller image, of the blur that what is around a thing shares its firmness by."""
GIVING = 0.03
"""Firmness of the plainest ground, the mean being 1: so that all of it gives way and not one column."""
KEPT = 1e3
"""Firmness of what is to keep its shape."""


def carving_scale(shape: Shape) -> int:
    """Return how many times smaller an image is carved: a power of 2, so that its pixels lie on those of a pyramid's level."""
    return int(2 ** max(0, round(math.log2(min(shape) / CARVED))))


def smaller(image: Image, scale: int) -> Image:
    """Return an image so many times smaller."""
    return np.clip(resize(image, shape_at(image.shape[:2], 1, scale)), image.min(), image.max())


def rarity(image: Image) -> Costs:
    """Return how unlike the rest of the image the surroundings of every pixel are.

    A pixel's rarity is the distance within which a tenth of the image's patches lie from its own: small in sky, grass and
    whatever else there is much of, large on things.

    Parameters
    ----------
    image : (H, W, C) float32
        Small: the work grows with the number of its pixels, and rarity is meant for what one sees at a glance.

    Returns
    -------
    (H, W) float32
        Root mean squared distances, in the image's units.
    """
    from scipy import ndimage

    reach = NEIGHBOURHOOD // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), "symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (NEIGHBOURHOOD, NEIGHBOURHOOD), axis=(0, 1))
    windows = windows[::APART, ::APART]
    height, width = windows.shape[:2]
    patches = windows.reshape(height * width, -1)
    # A step that shares no factor with the width visits all columns alike.
    step = max(1, height * width // SAMPLE)
    while np.gcd(step, width) > 1 and step > 1:
        step -= 1
    others = patches[::step]
    lengths, tenth = (others**2).sum(1), int(COMMON * len(others))
    nearest = np.empty(len(patches), np.float32)
    # So many at once stay in a core's cache.
    for first in range(0, len(patches), CHUNK):
        some = patches[first : first + CHUNK]
        squares = (some**2).sum(1)[:, None] + lengths
        squares -= 2 * some @ others.T
        squares.partition(tenth, axis=1)
        nearest[first : first + CHUNK] = squares[:, tenth]
    rare = np.sqrt(np.maximum(nearest, 0) / patches.shape[1]).reshape(height, width)
    between = np.indices(image.shape[:2], np.float32) / APART
    return np.asarray(ndimage.map_coordinates(rare, between, order=1, mode="nearest"), np.float32)


def detail(image: Image, scale: int) -> Costs:
    """Return the contrast within and between neighbours of every `scale` x `scale` pixels of an image.

    At a smaller size a face is a few pixels of one colour: its contrast tells that more is lost with them than they show.
    """
    across = [np.pad(contrast(image, axis), [(0, axis == 0), (0, axis == 1)]) for axis in (0, 1)]
    rows, columns = (-(-side // scale) for side in image.shape[:2])
    short = rows * scale - image.shape[0], columns * scale - image.shape[1]
    blocks = np.pad(across[0] + across[1], [(0, short[0]), (0, short[1])], "edge").reshape(rows, scale, columns, scale)
    return np.asarray(blocks.mean((1, 3)), np.float32)


def contrast(image: Image, axis: int) -> NDArray[np.float32]:
    """Return how much neighbours along an axis differ, (H - 1, W) or (H, W - 1): the mean over the channels."""
    # Channel by channel: over the last axis, which is short, NumPy's own ways take several times as long.
    channels = np.moveaxis(image, 2, 0)
    total = sum(np.abs(np.diff(channel, axis=axis)) for channel in channels)
    return np.asarray(total / np.float32(len(channels)))


def costs(image: Image, rare: Costs, scale: int, keep: Mask | None = None) -> Costs:
    """Return what the pixels of the image `scale` times smaller cost a seam, from their rarity; more than all others, to keep."""
    importance = RARE * rare + DETAIL * detail(image, scale)
    return importance if keep is None else np.where(covered(keep, rare.shape), np.float32(FORBIDDEN), importance)


def firmness(
    image: Image, small: Image, rare: Costs, scale: int, keep: Mask | None = None, contrasted: float = CONTRASTED
) -> Costs:
    """Return how firmly each part of an image is to keep its shape: the more, the rarer it is and the more contrast it has.

    small: the image `scale` times smaller; rare: its rarity. keep: (H, W) bool, what keeps it whatever is there.
    """
    from scipy import ndimage

    # At a quarter of the size, all of a face or a coat is rare, and not its outline alone.
    coarse = resize(rarity(smaller(small, 4))[:, :, None], rare.shape)[:, :, 0]
    shown = np.maximum((rare + coarse) / 2 + FINE * detail(image, scale), 0) ** contrasted
    firm = ndimage.gaussian_filter(shown, SPREAD, mode="nearest") / max(shown.mean(), np.float32(1e-9)) + GIVING
    if keep is not None:
        firm = np.where(covered(keep, firm.shape), np.float32(KEPT), firm)
    return np.asarray(firm, np.float32)


def is_texture(rare: Costs) -> bool:
    """Tell whether nothing in an image stands out, from its rarity."""
    usual, most = np.quantile(rare, [0.5, 0.99])
    return bool(usual >= UNIFORM * most)


def is_writing(image: Image) -> bool:
    """Tell whether an image is mostly thin strokes on plain ground: letters, a drawing."""
    light = image[:, :, :3].mean(2)
    # A quarter of the pixels tells as well as all.
    around = np.lib.stride_tricks.sliding_window_view(np.pad(light, 2, "symmetric"), (5, 5))[::2, ::2]
    medians = np.partition(around.reshape(-1, 25), 12, axis=1)[:, 12]
    strokes = np.abs(light[::2, ::2].ravel() - medians)
    half, most = np.quantile(strokes, [0.5, 0.95])
    return bool(most >= STROKES and half <= HARDLY * most)


def covered(mask: Mask, shape: Shape) -> Mask:
    """Shrink a mask so that a pixel is True where any pixel under it is."""
    rows, columns = (np.arange(old) * new // old for old, new in zip(mask.shape, shape, strict=True))
    result = np.zeros(shape, np.bool_)
    np.logical_or.at(result, (rows[:, None], columns), mask)
    return result
