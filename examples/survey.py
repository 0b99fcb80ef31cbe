"""Make the image of docs/survey.md again: `python examples/survey.py` writes it to docs/images/survey/.

Needs Playwright and a Chromium, whose path may be given: `python examples/survey.py /usr/bin/chromium`.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from patchnn.cli import main

HERE = Path(__file__).parent
PLACE = HERE.parent / "docs" / "images" / "survey" / "question.jpg"
PHOTO = HERE / "images" / "rocket.jpg"


def make_survey(folder: Path) -> Path:
    """Make a survey of one photograph and a variation of it; return its page."""
    for part in ("real", "ours"):
        (folder / part).mkdir()
    shutil.copy(PHOTO, folder / "real")
    made = ["generate", str(PHOTO), "-o", str(folder / "ours" / "rocket.png"), "--seed", "3", "--quiet"]
    shown = ["survey", str(folder / "real"), "--ours", str(folder / "ours"), "-o", str(folder / "survey")]
    assert main(made) == 0
    assert main([*shown, "--setup", "paired", "--seconds", "0", "--repeats", "0"]) == 0
    return folder / "survey" / "pages" / "paired-unlimited.html"


def photograph(address: str, chromium: str | None) -> bytes:
    """Return a screenshot of the first question."""
    with sync_playwright() as playwright:
        # A browser that runs as root has no sandbox.
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        tab = playwright.chromium.launch(executable_path=chromium, args=root).new_page(viewport={"width": 1200, "height": 500})
        tab.goto(f"{address}#rater=figure")
        for _ in range(2):
            tab.keyboard.press("Space")
            tab.wait_for_selector("#stage:not(.waiting) #images canvas")
            tab.keyboard.press("ArrowLeft")
            tab.wait_for_selector("#on")
        tab.keyboard.press("Space")
        tab.wait_for_selector("#talk:not([hidden])")
        tab.keyboard.press("Space")
        tab.wait_for_selector("#trial:not([hidden]) #stage:not(.waiting) #images canvas")
        tab.wait_for_timeout(300)
        return tab.screenshot()


if __name__ == "__main__":
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = make_survey(Path(folder))
        shot = photograph(page.as_uri(), sys.argv[1] if len(sys.argv) > 1 else None)
    Image.open(io.BytesIO(shot)).convert("RGB").save(PLACE, quality=85)
