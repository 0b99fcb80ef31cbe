"""A folder to make surveys in, and a browser for their pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from raters import make_folders

CHROMIUM = Path(os.environ.get("PATCHNN_CHROMIUM", "/usr/bin/chromium"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install playwright")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}: apt-get install chromium")
    # A browser that runs as root has no sandbox.
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*root, "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def in_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a folder with images in real/, and results in ours/ and theirs/."""
    monkeypatch.chdir(tmp_path)
    make_folders(tmp_path)
