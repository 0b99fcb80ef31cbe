"""Measures of a result: arrays in, numbers out (docs/measuring.md explains them).

Every image is (H, W, C) float in [0, 1], as `patchnn.read_image` returns it.
"""

from patchnn.metrics.copy_drawing import copy_map
from patchnn.metrics.copying import Copies, copied_blocks, copy_share
from patchnn.metrics.inception import sifid
from patchnn.metrics.naturalness import niqe
from patchnn.metrics.scores import Score, score
from patchnn.metrics.similarity import coherence, completeness, nearest_distances
from patchnn.metrics.variation import diversity

__all__ = [
    "Copies",
    "Score",
    "coherence",
    "completeness",
    "copied_blocks",
    "copy_map",
    "copy_share",
    "diversity",
    "nearest_distances",
    "niqe",
    "score",
    "sifid",
]
