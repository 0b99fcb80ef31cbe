"""Retargeting by seams: what gives room, what stays, what goes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from patchnn import InputError, Mask, Shape, Size, run
from patchnn.testing import TaskConformance, tiny_image, tiny_mask
from patchnn_tasks import Retarget, retarget
from patchnn_tasks.retarget import taken, torn


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


@pytest.mark.parametrize("size", ["200%x50%", "33x7", "100%x150%", None])
def test_the_sketch_has_the_size_of_the_result(size: str | None) -> None:
    image = tiny_image()
    sketch = Retarget(image=image, size=size, drop=None if size else tiny_mask()).sketch()
    assert sketch is not None
    assert sketch.shape[:2] == (image.shape[:2] if size is None else Size.parse(size).of(image.shape[:2]))
    # All of it is shown, from corner to corner.
    np.testing.assert_array_equal(sketch[0, 0], image[0, 0])
    assert np.abs(sketch.mean((0, 1)) - image.mean((0, 1))).max() < 0.1


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


@pytest.mark.parametrize(("by", "mask"), [("patches", "keep"), ("patches", "drop"), ("warp", "drop")])
def test_masks_go_with_what_can_heed_them(by: str, mask: str) -> None:
    image, thing = discs()
    task = Retarget(image=image, size="70%x100%", by=by, **{mask: thing})  # type: ignore[arg-type]  # one mask of two
    with pytest.raises(InputError, match=f"{mask} does not go with --by {by}") as raised:
        task.plan()
    assert raised.value.about == mask


def test_with_ground_enough_the_image_is_warped(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Retarget(image=discs((192, 300))[0], size="60%x100%")
    kept = task.plan().keep
    assert kept is not None
    assert kept.all()
    monkeypatch.setattr(retarget, "AMPLE", 0)
    assert task.plan().keep is None


def test_asked_for_seams_are_half_as_wide_and_mended_where_they_tear_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retarget, "AMPLE", 0)
    image, _ = discs((192, 300))
    auto, carve = (Retarget(image=image, size="60%x100%", by=by).plan() for by in ("auto", "carve"))
    assert auto.keep is None
    assert carve.keep is not None
    assert 0.5 < carve.keep.mean() < 1
    assert np.array_equal(carve.guess, image[tuple(np.moveaxis(carve.origin, 2, 0))])
    assert (np.diff(carve.origin[:, :, 1], axis=1) == 2).any(), "seams of one pixel"


def test_where_seams_would_be_dear_or_few_the_image_is_warped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retarget, "AMPLE", 0)
    rng = np.random.RandomState(4)
    crowded = np.full((192, 240, 3), 0.5, np.float32)
    crowded[60:160, 110:230] = rng.uniform(0, 1, (100, 120, 3))
    assert Retarget(image=crowded, size="66%x100%").plan().keep is None, "plain ground gives the room"
    for size in ("40%x100%", "80%x100%"):
        warped = Retarget(image=crowded, size=size).plan()
        assert warped.keep is not None
        assert warped.keep.all()
        forced = Retarget(image=crowded, size=size, by="warp").plan()
        np.testing.assert_array_equal(warped.guess, forced.guess)


@pytest.mark.parametrize("size", ["70%x100%", "140%x100%"])
def test_letters_are_squeezed_and_stretched_alike(size: str) -> None:
    # Wide margins, which seams would take first.
    page = np.full((96, 300, 3), 0.9, np.float32)
    rng = np.random.RandomState(7)
    for top in range(8, 88, 14):
        for left in range(66, 234, 9):
            page[top : top + 9, left : left + 6][rng.uniform(size=(9, 6)) < 0.35] = 0.1
    at = Retarget(image=page, size=size).plan().origin
    assert at is not None
    wanted = 9 * at.shape[1] / 300
    widths = [np.sum((at[12, :, 1] >= left) & (at[12, :, 1] < left + 9)) for left in range(66, 234, 9)]
    assert np.abs(np.array(widths) - wanted).max() < 1


def test_seams_tell_the_warp_what_to_spare() -> None:
    # A grey thing on white ground beside a glaring one.
    image = np.full((120, 180, 3), 0.9, np.float32)
    y, x = np.mgrid[:120, :180]
    image[np.hypot(y - 60, x - 50) < 25] = 0.6
    image[np.hypot(y - 60, x - 130) < 25] = np.random.RandomState(1).uniform(0, 1, (120, 180, 3))[np.hypot(y - 60, x - 130) < 25]
    at = Retarget(image=image, size="65%x100%", by="warp").plan().origin
    assert at is not None
    # By itself it would be left with 29 of its 50 columns.
    assert np.sum((at[60, :, 1] >= 25) & (at[60, :, 1] < 75)) >= 34


def test_growth_is_warped_and_left_as_it_is() -> None:
    image = np.tile(np.linspace(0.2, 0.8, 120, dtype=np.float32)[None, :, None], (60, 1, 3))
    task = Retarget(image=image, size="150%x100%")
    plain = task.plan()
    assert np.diff(plain.guess[30, 5:-5, 0]).min() > 0, "no pixel is repeated"
    np.testing.assert_array_equal(run(task, seed=1, backend="numpy").image, plain.guess)


def test_maps_follow_what_is_warped() -> None:
    image = np.full((60, 120, 3), 0.5, np.float32)
    image[:, 40:80] = np.random.RandomState(6).uniform(0, 1, (60, 40, 3))
    result = run(Retarget(image=image, size="150%x100%", by="warp"), seed=1)
    columns = np.tile(np.arange(120, dtype=np.float32)[None, :, None] / 120, (60, 1, 1))
    at = result.apply(columns)[:, :, 0] * 120
    assert at.shape == (60, 180)
    assert (np.diff(at) >= 0).all()
    np.testing.assert_allclose(image[np.arange(60)[:, None], np.round(at).astype(int)], result.image, atol=0.7)
    assert np.abs(at[:, [0, -1]] - [0, 119]).max() < 2


def test_guides_decide_what_comes_where_in_a_warped_image() -> None:
    image, thing = discs()
    labels, wanted = thing.astype(np.float32), np.zeros((60, 225), np.float32)
    wanted[18:42, 100:124] = 1
    made = run(Retarget(image=image, size="150%x100%"), seed=1, backend="numpy", guides=[(labels, wanted, 3)]).image
    assert red(made)[24:36, 106:118].mean() > 0.9
    assert red(made)[:, :80].mean() < 0.05


def test_kept_places_are_not_warped() -> None:
    image = np.full((60, 120, 3), 0.5, np.float32)
    image[:, 40:80] = np.random.RandomState(6).uniform(0, 1, (60, 40, 3))
    keep = np.zeros((60, 120), np.bool_)
    keep[:, 4:30] = True
    widths = [
        np.sum((at[30, :, 1] >= 6) & (at[30, :, 1] < 28))
        for k in (keep, None)
        if (at := Retarget(image=image, size="200%x100%", by="warp", keep=k).plan().origin) is not None
    ]
    assert widths[0] == pytest.approx(22, abs=1)
    assert widths[1] > 35


def test_carved_growth_is_stretched_evenly_and_left_where_nothing_tears() -> None:
    image = np.tile(np.linspace(0.2, 0.8, 120, dtype=np.float32)[None, :, None], (60, 1, 3))
    plain = Retarget(image=image, size="150%x100%", by="carve").plan()
    assert plain.keep is not None
    assert plain.keep.all()
    assert np.diff(plain.guess[30, 5:-5, 0]).min() > 0, "no pixel is repeated"


def test_what_is_torn_is_seen_and_moved_apart() -> None:
    image = np.full((30, 40, 3), 0.5, np.float32)
    image[15:, :20] = 0.2
    places = np.moveaxis(np.indices((30, 40)), 0, 2).copy()
    assert not torn(image, places, 1).any()
    places[15:, :, 1] += 2
    around = torn(image, places, 2)
    assert around[15, :20].all()
    assert not around[:, 25:].any(), "plain ground shows no tear"
    assert not around[:10].any()
    assert not torn(image, places, 3).any()


def test_patches_come_from_where_the_seams_put_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retarget, "AMPLE", 0)
    image, _ = discs((144, 300))
    made = run(Retarget(image=image, size="60%x100%"), seed=1, backend="numpy")
    rows, columns = made.field.row, made.field.col
    ahead = np.diff(columns, axis=1)
    assert (ahead >= 0).mean() > 0.9, "what is to the right stays to the right"
    assert np.abs(rows - np.arange(len(rows))[:, None]).mean() < 3


def test_what_seams_take_is_told() -> None:
    firm = np.ones((4, 6), np.float32)
    firm[:, 2] = 6
    places = np.moveaxis(np.indices((4, 5)), 0, 2)
    assert taken(firm, places) == pytest.approx(1 / 11)
    places = np.delete(np.moveaxis(np.indices((4, 6)), 0, 2), 2, axis=1)
    assert taken(firm, places) == pytest.approx(6 / 11)
