"""Who may import whom, read from the source, and what `import patchnn` loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import patchnn

ROOT = Path(__file__).parent.parent
SOURCE, PLUGINS = ROOT / "src", ROOT / "plugins" / "patchnn_tasks"

ROOMS = [
    "patchnn.version",
    "patchnn.links",
    "patchnn.errors",
    "patchnn.files",
    "patchnn.engine.arrays",
    "patchnn.engine.layouts",
    "patchnn.engine.plan",
    "patchnn.engine.machine",
    "patchnn.engine.chance",
    "patchnn.engine.kernels",
    "patchnn.engine.backend",
    "patchnn.engine.seams",
    "patchnn.engine.resample",
    "patchnn.engine.joins",
    "patchnn.engine.strips",
    "patchnn.engine.numbering",
    "patchnn.engine.patches",
    "patchnn.engine.atlas",
    "patchnn.engine.vote",
    "patchnn.engine.search",
    "patchnn.engine.feather",
    "patchnn.engine.step",
    "patchnn.engine.sources",
    "patchnn.engine.output",
    "patchnn.engine.joins",
    "patchnn.engine.strips",
    "patchnn.engine.starts",
    "patchnn.engine.windows",
    "patchnn.engine.progress",
    "patchnn.engine.memory",
    "patchnn.engine.maps",
    "patchnn.engine.synthesize",
    "patchnn.reference",
    "patchnn.sizes",
    "patchnn.option_types",
    "patchnn.task",
    "patchnn.tuning",
    "patchnn.registry",
    "patchnn.record",
    "patchnn.guides",
    "patchnn.images",
    "patchnn.origins",
    "patchnn.watching",
    "patchnn.runner",
    "patchnn.forms",
    "patchnn.functions",
    "patchnn.job_files",
    "patchnn.animate",
    "patchnn.metrics",
    "patchnn.workers",
    "patchnn.job",
    "patchnn.batch",
    "patchnn.evaluate",
    "patchnn.studio",
    "patchnn.survey",
    "patchnn.cli",
    "patchnn.testing",
]
"""Rooms from the ground up; a file imports only from its own and from those before it."""

FRONT = ["patchnn", "patchnn.engine", "patchnn.__main__"]
"""The doors of the house, which no room imports from."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str:
    return next((name for name in ROOMS if module == name or module.startswith(name + ".")), module)


def imports(path: Path) -> list[tuple[str, str]]:
    """Every (module, name) that a file imports at any depth; name is empty for `import module`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found += [(node.module or "", alias.name) for alias in node.names]
    return found


FILES = sorted((SOURCE / "patchnn").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_file_imports_only_from_the_rooms_below_it(path: Path) -> None:
    own = module_name(path)
    if own in FRONT:
        return
    assert room(own) in ROOMS, "a new room needs its place in ROOMS"
    for module, _ in imports(path):
        if module.partition(".")[0] == "patchnn":
            assert room(module) in ROOMS[: ROOMS.index(room(own)) + 1], f"{own} imports {module}"


@pytest.mark.parametrize("path", sorted(PLUGINS.glob("*.py")), ids=lambda path: path.stem)
def test_a_task_needs_only_public_names(path: Path) -> None:
    for module, name in imports(path):
        if module.partition(".")[0] == "patchnn":
            assert module == "patchnn", f"{path.name} imports {module}"
            assert name in patchnn.__all__


def test_the_rooms_are_listed_as_they_lie() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listing = page.partition("    src/patchnn/\n")[2].partition("    plugins/")[0]
    listed, folder = [], "patchnn"
    for line in listing.splitlines():
        depth, name = len(line) - len(line.lstrip()), line.split()[0]
        folder = "patchnn" if depth == 6 else folder
        if name == "engine/":
            folder = "patchnn.engine"
        else:
            listed.append(f"{folder}.{name.removesuffix('.py').rstrip('/')}")
    there = {room(module_name(path)) for path in FILES}
    assert listed == [name for name in ROOMS if name in there]


def test_the_core_names_no_task() -> None:
    named = [module_name(path) for path in FILES if any(module.startswith("patchnn_tasks") for module, _ in imports(path))]
    assert named == []


def test_public_names_are_there_and_listed() -> None:
    listed = set(patchnn.__all__)
    assert all(hasattr(patchnn, name) for name in listed)
    modules = {module for module in vars(patchnn) if f"patchnn.{module}" in sys.modules}
    assert {name for name in vars(patchnn) if not name.startswith("_")} - modules <= listed


def test_no_module_has_the_name_of_a_public_function() -> None:
    # Importing such a module would replace the function.
    modules = {path.stem for path in (SOURCE / "patchnn").glob("*.py")}
    assert modules.isdisjoint(patchnn.__all__)


def test_import_is_light() -> None:
    code = """
import sys, patchnn, patchnn.runner, patchnn.cli
loaded = [m for m in ("typer", "click", "rich", "imageio", "PIL", "cupy") if m in sys.modules]
assert not loaded, loaded
import patchnn.cli.app
loaded = [m for m in ("imageio", "PIL", "cupy", "rich.progress") if m in sys.modules]
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
