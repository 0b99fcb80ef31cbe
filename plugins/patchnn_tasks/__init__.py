"""The paper's applications as tasks: each differs from the others only in its Plan."""

from patchnn_tasks.analogy import Analogy
from patchnn_tasks.collage import Collage
from patchnn_tasks.edit import Edit
from patchnn_tasks.generate import Generate
from patchnn_tasks.inpaint import Inpaint
from patchnn_tasks.retarget import Retarget

__all__ = ["Analogy", "Collage", "Edit", "Generate", "Inpaint", "Retarget"]
