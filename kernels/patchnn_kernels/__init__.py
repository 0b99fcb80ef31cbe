"""Compiled kernels for patchnn: a backend that `--backend auto` takes where it can be loaded."""

from patchnn_kernels.backend import KernelsBackend

__all__ = ["KernelsBackend"]
