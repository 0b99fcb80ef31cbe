"""The tile keeps a task's contract, and its ends meet."""

import numpy as np
import pytest
from patchnn_tile import Tile

from patchnn import run
from patchnn.testing import TaskConformance, tiny_image


class TestTile(TaskConformance):
    def task(self):
        return Tile(image=tiny_image())

    def wrong(self):
        return [{"axes": "z"}, {"size": "5x5"}]


@pytest.mark.parametrize("axes", ["both", "x", "y"])
def test_the_ends_meet_where_they_shall(axes):
    ramp = np.linspace(0, 1, 40, dtype=np.float32)
    image = np.stack([np.add.outer(ramp, ramp) / 2] * 3, axis=2)
    tile = run(Tile(image=image, axes=axes), seed=1, backend="numpy").image
    for axis, joined in ((0, axes != "x"), (1, axes != "y")):
        seam = np.abs(np.take(tile, 0, axis) - np.take(tile, -1, axis)).mean()
        assert (seam < 0.25) == joined, f"axis {axis}: a step of {seam:.2f}"
