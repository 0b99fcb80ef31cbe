"""Retargeting by seams: what gives room, what stays, what goes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from patchnn import InputError, Mask, Shape, run
from patchnn.testing import TaskConformance, tiny_image, tiny_mask
from patchnn_tasks import Retarget


class TestRetargetWithMasks(TaskConformance):
    def task(self) -> Retarget:
        drop = np.zeros((24, 32), np.bool_)
        drop[:6, :5] = True
        return Retarget(image=tiny_image(), size="80%x120%", keep=tiny_mask(), drop=drop)

    def wrong(self) -> list[dict[str, object]]:
        mask = tiny_mask()
        return [
            {"keep": mask[:9]},
            {"drop": np.ones_like(mask)},
            {"by": "patches"},
            {"by": "magic"},
            {"size": None, "drop": None},
        ]


def discs(shape: Shape = (60, 150)) -> tuple[np.ndarray, Mask]:
    """Three red discs on grass, and where they are."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    image = np.random.RandomState(0).normal((0.3, 0.6, 0.25), 0.03, (*shape, 3)).astype(np.float32)
    thing = np.zeros(shape, np.bool_)
    for left in (25, 75, 125):
        thing |= np.hypot(y - 30, x - left) < 11
    image[thing] = 0.85, 0.15, 0.1
    return np.clip(image, 0, 1), thing


def red(image: np.ndarray) -> Mask:
    return np.asarray((image[:, :, 0] > 0.6) & (image[:, :, 1] < 0.35))


def widths(image: np.ndarray) -> list[int]:
    from scipy import ndimage

    parts, _ = ndimage.label(ndimage.binary_opening(red(image), iterations=2))
    return sorted(int(columns.stop - columns.start) for _, columns in ndimage.find_objects(parts))


@pytest.mark.parametrize("size", ["60%x100%", "150%x100%", "250%x100%"])
def test_things_keep_their_number_and_their_shape(size: str) -> None:
    image, _ = discs()
    before, after = widths(image), widths(run(Retarget(image=image, size=size), seed=1, backend="numpy").image)
    assert len(before) == len(after) == 3
    assert np.allclose(before, after, atol=4), f"{before} became {after}"


@pytest.mark.parametrize("size", ["100%x60%", "100%x170%"])
def test_rows_are_treated_as_columns_are(size: str) -> None:
    image, _ = discs()
    turned = np.ascontiguousarray(image.swapaxes(0, 1))
    wide = "x".join(reversed(size.split("x")))
    made = [run(Retarget(image=i, size=s), seed=1, backend="numpy").image for i, s in ((turned, size), (image, wide))]
    assert widths(made[0].swapaxes(0, 1)) == pytest.approx(widths(made[1]), abs=3)


def test_dropped_things_are_gone_and_the_size_stays() -> None:
    image, thing = discs()
    drop = thing.copy()
    drop[:, 50:] = False
    made = run(Retarget(image=image, drop=drop), seed=1, backend="numpy").image
    assert made.shape == image.shape
    assert len(widths(made)) == 2


def test_kept_places_outlast_the_others() -> None:
    rng = np.random.RandomState(3)
    image = np.repeat(np.repeat(rng.uniform(0, 1, (12, 30, 3)).astype(np.float32), 5, 0), 5, 1)
    keep = np.zeros(image.shape[:2], np.bool_)
    keep[:, 100:140] = True

    def error(task: Retarget) -> float:
        made = run(task, seed=1, backend="numpy").image
        wanted = image[:, 105:135]
        return min(float(np.square(made[:, n : n + 30] - wanted).mean()) for n in range(made.shape[1] - 29))

    asked, unasked = (error(Retarget(image=image, size="50%x100%", by="carve", keep=k)) for k in (keep, None))
    assert asked < 0.02 < unasked


def test_a_texture_goes_to_patches_and_a_scene_is_carved() -> None:
    texture = np.random.RandomState(5).uniform(0, 1, (60, 60, 3)).astype(np.float32)
    scene, _ = discs()
    plans = {name: Retarget(image=i, size="70%x100%").plan() for name, i in (("texture", texture), ("scene", scene))}
    assert plans["texture"].claims
    assert not plans["scene"].claims
    assert not Retarget(image=discs((192, 300))[0], size="70%x100%").plan().claims, "things are things on any amount of ground"
    forced = dataclasses.replace(Retarget(image=scene, size="70%x100%"), by="patches").plan()
    assert forced.claims


def test_masks_need_seams() -> None:
    image, thing = discs()
    with pytest.raises(InputError, match="does not go with --by patches") as raised:
        Retarget(image=image, size="70%x100%", by="patches", keep=thing).plan()
    assert raised.value.about == "keep"


def test_asked_for_seams_are_mended_at_finer_levels_alone() -> None:
    image, _ = discs((192, 300))
    auto, carve = (Retarget(image=image, size="60%x100%", by=by).plan() for by in ("auto", "carve"))
    assert auto.ratio == carve.ratio == 2
    assert min(auto.guess.shape[:2]) / auto.coarsest == pytest.approx(2 * min(carve.guess.shape[:2]) / carve.coarsest)


def test_patches_come_from_where_the_seams_put_them() -> None:
    image, _ = discs((144, 300))
    made = run(Retarget(image=image, size="60%x100%"), seed=1, backend="numpy")
    rows, columns = made.field.row, made.field.col
    ahead = np.diff(columns, axis=1)
    assert (ahead >= 0).mean() > 0.9, "what is to the right stays to the right"
    assert np.abs(rows - np.arange(len(rows))[:, None]).mean() < 3
