"""The tasks as functions: images of every form come in, results go out in the same form, and type checkers see the options."""

from __future__ import annotations

import inspect
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import patchnn
from patchnn import InputError, write_image
from patchnn.functions import find, function, names
from patchnn.testing import tiny_image, tiny_mask
from patchnn_tasks import Generate, Inpaint

ROOT = Path(__file__).parents[1]
QUICK: dict[str, Any] = {"seed": 1, "iterations": 1}
PIXELS = np.clip(tiny_image((24, 28)), 0, 1)
BYTES = (PIXELS * 255 + 0.5).astype(np.uint8)


def copied(value: Any) -> Any:
    """Return what `generate` makes of an image where it changes nothing."""
    return patchnn.generate(value, variety=0.0, **QUICK)


@pytest.mark.parametrize(
    ("dtype", "channels"),
    [
        (np.uint8, 0),
        (np.uint8, 4),
        (np.uint8, 2),
        (np.uint16, 3),
        (np.uint16, 1),
        (np.float16, 3),
        (np.float32, 0),
        (np.float64, 4),
    ],
)
def test_an_array_comes_back_as_it_went_in(dtype: Any, channels: int) -> None:
    white = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    values = np.random.default_rng(0).random((20, 24, channels) if channels else (20, 24))
    if channels in (2, 4):
        values[..., -1] = 1
    array = (values * white).astype(dtype)
    back = copied(array)
    assert back.dtype == dtype
    assert back.shape == array.shape
    # Where patches overlap, the mean of equal floats may differ in the last bit.
    np.testing.assert_allclose(back, array, rtol=0, atol=1e-3 if dtype == np.float16 else 1e-6)


def test_transparent_colours_of_integers_do_not_bleed() -> None:
    array = np.dstack([BYTES, np.full(BYTES.shape[:2], 255, np.uint8)])
    array[:, :14] = (255, 0, 255, 0)
    back = copied(array)
    assert (back[:, :14] == 0).all()
    np.testing.assert_array_equal(back[:, 14:], array[:, 14:])


@pytest.mark.parametrize(("mode", "back"), [("RGB", "RGB"), ("RGBA", "RGBA"), ("L", "L"), ("LA", "LA"), ("P", "RGB"), ("1", "L")])
def test_a_pillow_image_comes_back_as_one(mode: str, back: str) -> None:
    image = Pillow.fromarray(BYTES).convert(mode)
    made = copied(image)
    assert isinstance(made, Pillow.Image)
    assert (made.mode, made.size) == (back, image.size)
    np.testing.assert_array_equal(np.asarray(made), np.asarray(image.convert(back)))


def test_a_pillow_image_keeps_its_profile_and_16_bits() -> None:
    image = Pillow.fromarray(BYTES)
    image.info["icc_profile"] = b"profile"
    assert copied(image).info["icc_profile"] == b"profile"
    deep = Pillow.fromarray((PIXELS[:, :, 0] * 65535).astype(np.uint16))
    np.testing.assert_array_equal(np.asarray(copied(deep)), np.asarray(deep))


def test_files_and_what_has_an_array(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", PIXELS)

    class Tensor:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return BYTES

    for name in (tmp_path / "a.png", str(tmp_path / "a.png")):
        np.testing.assert_allclose(copied(name), BYTES / np.float32(255), atol=1e-6)
    np.testing.assert_array_equal(copied(Tensor()), BYTES)


NOISE = np.random.default_rng(0).integers(0, 255, (24, 28, 3), np.uint8)
HOLE = tiny_mask((24, 28))
MASKS = {
    "bool": HOLE,
    "0 and 1": HOLE.astype(np.int64),
    "0 and 255": HOLE.astype(np.uint8) * 255,
    "one channel": HOLE[:, :, None],
    "16 bits": HOLE.astype(np.uint16) * 65535,
    "255 in 16 bits": HOLE.astype(np.uint16) * 255,
    "floats": HOLE.astype(float),
    "colours": np.stack([HOLE] * 3, axis=2) * np.uint8(255),
    "pillow": Pillow.fromarray(HOLE),
    "opacity": Pillow.fromarray(np.dstack([BYTES, HOLE * np.uint8(255)])),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("task", ["soft", "hard"])
def test_masks_of_every_form_mean_the_same(name: str, task: str) -> None:
    if task == "soft":
        made, wanted = (patchnn.inpaint(BYTES, mask, **QUICK) for mask in (MASKS[name], HOLE))
    else:
        made, wanted = (patchnn.retarget(BYTES, "90%", keep=mask, **QUICK) for mask in (MASKS[name], HOLE))
    np.testing.assert_array_equal(made, wanted)


def test_a_function_makes_what_its_task_makes() -> None:
    image = BYTES / np.float32(255)
    made = patchnn.run(Inpaint(image=image, mask=HOLE, fill="red"), seed=3, coarsest=12).image
    np.testing.assert_array_equal(patchnn.inpaint(image, HOLE, fill="red", seed=3, coarsest=12), made)


def test_several_seeds_give_a_list() -> None:
    several = patchnn.generate(BYTES, seeds=range(5, 7), iterations=1)
    assert len(several) == 2
    for seed, made in zip((5, 6), several, strict=True):
        np.testing.assert_array_equal(made, patchnn.generate(BYTES, seed=seed, iterations=1))


def test_the_first_image_decides_the_form_of_a_collage() -> None:
    assert isinstance(patchnn.collage([Pillow.fromarray(BYTES), PIXELS], **QUICK), Pillow.Image)
    assert patchnn.collage([PIXELS, Pillow.fromarray(BYTES)], (24, 40), **QUICK).shape == (24, 40, 3)


@pytest.mark.parametrize(
    ("call", "about", "sentence"),
    [
        (
            lambda: patchnn.generate(PIXELS * 255),
            "image",
            r"values .* to 2.*: an image is floats in \[0, 1\]; divide by 255",
        ),
        (lambda: patchnn.generate(PIXELS * 9 - 4), "image", "bring it to that scale first"),
        (lambda: Generate(image=PIXELS * 255), "image", "divide by 255"),
        (lambda: patchnn.generate(HOLE), "image", "True and False"),
        (lambda: patchnn.generate(BYTES.astype(np.int32)), "image", "int32 values: an image is uint8"),
        (lambda: patchnn.generate([[["a"]]]), "image", "an image is uint8"),
        (lambda: patchnn.inpaint(BYTES, np.full((24, 28), 300)), "mask", "mask is no mask"),
        (lambda: patchnn.inpaint(BYTES, HOLE[:20]), "mask", "one size"),
        (lambda: patchnn.inpaint(BYTES, Pillow.fromarray(NOISE)), None, "photograph"),
        (lambda: patchnn.generate(BYTES, seeds=3), "seeds", "as range"),
        (lambda: patchnn.generate(BYTES, seeds=[1], seed=1), "seeds", "choose one"),
        (lambda: patchnn.generate(BYTES, max_memory="2 potatoes"), "max_memory", "write 4GB"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(call: Any, about: str | None, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as raised:
        call()
    assert raised.value.about == about


def test_a_little_outside_is_an_image() -> None:
    overshoot = PIXELS * 1.4 - 0.2
    np.testing.assert_allclose(copied(overshoot), overshoot, atol=1e-6)


def test_memory_as_text_is_memory() -> None:
    np.testing.assert_array_equal(patchnn.generate(BYTES, max_memory="2GB", **QUICK), patchnn.generate(BYTES, **QUICK))
    with pytest.raises(InputError, match="it must be 65MiB or more"):
        patchnn.generate(BYTES, max_memory="1MB")


def test_functions_are_made_from_the_tasks_that_are_installed() -> None:
    assert set(names()) <= set(dir(patchnn))
    assert patchnn.generate is find("generate")
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        patchnn.nothing  # noqa: B018  # type: ignore[attr-defined]


def test_a_missing_function_names_its_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(patchnn.functions.PLUGINS, "weave", "patchnn-weave")
    with pytest.raises(AttributeError, match="comes with the plugin patchnn-weave, which is not installed"):
        patchnn.weave  # noqa: B018  # type: ignore[attr-defined]


def test_help_shows_every_option() -> None:
    inpaint = function("inpaint", Inpaint)
    about = inspect.getdoc(inpaint) or ""
    parameters = inspect.signature(inpaint).parameters
    assert list(parameters)[:3] == ["image", "mask", "fill"]
    assert parameters["mask"].default is inspect.Parameter.empty
    for name in parameters:
        assert f"\n{name}\n    " in about
    assert "--" not in about.replace("---", "")


def test_what_type_checkers_read_is_made_from_the_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "reference"))
    text = runpy.run_path(str(ROOT / "docs" / "reference" / "signatures.py"))["text"]()
    stub = ROOT / "src" / "patchnn" / "signatures.pyi"
    assert stub.read_text(encoding="utf-8") == text, "python docs/reference/commands.py makes it again"
    front = (ROOT / "src" / "patchnn" / "__init__.py").read_text(encoding="utf-8")
    for name in text.split("\ndef ")[1:]:
        function_name = name.partition("(")[0]
        assert f"import {function_name} as {function_name}\n" in front


def test_import_loads_neither_scipy_nor_tasks() -> None:
    code = "import sys, patchnn; print([name for name in ('scipy', 'patchnn_tasks', 'IPython', 'email') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_help_loads_every_task_and_no_scipy() -> None:
    names = "[name in sys.modules for name in ('patchnn_tasks', 'scipy')]"
    code = f"import sys; from patchnn.cli import main; main(['--help']); print({names})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[True, False]"
