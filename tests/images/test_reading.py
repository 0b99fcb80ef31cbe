"""What files of every kind are read as: colours, orientation, frames."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from image_files import GREY, HEIGHT, PALETTE, RGB, RGBA, SMOOTH, WIDTH, by_pillow, tiff, unit
from PIL import Image as Pillow

from bombs import chunk
from patchnn import InputError, read_image
from patchnn.images import decode
from patchnn.images.png import encode_png16

GREY_ALPHA = RGBA[:, :, [0, 3]]
DEEP = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 1200


def with_clear_colour(image: Pillow.Image) -> Any:
    """Pixels of a palette image whose colour 0 is transparent."""
    alpha = np.where(np.asarray(image) == 0, 0, 255).astype(np.uint8)
    return np.dstack([np.asarray(image.convert("RGB")), alpha])


READ: dict[str, tuple[Pillow.Image, dict[str, Any], Any]] = {
    "rgb.png": (Pillow.fromarray(RGB), {}, unit(RGB)),
    "rgba.png": (Pillow.fromarray(RGBA), {}, unit(RGBA)),
    "grey.png": (Pillow.fromarray(GREY), {}, unit(GREY)),
    "grey-alpha.png": (Pillow.fromarray(GREY_ALPHA), {}, unit(GREY_ALPHA)),
    "grey-clear.png": (
        Pillow.fromarray(GREY),
        {"transparency": int(GREY[2, 3])},
        unit(np.dstack([GREY, np.where(GREY[2, 3] == GREY, 0, 255).astype(np.uint8)])),
    ),
    "palette.png": (PALETTE, {}, unit(np.asarray(PALETTE.convert("RGB")))),
    "palette-clear.png": (PALETTE, {"transparency": 0}, unit(with_clear_colour(PALETTE))),
    "palette-clear.gif": (PALETTE, {"transparency": 0}, unit(with_clear_colour(PALETTE))),
    "bits.png": (Pillow.fromarray(GREY > 99), {}, unit((GREY > 99) * np.uint8(255))),
    "deep.png": (Pillow.fromarray(DEEP), {}, DEEP[:, :, None] / np.float32(65535)),
    "deep.tif": (Pillow.fromarray(DEEP), {}, DEEP[:, :, None] / np.float32(65535)),
    "float.tif": (Pillow.fromarray(unit(GREY)[:, :, 0]), {}, unit(GREY)),
    "rgb.bmp": (Pillow.fromarray(RGB), {}, unit(RGB)),
    "rgb.tif": (Pillow.fromarray(RGB), {}, unit(RGB)),
    "rgb.webp": (Pillow.fromarray(RGB), {"lossless": True}, unit(RGB)),
    "cmyk.tif": (Pillow.fromarray(RGB).convert("CMYK"), {}, unit(RGB)),
    "moving.gif": (PALETTE, {"save_all": True, "append_images": [PALETTE.rotate(180)]}, unit(np.asarray(PALETTE.convert("RGB")))),
}


@pytest.mark.parametrize("name", READ)
def test_pixels_are_read_as_they_are_stored(name: str, tmp_path: Path) -> None:
    image, settings, expected = READ[name]
    image.save(tmp_path / name, **settings)
    pixels = read_image(tmp_path / name)
    assert pixels.dtype == np.float32
    assert pixels.flags.c_contiguous
    assert pixels.shape == expected.shape
    np.testing.assert_allclose(pixels, expected, atol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_upright(orientation: int, suffix: str, tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(SMOOTH).convert("RGB").save(tmp_path / f"turned.{suffix}", exif=exif)
    assert_upright(read_image(tmp_path / f"turned.{suffix}"), orientation)


@pytest.mark.parametrize("kind", ["png", "tif", "grey tif", "float tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_deep_image_is_turned_upright(orientation: int, kind: str) -> None:
    deep = np.repeat(SMOOTH[:, :, None], 1 if "grey" in kind else 3, axis=2) * np.uint16(257)
    if kind == "png":
        exif = Pillow.Exif()
        exif[0x0112] = orientation
        data = encode_png16(deep)
        # The chunk goes between the header and the pixels.
        data = data[:33] + chunk(b"eXIf", exif.tobytes()[6:]) + data[33:]
    else:
        file = io.BytesIO()
        tag = [(274, "H", 1, orientation, True)]
        colours = "minisblack" if "grey" in kind else "rgb"
        tifffile.imwrite(file, deep / np.float32(65535) if "float" in kind else deep, photometric=colours, extratags=tag)
        data = file.getvalue()
    assert_upright(decode(data, "turned").pixels, orientation)


def assert_upright(pixels: Any, orientation: int) -> None:
    smooth = SMOOTH
    # How the stored pixels are to be turned, as the EXIF standard lists it.
    upright = {
        1: smooth,
        2: np.fliplr(smooth),
        3: np.rot90(smooth, 2),
        4: np.flipud(smooth),
        5: smooth.T,
        6: np.rot90(smooth, -1),
        7: np.rot90(smooth, 2).T,
        8: np.rot90(smooth, 1),
    }[orientation]
    assert pixels.shape[:2] == upright.shape
    assert np.abs(pixels[:, :, pixels.shape[2] // 2] * 255 - upright).mean() < 4


def test_frames_are_counted_and_the_first_is_read() -> None:
    others = [PALETTE.rotate(180), PALETTE.rotate(90)]
    for kind in ("GIF", "WEBP", "TIFF", "PNG"):
        first = Pillow.fromarray(SMOOTH).convert("RGB")
        data = by_pillow(first, kind, save_all=True, append_images=[first.rotate(180), first.rotate(180).point(lambda v: v // 2)])
        image = decode(data, f"several.{kind}")
        assert image.frames == 3, kind
        assert np.abs(image.pixels[:, :, 0] * 255 - SMOOTH).mean() < 4
    assert decode(by_pillow(PALETTE, "GIF"), "one.gif").frames == 1
    assert (
        decode(by_pillow(others[0].convert("RGB"), "MPO", save_all=True, append_images=[PALETTE.convert("RGB")]), "a").frames == 1
    )
    assert decode(tiff(np.zeros((3, 9, 9, 3), np.float32), photometric="rgb"), "a.tif").frames == 3


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    for suffix in (".jpg", ".tif", ".xyz", ""):
        (tmp_path / f"a{suffix}").write_bytes(by_pillow(Pillow.fromarray(RGB), "PNG"))
        np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}"), unit(RGB))
    (tmp_path / "a.tga").write_bytes(by_pillow(Pillow.fromarray(RGB), "TGA"))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tga"), unit(RGB))
    (tmp_path / "b.png").write_bytes((tmp_path / "a.tga").read_bytes())
    with pytest.raises(InputError, match="not a supported image format"):
        read_image(tmp_path / "b.png")
    (tmp_path / "a.eps").write_bytes(by_pillow(Pillow.fromarray(RGB), "EPS"))
    with pytest.raises(InputError, match="not a supported image format"):
        read_image(tmp_path / "a.eps")


def test_a_damaged_tag_takes_nothing_from_the_pixels() -> None:
    good = by_pillow(Pillow.fromarray(RGB), "PNG")
    data = good[:33] + chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff") + good[33:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(decode(data, "a").pixels, unit(RGB))


def test_a_tag_that_is_no_profile_is_dropped() -> None:
    image = decode(tiff(unit(RGB), photometric="rgb", extratags=[(34675, "H", 2, (1, 2), True)]), "a.tif")
    assert image.traits.icc is None


def test_a_large_image_is_read_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    data = by_pillow(Pillow.fromarray(RGB), "PNG")
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", HEIGHT * WIDTH - 1)
    assert decode(data, "a.png").pixels.shape == (HEIGHT, WIDTH, 3)
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", HEIGHT * WIDTH // 3)
    with pytest.raises(InputError, match="more than 178,956,970 pixels"):
        decode(data, "a.png")
