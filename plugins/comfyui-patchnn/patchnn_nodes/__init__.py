"""The nodes: one for every task in the registry, and Apply to maps."""

from __future__ import annotations

from typing import Any

from patchnn.errors import PluginError
from patchnn.registry import Registry

from .node import ApplyToMaps, node

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS", "node_name", "nodes"]

TITLES = {
    "analogy": "Restyle (analogy)",
    "generate": "Vary (generate)",
    "inpaint": "Remove / Fill (inpaint)",
}
"""Titles where ComfyUI's users know a task by another name."""


def node_name(task: str) -> str:
    """Return the name of a task's node, as workflows hold it."""
    return "Patchnn" + "".join(part.capitalize() for part in task.split("-"))


def nodes(registry: Registry) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the nodes of all tasks that can be loaded, and their titles, by name."""
    classes: dict[str, Any] = {"PatchnnApplyToMaps": ApplyToMaps}
    titles = {"PatchnnApplyToMaps": "patchnn: Apply to maps"}
    for task in registry:
        try:
            classes[node_name(task)] = node(task, registry.load(task))
        except PluginError as error:
            print(f"comfyui-patchnn: {error}")
            continue
        titles[node_name(task)] = f"patchnn: {TITLES.get(task, task.replace('-', ' ').capitalize())}"
    return classes, titles


NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = nodes(Registry())
