"""The figures of the documentation; `examples/gallery.py` makes them."""

from figures import beyond, fills, inside, options, tasks
from figures.kit import FIGURES, Gallery, check

__all__ = ["FIGURES", "Gallery", "beyond", "check", "fills", "inside", "options", "tasks"]
