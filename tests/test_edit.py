"""What an edit keeps, what it makes anew, and how it tells them apart."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from scipy import ndimage

import patchnn_tasks.finder
from patchnn import Image, InputError, Mask, fill_holes, read_image, resize, run
from patchnn_tasks import Edit
from patchnn_tasks.pieces import find_pieces
from patchnn_tasks.seams import insert, move_border, unlike
from samples import random_image

EXAMPLES = Path(__file__).parent.parent / "examples" / "images"


def scene(shape: tuple[int, int] = (96, 128), seed: int = 3) -> Image:
    """A bright textured upper half over a dark one, with a shade from left to right."""
    texture = resize(random_image((shape[0] // 2, shape[1] // 2), seed=seed), shape)
    row, col = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    ground = np.where(row < shape[0] / 2, 0.65, 0.3) + 0.1 * col / shape[1]
    return np.clip(ground[:, :, None] + 0.25 * (texture - 0.5), 0, 1).astype(np.float32)


def paste(source: Image, to: tuple[int, int], start: tuple[int, int], shape: tuple[int, int]) -> tuple[Image, Mask]:
    """Copy a rectangle; return the edit and where it was put."""
    edited, mask = source.copy(), np.zeros(source.shape[:2], np.bool_)
    there = slice(to[0], to[0] + shape[0]), slice(to[1], to[1] + shape[1])
    edited[there] = source[start[0] : start[0] + shape[0], start[1] : start[1] + shape[1]]
    mask[there] = True
    return edited, mask


def eight_bits(image: Image) -> Image:
    return (np.round(image * 255) / 255).astype(np.float32)


def as_jpeg(image: Image, quality: int) -> Image:
    file = io.BytesIO()
    PIL.Image.fromarray(np.round(image * 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(PIL.Image.open(file), np.float32) / 255


def step(image: Image, mask: Mask) -> float:
    """The mean step across a mask's border, over that between other pixels within 8 of it."""
    across, along = [], []
    near = (ndimage.distance_transform_cdt(mask) <= 8) & (ndimage.distance_transform_cdt(~mask) <= 8)
    for axis in (0, 1):
        steps = np.abs(np.diff(image, axis=axis)).sum(2)
        first, second = (np.take(mask, range(k, mask.shape[axis] - 1 + k), axis) for k in (0, 1))
        both = np.take(near, range(mask.shape[axis] - 1), axis)
        across.append(steps[first != second])
        along.append(steps[(first == second) & both])
    return float(np.concatenate(across).mean() / np.concatenate(along).mean())


def share_kept(made: Image, edited: Image, source: Image, mask: Mask) -> float:
    inside = ndimage.binary_erosion(mask, iterations=8)
    return float(1 - ((made - edited)[inside] ** 2).mean() / ((source - edited)[inside] ** 2).mean())


def test_copies_are_found_where_they_came_from() -> None:
    source = scene()
    edited, first = paste(source, (10, 10), (60, 80), (30, 26))
    edited[60:80, 30:64] = source[5:25, 80:114]
    pieces, changed = find_pieces(source, edited)
    assert [piece.offset for piece in pieces] == [(50, 70), (-55, 50)]
    assert pieces[0].window == (slice(10, 40), slice(10, 36))
    assert pieces[0].mask.all()
    assert (changed & first).sum() > 0.99 * first.sum()


def test_copies_are_found_in_a_source_that_is_searched_at_a_smaller_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patchnn_tasks.finder, "PIXELS", 900)
    monkeypatch.setattr(patchnn_tasks.finder, "COMPARED", 50)
    source = random_image((90, 110))
    edited = source.copy()
    edited[50:73, 20:47] = source[11:34, 60:87]
    pieces, _ = find_pieces(source, edited)
    assert [piece.offset for piece in pieces] == [(-39, 40)]


@pytest.mark.parametrize("quality", [60, 75, 92])
def test_copies_are_found_in_an_edit_saved_as_jpeg(quality: int) -> None:
    source = scene()
    edited, mask = paste(source, (8, 12), (56, 80), (36, 40))
    pieces, _ = find_pieces(eight_bits(source), as_jpeg(edited, quality))
    assert [piece.offset for piece in pieces] == [(48, 68)]
    found = np.zeros_like(mask)
    found[pieces[0].window] = pieces[0].mask
    assert (found & mask).sum() > 0.9 * (found | mask).sum()


def test_the_traces_of_jpeg_are_no_edit() -> None:
    source = eight_bits(scene())
    with pytest.raises(InputError, match="nothing to mend"):
        Edit(source=source, edited=as_jpeg(source, 75)).plan()


def test_a_copy_of_plain_sky_is_told_from_all_others_by_its_whole_shape() -> None:
    source = np.full((80, 160, 3), 0.5, np.float32)
    source[28:40, 100:112] = 0.9
    edited, _ = paste(source, (16, 10), (16, 80), (40, 50))
    edited[50:60, 120:130] = 0.2
    pieces, _ = find_pieces(source, edited)
    assert pieces[0].offset == (0, 70)


@pytest.mark.parametrize("jpeg", [False, True])
def test_a_pasted_piece_is_kept_and_its_border_is_not_seen(jpeg: bool) -> None:
    source = eight_bits(scene())
    edited, mask = paste(source, (6, 20), (54, 70), (36, 44))
    given = as_jpeg(edited, 85) if jpeg else edited
    made = run(Edit(source=source, edited=given), seed=1, backend="numpy").image
    assert step(edited, mask) > 4
    assert step(made, mask) < 1.8
    assert share_kept(made, edited, source, mask) > 0.95
    far = ndimage.distance_transform_cdt(~mask) > 24
    np.testing.assert_array_equal(made[far], given[far])


def test_maps_follow_the_pieces() -> None:
    source, other = scene(), random_image((96, 128), seed=9)
    edited, _ = paste(source, (6, 20), (54, 70), (36, 44))
    made = run(Edit(source=source, edited=edited), seed=1, backend="numpy")
    np.testing.assert_array_equal(made.apply(other)[16:32, 30:54], other[64:80, 80:104])
    np.testing.assert_allclose(made.apply(source), made.image, atol=0.12)


def test_a_small_piece_is_not_lost() -> None:
    source = scene()
    edited, _ = paste(source, (12, 30), (70, 90), (10, 10))
    made = run(Edit(source=source, edited=edited), seed=1, backend="numpy").image
    np.testing.assert_allclose(made[15:19, 33:37], edited[15:19, 33:37], atol=0.02)


def test_what_was_covered_does_not_come_back() -> None:
    source = scene()
    source[20:32, 40:50] = (1, 0, 0)
    edited, _ = paste(source, (16, 36), (16, 76), (20, 18))
    made = run(Edit(source=source, edited=edited), seed=1, backend="numpy")
    red = made.image[:, :, 0] - made.image[:, :, 1]
    assert red.max() < 0.6
    usable = made.plan.sources[0].usable
    assert usable is not None
    assert not usable[16:36, 36:54].any()
    assert usable[16:36, 76:94].all()


def test_a_scaled_piece_is_kept_as_it_is() -> None:
    source = scene()
    edited = source.copy()
    edited[6:42, 20:64] = np.clip(resize(source[60:84, 70:100], (36, 44)), 0, 1)
    made = run(Edit(source=source, edited=edited), seed=1, backend="numpy").image
    np.testing.assert_array_equal(made[12:36, 26:58], edited[12:36, 26:58])
    mask = np.zeros(source.shape[:2], np.bool_)
    mask[6:42, 20:64] = True
    assert step(made, mask) < 0.6 * step(edited, mask)


def test_what_is_recoloured_in_its_place_keeps_its_edges() -> None:
    source = scene()
    source[20:50, 30:70] *= np.float32(0.3)
    edited = source.copy()
    edited[20:50, 30:70, :2] *= np.float32(0.5)
    plan = Edit(source=source, edited=edited).plan()
    assert plan.keep is not None
    assert plan.keep.all()
    np.testing.assert_array_equal(run(Edit(source=source, edited=edited), seed=1, backend="numpy").image, edited)


def test_a_painted_stroke_is_made_of_patches() -> None:
    source = scene()
    edited = source.copy()
    edited[20:30, 30:90] = (0.3, 0.35, 0.3)
    made = run(Edit(source=source, edited=edited), seed=1, backend="numpy")
    assert len(made.plan.notes) == 1
    assert "60×10 pixels at 30,20" in made.plan.notes[0]
    assert (made.field.source[20:24, 30:84] == 0).all()
    stroke = made.image[22:28, 34:86]
    assert stroke.mean() < source[22:28, 34:86].mean() - 0.1, "the dark half came up"
    assert stroke.std((0, 1)).mean() > 0.01
    assert made.plan.noise > 0, "an even colour asks for even patches"


def test_masks_say_what_is_kept_and_what_is_made_anew() -> None:
    source = scene()
    edited, mask = paste(source, (6, 20), (54, 70), (36, 44))
    free = np.zeros_like(mask)
    free[60:80, 10:30] = True
    made = run(Edit(source=source, edited=edited, keep=mask, free=free), seed=1, backend="numpy")
    np.testing.assert_array_equal(made.image[mask], edited[mask])
    assert (made.field.source[60:74, 10:24] == 0).all()
    whole = run(Edit(source=source, edited=edited, free=mask), seed=1, backend="numpy")
    assert (whole.field.source[6:36, 20:58] == 0).all()
    alone = run(Edit(source=source, edited=source, free=free), seed=1, backend="numpy")
    np.testing.assert_array_equal(alone.image[~free], source[~free])


def test_what_was_moved_away_does_not_come_back() -> None:
    balloons = read_image(EXAMPLES / "balloons.png")
    edited, gap = balloons.copy(), np.zeros(balloons.shape[:2], np.bool_)
    gap[28:122, 34:100] = True
    edited[20:114, 160:226] = balloons[gap].reshape(94, 66, 3)
    edited = np.where(gap[:, :, None], fill_holes(balloons, ~gap), edited)
    made = run(Edit(source=balloons, edited=edited, free=gap), seed=1, backend="numpy").image
    # The sky is bright and blue, the balloon red and its basket dark.
    assert (made[gap][:, 2] > made[gap][:, 0]).all()
    assert made[gap].mean(axis=1).min() > 0.4
    np.testing.assert_allclose(made[40:80, 175:210], edited[40:80, 175:210], atol=0.1)


def test_what_was_erased_is_filled() -> None:
    source = np.concatenate([scene(), np.ones((96, 128, 1), np.float32)], 2)
    edited = source.copy()
    edited[20:36, 50:70] = 0
    made = run(Edit(source=source, edited=edited), seed=1, backend="numpy").image
    np.testing.assert_allclose(made[:, :, 3], 1, atol=1e-5)
    assert made[20:36, 50:70, :3].min() > 0.3


def test_every_pixel_may_change() -> None:
    source = scene()
    made = run(Edit(source=source, edited=source[::-1].copy()), seed=1, backend="numpy").image
    assert made.shape == source.shape


def test_a_border_moves_to_where_both_sides_agree() -> None:
    ground = random_image((40, 40), seed=1)
    piece = random_image((40, 40), seed=2)
    piece[:, 26:29] = ground[:, 26:29]
    mask = np.zeros((40, 40), np.bool_)
    mask[:, :24] = True
    free = np.zeros_like(mask)
    free[:, 20:34] = True
    moved = move_border(mask, piece, ground, free)
    assert moved[:, :26].all()
    assert not moved[:, 29:].any()
    np.testing.assert_array_equal(move_border(mask, piece, ground, np.zeros_like(mask)), mask)


def test_a_shade_is_matched_and_another_material_is_not() -> None:
    ground, known = np.full((60, 60, 3), 0.5, np.float32), np.ones((60, 60), np.bool_)
    mask = np.zeros((60, 60), np.bool_)
    mask[15:45, 15:45] = True
    shade, gap = insert(ground, ground + np.float32(0.04), known, mask)
    assert np.abs(shade[20:40, 20:40] - 0.5).max() < 0.02
    assert gap.max() < 0.015
    other, gap = insert(ground, ground + np.float32(0.5), known, mask)
    assert np.abs(other[25:35, 25:35] - 1.0).max() < 0.002
    assert gap.max() > 0.3


def test_more_is_matched_where_both_sides_are_smooth() -> None:
    smooth, known = np.full((60, 60, 3), 0.4, np.float32), np.ones((60, 60), np.bool_)
    mask = np.zeros((60, 60), np.bool_)
    mask[15:45, 15:45] = True
    grain = (0.2 * (random_image((60, 60)) - 0.5)).astype(np.float32)
    skies, _ = insert(smooth, smooth + np.float32(0.18), known, mask)
    walls, _ = insert(smooth + grain, smooth + grain + np.float32(0.18), known, mask)
    assert skies[25:35, 25:35].mean() < 0.44
    assert walls[25:35, 25:35].mean() > 0.54


def test_a_sky_that_borders_on_a_rock_has_the_shade_of_its_seam_with_the_sky() -> None:
    ground, known = np.full((60, 60, 3), 0.4, np.float32), np.ones((60, 60), np.bool_)
    rock = np.s_[:, 40:]
    ground[rock] = 0.9 * random_image((60, 20))
    mask = np.zeros((60, 60), np.bool_)
    mask[15:45, 15:40] = True
    piece = np.full_like(ground, 0.6)
    joined, gap = insert(ground, piece, known, mask)
    assert np.abs(joined[20:40, 20:33] - 0.4).max() < 0.04
    assert gap[20:40, 39].max() > 0.1, "the seam with the rock is made of patches"
    # A rock in the piece keeps its own.
    piece[rock] = ground[rock]
    mask[15:45, 15:55] = True
    joined, _ = insert(np.full_like(ground, 0.4), piece, known, mask)
    assert np.abs(joined[28:33, 44:48] - piece[28:33, 44:48]).max() < 0.03


def test_an_edge_that_was_there_before_is_no_seam() -> None:
    source = np.full((40, 40, 3), 0.2, np.float32)
    mask = np.zeros((40, 40), np.bool_)
    mask[10:30, 10:30] = True
    edited = source.copy()
    edited[mask] = 0.7
    assert unlike(source, edited, mask).max() > 0.4
    assert unlike(edited, edited, mask).max() == 0


def test_the_example_of_the_documentation_is_understood() -> None:
    source, edited = (read_image(EXAMPLES / f"balloons{end}.png") for end in ("", "-edited"))
    pieces, _ = find_pieces(source, edited)
    assert {piece.offset for piece in pieces if piece.mask.size > 100} == {(-12, -70), (0, 48)}
