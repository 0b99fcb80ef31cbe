"""The page by keyboard, touch and narrow screens, and closed to other pages."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Opener, Page
from client import SHAPE, Studio

from patchnn import read_mask


def test_the_page_is_light_and_loads_nothing_from_elsewhere(open_page: Opener, running: Studio) -> None:
    tab = open_page().tab
    entries = tab.evaluate("performance.getEntries().filter(e => e.transferSize).map(e => [e.name, e.transferSize])")
    own = [(name, size) for name, size in entries if "/images/" not in name and "/open" not in name]
    assert {"studio.js", "studio.css", "easel.js", "tasks"} <= {name.rpartition("/")[2] for name, _ in own}
    assert sum(size for _, size in own) <= 500_000
    assert all(name.startswith(running.root) for name, _ in entries)


def test_the_keyboard_is_enough(page: Page, tmp_path: Path) -> None:
    tab = page.tab
    tab.focus("#tasks [data-task=inpaint]")
    tab.keyboard.press("Enter")
    tab.focus("[data-tool=brush]")
    tab.keyboard.press("ArrowDown")
    assert tab.get_attribute("[data-tool=eraser]", "aria-checked") == "true"
    tab.keyboard.press("ArrowUp")
    # Arrow keys stay in the tool bar.
    tab.keyboard.press("ArrowUp")
    assert tab.evaluate("document.activeElement.dataset.tool") == "hand"
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("[...document.querySelectorAll('canvas')].every((canvas) => !canvas.hasAttribute('aria-checked'))")
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


def test_one_finger_paints_and_two_zoom(open_page: Opener) -> None:
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


def test_a_telephone_on_its_side_shows_images_tools_and_button(open_page: Opener) -> None:
    page = open_page(844, 390, has_touch=True, is_mobile=True)
    page.goal("Remove")
    page.tab.locator("#easel canvas").scroll_into_view_if_needed()
    page.drag((30, 30), (40, 30))
    page.tab.locator("#run").tap()
    page.tab.wait_for_selector("#actions [data-do=save]:enabled")
    for part in ("#tools [data-tool=brush]", "#easel .view", "#result .view", "#actions [data-do=save]", "#run"):
        box = page.tab.locator(part).bounding_box()
        assert 0 <= box["y"] <= box["y"] + box["height"] <= 390, part
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 844, part


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
    tries = """async ([url, token]) => {
        const read = (options) => fetch(url + 'api/v1/tasks', options).then((answer) => answer.text()).catch(() => '');
        const seen = (tag, src) => new Promise((done) => {
            const made = document.createElement(tag);
            made.onload = () => done(made.tagName === 'IMG' ? 'seen' : made.contentDocument?.title);
            made.onerror = () => done('');
            made.src = src;
            document.body.append(made);
        });
        const known = {headers: {Authorization: 'Bearer ' + token}};
        const answers = [await read({}), await read({mode: 'no-cors'}), await read(known)];
        return [...answers, await seen('img', url + 'images/0'), await seen('iframe', url)];
    }"""
    assert not any(tab.evaluate(tries, [running.root, running.token]))
    # The studio's own page gets an answer.
    assert running.ask("GET", "/api/v1/tasks")[0] == 200
