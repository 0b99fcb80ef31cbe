"""Collages: one height, places, colours that meet, seams, sizes."""

from __future__ import annotations

import numpy as np
import pytest

from patchnn import Image, run
from patchnn.metrics import completeness
from patchnn.testing import TaskConformance, tiny_image
from patchnn_tasks import Collage
from patchnn_tasks.collage import harmonise, in_rows, join


class TestGridOfFour(TaskConformance):
    def task(self) -> Collage:
        images = tuple(tiny_image(shape, seed=n) for n, shape in enumerate([(24, 32), (20, 20), (30, 16), (24, 24)]))
        return Collage(images=images, layout="grid", overlap=0.2, size="90%")

    def wrong(self) -> list[dict[str, object]]:
        return [{"overlap": 1.0}, {"layout": "heap"}, {"images": (tiny_image(),)}, {"size": "1%"}]


@pytest.mark.parametrize(("layout", "counts"), [("row", [5]), ("column", [1] * 5), ("grid", [3, 2])])
def test_rows_share_a_height_and_all_rows_a_width(layout: str, counts: list[int]) -> None:
    images = [tiny_image((10 + 7 * n, 30 - 3 * n), seed=n) for n in range(5)]
    rows = in_rows(images, layout)
    assert [len(row) for row in rows] == counts
    assert all(len({image.shape[0] for image in row}) == 1 for row in rows)
    assert len({sum(image.shape[1] for image in row) for row in rows}) == 1


def test_a_small_image_survives_beside_a_large_one() -> None:
    small, large = tiny_image((30, 40), seed=1), tiny_image((90, 120), seed=2)
    made = run(Collage(images=(small, large), harmonise=False), seed=1, backend="numpy").image
    assert made.shape[0] == 90
    scaled = in_rows([small, large], "row")[0][0]
    assert completeness(np.clip(made, 0, 1), np.clip(scaled, 0, 1)) < 0.1 * completeness(large, np.clip(scaled, 0, 1))


def exposures(step: float) -> list[Image]:
    texture = np.random.RandomState(4).uniform(-0.02, 0.02, (40, 120, 3)).astype(np.float32)
    whole = texture + np.linspace(0.4, 0.6, 40, dtype=np.float32)[:, None, None]
    return [whole[:, :60], whole[:, 60:] + np.float32(step)]


def step_at_the_edge(left: Image, right: Image) -> float:
    return float(np.abs(right[:, :4].mean(1) - left[:, -4:].mean(1)).mean())


def test_colours_meet_at_the_edge_and_stay_at_the_far_ends() -> None:
    images = exposures(0.12)
    left, right = harmonise(images)
    assert step_at_the_edge(*images) > 0.1
    assert step_at_the_edge(left, right) < 0.02
    assert np.array_equal(left[:, 0], images[0][:, 0])
    assert np.array_equal(right[:, -1], images[1][:, -1])


def test_different_things_keep_their_colours() -> None:
    images = exposures(0.35)
    assert all(np.allclose(new, old, atol=1e-6) for new, old in zip(harmonise(images), images, strict=True))


def test_opacity_is_not_a_colour() -> None:
    images = [np.concatenate([i, np.full((40, 60, 1), a, np.float32)], 2) for i, a in zip(exposures(0.1), (1, 0.9), strict=True)]
    for new, old in zip(harmonise(images), images, strict=True):
        assert np.array_equal(new[:, :, 3], old[:, :, 3])
        assert (new[:, :, :3] <= new[:, :, 3:] + 1e-6).all()


def test_a_seam_goes_round_things() -> None:
    under, over = (np.full((40, 60, 3), 0.5, np.float32) for _ in range(2))
    under[16:24, 44:52] = 0.9
    joined = join([under, over], overlap=0.4)
    assert joined.shape == (40, 60 + 60 - 24, 3)
    # The middle of the overlap runs through the thing: it is there as a whole or not at all.
    share = (joined[:, :, 0] > 0.75).sum() / 64
    assert share > 0.9 or share == 0


def test_without_overlap_nothing_is_lost_in_width() -> None:
    images = [tiny_image((24, 32), seed=n) for n in range(3)]
    assert join(images).shape == (24, 96, 3)


def test_a_smaller_size_condenses_each_image_by_itself() -> None:
    ground = np.random.RandomState(0).normal(0.5, 0.02, (48, 96, 3)).astype(np.float32)
    images = []
    for colour in ((0.9, 0.1, 0.1), (0.1, 0.1, 0.9)):
        image = ground.copy()
        image[16:32, 40:56] = colour
        images.append(np.clip(image, 0, 1))
    made = run(Collage(images=tuple(images), size="60%x100%"), seed=1, backend="numpy").image
    for channel, other in ((0, 2), (2, 0)):
        thing = made[:, :, channel] - made[:, :, other] > 0.4
        assert 10 <= thing.any(0).sum() <= 20
