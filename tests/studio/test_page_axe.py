"""The page as axe-core sees it: no violation in any of its states, narrow and wide, light and dark."""

from __future__ import annotations

from typing import Any

import pytest
from browser import Opener, Page

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed: pip install axe-playwright-python"
)


def violations(page: Page) -> list[Any]:
    found = axe.Axe().run(page.tab).response["violations"]
    return [(each["id"], each["help"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found]


@pytest.mark.parametrize(
    ("width", "height", "dark"), [(1440, 900, False), (1024, 768, True), (390, 844, False), (844, 390, True)], ids=str
)
def test_axe_finds_nothing(open_page: Opener, width: int, height: int, dark: bool) -> None:
    touch = min(width, height) < 500
    page = open_page(width, height, color_scheme="dark" if dark else "light", has_touch=touch, is_mobile=touch)
    assert page.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = {}
    page.tab.fill("input[name=noise]", "0")
    page.make(count=2)
    found["results"] = violations(page)
    assert page.tab.locator("#result canvas").bounding_box()["width"] >= 0.28 * width
    ground = "rgb(28, 27, 25)" if dark else "rgb(243, 242, 239)"
    assert page.tab.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    page.tab.click("[data-do=compare]")
    page.tab.click("#show-all")
    found["grid"] = violations(page)
    page.tab.click("#keys")
    found["keys"] = violations(page)
    page.tab.keyboard.press("Escape")
    page.goal("Resize")
    found["handles"] = violations(page)
    page.goal("Extend")
    found["margins"] = violations(page)
    page.task("mirror")
    page.tab.fill("input[name=strength]", "1")
    page.make()
    page.tab.click("[data-do=repeat]")
    found["repeated"] = violations(page)
    page.goal("Resize")
    page.tab.click("#guides summary")
    page.tab.click("#label-source")
    found["labels"] = violations(page)
    page.tab.locator("#images .thumb").first.click()
    page.goal("Fill")
    page.tab.keyboard.press("w")
    page.drag((30, 30), (30, 30))
    assert page.tab.is_visible("#selection [data-do=feather]")
    done = page.tab.locator("#selection [data-do=done]").bounding_box()
    assert done["x"] + done["width"] <= width
    found["selection"] = violations(page)
    page.tab.keyboard.press("b")
    page.tab.locator("#results .thumb").first.click()
    found["compare"] = violations(page)
    page.tab.click("[data-do=close]")
    page.tab.click("#run")
    page.tab.wait_for_selector("#error:visible")
    found["error"] = violations(page)
    page.tab.locator("#images .cross").first.click()
    found["removed"] = violations(page)
    assert found == {state: [] for state in found}
