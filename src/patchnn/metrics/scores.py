"""All figures of one output and its source."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchnn.errors import InputError
from patchnn.metrics.copying import Copies, copied_blocks
from patchnn.metrics.inception import sifid as sifid_of
from patchnn.metrics.naturalness import niqe
from patchnn.metrics.similarity import PATCH, completeness, nearest_distances

__all__ = ["Score", "score"]


@dataclass(frozen=True)
class Score:
    """The figures of one output. Those that cannot be computed are None, and `missing` says why.

    Attributes
    ----------
    coherence, completeness : float
        Errors, 0 or more.
    copy_share, largest_copy : float
        In [0, 1], shares of the pixels in telling blocks.
    telling : float
        The share of the output in blocks that tell where they are from.
    niqe, sifid : float or None
        0 or more. SIFID only if it was requested.
    missing : dict
        Why a figure is None, by figure.
    copies : Copies
        Where the copied blocks are.
    distances : (n,) float32 array
        The distance of each output patch to its nearest in the source; their mean is the coherence error.
    """

    coherence: float
    completeness: float
    copy_share: float
    largest_copy: float
    telling: float
    niqe: float | None
    sifid: float | None
    missing: dict[str, str]
    copies: Copies = field(repr=False, compare=False)
    distances: NDArray[np.float32] = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.compare}


def score(
    output: Any, source: Any, *, patch: int = PATCH, method: str = "auto", sifid: bool = False, weights: Any = None
) -> Score:
    """Measure one output against its source.

    Parameters
    ----------
    output, source : array_like
        Images (H, W, C) in [0, 1], of any sizes.
    patch, method
        As in `nearest_distances`.
    sifid : bool
        Also compute SIFID.
    weights : path, optional
        As in `sifid`.

    Returns
    -------
    Score
        All figures. An output too small for NIQE has None.

    Raises
    ------
    InputError
        As `nearest_distances` and `sifid` do.

    Examples
    --------
    >>> import numpy as np
    >>> source = np.random.default_rng(0).random((40, 48, 3))
    >>> score(source, source).copy_share
    1.0
    """
    distances = nearest_distances(output, source, patch=patch, method=method)
    copies = copied_blocks(output, source)
    distance = sifid_of(output, source, weights) if sifid else None
    missing = {}
    naturalness = None
    try:
        naturalness = niqe(output)
    except InputError as error:
        missing["niqe"] = str(error)
    return Score(
        coherence=float(distances.mean(dtype=np.float64)),
        completeness=completeness(output, source, patch=patch, method=method),
        copy_share=copies.share,
        largest_copy=copies.largest,
        telling=copies.telling,
        niqe=naturalness,
        sifid=distance,
        missing=missing,
        copies=copies,
        distances=distances,
    )
