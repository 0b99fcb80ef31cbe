"""Make the images of docs/studio.md again: `python examples/studio.py` writes them to docs/images/studio/.

Needs the extra `studio`, Playwright and a Chromium, whose path may be given: `python examples/studio.py /usr/bin/chromium`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
IMAGES = HERE.parent / "docs" / "images" / "studio"
ROCKET, BALLOONS = (str(HERE / "images" / name) for name in ("rocket.jpg", "balloons.png"))


@contextlib.contextmanager
def studio(*images: str) -> Iterator[str]:
    """Start a studio with these images and yield its address."""
    command = [sys.executable, "-m", "patchnn", "studio", "--port", "0", *images]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
        process.terminate()


def opened(browser: Browser, url: str, width: int = 1440, height: int = 900, **look: Any) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, **look)
    page.goto(url)
    page.wait_for_selector("html[data-ready]")
    return page


def paint(page: Page, tool: str, *places: tuple[float, float]) -> None:
    """Drag a tool over the easel; places are shares of its width and height."""
    page.keyboard.press(tool)
    box = page.locator("#easel canvas").bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=12)
    page.mouse.up()


def make(page: Page, seed: int, count: int = 1) -> None:
    page.fill("#seed", str(seed))
    page.fill("#count", str(count))
    page.click("#run")
    page.wait_for_selector("#run:visible")


def set_control(page: Page, name: str, value: str) -> None:
    page.eval_on_selector(f"#{name}", "(e, value) => { e.value = value; e.dispatchEvent(new Event('input')) }", value)


def shoot(page: Page, name: str) -> None:
    page.wait_for_timeout(300)
    page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=82)
    page.close(run_before_unload=False)


def holes(page: Page) -> None:
    page.click("#tasks [data-goal=Fill]")
    set_control(page, "colour", "#c83c28")
    set_control(page, "size", "34")
    paint(page, "b", (0.59, 0.13), (0.59, 0.17))
    set_control(page, "colour", "#d8e0e8")
    set_control(page, "size", "18")
    paint(page, "b", (0.66, 0.66), (0.72, 0.64))
    make(page, 1)
    page.mouse.move(2, 2)


def edit(page: Page) -> None:
    page.click("#tasks [data-goal=Move]")
    paint(page, "l", (0.09, 0.27), (0.13, 0.13), (0.24, 0.13), (0.275, 0.27), (0.21, 0.51), (0.15, 0.51))
    page.click("#selection [data-do=copy]")
    paint(page, "l", (0.18, 0.3), (0.66, 0.36))


def resize(page: Page) -> None:
    page.click("#tasks [data-goal=Resize]")
    page.fill("[aria-label='Size: width']", "135")
    make(page, 1)


def gallery(page: Page) -> None:
    page.click("#tasks [data-goal=Vary]")
    make(page, 3, 4)
    page.click("#results li:nth-child(2) .thumb")
    page.wait_for_timeout(300)
    box = page.locator("#result canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.4 * box["height"])


def main() -> None:
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    path = sys.argv[1] if len(sys.argv) > 1 else None
    with sync_playwright() as playwright, studio(ROCKET) as rocket, studio(BALLOONS) as balloons:
        browser = playwright.chromium.launch(executable_path=path, args=root)
        page = opened(browser, rocket)
        gallery(page)
        shoot(page, "gallery")
        page = opened(browser, balloons)
        holes(page)
        shoot(page, "holes")
        page = opened(browser, balloons, color_scheme="dark")
        edit(page)
        shoot(page, "edit")
        page = opened(browser, balloons)
        resize(page)
        shoot(page, "resize")
        page = opened(browser, rocket, 390, 844, color_scheme="dark", has_touch=True, is_mobile=True)
        page.click("#tasks [data-goal=Vary]")
        make(page, 8)
        page.evaluate("scrollTo(0, 0)")
        shoot(page, "narrow")
        browser.close()


if __name__ == "__main__":
    main()
