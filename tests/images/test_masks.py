"""Files read as masks, and what is no mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_files import GREY, MASKS, by_pillow, unit

from patchnn import InputError, read_image, read_mask, write_image
from patchnn.cli import main
from patchnn.images import DecodedImage, FileTraits


@pytest.mark.parametrize("kind", MASKS)
def test_a_mask_is_white_or_opaque(kind: str, tmp_path: Path) -> None:
    MASKS[kind](GREY).save(tmp_path / "mask.png")
    mask = read_mask(tmp_path / "mask.png")
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, GREY > 127)


@pytest.mark.parametrize("kind", MASKS)
def test_inpainting_understands_every_mask(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    photo = unit(np.random.default_rng(5).integers(0, 256, (60, 90, 3), dtype=np.uint8))
    write_image("photo.png", photo)
    bounds = np.zeros((60, 90), np.bool_)
    bounds[10:20, 20:30] = bounds[40:48, 60:75] = True
    level = np.where(bounds, np.uint8(200), np.uint8(30))
    Path("mask.png").write_bytes(by_pillow(MASKS[kind](level), "PNG"))
    assert main(["inpaint", "photo.png", "mask.png", "--fill", "none", "--seed", "1", "--iterations", "2", "-o", "out.png"]) == 0
    changed = (read_image("out.png") != read_image("photo.png")).any(axis=2)
    assert not (changed & ~bounds).any()
    assert changed[bounds].mean() > 0.9


def test_coverage_is_what_masks_are_made_of() -> None:
    rgba = np.zeros((2, 2, 4), np.float32)
    rgba[:, :, 3] = [[0, 0.2], [0.6, 1]]
    image = DecodedImage(rgba, FileTraits())
    np.testing.assert_array_equal(image.coverage(), rgba[:, :, 3])
    np.testing.assert_array_equal(image.mask(), rgba[:, :, 3] > 0.5)
    grey = DecodedImage(rgba[:, :, 3:], FileTraits())
    assert grey.coverage().dtype == np.float32
    np.testing.assert_array_equal(grey.coverage(), rgba[:, :, 3])
    rgba[:, :, 3], rgba[:, :, 0] = 1, 0.9
    np.testing.assert_allclose(DecodedImage(rgba, FileTraits()).coverage(), 0.3, atol=1e-6)


def photograph(channels: int = 3) -> Any:
    return read_image(Path(__file__).parents[2] / "examples/images/coffee.jpg")[:, :, :channels]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_photograph_is_not_taken_for_a_mask(channels: int, tmp_path: Path) -> None:
    write_image(tmp_path / "photo.jpg", photograph(channels))
    with pytest.raises(InputError, match=r"photo\.jpg looks like a photograph: a mask must be black and white, or transparent"):
        read_mask(tmp_path / "photo.jpg")


def test_a_photograph_of_which_something_is_transparent_is_a_mask(tmp_path: Path) -> None:
    pixels = np.concatenate([photograph(), np.ones_like(photograph(1))], axis=2)
    pixels[10:50, 20:90] = 0
    write_image(tmp_path / "cut-out.png", pixels)
    assert (~read_mask(tmp_path / "cut-out.png")).sum() == 40 * 70


@pytest.mark.parametrize("quality", [10, 90])
def test_a_soft_mask_saved_as_a_jpeg_is_a_mask(quality: int, tmp_path: Path) -> None:
    y, x = np.mgrid[:200, :300]
    soft = np.clip((80 - np.hypot(y - 100, x - 150)) / 40 + 0.5, 0, 1)[:, :, None].repeat(3, axis=2)
    write_image(tmp_path / "mask.jpg", soft, quality=quality)
    assert (read_mask(tmp_path / "mask.jpg") != (soft[:, :, 0] > 0.5)).mean() < 0.01
