"""All figures of one pair of pictures together."""

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
    """The figures of one output; None where a figure cannot be had, `missing` then says why.

    coherence, completeness: errors, 0 and up. copy_share, largest_copy: in [0, 1]. telling: the share of the output that
    those two are shares of. niqe, sifid: 0 and up, sifid only where it was asked for. copies: where the blocks lie.
    distances: of each patch of the output to the source's nearest, whose mean is the coherence error.
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
        """Return the figures as JSON holds them."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.compare}


def score(
    output: Any, source: Any, *, patch: int = PATCH, method: str = "auto", sifid: bool = False, weights: Any = None
) -> Score:
    """Measure one output against its source.

    output, source: (H, W, C) in [0, 1], of any sizes. patch, method: as `nearest_distances` takes them. sifid: whether to
    compute it too, with the weights in that file. Raises InputError as `nearest_distances` and `sifid` do; a picture too
    small for NIQE is no error.
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
