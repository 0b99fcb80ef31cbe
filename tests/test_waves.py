"""A fill goes on in step with rows and bricks: the waves that surroundings repeat in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from patchnn import Source, run, synthesize
from patchnn.engine.arrays import Image, Mask, Window
from patchnn_tasks import Inpaint
from patchnn_tasks.waves import MOST, waves


def wall(shape: tuple[int, int] = (150, 190), row: float = 13.0, lean: float = 0.1, seed: int = 0) -> Image:
    """Rows of bricks of many shades that lean, with mortar between them and grain."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    height = (y + lean * x) / row
    along = (x - lean * y) / (3.1 * row) + 0.5 * (np.floor(height) % 2)
    shade = random.uniform(0.4, 0.5, (64, 64))[np.floor(height).astype(int) % 64, np.floor(along).astype(int) % 64]
    mortar = (height % 1 < 0.2) | (along % 1 < 0.07)
    grain = random.normal(0, 0.03, shape)
    return np.clip(np.where(mortar, 0.85, shade) + grain, 0, 1).astype(np.float32)[:, :, None]


def disc(shape: tuple[int, int], radius: float = 24) -> Mask:
    y, x = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(np.hypot(y - shape[0] / 2, x - shape[1] / 2) < radius)


def phases(image: Image, hole: Mask, widest: int, windows: Sequence[Window] | None = None) -> Image | None:
    """Return where pixels of the whole image stand in its waves, 0 where there are none; None if there are none at all."""
    found = waves(image, hole, widest, windows)
    whole = np.zeros((*hole.shape, 2 * MOST), np.float32)
    for part, values in found:
        whole[part][:, :, : values.shape[2]] = values
    return whole if found else None


def test_rows_of_bricks_go_on_straight() -> None:
    errors = []
    for seed in (0, 1, 2):
        image = wall(seed=seed)
        hole = disc(image.shape[:2])
        plan = Inpaint(image=np.where(hole[:, :, None], 0, image), mask=hole).plan()
        assert plan.guide is not None
        assert plan.guide.shape[2] == 2 + 2 * MOST
        bare = plan.guide[:, :, :2]
        without = replace(
            plan,
            sources=[Source(plan.sources[0].image, usable=~hole, guide=bare)],
            guide=bare,
            guide_weights=plan.guide_weights[:2],
            guide_levels=plan.guide_levels[:2],
        )
        errors.append([float(((synthesize(p, seed=1).image - image)[hole] ** 2).mean()) for p in (plan, without)])
    print(errors)
    mine, bent = np.mean(errors, 0)
    assert mine < 0.8 * bent


def test_a_wave_goes_on_through_the_hole() -> None:
    y = np.arange(140.0)
    image = np.tile((0.5 + 0.2 * np.sin(2 * np.pi * y / 11)).astype(np.float32)[:, None, None], (1, 160, 3))
    hole = disc(image.shape[:2])
    found = phases(np.where(hole[:, :, None], 1, image), hole, 41)
    assert found is not None
    phase = np.angle(found[:, :, 0] + 1j * found[:, :, 1])
    turns = np.diff(np.unwrap(phase[:, 80])) / (2 * np.pi)
    np.testing.assert_allclose(turns, 1 / 11, atol=0.01)
    assert np.abs(np.hypot(found[hole][:, 0], found[hole][:, 1]) - 0.2 / np.sqrt(2)).max() < 0.02


@pytest.mark.parametrize("scale", [1, 3])
def test_phases_are_those_of_the_image_at_any_size(scale: int) -> None:
    y = np.arange(150.0 * scale)
    image = np.tile((0.5 + 0.2 * np.cos(2 * np.pi * y / (12 * scale))).astype(np.float32)[:, None, None], (1, 150 * scale, 1))
    hole = disc(image.shape[:2], 22 * scale)
    found = phases(image, hole, 37 * scale)
    assert found is not None
    middle = slice(20 * scale, -20 * scale)
    strength = np.hypot(found[middle, middle, 0], found[middle, middle, 1])
    np.testing.assert_allclose(found[middle, middle, 0] / strength, (image[middle, middle, 0] - 0.5) / 0.2, atol=0.15)


def test_where_nothing_repeats_there_are_no_waves() -> None:
    random = np.random.default_rng(0)
    ramp = np.linspace(0, 1, 120)[:, None, None] * np.ones((1, 140, 3))
    edge = (np.arange(140) > 50)[None, :, None] * np.ones((120, 1, 3))
    for image in (ramp, edge, random.random((120, 140, 3)), np.full((120, 140, 3), 0.5)):
        assert phases(image.astype(np.float32), disc((120, 140)), 41) is None


def test_each_window_has_waves_of_its_own() -> None:
    image = np.full((200, 700, 1), 0.5, np.float32)
    image[:, :300, 0] += 0.2 * np.sin(np.arange(200) * 2 * np.pi / 11)[:, None].astype(np.float32)
    image[:, 400:, 0] += 0.2 * np.sin(np.arange(300) * 2 * np.pi / 9)[None].astype(np.float32)
    hole = np.zeros((200, 700), np.bool_)
    hole[80:115, 120:155] = hole[80:115, 540:575] = True
    everywhere = slice(0, 200)
    found = phases(image, hole, 35, [(everywhere, slice(0, 320)), (everywhere, slice(380, 700))])
    assert found is not None
    assert not found[:, 300:400].any()
    left, right = (
        np.unwrap(np.angle(part[:, :, 0] + 1j * part[:, :, 1]), axis=axis)
        for part, axis in ((found[60:140, 100:180], 0), (found[60:140, 520:600], 1))
    )
    np.testing.assert_allclose(abs(np.diff(left, axis=0).mean()) / (2 * np.pi), 1 / 11, rtol=0.03)
    np.testing.assert_allclose(abs(np.diff(right, axis=1).mean()) / (2 * np.pi), 1 / 9, rtol=0.03)


def test_a_guide_takes_no_memory_where_nothing_is_looked_at() -> None:
    image = np.tile(wall(), (4, 4, 1))
    hole = np.zeros(image.shape[:2], np.bool_)
    hole[280:320, 360:400] = True
    plan = Inpaint(image=image, mask=hole).plan()
    assert plan.windows is not None
    assert plan.guide is not None
    assert plan.guide.shape[2] == 2 + 2 * MOST
    shown = np.zeros_like(hole)
    for window in plan.windows:
        assert plan.guide[window].any(2).mean() > 0.99
        shown[window] = True
    # Pages of zeros that were not written to take no memory.
    assert not plan.guide[~shown].any()
    assert all(values.dtype == np.float32 for _, values in waves(image, hole, 39, plan.windows))


def test_a_thin_hole_and_one_that_leaves_little_take_no_harm() -> None:
    image = wall((60, 60))
    lines = np.zeros((60, 60), np.bool_)
    lines[::12] = True
    assert phases(image, lines, 1) is None
    hole = np.ones((60, 60), np.bool_)
    hole[:9] = False
    assert np.isfinite(run(Inpaint(image=image, mask=hole), seed=1, backend="numpy").image).all()
