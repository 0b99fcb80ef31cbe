"""What a release needs: one version, one file of addresses, a README that reads elsewhere, workflows that name what is there."""

from __future__ import annotations

import re
import runpy
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import patchnn
from patchnn import links

ROOT = Path(__file__).parents[1]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The metadata that the build's hook makes, without hatchling."""
    for name in ("hatchling", "hatchling.metadata", "hatchling.metadata.plugin"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    interface = types.SimpleNamespace(MetadataHookInterface=object)
    monkeypatch.setitem(sys.modules, "hatchling.metadata.plugin.interface", interface)
    hook = runpy.run_path(str(ROOT / "hatch_build.py"))["LinksHook"]()
    hook.root = str(ROOT)
    metadata: dict[str, Any] = {}
    hook.update(metadata)
    return metadata


def test_the_package_index_gets_the_addresses_and_a_readme_that_reads_there(built: dict[str, Any]) -> None:
    assert built["urls"]["Documentation"] == links.DOCUMENTATION
    assert built["urls"]["Repository"] == links.CODE
    text = built["readme"]["text"]
    places = re.findall(r"\]\(([^)]+)\)", text)
    assert len(places) > 20
    assert all(place.startswith(("https://", "#")) for place in places)
    images = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert all(image.startswith(f"{links.RAW}/docs/images/") for image in images)
    for place in places:
        for start in (f"{links.RAW}/", f"{links.CODE}/blob/main/"):
            if place.startswith(start):
                assert (ROOT / place.removeprefix(start).partition("#")[0]).exists(), place


def test_addresses_are_in_one_file() -> None:
    host = re.search(r"https://code\.([\w.-]+)", links.CODE)
    assert host is not None
    there = []
    for pattern in ("*.py", "*.toml", "*.md", "*.yml", "*.cff", "*.html", "*.js"):
        for path in ROOT.rglob(pattern):
            inside = path.relative_to(ROOT).parts
            if not any(part.startswith(".venv") or part in (".git", "node_modules") for part in inside):
                there += [path.name] if host[1] in path.read_text(encoding="utf-8", errors="replace") else []
    # ComfyUI's registry reads its own file, which the build does not pass through.
    assert sorted(there) == ["links.py", "pyproject.toml"]


def test_the_citation_has_this_version() -> None:
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert cited is not None
    assert cited[1] == patchnn.__version__
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_release_names_what_is_there() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = set(re.findall(r"^  (\w+):$", workflow.partition("\njobs:\n")[2], re.M))
    needed = {name for names in re.findall(r"needs: (.*)", workflow) for name in re.findall(r"\w+", names)}
    assert needed <= jobs
    # Nothing is published that was not checked, and only by a tag.
    assert "needs: [build, wheel, kernels]" in workflow
    assert "if: startsWith(github.ref, 'refs/tags/v')" in workflow
    assert "id-token: write" in workflow
    assert (ROOT / "kernels" / "pyproject.toml").exists()
    assert "twine check --strict" in workflow
