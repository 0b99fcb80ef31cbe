"""The ComfyUI nodes keep its contract. ComfyUI and torch are stood in for by what the nodes use of them."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import Result, read_image, resize, run
from patchnn.registry import GROUP, Registry
from patchnn.task import options
from patchnn.testing import tiny_image, tiny_mask
from patchnn_tasks import Generate, Inpaint

ROOT = Path(__file__).parents[1]
PACK = ROOT / "plugins" / "comfyui-patchnn"


class Tensor:
    """What the nodes use of a torch tensor."""

    def __init__(self, array: Any) -> None:
        assert array.dtype == np.float32
        assert array.flags["C_CONTIGUOUS"]
        self.array = array

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return self.array


class CancelledError(Exception):
    """What ComfyUI raises when its user has pressed Cancel."""


class Comfy:
    """ComfyUI's side: what bars were moved to, and whether to cancel."""

    def __init__(self) -> None:
        self.bars: list[tuple[int, int]] = []
        self.cancel = False

    def check(self) -> None:
        if self.cancel:
            raise CancelledError


@pytest.fixture
def comfy(monkeypatch: pytest.MonkeyPatch) -> Comfy:
    state = Comfy()

    class ProgressBar:
        def __init__(self, total: int) -> None:
            pass

        def update_absolute(self, value: int, total: int) -> None:
            state.bars.append((value, total))

    for name, members in {
        "torch": {"from_numpy": Tensor},
        "comfy": {},
        "comfy.utils": {"ProgressBar": ProgressBar},
        "comfy.model_management": {"throw_exception_if_processing_interrupted": state.check},
    }.items():
        module: Any = types.ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    return state


def load(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WORKFLOWS = load("comfyui_workflows", PACK / "workflows.py")


@pytest.fixture(scope="module")
def pack() -> Iterator[Any]:
    """The node pack with patchnn's own tasks and the tile plugin of this repository."""
    sys.path.insert(0, str(ROOT / "plugins" / "patchnn-tile"))
    found = WORKFLOWS.load_pack()
    own = [entry for entry in entry_points(group=GROUP) if entry.dist and entry.dist.name == "patchnn"]
    registry = Registry([*own, EntryPoint("tile", "patchnn_tile:Tile", GROUP)])
    module = sys.modules["comfyui_patchnn.patchnn_nodes"]
    classes, titles = module.nodes(registry)
    yield types.SimpleNamespace(registry=registry, classes=classes, titles=titles, module=module, found=found)
    for name in [name for name in sys.modules if name.startswith("comfyui_patchnn")]:
        del sys.modules[name]


def batch(*images: Any) -> Tensor:
    return Tensor(np.ascontiguousarray(np.stack(images), np.float32))


IMAGE = np.clip(tiny_image((24, 28)), 0, 1)
WIDGETS = {"coarsest": -1, "alpha": -1, "seed": 5}


def defaults(cls: Any) -> dict[str, Any]:
    """Return the values of a node's widgets as ComfyUI first shows them."""
    found = {}
    for name, (kind, *more) in cls.INPUT_TYPES()["required"].items():
        if isinstance(kind, list) or kind in ("STRING", "INT", "FLOAT", "BOOLEAN"):
            found[name] = more[0]["default"]
    return found


def test_every_task_is_a_node(pack: Any) -> None:
    assert set(pack.classes) == {"PatchnnApplyToMaps", *map(pack.module.node_name, pack.registry)}
    assert set(pack.found.NODE_CLASS_MAPPINGS) == set(pack.found.NODE_DISPLAY_NAME_MAPPINGS)
    for name, cls in pack.classes.items():
        assert callable(getattr(cls, cls.FUNCTION))
        assert cls.CATEGORY == "image/patchnn"
        assert cls.DESCRIPTION
        assert len(cls.RETURN_TYPES) == len(getattr(cls, "RETURN_NAMES", cls.RETURN_TYPES))
        assert pack.titles[name].startswith("patchnn: ")
        json.dumps(cls.INPUT_TYPES())


def test_every_option_is_an_input_that_says_what_it_does(pack: Any) -> None:
    for task in pack.registry:
        described = pack.classes[pack.module.node_name(task)].INPUT_TYPES()
        inputs = {**described["required"], **described["optional"]}
        for o in options(pack.registry.load(task)):
            kind, settings = inputs[f"{o.name}_1" if o.many else o.name]
            assert settings["tooltip"].startswith(o.help)
            assert o.is_image or settings["default"] is not None
            assert (kind in ("IMAGE", "MASK")) == o.is_image
        assert inputs["seed"][1]["control_after_generate"]


def test_widgets_at_their_defaults_are_the_tasks_defaults(pack: Any, comfy: Comfy) -> None:
    cls = pack.classes["PatchnnGenerate"]
    image, new, origin = cls().make(image=batch(IMAGE), **{**defaults(cls), "seed": 5})
    np.testing.assert_array_equal(image.array[0], np.clip(run(Generate(image=IMAGE), seed=5).image, 0, 1))
    assert (new.array == 1).all()
    assert isinstance(origin[0], Result)


def test_a_batch_gives_a_batch_with_seeds_that_count_up(pack: Any, comfy: Comfy) -> None:
    mask = tiny_mask((24, 28))
    made, new, _ = pack.classes["PatchnnInpaint"]().make(
        image=batch(IMAGE, IMAGE, IMAGE[::-1]), mask=batch(mask), fill="none", **{**WIDGETS, "seed": 2**64 - 1}
    )
    assert made.array.shape == (3, 24, 28, 3)
    np.testing.assert_array_equal(new.array, np.stack([mask] * 3))
    for index, (image, seed) in enumerate([(IMAGE, 2**32 - 1), (IMAGE, 0), (IMAGE[::-1], 1)]):
        wanted = run(Inpaint(image=image, mask=mask), seed=seed).image
        np.testing.assert_array_equal(made.array[index], np.clip(wanted, 0, 1))


def test_the_bar_moves_to_its_end_and_cancel_ends_the_run(pack: Any, comfy: Comfy) -> None:
    node = pack.classes["PatchnnGenerate"]()
    node.make(image=batch(IMAGE, IMAGE), variety=0.0, noise=-1, **WIDGETS)
    values = [value for value, _ in comfy.bars]
    assert values == sorted(values)
    assert comfy.bars[-1] == (200, 200)
    assert 0 < next(filter(None, values)) < 100
    comfy.cancel = True
    with pytest.raises(CancelledError):
        node.make(image=batch(IMAGE), variety=0.0, **WIDGETS)


def test_several_images_are_several_inputs_or_a_batch(pack: Any, comfy: Comfy) -> None:
    node = pack.classes["PatchnnCollage"]()
    required = node.INPUT_TYPES()["required"]
    assert {"images_1", "images_2"} <= set(required)
    assert "images_3" not in required
    settings = {key: value for key, value in defaults(node).items() if key not in WIDGETS}
    one = node.make(images_1=batch(IMAGE), images_2=batch(IMAGE[::-1]), **settings, **WIDGETS)[0]
    other = node.make(images_1=batch(IMAGE, IMAGE[::-1]), **settings, **WIDGETS)[0]
    np.testing.assert_array_equal(one.array, other.array)


def test_transparent_images_are_straight_outside(pack: Any, comfy: Comfy) -> None:
    clear = np.dstack([IMAGE, np.full((24, 28), 0.5, np.float32)])
    made = pack.classes["PatchnnGenerate"]().make(image=batch(clear), variety=0.0, **WIDGETS)[0]
    np.testing.assert_allclose(made.array[0], clear, atol=1e-5)


def test_wrong_batches_and_options_are_one_sentence(pack: Any, comfy: Comfy) -> None:
    mask = tiny_mask((24, 28))
    node = pack.classes["PatchnnInpaint"]()
    with pytest.raises(ValueError, match="mask holds 2 images, another input 3: give one, or as many"):
        node.make(image=batch(*[IMAGE] * 3), mask=batch(mask, mask), fill="none", **WIDGETS)
    with pytest.raises(Exception, match="'5' is not a size"):
        pack.classes["PatchnnRetarget"]().make(image=batch(IMAGE), size="5", **WIDGETS)


def test_maps_follow_a_result(pack: Any, comfy: Comfy) -> None:
    _, _, origin = pack.classes["PatchnnRetarget"]().make(image=batch(IMAGE), size="60%x100%", **WIDGETS)
    (maps,) = pack.classes["PatchnnApplyToMaps"]().apply(origin=origin, map_1=batch(1 - IMAGE))
    np.testing.assert_array_equal(maps.array[0], np.clip(origin[0].apply(np.float32(1) - IMAGE), 0, 1))


def test_a_broken_task_leaves_the_others(pack: Any, capsys: pytest.CaptureFixture[str]) -> None:
    broken = Registry([EntryPoint("lost", "no_such_module:Lost", GROUP), EntryPoint("fine", "patchnn_tasks:Generate", GROUP)])
    classes, _ = pack.module.nodes(broken)
    assert set(classes) == {"PatchnnApplyToMaps", "PatchnnFine"}
    assert "the task lost" in capsys.readouterr().out


def test_saved_workflows_are_those_of_today(pack: Any) -> None:
    for name, story in WORKFLOWS.STORIES.items():
        saved = json.loads((WORKFLOWS.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        made = WORKFLOWS.workflow(story, pack.classes)
        assert saved == made, "python docs/reference/commands.py writes them again"
    used = {story["node"] for story in WORKFLOWS.STORIES.values()}
    assert {*used, "PatchnnApplyToMaps"} == set(pack.classes)


@pytest.mark.parametrize("name", WORKFLOWS.STORIES)
def test_workflows_run(name: str, pack: Any, comfy: Comfy) -> None:
    def execute(kind: str, given: dict[str, Any]) -> tuple[Any, ...]:
        if kind in ("LoadImage", "LoadImageMask"):
            image = read_image(ROOT / "examples" / "images" / given["image"])[:, :, :3]
            image = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
            small = np.clip(resize(image, (max(30, image.shape[0] // 7), max(36, image.shape[1] // 7))), 0, 1)
            return (batch(small),) if kind == "LoadImage" else (batch(small[:, :, 0]),)
        node = pack.classes[kind]()
        made: tuple[Any, ...] = getattr(node, node.FUNCTION)(**given)
        return made

    saved = json.loads((WORKFLOWS.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    made = WORKFLOWS.execute(saved, execute, pack.classes)
    assert made.array.ndim == 4
    assert made.array.shape[3] == 3
    assert np.isfinite(made.array).all()
    assert np.ptp(made.array) > 0.2
