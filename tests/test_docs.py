"""What the documentation shows is what the files hold, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from patchnn.images.writing import _FORMATS

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "plugins").rglob("*.md")),
]


def included() -> list[tuple[Path, str, str]]:
    """Every (page, file, text) of a fenced block that says which file it shows."""
    pattern = re.compile(r"<!-- include: (\S+) -->\n```\w*\n(.*?)```", re.S)
    return [(page, *match) for page in PAGES for match in pattern.findall(page.read_text())]


def test_there_are_included_files() -> None:
    assert {file for _, file, _ in included()} >= {"plugins/patchnn-tile/patchnn_tile.py", "plugins/patchnn-tile/pyproject.toml"}


@pytest.mark.parametrize(("page", "file", "text"), included(), ids=lambda value: getattr(value, "name", None))
def test_shown_code_is_the_files_own(page: Path, file: str, text: str) -> None:
    assert text == (ROOT / file).read_text()


def test_the_table_of_outputs_is_the_one_in_use() -> None:
    table = [line for line in (ROOT / "docs" / "files.md").read_text().splitlines() if line.startswith("| `.")]
    told = {}
    for suffixes, depths, alpha, grey in ([cell.strip() for cell in line.split("|")[1:5]] for line in table):
        told |= {suffix: (depths.split(", "), alpha == "yes", grey == "yes") for suffix in re.findall(r"`(.*?)`", suffixes)}
    assert told == {suffix: ([str(d) for d in form.depths], form.alpha, form.grey) for suffix, form in _FORMATS.items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)", page.read_text()):
        assert (page.parent / link).exists(), link
