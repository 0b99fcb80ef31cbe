"""ComfyUI nodes for patchnn: one for every task that is installed, and one that applies results to maps."""

from .patchnn_nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
