"""Single-image generation and manipulation by nearest patches."""

from patchnn.engine.arrays import Shape
from patchnn.engine.plan import Plan, Source, Starts
from patchnn.engine.resample import fill_holes, resize
from patchnn.engine.step import PNN, pnn
from patchnn.engine.synthesize import Progress, Synthesis, synthesize
from patchnn.errors import BackendError, InputError, PatchnnError, PluginError
from patchnn.images import read_image, read_mask, write_image
from patchnn.runner import Result, run
from patchnn.task import Image, Mask, Size, Task, colour, option
from patchnn.version import __version__

__all__ = [
    "PNN",
    "BackendError",
    "Image",
    "InputError",
    "Mask",
    "PatchnnError",
    "Plan",
    "PluginError",
    "Progress",
    "Result",
    "Shape",
    "Size",
    "Source",
    "Starts",
    "Synthesis",
    "Task",
    "__version__",
    "colour",
    "fill_holes",
    "option",
    "pnn",
    "read_image",
    "read_mask",
    "resize",
    "run",
    "synthesize",
    "write_image",
]
