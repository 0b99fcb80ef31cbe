"""The figures of the documentation; `examples/gallery.py` makes them."""

from figures import beyond, inside, tasks
from figures.kit import FIGURES, Gallery, check

__all__ = ["FIGURES", "Gallery", "beyond", "check", "inside", "tasks"]
