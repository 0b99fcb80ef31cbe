"""Opacity, and a whole run from file to file: what is not changed comes back."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from image_files import RGBA, SMOOTH, by_pillow, numbers, tiff
from PIL import Image as Pillow

from patchnn import run
from patchnn.cli import main
from patchnn.images import decode, encode, read_file, read_record
from patchnn.images.decoded import premultiply, unpremultiply
from patchnn.images.png import encode_png16
from patchnn.testing import tiny_image
from patchnn_tasks import Generate


def test_colour_under_transparency_is_dropped_and_the_rest_comes_back() -> None:
    data = by_pillow(Pillow.fromarray(RGBA), "PNG")
    again = np.asarray(Pillow.open(io.BytesIO(encode(decode(data, "a").pixels, "b.png"))))
    expected = RGBA.copy()
    expected[RGBA[:, :, 3] == 0] = 0
    np.testing.assert_array_equal(again, expected)


@pytest.mark.parametrize("alpha", [None, 0.005, 1.0])
@pytest.mark.parametrize("noise", [0.0, 0.75, 3.0])
@pytest.mark.parametrize("depth", [8, 16])
def test_colour_under_transparency_never_bleeds(alpha: float | None, noise: float, depth: Any) -> None:
    most = 2**depth - 1
    stored = np.zeros((40, 48, 4), f"u{depth // 8}")
    stored[:, :] = 0, most // 2, 0, most
    stored[::5, :, 1] = most // 3
    stored[10:26, 14:34] = most, 0, 0, 0
    data = by_pillow(Pillow.fromarray(stored), "PNG") if depth == 8 else encode_png16(stored)
    source = decode(data, "badge.png")
    made = run(Generate(source.pixels, noise=noise), seed=2, alpha=alpha, backend="numpy", iterations=3).image
    again = unpremultiply(decode(encode(made, "b.png", traits=source.traits), "b").pixels)
    assert again[:, :, 0].max() == 0
    assert (again[:, :, 3] < 1).any(), "some of it is transparent"
    opaque = again[:, :, 3] > 0.5
    assert again[opaque, 1].max() <= 0.5 + 0.01
    assert again[opaque, 1].min() >= 1 / 3 - 0.01


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [8, 16, "float"])
def test_without_noise_the_file_comes_back(channels: int, depth: Any) -> None:
    image = tiny_image((24, 28), channels)
    if channels in (2, 4):
        image = premultiply(np.clip(image, 0.1, 1))
    data = encode(image, "a.tif", depth=depth)
    source = decode(data, "a.tif")
    # One step a level: from the second on, sharp patches look among blurred keys, and may find another.
    made = run(Generate(source.pixels, noise=0), seed=1, iterations=1, backend="numpy").image
    if depth == "float":
        np.testing.assert_allclose(made, source.pixels, atol=1e-6)
    else:
        assert encode(made, "b.tif", traits=source.traits) == data


WHOLE = {
    "deep.png": encode_png16(numbers(3, 16).repeat(5, 0).repeat(3, 1)),
    "deep-grey.tif": tiff(numbers(1, 16)[:, :, 0].repeat(5, 0).repeat(3, 1)),
    "deep-clear.png": encode_png16(numbers(4, 16).repeat(5, 0).repeat(3, 1)),
    "clear.png": by_pillow(Pillow.fromarray(numbers(4, 8).repeat(5, 0).repeat(3, 1)), "PNG"),
    "grey.png": by_pillow(Pillow.fromarray(SMOOTH[:15, :23]), "PNG"),
    "bits.png": by_pillow(Pillow.fromarray(SMOOTH[:15, :23] > 90), "PNG"),
    "palette.png": by_pillow(Pillow.fromarray(numbers(3, 8).repeat(5, 0).repeat(3, 1)).quantize(16), "PNG"),
    "height.tif": tiff(SMOOTH[:15, :23] * np.float32(35) - 40),
}


@pytest.mark.parametrize("name", WHOLE)
def test_from_file_to_file_nothing_is_lost(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(WHOLE[name])
    assert main(["generate", name, "--noise", "0", "--seed", "1", "--iterations", "1", "-o", f"out-{name}"]) == 0
    before, after = read_file(name), read_file(f"out-{name}")
    assert after.traits.depth == before.traits.depth
    assert after.traits.span == pytest.approx(before.traits.span)
    assert after.pixels.shape == before.pixels.shape
    np.testing.assert_allclose(after.pixels, before.pixels, atol=2e-6)
    if name.endswith(".png"):
        assert "patchnn" in read_record(f"out-{name}")
