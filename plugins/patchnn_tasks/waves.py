"""Rows of bricks, planks, lines of text: where what is around a hole repeats, a fill goes on in step with it.

The strongest waves of the surroundings are found in their spectrum. Where a pixel stands in a wave, the cosine and sine of its
phase, is a guide: the squared difference of two guides is small for patches that lie whole periods apart, as the most frequent
offsets between like patches do (He and Sun, Statistics of Patch Offsets for Image Completion, ECCV 2012).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from scipy import fft, ndimage

from patchnn import Image, Mask, Window, resize
from patchnn_tasks.shared import around

__all__ = ["waves"]

MOST = 2
"""Waves that are looked for: a third brings no more."""
MARGIN = 64
"""Pixels around a hole that are looked at, at least."""
REACH = 1.5
"""The same as a multiple of the hole's width."""
SPAN = 32
"""Pixels that the widest hole spans where waves are looked for: only coarse levels compare them."""
LARGEST = 512
"""The longer side of what is looked at, in those pixels."""
THIN = 12
"""In a narrower hole, rows do not bend."""
PERIODS = 6
"""How often a wave must repeat in the surroundings."""
FINEST = 0.3
"""The most periods in a pixel."""
SHARE = 0.05
"""The least part of the surroundings' contrast that a wave makes up: edges and grain have it spread over many waves."""
PEAK = 15.0
"""How far a wave stands out of others of about its direction and length, as a multiple of their mean power."""
NEAR = (3.5, 7.0)
"""By how many periods these others have more or fewer in the surroundings."""


def waves(image: Image, hole: Mask, widest: int, windows: Sequence[Window] | None) -> list[tuple[Window, Image]]:
    """Return where pixels stand in the waves around the holes of each window: a part of the image, and (h, w, 2 n) for n waves.

    In the hole a wave goes on as it is around it. Its two channels differ as much as the wave itself does. Parts without waves
    are not named. widest: pixels that the widest hole spans.
    """
    found: list[tuple[Window, Image]] = []
    if widest < THIN:
        return found
    for rows, columns in windows or [(slice(0, hole.shape[0]), slice(0, hole.shape[1]))]:
        down, across = around(hole[rows, columns], max(MARGIN, round(REACH * widest)))
        box = (
            slice(rows.start + down.start, rows.start + down.stop),
            slice(columns.start + across.start, columns.start + across.stop),
        )
        each = list(islice(_around(image[box], ~hole[box], widest), MOST))
        if each:
            found.append((box, np.concatenate(each, axis=2)))
    return found


def _around(image: Image, known: Mask, widest: int) -> Iterator[Image]:
    """Yield each wave of an image's known pixels, the strongest first, (H, W, 2)."""
    scale = min(1.0, SPAN / widest, LARGEST / max(known.shape))
    shape = tuple(max(1, round(side * scale)) for side in known.shape)
    seen, grey = (
        resize(part[:, :, None], shape)[:, :, 0] for part in (known.astype(np.float32), np.where(known, image.mean(2), 0))
    )
    seen = np.maximum(seen, 0)
    ripples = grey - seen * (grey.sum() / seen.sum())
    for frequency, power in _peaks(ripples, seen):
        beat = ripples * _wave(frequency, *map(np.arange, shape)).conj()
        # Rows that converge or bend have another phase elsewhere; in the hole, it is that of all sides.
        reach = max(0.5 * widest * scale, 0.7 / np.hypot(*frequency))
        phase = np.stack([ndimage.gaussian_filter(part, reach, mode="constant") for part in (beat.real, beat.imag)], 2)
        phase /= np.hypot(phase[:, :, :1], phase[:, :, 1:]) + 1e-9
        turned = resize(phase, known.shape) @ np.array([1, 1j])
        # The centres of the image's pixels, in those of the smaller one.
        turned *= _wave(frequency, *((np.arange(side) + 0.5) * scale - 0.5 for side in known.shape))
        turned *= np.sqrt(power)
        yield np.stack([turned.real, turned.imag], 2, dtype=np.float32, casting="same_kind")


def _peaks(ripples: np.ndarray, seen: np.ndarray) -> Iterator[tuple[tuple[float, float], float]]:
    """Yield each wave that stands out in (H, W) values: its frequency, periods in a pixel down and across, and its power.

    seen: (H, W), what each value counts.
    """
    height, width = ripples.shape
    weight = seen * np.multiply.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    total, rest = weight.sum(), ripples.copy()
    shape = tuple(fft.next_fast_len(2 * side, real=True) for side in ripples.shape)
    down, across = fft.fftfreq(shape[0])[:, None], fft.rfftfreq(shape[1])[None]
    length = np.hypot(down, across)
    long = length < PERIODS / min(height, width)
    contrast = None
    while True:
        power = 2 * np.abs(fft.rfft2(rest * weight, shape)) ** 2 / total**2
        # The power of values that are no wave is spread over as many frequencies as there are values.
        contrast = contrast or power[~long].sum() * total**2 / (weight**2).sum() / (shape[0] * shape[1])
        row, column = np.unravel_index(np.where(long | (length > FINEST), 0, power).argmax(), power.shape)
        frequency, top = (float(down[row, 0]), float(across[0, column])), float(power[row, column])
        apart = np.hypot((down - frequency[0]) * height, (across - frequency[1]) * width)
        others = power[(apart > NEAR[0]) & (apart < NEAR[1])].mean()
        if top <= max(SHARE * contrast, PEAK * others):
            return
        yield frequency, top
        wave = _wave(frequency, np.arange(height), np.arange(width))
        rest -= (2 / total * (rest * weight * wave.conj()).sum() * wave).real * seen


def _wave(frequency: tuple[float, float], rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return a complex wave of this frequency at these rows and columns, (H, W)."""
    down, across = (np.exp(2j * np.pi * periods * at) for periods, at in zip(frequency, (rows, columns), strict=True))
    return np.multiply.outer(down, across)
