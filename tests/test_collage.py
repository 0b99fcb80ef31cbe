"""Collages: one height, places, colours that meet, seams, sizes."""

from __future__ import annotations

import numpy as np
import pytest

from patchnn import Image, run
from patchnn.metrics import completeness
from patchnn.testing import TaskConformance, tiny_image
from patchnn_tasks import Collage
from patchnn_tasks.collage import LAYERS, harmonise, in_rows, join, sheet


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


def exposures(step: float | np.ndarray) -> list[Image]:
    texture = np.random.RandomState(4).uniform(-0.02, 0.02, (40, 120, 3)).astype(np.float32)
    whole = texture + np.linspace(0.4, 0.6, 40, dtype=np.float32)[:, None, None]
    return [whole[:, :60], whole[:, 60:] + np.asarray(step, np.float32)]


def step_at_the_edge(left: Image, right: Image) -> float:
    return float(np.abs(right[:, :4].mean(1) - left[:, -4:].mean(1)).mean())


def test_colours_meet_at_the_edge_and_stay_at_the_far_ends() -> None:
    images = exposures(0.12)
    left, right = harmonise(images)
    assert step_at_the_edge(*images) > 0.1
    assert step_at_the_edge(left, right) < 0.02
    assert np.array_equal(left[:, 0], images[0][:, 0])
    assert np.array_equal(right[:, -1], images[1][:, -1])


@pytest.mark.parametrize(("grain", "hue", "met"), [(0.0, 1, True), (0.1, 1, False), (0.0, -1, False)])
def test_skies_meet_where_other_things_that_differ_as_much_do_not(grain: float, hue: float, met: bool) -> None:
    noise = np.random.RandomState(3).normal(0, 1, (40, 60, 3)).astype(np.float32)
    images = [image + grain * noise for image in exposures(np.array([0.25, 0.25 * hue, 0.25], np.float32))]
    left, right = harmonise(images)
    assert (step_at_the_edge(left, right) < 0.3 * step_at_the_edge(*images)) == met


def test_different_things_keep_their_colours() -> None:
    images = exposures(0.4)
    assert all(np.allclose(new, old, atol=1e-6) for new, old in zip(harmonise(images), images, strict=True))


def test_where_images_overlap_colours_meet_in_the_middle() -> None:
    left, right = harmonise(exposures(0.12), overlap=0.4)
    assert step_at_the_edge(left[:, :48], right[:, 12:]) < 0.02


def test_opacity_is_not_a_colour() -> None:
    images = [np.concatenate([i, np.full((40, 60, 1), a, np.float32)], 2) for i, a in zip(exposures(0.1), (1, 0.9), strict=True)]
    for new, old in zip(harmonise(images), images, strict=True):
        assert np.array_equal(new[:, :, 3], old[:, :, 3])
        assert (new[:, :, :3] <= new[:, :, 3:] + 1e-6).all()


def joined_image(*images: Image, overlap: float = 0) -> Image:
    sheets = [sheet(image, number) for number, image in enumerate(images)]
    return join(sheets, overlap)[:, :, :-LAYERS]


@pytest.mark.parametrize("sky", [0.5, 1.0])
def test_a_thing_at_an_edge_is_not_mirrored(sky: float) -> None:
    # Beyond the mirrored thing the two are alike, and a seam would not be seen.
    under, over = (np.full((40, 100, 3), sky, np.float32) for _ in range(2))
    under[10:30, -8:] = np.tile([0.4, 0.4, 0, 0], 2)[:, None]
    joined = joined_image(under, over)[10:30, :, 0]
    assert np.ptp(joined[:, 92:98]) > 0.3
    assert np.ptp(joined[:, 104:]) < 0.1


def test_a_seam_goes_round_things() -> None:
    under, over = (np.full((40, 60, 3), 0.5, np.float32) for _ in range(2))
    under[16:24, 44:52] = 0.9
    joined = joined_image(under, over, overlap=0.4)
    assert joined.shape == (40, 60 + 60 - 24, 3)
    # The middle of the overlap runs through the thing: it is there as a whole or not at all.
    share = (joined[:, :, 0] > 0.75).sum() / 64
    assert share > 0.9 or share == 0


def test_without_overlap_nothing_is_lost_in_width() -> None:
    images = [tiny_image((24, 32), seed=n) for n in range(3)]
    assert joined_image(*images).shape == (24, 96, 3)


def scenes() -> tuple[Image, Image]:
    """A dark image and a light one. Where they meet there is something between, and such a thing is in a corner of one."""
    noise = np.random.RandomState(2).normal(0, 0.02, (60, 200, 3)).astype(np.float32)
    dark, light = (0.2 + noise)[:, :100], (0.8 + noise)[:, 100:]
    dark[:20, :20] = np.linspace(0.2, 0.8, 20)[None, :, None] * np.array([1.1, 1, 0.9])
    return np.clip(dark, 0, 1), np.clip(light, 0, 1)


def test_images_stay_as_they_are_but_for_the_seam() -> None:
    dark, light = scenes()
    result = run(Collage(images=(dark, light), harmonise=False), seed=1, backend="numpy")
    assert np.array_equal(result.image[:, :80], dark[:, :80])
    assert np.array_equal(result.image[:, 120:], light[:, 20:])
    number, place = result.plan.located()
    kept = result.plan.keep
    assert kept is not None
    assert 0.8 < kept.mean() < 1
    assert all(
        np.array_equal(result.image[kept & (number == n)], image[tuple(place[kept & (number == n)].T)])
        for n, image in enumerate((dark, light))
    )


def test_a_seam_is_mended_with_what_is_near_it() -> None:
    result = run(Collage(images=scenes(), harmonise=False), seed=1, backend="numpy")
    columns = result.field.position[:, :, 1] + 100 * result.field.source
    mended = columns[result.field.source >= 0]
    assert len(mended)
    assert mended.min() > 60


def test_guides_decide_where_images_lie() -> None:
    dark, light = scenes()
    zero, one, wanted = np.zeros((60, 80)), np.ones((60, 80)), np.zeros((60, 160))
    wanted[:, :80] = 1
    task = Collage(images=(dark[:, 20:], light[:, 20:]), harmonise=False)
    image = run(task, seed=1, backend="numpy", guides=[((zero, one), wanted, 10)]).image
    assert image[:, :75].mean() > 0.7
    assert image[:, 85:].mean() < 0.3


@pytest.mark.parametrize("overlap", [0.0, 0.2])
def test_sizes_are_met_whatever_the_layout(overlap: float) -> None:
    images = tuple(tiny_image((40 + 3 * n, 61 - 5 * n), seed=n) for n in range(5))
    plan = Collage(images=images, layout="grid", overlap=overlap, size="157x93").plan()
    assert plan.guess.shape[:2] == (93, 157)
    assert set(np.unique(plan.located()[0])) == set(range(5))


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
        assert 14 <= thing.any(0).sum() <= 20
