"""The paper's applications, and two more, as tasks: each differs from the others only in its Plan."""

from patchnn_tasks.analogy import Analogy
from patchnn_tasks.collage import Collage
from patchnn_tasks.edit import Edit
from patchnn_tasks.generate import Generate
from patchnn_tasks.inpaint import Inpaint
from patchnn_tasks.outpaint import Outpaint
from patchnn_tasks.retarget import Retarget
from patchnn_tasks.texture import Texture

__all__ = ["Analogy", "Collage", "Edit", "Generate", "Inpaint", "Outpaint", "Retarget", "Texture"]
