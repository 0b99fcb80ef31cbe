"""The six tasks keep the contract that every plugin is held to, and do what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest

from patchnn import InputError, Task, run
from patchnn.testing import TaskConformance, tiny_image, tiny_mask
from patchnn_tasks import Analogy, Collage, Edit, Generate, Inpaint, Retarget

Wrong = Iterable[Mapping[str, Any]]


class TestGenerate(TaskConformance):
    def task(self) -> Task:
        return Generate(image=tiny_image(), noise=0.5, source=(tiny_image((20, 20), seed=1),))

    def wrong(self) -> Wrong:
        return [{"noise": -1}, {"noise": np.nan}, {"size": "0x9"}, {"image": np.zeros((9, 9), np.uint8)}]


class TestRetarget(TaskConformance):
    def task(self) -> Task:
        return Retarget(image=tiny_image(), size="60%x100%")

    def wrong(self) -> Wrong:
        return [{"size": None}, {"size": "no"}, {"rounds": 0}, {"size": "5x5"}]


class TestAnalogy(TaskConformance):
    def task(self) -> Task:
        return Analogy(source=tiny_image(), structure=tiny_image((20, 26), channels=1, seed=1))

    def wrong(self) -> Wrong:
        return [{"source": tiny_image((5, 5))}, {"size": "-5%"}]


class TestInpaint(TaskConformance):
    def task(self) -> Task:
        return Inpaint(image=tiny_image(), mask=tiny_mask(), fill="blue")

    def wrong(self) -> Wrong:
        empty = np.zeros((24, 32), bool)
        return [{"mask": empty}, {"mask": ~empty}, {"mask": empty[:9]}, {"fill": "no colour"}]


class TestCollage(TaskConformance):
    def task(self) -> Task:
        return Collage(images=(tiny_image(), tiny_image((20, 20), channels=1, seed=1), tiny_image((30, 16), seed=2)))

    def wrong(self) -> Wrong:
        return [{"images": ()}, {"images": (tiny_image(),)}, {"size": "4x4"}]


class TestEdit(TaskConformance):
    def task(self) -> Task:
        source = tiny_image()
        edited = source.copy()
        edited[4:12, 6:14] = source[12:20, 20:28]
        return Edit(source=source, edited=edited)

    def wrong(self) -> Wrong:
        return [{"edited": tiny_image()}, {"edited": tiny_image((20, 20))}, {"noise": -1}]


def test_removing_a_thing_leaves_the_rest_alone() -> None:
    image, hole = tiny_image((40, 48)), tiny_mask((40, 48))
    made = run(Inpaint(image=image, mask=hole, fill="none"), seed=1, backend="numpy")
    np.testing.assert_array_equal(made.image[~hole], image[~hole])
    rows, columns = (np.flatnonzero(hole.any(axis)) for axis in (1, 0))
    inside = made.field.source >= 0
    row, col = made.field.row[inside], made.field.col[inside]
    clear = (row + 7 <= rows[0]) | (row > rows[-1]) | (col + 7 <= columns[0]) | (col > columns[-1])
    assert clear.all(), "no patch that touches the hole is copied"


@pytest.mark.parametrize("fill", ["#ff0000", "#0000ff"])
def test_the_colour_of_a_hole_steers(fill: str) -> None:
    image = np.zeros((48, 96, 3), np.float32)
    image[:, :, 1] = 0.5
    for left, channel in ((4, 0), (80, 2)):
        image[18:30, left : left + 12] = np.eye(3, dtype=np.float32)[channel]
    hole = np.zeros((48, 96), np.bool_)
    hole[18:30, 42:54] = True
    red, _, blue = run(Inpaint(image=image, mask=hole, fill=fill), seed=1, backend="numpy").image[hole].mean(0)
    assert (red > blue) == (fill == "#ff0000")


@pytest.mark.parametrize(
    "boxes",
    [[(0, 10, 0, 9)], [(0, 10, 0, 9), (20, 30, 30, 48)], [(0, 40, 16, 48)]],
    ids=["in a corner", "two", "larger than half"],
)
def test_holes_are_filled_wherever_they_are(boxes: list[tuple[int, int, int, int]]) -> None:
    image, hole = tiny_image((40, 48)), np.zeros((40, 48), np.bool_)
    for top, bottom, left, right in boxes:
        hole[top:bottom, left:right] = True
    made = run(Inpaint(image=image, mask=hole, fill="white"), seed=1, backend="numpy").image
    np.testing.assert_array_equal(made[~hole], image[~hole])
    assert np.abs(made[hole] - 1).mean() > 0.1, "the white is gone"


def test_every_image_is_seen_in_a_collage() -> None:
    images = tiny_image((40, 40), seed=1), tiny_image((40, 40), seed=2)
    made = run(Collage(images=images), seed=1, backend="numpy")
    number, _ = made.plan.located()
    assert min((number == n).mean() for n in range(2)) > 0.4
    assert made.image.shape == (40, 80, 3)


def discs(shape: tuple[int, int], centres: list[tuple[int, int]], radius: float) -> np.ndarray:
    """Draw bright discs on a dark ground, (*shape, 1)."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    near = np.min([np.hypot(y - row, x - column) for row, column in centres], axis=0)
    return np.where(near < radius, np.float32(0.9), np.float32(0.2))[:, :, None]


def test_retargeting_keeps_what_plain_resizing_squeezes() -> None:
    image = discs((60, 120), [(15, 20), (42, 45), (18, 70), (40, 100)], 5)
    made = run(Retarget(image=image, size="70%x100%"), seed=1, backend="numpy").image
    assert made.shape == (60, 84, 1)
    assert (made > 0.55).sum() > 0.85 * (image > 0.55).sum()


def test_an_edit_is_kept_and_all_far_from_it_too() -> None:
    source = tiny_image((60, 80))
    edited = source.copy()
    edited[10:22, 10:22] = source[40:52, 60:72]
    made = run(Edit(source=source, edited=edited), seed=1, backend="numpy").image
    np.testing.assert_array_equal(made[45:, 50:], source[45:, 50:])
    assert np.abs(made - edited)[12:20, 12:20].mean() < np.abs(made - source)[12:20, 12:20].mean()


def test_an_analogy_follows_the_structure() -> None:
    source = discs((64, 64), [(18, 18), (46, 44)], 8)
    structure = discs((64, 64), [(20, 46)], 8)
    made = run(Analogy(source=source, structure=structure), seed=1, backend="numpy").image
    assert made[17:24, 43:50].mean() > 0.6
    assert made[40:, :30].mean() < 0.4


def test_farther_than_ten_times_is_refused() -> None:
    with pytest.raises(InputError, match="size is"):
        Retarget(image=tiny_image(), size="2000%x100%").plan()
