"""How much outputs differ from each other (Shaham, Dekel, Michaeli, *SinGAN*, ICCV 2019, Sec. 3; GPNN, Table 1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from patchnn.errors import InputError
from patchnn.images.decoded import as_colours

__all__ = ["diversity"]


def diversity(outputs: Iterable[Any], source: Any) -> float:
    """Return SinGAN's diversity: the mean over pixels of their standard deviation over the outputs, in units of the source's.

    Parameters
    ----------
    outputs : iterable of array_like
        Two or more images (H, W, C) in [0, 1] of one size. They are used one at a time.
    source : array_like
        The image (H, W, C) that they were made from, of any size.

    Returns
    -------
    float
        0 if all outputs are equal. Intensities are the mean of red, green and blue.

    Raises
    ------
    InputError
        For fewer than two outputs, outputs of several sizes, or a source of a single intensity.

    Examples
    --------
    >>> import numpy as np
    >>> source = np.random.default_rng(0).random((8, 8, 3))
    >>> diversity([source, source], source)
    0.0
    """
    spread = _intensity(source, "source").std()
    if spread == 0:
        raise InputError("the source has a single intensity: diversity needs one that varies")
    count = 0
    for output in outputs:
        pixels = _intensity(output, "output")
        if count == 0:
            first, total, squares = pixels, np.zeros_like(pixels), np.zeros_like(pixels)
        elif pixels.shape != first.shape:
            sizes = " and ".join(f"{shape[1]}×{shape[0]}" for shape in (first.shape, pixels.shape))
            raise InputError(f"outputs are {sizes}: they must have one size")
        # Differences to the first output, so that equal ones give exactly 0.
        difference = pixels - first
        total += difference
        squares += difference**2
        count += 1
    if count < 2:
        raise InputError("there are too few outputs: diversity needs two or more")
    deviation = np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0))
    return float(deviation.mean() / spread)


def _intensity(image: Any, name: str) -> Any:
    return as_colours(image, name).mean(axis=2, dtype=np.float64)
