"""Outpaint: the image stays, the margins are as asked for and continue it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import patchnn
from patchnn import InputError, metrics
from patchnn.testing import TaskConformance, tiny_image
from patchnn_tasks import Outpaint

EXAMPLE = Path(__file__).parents[1] / "examples" / "images" / "balloons.png"
IMAGE = np.clip(tiny_image((24, 32)), 0, 1)
STRIPES = np.zeros((30, 40, 3), np.float32)
STRIPES[:12] = (0.3, 0.5, 0.9)
STRIPES[12:] = (0.2, 0.5, 0.1)
STRIPES += np.random.default_rng(0).normal(0, 0.02, STRIPES.shape).astype(np.float32)


class TestOutpaint(TaskConformance):
    def task(self) -> Outpaint:
        return Outpaint(image=tiny_image(), right="6")

    def wrong(self) -> list[dict[str, Any]]:
        return [{"right": "some"}, {"right": "0"}, {"aspect": "16to9"}, {"size": "150%"}, {"anchor": "middle"}, {"left": "-3"}]


@pytest.mark.parametrize(
    ("options", "shape", "corner"),
    [
        ({"left": "10"}, (24, 42), (0, 10)),
        ({"top": "25%", "right": "50%"}, (30, 48), (6, 0)),
        ({"left": "5px", "right": "5", "bottom": "1"}, (25, 42), (0, 5)),
        ({"size": "40x30"}, (30, 40), (3, 4)),
        ({"size": "150%x100%", "anchor": "right"}, (24, 48), (0, 16)),
        ({"size": (30, 40), "anchor": "top"}, (30, 40), (0, 4)),
        ({"aspect": "2:1"}, (24, 48), (0, 8)),
        ({"aspect": "1:1", "anchor": "bottom"}, (32, 32), (8, 0)),
    ],
)
def test_the_image_stands_where_it_is_asked_for(options: dict[str, Any], shape: tuple[int, int], corner: tuple[int, int]) -> None:
    made = patchnn.run(Outpaint(image=IMAGE, **options), seed=1, iterations=1).image
    assert made.shape[:2] == shape
    top, left = corner
    np.testing.assert_array_equal(made[top : top + 24, left : left + 32], IMAGE)


def test_ground_continues_ground_and_sky_sky() -> None:
    made = patchnn.run(Outpaint(image=STRIPES, left="60%", right="60%", bottom="10"), seed=2).image
    added = np.ones(made.shape[:2], bool)
    added[:30, 24:64] = False
    blue = made[:, :, 2] > 0.5
    rows = np.arange(made.shape[0])[:, None] * np.ones(made.shape[1])
    assert blue[added & (rows < 10)].mean() > 0.98
    assert not blue[added & (rows > 14)].any()


def test_margins_are_made_of_the_image() -> None:
    image = np.clip(patchnn.resize(patchnn.read_image(EXAMPLE), (60, 90)), 0, 1)
    task = Outpaint(image=image, left="50%", right="50%")
    made = patchnn.run(task, seed=1).image
    assert metrics.score(made, image).coherence < 260
    # As much detail as there is in the image, where a smear has none.
    detail = [np.abs(np.diff(pixels, axis=1)).mean() for pixels in (made[:, :45], image)]
    assert detail[0] > 0.6 * detail[1]
    assert (patchnn.run(task, seed=2).image != made).any()


def test_far_margins_are_finite() -> None:
    image = np.random.default_rng(0).random((10, 100, 1), np.float32)
    made = patchnn.run(Outpaint(image=image, left="300"), seed=1, iterations=6).image
    assert np.isfinite(made).all()


def test_maps_follow() -> None:
    task = Outpaint(image=IMAGE, left="10", top="4", feather=0)
    result = patchnn.run(task, seed=1)
    np.testing.assert_allclose(result.apply(IMAGE), result.image, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "about", "sentence"),
    [
        ({}, "size", "nothing is added: give --size, --aspect, or sides"),
        ({"size": "100%"}, "size", "nothing is added"),
        ({"size": "50%"}, "size", "size is 16×12, the image 32×24: it must be larger, or use retarget"),
        ({"size": "150%", "left": "3"}, "size", "size and a side are both given"),
        ({"aspect": "2:1", "size": "150%"}, "size", "size and aspect are both given"),
        ({"aspect": "0:1"}, "aspect", "aspect is '0:1': it must be width to height"),
        ({"left": "10 miles"}, "left", "left is '10 miles': it must be pixels or percent"),
        ({"left": "2000%"}, "size", "more than 10 times"),
    ],
)
def test_what_cannot_be_added_is_refused(options: dict[str, Any], about: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as raised:
        Outpaint(image=IMAGE, **options).plan()
    assert raised.value.about == about
