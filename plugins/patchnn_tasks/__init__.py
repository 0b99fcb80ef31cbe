"""The applications of the paper, each a task like anybody's."""

from patchnn_tasks.generate import Generate

__all__ = ["Generate"]
