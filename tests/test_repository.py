"""CI, nox and pyproject.toml agree, and nothing that can run on any machine is left out."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
SESSIONS = set(re.findall(r"^@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.M))
WORKFLOWS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml"))


def named(text: str, pattern: str) -> set[str]:
    return {word for words in re.findall(pattern, text, re.M) for word in re.findall(r"\w+", words)}


def test_every_part_of_nox_runs_on_github() -> None:
    run = named(WORKFLOWS, r"nox -s ([\w ]+)") | named(WORKFLOWS, r"part: \[(.*)\]")
    assert run == SESSIONS


def test_ci_runs_parts_of_nox() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    parts = named(script, r"^ *parts ([\w ]+)")
    assert parts == {"plugin", "lint", "cupy", "docs", "kernels", "page"}
    assert parts <= SESSIONS


def test_the_tests_need_no_more_than_their_extra() -> None:
    table = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[project.optional-dependencies]\n")[2]
    extras = dict(re.findall(r"^(\w+) = \[(.*)\]", table.partition("\n[")[0], re.M))
    assert "patchnn[cluster,exr,report,studio,video]" in extras["test"]
    # Those that bring a GPU's libraries, torch, or a site generator have parts of their own.
    assert extras.keys() - {"cluster", "exr", "report", "studio", "video"} == {"test", "dev", "cuda12", "docs", "fast", "sifid"}


def test_every_dependency_has_a_lowest_version() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = re.findall(r'^  "([^"]+)",', text.partition("dependencies = [")[2].partition("]")[0], re.M)
    table = text.partition("[project.optional-dependencies]\n")[2].partition("\n[")[0]
    needed += [name for name in re.findall(r'"([^"]+)"', table) if not name.startswith("patchnn[")]
    assert [name for name in needed if ">=" not in name] == []
    assert len(needed) > 20
