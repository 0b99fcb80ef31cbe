"""What a notebook shows: a result as its image, a bar while it is made, and where its patches came from."""

from __future__ import annotations

import io
import sys
import types
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import patchnn
from patchnn import Plan, Source, synthesize
from patchnn.origins import draw_origins
from patchnn.testing import tiny_image, tiny_mask
from patchnn_tasks import Collage, Generate, Inpaint

IMAGE = np.clip(tiny_image((24, 28)), 0, 1)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """IPython as a notebook's kernel has it; the list gets what is displayed."""
    shown: list[str] = []

    class Handle:
        def update(self, html: str) -> None:
            shown.append(html)

    def display(html: str, display_id: bool) -> Handle:
        shown.append(html)
        return Handle()

    shell = types.SimpleNamespace(kernel=object())
    ipython: Any = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    ipython.display = types.ModuleType("IPython.display")
    ipython.display.HTML, ipython.display.display = str, display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    return shown


def test_a_result_shows_its_image_and_says_little() -> None:
    result = patchnn.run(Generate(image=IMAGE, variety=0.0), seed=7, iterations=1)
    png = result._repr_png_()
    assert png is not None
    np.testing.assert_array_equal(np.asarray(Pillow.open(io.BytesIO(png))), np.floor(IMAGE * 255 + 0.5))
    assert repr(result) == "<Result of generate: 28×24, 3 channels, seed 7>"


def test_a_notebook_has_a_bar_by_itself(notebook: list[str]) -> None:
    patchnn.generate(IMAGE, seed=1, iterations=1)
    assert 'value="0.000"' in notebook[0]
    assert "100% level " in notebook[-2]
    assert notebook[-1] == ""


def test_the_bar_goes_when_a_run_fails(notebook: list[str]) -> None:
    with pytest.raises(patchnn.InputError):
        patchnn.run(Generate(image=IMAGE), seed=1, progress=True, patch=100)
    assert notebook[-1] == ""


def test_no_bar_where_none_is_wanted(notebook: list[str]) -> None:
    patchnn.run(Generate(image=IMAGE), seed=1, iterations=1, progress=False)
    patchnn.run(Generate(image=IMAGE), seed=1, iterations=1, observe=lambda progress: None)
    assert notebook == []


def test_a_terminal_has_a_bar_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for wanted in (None, True):
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        patchnn.run(Generate(image=IMAGE), seed=1, iterations=1, progress=wanted)
        assert ("level" in terminal.getvalue()) == bool(wanted)


def test_origins_have_the_colours_of_their_places() -> None:
    result = patchnn.run(Generate(image=IMAGE, variety=0.0), seed=1, iterations=1)
    drawn, source = result.draw_origins()
    np.testing.assert_allclose(drawn, source, atol=1e-6)
    # Places differ in colour: no two pixels with the same brightness have one.
    plain = draw_origins(result.plan, result.field, np.zeros_like(result.image))[0]
    assert len(np.unique(plain.reshape(-1, 3).round(4), axis=0)) == plain.shape[0] * plain.shape[1]


def test_a_moved_patch_has_the_colour_of_where_it_was() -> None:
    image = np.random.default_rng(0).random((20, 30, 3), np.float32)
    plan = Plan([Source(image)], np.ascontiguousarray(image[:, 10:]), iterations=1, coarsest=20)
    made = synthesize(plan, seed=1, backend="numpy")
    drawn, source = draw_origins(plan, made.field, made.image)
    np.testing.assert_allclose(drawn, source[:, 10:], atol=1e-5)


def test_kept_pixels_have_the_colours_of_their_origin() -> None:
    images = IMAGE, IMAGE[::-1]
    result = patchnn.run(Collage(images=images, harmonise=False), seed=1, iterations=1)
    drawn, first, second = result.draw_origins()
    np.testing.assert_allclose(drawn[:, :10], first[:, :10], atol=1e-6)
    np.testing.assert_allclose(drawn[:, -10:], second[:, -10:], atol=1e-6)


def test_kept_pixels_are_grey_and_sources_differ() -> None:
    mask = tiny_mask((24, 28))
    drawn, _ = patchnn.run(Inpaint(image=IMAGE, mask=mask), seed=1, iterations=1).draw_origins()
    assert np.ptp(drawn[0, 0]) < 1e-6
    assert np.ptp(drawn[mask], axis=1).max() > 0.1
    two = patchnn.run(Generate(image=IMAGE, source=(IMAGE[::-1],)), seed=1, iterations=1).draw_origins()
    assert len(two) == 3
    assert not np.allclose(two[1][::-1], two[2], atol=0.1)
