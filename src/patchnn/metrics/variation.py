"""How much the outputs differ from each other (Shaham, Dekel, Michaeli, *SinGAN*, ICCV 2019, Sec. 3; GPNN, Table 1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from patchnn.errors import InputError
from patchnn.images.decoded import as_colours

__all__ = ["diversity"]


def diversity(outputs: Iterable[Any], source: Any) -> float:
    """Return SinGAN's diversity: every pixel's standard deviation over the outputs, averaged, over the source's own.

    outputs: two or more pictures (H, W, C) in [0, 1] of one size, held one at a time. source: of any size. Both as
    intensities, the mean of red, green and blue. 0 where all outputs are equal.
    Raises InputError where there are fewer, their sizes differ, or the source has one intensity everywhere.
    """
    spread = _intensity(source, "source").std()
    if spread == 0:
        raise InputError("the source has one intensity everywhere, so there is nothing to compare the diversity with")
    count = 0
    for output in outputs:
        pixels = _intensity(output, "output")
        if count == 0:
            first, total, squares = pixels, np.zeros_like(pixels), np.zeros_like(pixels)
        elif pixels.shape != first.shape:
            sizes = " and ".join(f"{shape[1]}×{shape[0]}" for shape in (first.shape, pixels.shape))
            raise InputError(f"outputs of {sizes}: diversity needs them to have one size")
        # Differences to the first, so that equal outputs give 0 and not a rounding error.
        difference = pixels - first
        total += difference
        squares += difference**2
        count += 1
    if count < 2:
        raise InputError("diversity needs two outputs or more")
    deviation = np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0))
    return float(deviation.mean() / spread)


def _intensity(image: Any, name: str) -> Any:
    return as_colours(image, name).mean(axis=2, dtype=np.float64)
