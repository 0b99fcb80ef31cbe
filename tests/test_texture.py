"""Texture: any size from an example, another one for every seed, in the example's proportions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import patchnn
from patchnn import Plan, metrics
from patchnn.testing import TaskConformance, tiny_image
from patchnn.tuning import tune
from patchnn_tasks import Texture
from patchnn_tasks.texture import PIECE, shuffled


def stones(side: int = 64) -> Any:
    """Dark discs on light ground, at random places."""
    rows, columns = np.mgrid[:side, :side]
    image = np.full((side, side, 3), 0.8, np.float32)
    for row, column in np.random.RandomState(1).randint(0, side, (40, 2)):
        image[(rows - row) ** 2 + (columns - column) ** 2 < 16] = (0.3, 0.2, 0.2)
    return image


class TestTexture(TaskConformance):
    def task(self) -> Texture:
        return Texture(image=tiny_image(), size="120%")

    def wrong(self) -> list[dict[str, Any]]:
        return [{"size": "5x5"}, {"size": "much"}]


@pytest.mark.parametrize(("size", "shape"), [(None, (128, 128)), ("150x70", (70, 150)), ("50%", (32, 32))])
def test_a_texture_of_any_size_looks_like_its_example(size: str | None, shape: tuple[int, int]) -> None:
    example = stones()
    made = patchnn.run(Texture(image=example, size=size), seed=1).image
    assert made.shape[:2] == shape
    # The first layout's pieces do not fit together.
    rough = metrics.score(shuffled(example, shape, 1), example).coherence
    assert metrics.score(made, example).coherence < 0.6 * rough
    # As many stones for its area, give or take.
    assert 0.6 < (made < 0.5).mean() / (example < 0.5).mean() < 1.4


def test_every_seed_makes_another_and_none_is_the_example() -> None:
    example = stones()
    first, second = (patchnn.run(Texture(image=example, size="100%"), seed=seed).image for seed in (1, 2))
    assert np.abs(first - second).mean() > 0.1
    assert np.abs(first - example).mean() > 0.1


def test_the_first_layout_is_made_of_pieces_of_the_example() -> None:
    small = np.random.default_rng(0).random((20, 20, 3), np.float32)
    layout = shuffled(small, (26, 41), seed=5)
    windows = np.lib.stride_tricks.sliding_window_view(small, (PIECE, PIECE), axis=(0, 1)).reshape(-1, 3, PIECE, PIECE)
    for top, left in ((0, 0), (PIECE, 2 * PIECE)):
        piece = np.moveaxis(layout[top : top + PIECE, left : left + PIECE], 2, 0)
        assert (windows == piece).all(axis=(1, 2, 3)).any()
    assert (layout == shuffled(small, (26, 41), seed=5)).all()
    assert (layout != shuffled(small, (26, 41), seed=6)).any()


def test_a_plan_that_takes_a_seed_gets_the_runs() -> None:
    seeds = []

    class Seeded(Texture):
        def plan(self, seed: int = 0) -> Plan:
            seeds.append(seed)
            return super().plan(seed)

    task = Seeded(image=tiny_image((24, 28)))
    patchnn.run(task, seed=7, iterations=1)
    tune(task, 8)
    tune(task)
    drawn = patchnn.run(task, iterations=1).seed
    assert seeds == [7, 8, 0, drawn]


def night() -> Any:
    """Few lights of all sizes and colours in the dark."""
    random = np.random.RandomState(3)
    rows, columns = np.mgrid[:64, :96]
    image = np.full((64, 96, 3), 0.05, np.float32)
    for _ in range(14):
        row, column, radius = random.randint(4, 60), random.randint(4, 92), random.uniform(1.5, 3.5)
        image[np.hypot(rows - row, columns - column) < radius] = random.uniform(0.3, 1, 3)
    return image


def test_what_is_rare_in_the_example_is_in_the_texture() -> None:
    example = night()
    made = [patchnn.run(Texture(image=example), seed=seed).image for seed in range(4)]
    # Without Plan.completeness, dark patches fit everywhere: 95 with these pieces, 145 with pieces of 8 pixels.
    assert np.mean([metrics.completeness(image, example) for image in made]) < 80
