"""The studio's page in a real browser: what a hand does on it, and what comes of it."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import read_image, read_mask, write_image
from patchnn.images import read_record
from patchnn.registry import Registry
from patchnn.task import options
from pictures import picture
from studio import HOUR, Studio, plugin, started

pytest.importorskip("starlette", reason="the studio's extra is not installed: pip install 'patchnn[studio]'")
pytest.importorskip("uvicorn", reason="the studio's extra is not installed: pip install 'patchnn[studio]'")
pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install playwright")
CHROMIUM = Path(os.environ.get("PATCHNN_CHROMIUM", "/usr/bin/chromium"))
if not CHROMIUM.exists():
    pytest.skip(f"there is no browser at {CHROMIUM}: apt-get install chromium", allow_module_level=True)

MIRROR = """
from dataclasses import dataclass
from typing import Literal
from patchnn import Image, Plan, Source, Task, option

@dataclass(frozen=True, eq=False)
class Made(Task):
    '''Mirror a picture.

    --strength does nothing.
    '''
    image: Image = option(help="The picture to mirror.")
    across: Literal["left-right", "upside-down"] = option("left-right", "Which way.")
    strength: float = option(0.5, "How much of nothing.", min=0, max=1)
    loud: bool = option(False, "Whether to shout.")
    words: str = option("few", "What to say.", words=("few", "many"))

    def plan(self):
        turned = self.image[:, ::-1] if self.across == "left-right" else self.image[::-1]
        return Plan([Source(turned)], turned, coarsest=max(turned.shape), coarsest_iterations=1)
"""

SHAPE = (60, 80)
"""Of photo.png. The easel shows it many times as large, so that a click meets a pixel."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, and a plugin."""
    path = tmp_path_factory.mktemp("studio")
    write_image(path / "photo.png", picture(SHAPE))
    write_image(path / "other.png", picture((50, 70), seed=1))
    write_image(path / "clear.png", picture(SHAPE, 4, seed=2))
    plugin(path, "mirror", MIRROR)
    return path


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Studio]:
    with started(str(folder / "photo.png"), path=folder) as studio:
        yield studio


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # A browser that runs as root has no sandbox to live in.
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    quiet = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*root, *quiet])
        yield found
        found.close()


Opener = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Any, running: Studio) -> Iterator[Opener]:
    """Open the studio in a window of its own; at the end there must have been no error in it."""
    contexts, complaints = [], []

    def opened(width: int = 1440, height: int = 900, studio: Studio | None = None, **facts: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **facts)
        context.set_default_timeout(HOUR * 1000)
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda said: complaints.append(said.text) if complains(said) else None)
        tab.goto((studio or running).url)
        tab.wait_for_selector("html[data-ready]")
        return Page(tab)

    def complains(said: Any) -> bool:
        # That the server refused something is said on the page.
        return said.type in ("error", "warning") and "Failed to load resource" not in said.text

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Opener) -> Page:
    return open_page()


class Page:
    """The page in a browser's tab, and what a hand does there; places are pixels of the picture."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab

    def task(self, name: str) -> None:
        self.tab.click(f"#tasks [data-task={name}]")

    def open(self, *paths: Path) -> None:
        before = self.tab.locator("#pictures .thumb").count()
        self.tab.set_input_files("#file", paths)
        self.until(f"document.querySelectorAll('#pictures .thumb').length == {before + len(paths)}")

    def until(self, condition: str) -> None:
        """Wait for a condition. The page's policy forbids the evaluation that Playwright would wait with."""
        deadline = time.monotonic() + HOUR
        while not self.tab.evaluate(condition):
            assert time.monotonic() < deadline, condition
            self.tab.wait_for_timeout(20)

    def on_screen(self, x: float, y: float, shape: tuple[int, int] = SHAPE, pane: str = "easel") -> tuple[float, float]:
        """Where the middle of a pixel is, while the whole picture fills its pane but for a rim of 5 (10 for both sides)."""
        box = self.tab.locator(f"#{pane} canvas").bounding_box()
        scale = min((box["width"] - 10) / shape[1], (box["height"] - 10) / shape[0])
        left, top = (box["width"] - shape[1] * scale) / 2, (box["height"] - shape[0] * scale) / 2
        return box["x"] + left + (x + 0.5) * scale, box["y"] + top + (y + 0.5) * scale

    def drag(self, *places: tuple[float, float], shape: tuple[int, int] = SHAPE) -> None:
        self.tab.mouse.move(*self.on_screen(*places[0], shape))
        self.tab.mouse.down()
        for place in places[1:]:
            self.tab.mouse.move(*self.on_screen(*place, shape), steps=6)
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
        """What every slot of the task holds, as it says."""
        chosen = "[...document.querySelectorAll('#slots select')].map(s => [s.dataset.slot, s.selectedOptions[0].textContent])"
        return dict(self.tab.evaluate(chosen))


def again(folder: Path, words: list[str]) -> bytes:
    """Run a command in a folder; return the file that it makes."""
    assert words[0] == "patchnn"
    command = [sys.executable, "-m", *words, "-o", "again.png", "--quiet"]
    subprocess.run(command, cwd=folder, check=True, timeout=HOUR)
    return (folder / "again.png").read_bytes()


# Tasks, one by one.


def test_a_hole_painted_in_a_colour_is_filled_and_nothing_else_changes(page: Page, folder: Path, tmp_path: Path) -> None:
    page.task("inpaint")
    page.set("colour", "#e02020")
    page.set("size", "10")
    page.drag((30, 20), (30, 38))
    assert page.slots() == {"image-0": "photo.png, as painted", "mask-0": "What is marked on photo.png"}
    page.make()
    name, words = page.parcel(tmp_path)
    assert words[:4] == ["patchnn", "inpaint", "photo-painted.png", "photo-mask.png"]
    hole, painted, made = read_mask(tmp_path / "photo-mask.png"), *(read_image(tmp_path / n) for n in ("photo-painted.png", name))
    first = read_image(folder / "photo.png")
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    stroke = np.hypot(x - 30, np.clip(np.maximum(20 - y, y - 38), 0, None)) <= 5
    # The hand's places are whole pixels only on the screen: the rim may differ by one.
    assert np.abs(hole.astype(int) - stroke).sum() < 0.25 * stroke.sum()
    np.testing.assert_allclose(painted[hole], np.broadcast_to(np.array([0xE0, 0x20, 0x20]) / 255, (hole.sum(), 3)), atol=1e-6)
    np.testing.assert_array_equal(painted[~hole], first[~hole])
    np.testing.assert_array_equal(made[~hole], first[~hole])
    assert (np.abs(made - painted).max(axis=2)[hole] > 0.02).mean() > 0.9
    assert (tmp_path / name).read_bytes() == again(tmp_path, words)


def test_a_hole_without_a_colour_leaves_the_picture_as_it_came(page: Page, tmp_path: Path) -> None:
    page.task("inpaint")
    page.tab.keyboard.press("x")
    page.drag((50, 30), (60, 30))
    assert page.slots() == {"image-0": "photo.png", "mask-0": "What is marked on photo.png"}
    page.tab.click("#knobs button:text-is('none')")
    page.make()
    _, words = page.parcel(tmp_path)
    assert words[:6] == ["patchnn", "inpaint", "photo.png", "photo-mask.png", "--fill", "none"]
    assert (tmp_path / "photo.png").read_bytes() == page.tab.request.get(
        f"{page.tab.url}pictures/0", headers={"x-patchnn": "studio"}
    ).body()
    page.tab.click("#pictures .thumb")
    page.tab.keyboard.press("e")
    page.set("size", "80")
    page.drag((45, 30), (70, 30))
    assert page.slots()["mask-0"] == "Choose …"
    page.tab.click("#run")
    page.tab.wait_for_selector("#error:visible")
    assert page.error.startswith("mask is missing")


def test_a_piece_is_moved_and_its_edit_is_made_seamless(page: Page, tmp_path: Path) -> None:
    page.task("edit")
    page.tab.keyboard.press("r")
    page.drag((9.5, 9.5), (29.5, 24.5))
    page.drag((20, 18), (45, 33))
    page.make()
    assert page.slots() == {"source-0": "photo.png, as it came", "edited-0": "photo.png, as painted"}
    name, words = page.parcel(tmp_path)
    assert words[:4] == ["patchnn", "edit", "photo.png", "photo-painted.png"]
    first, edited, made = (read_image(tmp_path / n) for n in ("photo.png", "photo-painted.png", name))
    # To the pixel where it was dropped, wherever exactly that is.
    piece = first[10:25, 10:30]
    places = [(y, x) for y in range(22, 29) for x in range(32, 39) if np.array_equal(edited[y : y + 15, x : x + 20], piece)]
    assert len(places) == 1
    (y, x) = places[0]
    assert max(abs(y - 25), abs(x - 35)) <= 1
    left = edited[10:25, 10:30]
    assert np.abs(left - piece).mean() > 0.01, "what it left behind is filled"
    assert left.std() < piece.std()
    untouched = np.ones(SHAPE, np.bool_)
    untouched[9:26, 9:31] = untouched[y : y + 15, x : x + 20] = False
    np.testing.assert_array_equal(edited[untouched], first[untouched])
    assert not np.array_equal(made, edited)
    assert (tmp_path / name).read_bytes() == again(tmp_path, words)


def test_a_piece_is_copied_deleted_and_brought_back(page: Page, tmp_path: Path) -> None:
    def pixels() -> Any:
        page.make()
        page.parcel(tmp_path)
        page.tab.click("#pictures .thumb")
        return read_image(tmp_path / "photo-painted.png")

    page.task("edit")
    tab = page.tab
    tab.keyboard.press("l")
    page.drag((10, 10), (30, 10), (30, 30), (10, 30))
    tab.click("#selection [data-do=copy]")
    for _ in range(3):
        tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("Enter")
    copied = pixels()
    np.testing.assert_array_equal(copied[12:28, 12:28], copied[12:28, 42:58])
    page.drag((10, 10), (30, 10), (30, 30), (10, 30))
    tab.keyboard.press("Delete")
    deleted = pixels()
    assert (deleted[12:28, 12:28] != copied[12:28, 12:28]).mean() > 0.5
    np.testing.assert_array_equal(deleted[:, 40:], copied[:, 40:])
    tab.keyboard.press("Control+z")
    np.testing.assert_array_equal(pixels(), copied)
    tab.keyboard.press("Control+z")
    assert page.slots()["edited-0"] == "Choose …"
    tab.keyboard.press("Control+Shift+z")
    np.testing.assert_array_equal(pixels(), copied)


def test_a_structure_is_drawn_from_nothing(page: Page, tmp_path: Path) -> None:
    page.task("analogy")
    assert page.slots() == {"source-0": "photo.png", "structure-0": "Choose …"}
    page.tab.click("#run")
    page.tab.wait_for_selector("#error:visible")
    assert page.error.startswith("structure is missing")
    page.tab.select_option("[data-slot=structure-0]", "draw")
    page.set("colour", "#104080")
    page.set("size", "20")
    page.drag((20, 20), (60, 40))
    assert page.slots() == {"source-0": "photo.png", "structure-0": "sketch.png"}
    page.make()
    name, words = page.parcel(tmp_path)
    assert words[:4] == ["patchnn", "analogy", "photo.png", "sketch.png"]
    sketch = read_image(tmp_path / "sketch.png")
    assert sketch.shape == (*SHAPE, 3)
    assert len(np.unique((sketch * 255).round().reshape(-1, 3), axis=0)) == 2
    assert (tmp_path / name).read_bytes() == again(tmp_path, words)


def test_pictures_are_merged_in_their_order(page: Page, folder: Path, tmp_path: Path) -> None:
    page.task("collage")
    page.open(folder / "other.png")
    assert page.slots() == {"images-0": "photo.png", "images-1": "other.png", "images-2": "Add …"}
    page.tab.select_option("[data-slot=images-2]", label="photo.png")
    page.make()
    name, words = page.parcel(tmp_path)
    assert words[:5] == ["patchnn", "collage", "photo.png", "other.png", "photo.png"]
    assert (tmp_path / name).read_bytes() == again(tmp_path, words)
    page.tab.select_option("[data-slot=images-1]", label="Remove")
    assert page.slots() == {"images-0": "photo.png", "images-1": "photo.png", "images-2": "Add …"}


def test_another_size_says_what_it_gives(page: Page, tmp_path: Path) -> None:
    page.task("retarget")
    page.tab.fill("[aria-label='Size: width']", "150")
    assert page.tab.text_content(".size-row output") == "120 × 60 pixels"
    page.make()
    assert page.saved(tmp_path).shape == (60, 120, 3)
    page.tab.select_option("[aria-label='Size: unit']", "px")
    page.tab.fill("[aria-label='Size: width']", "70")
    page.tab.fill("[aria-label='Size: height']", "66")
    page.make()
    assert page.saved(tmp_path).shape == (66, 70, 3)


def test_a_plugins_task_appears_with_its_knobs(page: Page, folder: Path, tmp_path: Path) -> None:
    page.task("mirror")
    assert page.tab.text_content("#task-help") == "Mirror a picture. “Strength” does nothing."
    task = {
        o["name"]: o
        for o in page.tab.evaluate("fetch('/tasks', {headers: {'X-Patchnn': 'studio'}}).then(a => a.json())")["tasks"]
    }
    for o in task["mirror"]["options"]:
        assert o["help"] in page.tab.text_content("#panel .scroll")
    page.tab.select_option("select[name=across]", "upside-down")
    page.tab.fill("input[name=strength]", "0.25")
    page.tab.check("input[name=loud]")
    page.tab.click("#knobs button:text-is('many')")
    page.make()
    name, file = page.save()
    (tmp_path / name).write_bytes(file)
    record = read_record(tmp_path / name)
    assert record["options"] == {"across": "upside-down", "strength": 0.25, "loud": True, "words": "many"}
    np.testing.assert_array_equal(read_image(tmp_path / name), read_image(folder / "photo.png")[::-1])
    # What the task made of its picture is shown where a patch comes from.
    page.tab.mouse.move(*page.on_screen(40, 20, pane="result"))
    page.until("document.querySelector('#easel-caption').textContent.startsWith('what the task made of it: column ')")


def test_every_task_has_its_tab_and_every_knob_its_line(page: Page) -> None:
    registry = Registry()
    tabs = page.tab.locator("#tasks button").all_text_contents()
    assert set(registry) <= set(tabs)
    for name in registry:
        page.task(name)
        for o in options(registry.load(name)):
            assert re.sub("--[a-z]+", "", o.help)[:20] in page.tab.text_content("#panel .scroll")
            if not o.picture and o.type != "size":
                assert page.tab.locator(f"#knobs [name={o.name}]").count() == 1


# Results.


def test_a_picture_grows_and_seeds_are_a_gallery(page: Page, tmp_path: Path) -> None:
    page.make(seed=7, count=3)
    thumbs = page.tab.locator("#results .thumb")
    assert thumbs.all_text_contents() == ["generate · 7", "generate · 8", "generate · 9"]
    made = []
    for i in range(3):
        thumbs.nth(i).click()
        assert f"seed {7 + i}," in page.tab.text_content("#result-caption")
        name, words = page.parcel(tmp_path)
        assert (tmp_path / name).read_bytes() == again(tmp_path, words)
        (tmp_path / "again.png").unlink()
        made.append((tmp_path / name).read_bytes())
    assert len(set(made)) == 3


def test_the_command_is_copied(page: Page, folder: Path) -> None:
    page.tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.tab.fill("input[name=noise]", "0.4")
    page.tab.click("details summary")
    page.tab.fill("input[name=alpha]", "inf")
    page.tab.select_option("select[name=search]", "exact")
    page.make(seed=11)
    _, file = page.save()
    page.tab.click("[data-do=command]")
    page.until("document.querySelector('#status').textContent.startsWith('Copied')")
    command = page.tab.evaluate("navigator.clipboard.readText()")
    assert command == "patchnn generate photo.png --noise 0.4 --alpha inf --search exact --seed 11"
    assert again(folder, shlex.split(command)) == file


def test_one_goes_on_from_a_result(page: Page, tmp_path: Path) -> None:
    page.make(seed=2)
    first = page.saved(tmp_path)
    page.tab.click("[data-do=go-on]")
    page.until("document.querySelectorAll('#pictures .thumb').length == 2")
    assert page.slots()["image-0"] == "photo-generate-2.png"
    page.tab.fill("input[name=noise]", "0")
    page.make(seed=3)
    np.testing.assert_array_equal(page.saved(tmp_path), first)


def test_a_place_in_the_result_shows_where_it_comes_from(page: Page) -> None:
    page.tab.fill("input[name=noise]", "0")
    page.make()
    # With no noise the picture comes back: every patch from its own place.
    for x, y in ((20, 30), (55, 12)):
        page.tab.mouse.move(*page.on_screen(x, y, pane="result"))
        page.until(f"document.querySelector('#easel-caption').textContent == 'photo.png: column {x - 3}, row {y - 3}'")
    page.tab.mouse.move(5, 5)
    page.until("document.querySelector('#easel-caption').textContent == 'photo.png, 80 × 60'")


def test_cancel_stops_the_work(page: Page) -> None:
    page.tab.fill("[aria-label='Size: width']", "900")
    page.tab.fill("[aria-label='Size: height']", "900")
    page.tab.fill("#count", "64")
    page.tab.click("#run")
    page.until("document.querySelector('#progress').value > 0")
    page.tab.click("#cancel")
    page.tab.wait_for_selector("#run:visible")
    assert page.tab.text_content("#status") == "Cancelled."
    assert page.tab.locator("#results .thumb").count() == 0
    # Sixty-four of these would take minutes: the next one is made since they were stopped.
    page.tab.fill("[aria-label='Size: width']", "")
    page.tab.fill("[aria-label='Size: height']", "")
    page.make()


# Pictures.


def test_what_is_no_picture_is_said_and_nothing_is_lost(page: Page, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("no picture")
    page.tab.set_input_files("#file", tmp_path / "note.png")
    page.tab.wait_for_selector("#error:visible")
    assert "note.png cannot be read" in page.error
    page.make()


def test_pictures_are_dropped_and_pasted(page: Page, folder: Path) -> None:
    give = """([kind, bytes, target]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "given.png", {type: "image/png"}));
        const event = kind === "paste" ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true})
            : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
        document.querySelector(target).dispatchEvent(event);
    }"""
    given = list((folder / "other.png").read_bytes())
    page.task("analogy")
    page.tab.evaluate(give, ["drop", given, "[data-option=structure]"])
    page.until("document.querySelectorAll('#pictures .thumb').length == 2")
    assert page.slots() == {"source-0": "photo.png", "structure-0": "given.png"}
    page.tab.evaluate(give, ["paste", given, "body"])
    page.until("document.querySelectorAll('#pictures .thumb').length == 3")
    names = page.tab.locator("#pictures .thumb").all_text_contents()
    assert names == ["photo.png", "given.png", "given-2.png"]


def test_transparency_is_kept_to_the_bit(page: Page, folder: Path, tmp_path: Path) -> None:
    page.open(folder / "clear.png")
    page.task("inpaint")
    page.set("size", "6")
    page.drag((20, 20), (30, 20))
    page.make()
    page.parcel(tmp_path)
    hole = read_mask(tmp_path / "clear-mask.png")
    before, after = read_image(folder / "clear.png"), read_image(tmp_path / "clear-painted.png")
    assert before[:, :, 3].min() < 0.1
    np.testing.assert_array_equal(before[~hole], after[~hole])


# For everyone.


def test_the_page_weighs_little_and_asks_nobody_else(open_page: Opener, running: Studio) -> None:
    tab = open_page().tab
    entries = tab.evaluate("performance.getEntries().filter(e => e.transferSize).map(e => [e.name, e.transferSize])")
    own = [(name, size) for name, size in entries if "/pictures/" not in name and "/open" not in name]
    assert {"studio.js", "studio.css", "easel.js", "tasks"} <= {name.rpartition("/")[2] for name, _ in own}
    assert sum(size for _, size in own) <= 500_000
    assert all(name.startswith(running.url) for name, _ in entries)


NAMELESS = """[...document.querySelectorAll('button, input, select, canvas[tabindex], progress, [role]')]
    .filter((e) => e.checkVisibility() && e.getAttribute('role') !== 'status')
    .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length))
    .map((e) => e.outerHTML)"""
"""Controls that a screen reader could not name."""

PALE = """[...document.querySelectorAll('body *')]
    .filter((e) => e.checkVisibility() && !e.closest(':disabled'))
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
        const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
        const clear = (ground) => (rgb(getComputedStyle(ground).backgroundColor)[3] ?? 1) < 0.8;
        const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
        let ground = e;
        while (ground !== document.body && clear(ground)) ground = ground.parentElement;
        const [a, b] = [getComputedStyle(e).color, getComputedStyle(ground).backgroundColor].map((text) => light(rgb(text)));
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), `${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`];
    })
    .filter(([ratio]) => ratio < 4.5)"""
"""Text with less contrast than WCAG 2.2 asks for (1.4.3)."""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_is_legible_and_has_names_at_any_width(open_page: Opener, width: int, dark: bool) -> None:
    page = open_page(width, 844, color_scheme="dark" if dark else "light")
    page.task("inpaint")
    page.tab.evaluate("document.activeElement.blur()")
    page.task("generate")
    page.make()
    tab = page.tab
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    canvas = tab.locator("#result canvas").bounding_box()
    assert canvas["width"] >= 0.4 * width
    assert tab.evaluate(NAMELESS) == []
    assert tab.evaluate(PALE) == []
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(28, 27, 25)" if dark else "rgb(243, 242, 239)"
    )


def test_it_is_used_by_keyboard_alone(page: Page, tmp_path: Path) -> None:
    tab = page.tab
    tab.focus("#tasks [data-task=inpaint]")
    tab.keyboard.press("Enter")
    tab.focus("[data-tool=brush]")
    tab.keyboard.press("ArrowDown")
    assert tab.get_attribute("[data-tool=eraser]", "aria-checked") == "true"
    tab.keyboard.press("ArrowUp")
    page.set("size", "9")
    tab.focus("#easel canvas")
    tab.keyboard.press("Shift+ArrowLeft")
    tab.keyboard.press("Space")
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("Space")
    tab.keyboard.press("Control+Enter")
    tab.wait_for_selector("#actions [data-do=save]:enabled")
    page.parcel(tmp_path)
    hole = read_mask(tmp_path / "photo-mask.png")
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    # From (30.5, 30.5) to (50.5, 30.5), the cursor's places being the middles of pixels.
    np.testing.assert_array_equal(hole, np.hypot(np.clip(np.maximum(30 - x, x - 50), 0, None), y - 30) <= 4.5)
    tab.focus("#result canvas")
    tab.keyboard.press("ArrowRight")
    assert re.match(r"Column \d+, row \d+: ", str(tab.text_content("#status")))


def test_a_finger_paints_and_two_zoom(open_page: Opener) -> None:
    page = open_page(390, 844, has_touch=True, is_mobile=True)
    page.task("inpaint")
    page.tab.locator("#easel canvas").scroll_into_view_if_needed()
    touch = """([kind, id, x, y]) => document.querySelector('#easel canvas').dispatchEvent(new PointerEvent(kind,
        {pointerId: id, pointerType: 'touch', clientX: x, clientY: y, bubbles: true, isPrimary: id === 2}))"""
    # Pointers made by hand cannot be captured.
    page.tab.evaluate("Element.prototype.setPointerCapture = () => {}")
    x, y = page.on_screen(30, 30)
    for event in (["pointerdown", 2, x, y], ["pointermove", 2, x + 20, y], ["pointerup", 2, x + 20, y]):
        page.tab.evaluate(touch, event)
    assert page.slots()["mask-0"] == "What is marked on photo.png"
    page.tab.keyboard.press("Control+z")
    assert page.slots()["mask-0"] == "Choose …"
    for event in (
        ["pointerdown", 2, x, y],
        ["pointerdown", 3, x + 50, y],
        ["pointermove", 3, x + 100, y],
        ["pointerup", 3, x + 100, y],
        ["pointerup", 2, x, y],
    ):
        page.tab.evaluate(touch, event)
    assert page.slots()["mask-0"] == "Choose …", "two fingers paint nothing"


class Elsewhere(BaseHTTPRequestHandler):
    """Another page on this machine: nearer than any other that one could be lured to."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>evil</p>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_another_page_cannot_use_it(page: Page, running: Studio, elsewhere: str) -> None:
    tab = page.tab.context.new_page()
    tab.goto(elsewhere)
    tries = """async (url) => {
        const read = (options) => fetch(url + 'tasks', options).then((answer) => answer.text()).catch(() => '');
        const seen = (tag, src) => new Promise((done) => {
            const made = document.createElement(tag);
            made.onload = () => done(made.tagName === 'IMG' ? 'seen' : made.contentDocument?.title);
            made.onerror = () => done('');
            made.src = src;
            document.body.append(made);
        });
        const answers = [await read({}), await read({mode: 'no-cors'}), await read({headers: {'X-Patchnn': 'studio'}})];
        return [...answers, await seen('img', url + 'pictures/0'), await seen('iframe', url)];
    }"""
    assert not any(tab.evaluate(tries, running.url))
    # The studio itself is none of the reasons.
    assert page.tab.evaluate("fetch('/tasks', {headers: {'X-Patchnn': 'studio'}}).then((answer) => answer.status)") == 200
