"""Colour profiles, printing inks and Lab."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from image_files import GREY, GREY_PROFILE, PROFILE, RGB, by_pillow, tiff, unit
from PIL import Image as Pillow

from patchnn.images import FileTraits, decode, encode


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_a_profile_is_carried_over(suffix: str, depth: Any) -> None:
    source = decode(encode(unit(RGB), "a.png", traits=FileTraits(depth, PROFILE)), "a.png")
    assert source.traits == FileTraits(depth, PROFILE)
    assert decode(encode(source.pixels, f"b{suffix}", traits=source.traits), "b").traits.icc == PROFILE


def test_a_profile_of_other_colours_is_left_out() -> None:
    assert decode(encode(unit(GREY), "a.png", traits=FileTraits(8, PROFILE)), "a").traits.icc is None
    assert decode(encode(unit(GREY), "a.png", traits=FileTraits(8, GREY_PROFILE)), "a").traits.icc == GREY_PROFILE
    # WebP has no grey: what is written is RGB.
    assert decode(encode(unit(GREY), "a.webp", traits=FileTraits(8, GREY_PROFILE)), "a").traits.icc is None


@pytest.mark.parametrize("profile", [None, b"no profile", PROFILE])
def test_printing_inks_become_rgb(profile: bytes | None) -> None:
    inks = Pillow.fromarray(np.full((8, 8, 4), (0, 255, 255, 0), np.uint8), "CMYK")
    image = decode(by_pillow(inks, "JPEG", quality=100, **({"icc_profile": profile} if profile else {})), "cmyk.jpg")
    assert image.traits.icc is None
    np.testing.assert_allclose(image.pixels[4, 4], (1, 0, 0), atol=0.02)


def ink_profile() -> bytes:
    """The smallest profile of a printer: black ink darkens, other inks leave no trace (ICC.1:2001, lut8Type)."""
    ramp = bytes(range(256))
    # Lab for every mixture of none or all of C, M, Y, K, the last changing fastest.
    mixtures = bytes(value for _ in range(8) for lightness in (255, 0) for value in (lightness, 128, 128))
    identity = struct.pack(">9i", *(65536 * (n % 4 == 0) for n in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + mixtures + ramp * 3
    body = struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ")
    return (header + bytes(12) + b"acsp").ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061) + bytes(48) + body


def test_printing_inks_go_through_their_profile() -> None:
    inks = np.zeros((8, 16, 4), np.uint8)
    inks[:, :8, :3] = 255
    inks[:, 8:, 3] = 255
    data = by_pillow(Pillow.fromarray(inks, "CMYK"), "TIFF", icc_profile=ink_profile())
    pixels = decode(data, "cmyk.tif").pixels
    np.testing.assert_allclose(pixels[4, 4], (1, 1, 1), atol=0.02)
    np.testing.assert_allclose(pixels[4, 12], (0, 0, 0), atol=0.02)


def test_lab_becomes_rgb() -> None:
    red = tiff(np.full((8, 8, 3), (136, 80, 67), np.uint8), photometric="cielab")
    np.testing.assert_allclose(decode(red, "lab.tif").pixels[4, 4], (1, 0, 0), atol=0.05)
