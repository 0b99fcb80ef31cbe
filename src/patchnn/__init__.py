"""Single-image generation and manipulation by nearest patches."""

import typing as _typing

from patchnn.engine.arrays import Shape, Window
from patchnn.engine.layouts import Starts
from patchnn.engine.plan import Plan, Source
from patchnn.engine.resample import fill_holes, resize
from patchnn.engine.seams import cheapest_path, cheapest_seams
from patchnn.engine.search.level import Level
from patchnn.engine.step import PNN, pnn
from patchnn.engine.synthesize import Progress, Synthesis, synthesize
from patchnn.errors import BackendError, InputError, PatchnnError, PluginError
from patchnn.guides import Guide
from patchnn.images import read_image, read_mask, write_image
from patchnn.runner import Result, run
from patchnn.task import Image, Mask, Size, SizeLike, Task, colour, option
from patchnn.version import __version__

if _typing.TYPE_CHECKING:
    # The functions of the tasks are made when they are first used; a type checker reads their signatures.
    from patchnn.signatures import analogy as analogy
    from patchnn.signatures import collage as collage
    from patchnn.signatures import edit as edit
    from patchnn.signatures import generate as generate
    from patchnn.signatures import inpaint as inpaint
    from patchnn.signatures import outpaint as outpaint
    from patchnn.signatures import retarget as retarget
    from patchnn.signatures import texture as texture
    from patchnn.signatures import tile as tile
else:

    def __getattr__(name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(f"module 'patchnn' has no attribute {name!r}")
        from patchnn.functions import find

        return find(name)

    def __dir__() -> list[str]:
        from patchnn.functions import names

        return sorted({*globals(), *names()})


__all__ = [
    "PNN",
    "BackendError",
    "Guide",
    "Image",
    "InputError",
    "Level",
    "Mask",
    "PatchnnError",
    "Plan",
    "PluginError",
    "Progress",
    "Result",
    "Shape",
    "Size",
    "SizeLike",
    "Source",
    "Starts",
    "Synthesis",
    "Task",
    "Window",
    "__version__",
    "cheapest_path",
    "cheapest_seams",
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
