"""The page in a browser's tab, and what a user does there."""

from __future__ import annotations

import base64
import io
import os
import shlex
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from client import HOUR

from patchnn import read_image
from patchnn.images import decode


class Page:
    """The page in a browser's tab, and what a user does there; places are pixels of the image."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab

    def task(self, name: str) -> None:
        """Choose the first goal that a task has."""
        self.tab.locator(f"#tasks [data-task={name}]").first.click()

    def goal(self, word: str) -> None:
        self.tab.click(f"#tasks [data-goal={word}]")

    def open(self, *paths: Path) -> None:
        before = self.tab.locator("#images .thumb").count()
        self.tab.set_input_files("#file", paths)
        self.until(f"document.querySelectorAll('#images .thumb').length == {before + len(paths)}")

    def until(self, condition: str) -> None:
        """Wait for a condition. The page's policy forbids the evaluation that Playwright would wait with."""
        deadline = time.monotonic() + HOUR
        while not self.tab.evaluate(condition):
            assert time.monotonic() < deadline, condition
            self.tab.wait_for_timeout(20)

    def on_screen(self, x: float, y: float, pane: str = "easel") -> tuple[float, float]:
        """Where the middle of a pixel is."""
        view = {"easel": "easel.view", "result": "resultView"}[pane]
        scale, left, top = self.tab.evaluate(
            f"import('/stage.js').then(({{easel, resultView}}) => ['scale', 'x', 'y'].map((n) => {view}[n] / devicePixelRatio))"
        )
        box = self.tab.locator(f"#{pane} canvas").bounding_box()
        return box["x"] + left + (x + 0.5) * scale, box["y"] + top + (y + 0.5) * scale

    def drag(self, *places: tuple[float, float]) -> None:
        on_screen = [self.on_screen(*place) for place in places]
        self.tab.mouse.move(*on_screen[0])
        self.tab.mouse.down()
        for place in on_screen[1:]:
            self.tab.mouse.move(*place, steps=6)
        self.tab.mouse.up()

    def set(self, name: str, value: str) -> None:
        """Set the colour or the size of the brush, as their own controls would."""
        self.tab.eval_on_selector(f"#{name}", "(e, value) => { e.value = value; e.dispatchEvent(new Event('input')) }", value)

    def make(self, seed: int = 1, count: int = 1) -> None:
        self.tab.fill("#seed", str(seed))
        self.tab.fill("#count", str(count))
        self.tab.click("#run")
        self.tab.wait_for_selector("#run:visible")
        assert self.error == ""
        self.tab.wait_for_selector("#actions [data-do=save]:enabled")

    def pixels(self, pane: str = "result") -> Any:
        """What a pane's canvas shows."""
        file = self.tab.evaluate(f"document.querySelector('#{pane} canvas').toDataURL()").partition(",")[2]
        return decode(base64.b64decode(file), "pane.png").pixels

    @property
    def error(self) -> str:
        return str(self.tab.text_content("#error"))

    def save(self, action: str = "save") -> tuple[str, bytes]:
        with self.tab.expect_download() as coming:
            self.tab.click(f"#actions [data-do={action}]")
        return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()

    def saved(self, folder: Path) -> Any:
        name, file = self.save()
        (folder / name).write_bytes(file)
        return read_image(folder / name)

    def parcel(self, folder: Path) -> tuple[str, list[str]]:
        """Save the result with its inputs to a folder; return its name and the words of its command."""
        name, parcel = self.save("save-all")
        with zipfile.ZipFile(io.BytesIO(parcel)) as opened:
            opened.extractall(folder)
        return name.replace(".zip", ".png"), shlex.split((folder / "command.txt").read_text())

    def slots(self) -> dict[str, str]:
        """What every slot of the task holds, as the page says, without empty optional ones."""
        chosen = "[...document.querySelectorAll('#slots select')].map(s => [s.dataset.slot, s.selectedOptions[0].textContent])"
        return {slot: use for slot, use in self.tab.evaluate(chosen) if use != "None"}


def again(folder: Path, words: list[str]) -> bytes:
    """Run a command in a folder; return the file that it makes."""
    assert words[0] == "patchnn"
    command = [sys.executable, "-m", *words, "-o", "again.png", "--quiet"]
    subprocess.run(command, cwd=folder, check=True, timeout=HOUR)
    return (folder / "again.png").read_bytes()


pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install playwright")
CHROMIUM = Path(os.environ.get("PATCHNN_CHROMIUM", "/usr/bin/chromium"))
if not CHROMIUM.exists():
    pytest.skip(f"there is no browser at {CHROMIUM}: apt-get install chromium", allow_module_level=True)


Opener = Callable[..., Page]
