"""`patchnn doctor`: what is installed, what can run, and why something cannot."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import distributions
from typing import Annotated, Any

import typer

from patchnn.cli.printing import escape, write
from patchnn.engine.backend import BACKENDS, broken_backends
from patchnn.engine.machine import THREADS, count_threads, free_bytes, memory_limit
from patchnn.errors import PatchnnError
from patchnn.registry import Registry
from patchnn.version import __version__

__all__ = ["doctor_command", "examine"]

REQUIRED = ("numpy", "scipy", "imageio", "pillow", "tifffile", "psutil", "threadpoolctl", "typer", "rich")
OPTIONAL = (
    "patchnn-kernels",
    "cupy",
    "imagecodecs",
    "distributed",
    "matplotlib",
    "torch",
    "torchvision",
    "starlette",
    "uvicorn",
    "fastapi",
)
KERNELS = "kernels"
"""The backend of the package patchnn-kernels."""
_WHEELS = {"cupy": ("cupy-cuda12x", "cupy-cuda11x", "cupy-cuda13x", "cupy")}
"""Distributions that contain a library, where their names differ from its own."""


def doctor_command(registry: Registry) -> Callable[..., None]:
    """Return the command for the tasks of `registry`."""

    def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
        """Show what is installed, which backends and tasks work, and why others do not."""
        found = examine(registry)
        write(json.dumps(found, indent=2) if as_json else "\n".join(map(escape, _lines(found))))

    return doctor


def examine(registry: Registry) -> dict[str, Any]:
    """Return versions, backends, tasks, memory in bytes, threads and BLAS libraries, as JSON values."""
    return {
        "patchnn": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()}, {sys.executable})",
        "platform": platform.platform(),
        "libraries": _versions(),
        "backends": _backends(),
        "tasks": [
            {"name": plugin.name, "from": f"{plugin.distribution} {plugin.version}", "problem": plugin.problem}
            for plugin in registry.plugins()
        ],
        "memory": _memory(),
        "threads": _threads(),
        "blas": _blas(),
    }


def _versions() -> dict[str, str | None]:
    found = {package.name.lower(): package.version for package in distributions() if package.name}
    wheels = {name: _WHEELS.get(name, (name,)) for name in REQUIRED + OPTIONAL}
    return {name: next((found[wheel] for wheel in several if wheel in found), None) for name, several in wheels.items()}


def _backends() -> dict[str, dict[str, Any]]:
    """Return every backend's description, or why it cannot run; for the kernels too where they are not installed."""
    missing = {KERNELS: 'not installed: pip install "patchnn[fast]"'}
    broken = {name: {"problem": problem, "description": None} for name, problem in (missing | broken_backends()).items()}
    return broken | {name: _backend(name) for name in BACKENDS}


def _backend(name: str) -> dict[str, Any]:
    try:
        return {"problem": None, "description": BACKENDS[name]().description}
    except PatchnnError as error:
        return {"problem": str(error), "description": None}


def _memory() -> dict[str, int | None]:
    """Return the bytes that are free, the machine's memory, and the container's limit; None where unknown."""
    import psutil

    return {"free": free_bytes(), "total": psutil.virtual_memory().total, "limit": memory_limit()}


def _threads() -> dict[str, Any]:
    try:
        used, problem = count_threads(), None
    except PatchnnError as error:
        used, problem = None, str(error)
    return {"used": used, "problem": problem, "cores": os.cpu_count(), THREADS: os.environ.get(THREADS)}


def _blas() -> list[str]:
    """Return the BLAS libraries of NumPy and SciPy, with their versions and threads."""
    import numpy as np
    import scipy.linalg  # noqa: F401  # SciPy loads its own library
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return [f"{pool['internal_api']} {pool['version']}, {pool['num_threads']} threads ({pool['filepath']})" for pool in pools]


def _lines(found: Mapping[str, Any]) -> list[str]:
    installed = {name: number for name, number in found["libraries"].items() if number}
    absent = [name for name in found["libraries"] if name not in installed]
    memory, threads = found["memory"], found["threads"]
    most = min((memory[key] for key in ("total", "limit") if memory[key]), default=None)
    total = f" of {most / 1e9:.1f} GB" if most else ""
    return [
        f"patchnn   {found['patchnn']}",
        f"python    {found['python']}",
        f"platform  {found['platform']}",
        f"libraries {', '.join(f'{name} {number}' for name, number in installed.items())}",
        f"absent    {', '.join(absent) or 'none'}",
        *(f"backend   {name}: {about['description'] or about['problem']}" for name, about in found["backends"].items()),
        *(f"task      {task['name']} ({task['from']}): {task['problem'] or 'ok'}" for task in found["tasks"]),
        f"memory    {memory['free'] / 1e9:.1f} GB free{total}; a run uses at most half of what is free",
        f"threads   {threads['problem'] or threads['used']}, {threads['cores']} cores",
        *(f"blas      {line}" for line in found["blas"]),
    ]
