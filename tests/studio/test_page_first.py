"""What a newcomer does first, and what keeps work from being lost, in a real browser."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Opener, Page
from client import SHAPE, Studio, started

from patchnn import read_image, read_mask
from patchnn.images import read_record


@pytest.fixture(scope="module")
def empty(folder: Path) -> Any:
    """A studio that opens no image."""
    with started(path=folder) as studio:
        yield studio


def test_a_newcomers_first_removal_takes_three_actions(open_page: Opener, empty: Studio, tmp_path: Path) -> None:
    page = open_page(studio=empty, task=None)
    assert "Brush over what should go" in page.tab.text_content("#empty")
    assert page.tab.locator("#samples button").count() == 3
    actions = [
        lambda: page.tab.locator("#samples button").first.click(),
        lambda: page.drag((60, 60), (70, 80)),
        lambda: page.tab.click("#run"),
    ]
    for number, action in enumerate(actions):
        if number == 1:
            page.until("document.querySelectorAll('#images .thumb').length == 1 && !document.querySelector('#easel').hidden")
        action()
    assert len(actions) <= 4
    page.tab.wait_for_selector("#actions [data-do=save]:enabled")
    name, words = page.parcel(tmp_path)
    assert words[:2] == ["patchnn", "inpaint"]
    assert read_record(tmp_path / name)["options"]["fill"] == "none"
    hole = read_mask(next(tmp_path.glob("*-mask.png")))
    made, first = (read_image(tmp_path / file) for file in (name, words[2]))
    np.testing.assert_array_equal(made[~hole], first[~hole])
    assert (made[hole] != first[hole]).any()


def test_colours_come_from_the_image(page: Page, folder: Path) -> None:
    page.goal("Remove")
    assert not page.tab.is_visible("#colour")
    page.goal("Fill")
    image = (read_image(folder / "photo.png") * 255).round().reshape(-1, 3)
    swatches = page.tab.evaluate("[...document.querySelectorAll('.swatch')].map((e) => e.style.background)")
    assert 2 <= len(swatches) <= 6
    for swatch in swatches:
        colour = np.array([int(value) for value in re.findall(r"\d+", swatch)])
        assert np.abs(image - colour).sum(axis=1).min() < 40, swatch
    own = page.tab.input_value("#colour")
    assert [int(own[i : i + 2], 16) for i in (1, 3, 5)] == [int(value) for value in re.findall(r"\d+", swatches[0])]
    page.tab.locator(".swatch").nth(1).click()
    page.drag((30, 20), (30, 30))
    assert page.tab.input_value("input[name=fill]") == "own"
    assert page.slots()["image-0"] == "photo.png, as painted"


def test_a_selection_is_grown_and_marked(page: Page, tmp_path: Path) -> None:
    page.goal("Remove")
    page.tab.keyboard.press("r")
    page.drag((29.5, 19.5), (49.5, 34.5))
    page.tab.click("#selection [data-do=grow]")
    page.tab.click("#selection [data-do=mark]")
    page.make()
    page.parcel(tmp_path)
    hole = read_mask(tmp_path / "photo-mask.png")
    assert abs(int(hole.sum()) - 26 * 21) < 60
    assert hole[18:36, 28:51].all()


def test_before_and_after_are_compared(page: Page) -> None:
    page.tab.fill("input[name=noise]", "0.75")
    page.make(seed=3)
    after = page.pixels()
    page.tab.click("[data-do=compare]")
    page.tab.wait_for_timeout(100)
    both = page.pixels()
    middle = after.shape[1] // 2
    np.testing.assert_array_equal(both[:, middle + 5 :], after[:, middle + 5 :])
    assert (both[:, : middle - 5] != after[:, : middle - 5]).any()
    # The line is dragged on the image itself.
    for x in (SHAPE[1] / 2, SHAPE[1] * 0.75):
        page.tab.mouse.move(*page.on_screen(x, 30, pane="result"))
        page.tab.mouse.down()
    page.tab.mouse.up()
    assert abs(float(page.tab.input_value("#split")) - 0.75) < 0.01
    page.tab.fill("#split", "0.5")
    page.tab.mouse.move(5, 5)
    page.tab.click("[data-do=compare]")
    page.tab.focus("#tools [data-tool=brush]")
    page.tab.keyboard.down("c")
    page.tab.wait_for_timeout(100)
    held = page.pixels()
    np.testing.assert_array_equal(held[:, : middle - 5], both[:, : middle - 5])
    page.tab.keyboard.up("c")
    page.tab.wait_for_timeout(100)
    np.testing.assert_array_equal(page.pixels(), after)


def test_both_panes_zoom_in_step(page: Page) -> None:
    page.tab.fill("input[name=noise]", "0")
    page.make()
    page.tab.click("#zoom-in")
    page.tab.wait_for_timeout(100)
    percent = int(page.tab.text_content("#percent").split()[0])
    assert percent > 100
    # With no noise the result is the image: in step, the middles of both panes look the same.
    seen = [page.pixels(pane) for pane in ("easel", "result")]
    parts = [part[part.shape[0] // 2 - 40 :, part.shape[1] // 2 - 40 :][:80, :80] for part in seen]
    assert np.abs(parts[0] - parts[1]).mean() < 0.01


def test_settings_are_taken_back_from_a_result_and_from_a_file(page: Page, tmp_path: Path) -> None:
    page.tab.fill("input[name=noise]", "0.6")
    page.tab.click("details:has(#tuning) summary")
    page.tab.fill("input[name=iterations]", "2")
    page.tab.fill("[aria-label='Size: width']", "50")
    page.make(seed=41)
    name, file = page.save()
    (tmp_path / name).write_bytes(file)

    def now() -> list[str]:
        names = ("input[name=noise]", "input[name=iterations]", "[aria-label='Size: width']", "#seed")
        return [page.tab.input_value(each) for each in names]

    page.goal("Remove")
    page.tab.click("[data-do=settings]")
    assert now() == ["0.6", "2", "50", "41"]
    assert page.tab.get_attribute("[data-goal=Vary]", "aria-current") == "true"
    page.tab.fill("#seed", "1")
    page.goal("Remove")
    page.open(tmp_path / name)
    page.tab.click("#offer:text-is('Use its settings')")
    assert now() == ["0.6", "2", "50", "41"]


def test_results_are_a_grid_that_says_what_differs(page: Page) -> None:
    page.tab.fill("[aria-label='Size: width']", "30")
    page.tab.fill("input[name=noise]", "0")
    page.make(seed=1, count=2)
    page.tab.fill("input[name=noise]", "0.3")
    page.make(seed=1)
    page.tab.click("#show-all")
    assert page.tab.locator("#grid .cell").all_text_contents() == ["noise 0, seed 1", "noise 0, seed 2", "noise 0.3, seed 1"]
    assert page.tab.locator("#grid").bounding_box()["width"] >= 0.7 * 1440, "it has the room of both panes"
    page.tab.locator("#grid .cell").nth(1).click()
    assert not page.tab.is_visible("#grid")
    assert "seed 2," in page.tab.text_content("#result-caption")
    # Results of other tasks have other options, which set nothing apart.
    page.goal("Resize")
    page.make(seed=5)
    page.tab.click("#show-all")
    cells = page.tab.locator("#grid .cell").all_text_contents()
    assert cells[2:] == ["Vary, noise 0.3, seed 1", "Resize, seed 5"]
    page.tab.locator("#images .thumb").first.click()
    assert not page.tab.is_visible("#grid"), "what is chosen elsewhere is seen"


def test_a_reload_loses_nothing(page: Page, folder: Path, tmp_path: Path) -> None:
    # More images than the server lets wait.
    page.open(*[folder / "other.png"] * 9)
    page.tab.locator("#images .thumb").first.click()
    page.goal("Fill")
    page.set("size", "8")
    page.drag((30, 20), (30, 30))
    page.make(seed=5)
    before = page.save("save")
    page.until("import('/session.js').then((session) => session.kept())")
    page.tab.reload()
    page.tab.wait_for_selector("html[data-ready]")
    assert page.tab.text_content("#status") == "Your session is back."
    names = ["photo.png", "other.png", *(f"other-{number}.png" for number in range(2, 10))]
    assert page.tab.locator("#images .thumb").all_text_contents() == names
    assert page.slots()["mask-0"] == "What is marked on photo.png"
    assert page.tab.get_attribute("[data-goal=Fill]", "aria-current") == "true"
    assert page.save("save") == before
    name, _ = page.parcel(tmp_path)
    assert (tmp_path / name).read_bytes() == before[1]
    page.tab.click("[data-do=settings]")
    assert page.tab.get_attribute("[data-goal=Fill]", "aria-current") == "true"
    page.make(seed=5)
    assert page.save("save") == before


def test_what_is_removed_comes_back_and_all_is_saved(page: Page, tmp_path: Path) -> None:
    page.tab.fill("[aria-label='Size: width']", "30")
    page.tab.fill("input[name=noise]", "0")
    page.make(seed=1, count=2)
    page.tab.locator("#results .thumb").first.hover()
    page.tab.locator("#results .cross").first.click()
    assert page.tab.locator("#results .thumb").all_text_contents() == ["Vary · 2"]
    page.tab.click("#offer:text-is('Undo')")
    assert page.tab.locator("#results .thumb").all_text_contents() == ["Vary · 1", "Vary · 2"]
    page.tab.locator("#images .thumb").first.hover()
    page.tab.locator("#images .cross").first.click()
    page.tab.click("#offer")
    assert page.tab.locator("#images .thumb").all_text_contents() == ["photo.png"]
    with page.tab.expect_download() as coming:
        page.tab.click("#save-every")
    with zipfile.ZipFile(io.BytesIO(Path(coming.value.path()).read_bytes())) as parcel:
        assert parcel.namelist() == ["photo-generate-1.png", "photo-generate-2.png", "command.txt"]
        assert len(parcel.read("command.txt").splitlines()) == 2


def test_a_format_fills_the_size_in(page: Page) -> None:
    page.goal("Resize")
    page.tab.click(".formats :text-is('16:9')")
    assert page.tab.text_content(".size-row output") == "107 × 60 pixels"
    page.tab.click(".formats :text-is('Half')")
    assert page.tab.text_content(".size-row output") == f"{SHAPE[1] // 2} × {SHAPE[0] // 2} pixels"


SMALL = """[...document.querySelectorAll('button, select, input:not([type=range], [hidden]), summary')]
    .filter((e) => e.checkVisibility() && !e.labels?.length)
    .map((e) => [e.getBoundingClientRect(), e])
    .filter(([box]) => box.width && Math.min(box.width, box.height) < 43.5)
    .map(([box, e]) => `${Math.round(box.width)}×${Math.round(box.height)} ${e.outerHTML.slice(0, 80)}`)"""


def test_fingers_find_their_targets_and_keys_their_list(open_page: Opener) -> None:
    page = open_page(390, 844, has_touch=True, is_mobile=True)
    page.tab.fill("[aria-label='Size: width']", "30")
    page.make()
    page.goal("Fill")
    assert page.tab.evaluate(SMALL) == []
    assert page.tab.evaluate("getComputedStyle(document.querySelector('#result canvas')).touchAction") == "pan-x pan-y"
    tasks = page.tab.evaluate("[...document.querySelectorAll('#tasks button')].map((e) => e.getBoundingClientRect().right)")
    assert max(tasks) <= 390, "all tasks are seen at once"
    tools = page.tab.evaluate(
        "[...document.querySelectorAll('#tools :is(button, input)')].map((e) => e.getBoundingClientRect().right)"
    )
    assert max(tools) <= 390, "and all tools"
    page.tab.keyboard.press("?")
    assert page.tab.is_visible("#help")
    assert "Ctrl+Enter" in page.tab.text_content("#help")
    page.tab.keyboard.press("Escape")
    assert not page.tab.is_visible("#help")


def test_one_tab_keeps_the_session(page: Page, running: Studio) -> None:
    kept = "import('/session.js').then((session) => session.kept())"
    page.until(kept)
    other = Page(page.tab.context.new_page())
    other.tab.goto(running.url)
    other.tab.wait_for_selector("html[data-ready]")
    other.until("document.querySelector('#status').textContent.includes('open in another tab')")
    other.goal("Fill")
    other.set("size", "8")
    other.drag((30, 20), (30, 30))
    other.tab.wait_for_timeout(1000)
    assert not other.tab.evaluate(kept)
    page.tab.close()
    other.until(kept)


def test_a_new_studio_removes_older_sessions(page: Page) -> None:
    store = """(put) => new Promise((done) => {
        const opened = indexedDB.open("patchnn", 1);
        opened.onsuccess = () => {
            const sessions = opened.result.transaction("sessions", "readwrite").objectStore("sessions");
            if (put) sessions.put({images: [], results: []}, "an older token");
            const keys = sessions.getAllKeys();
            keys.onsuccess = () => done(keys.result);
        };
    })"""
    page.until("import('/session.js').then((session) => session.kept())")
    own = page.tab.evaluate("location.hash.slice(1)")
    assert sorted(page.tab.evaluate(store, True)) == sorted([own, "an older token"])
    page.tab.reload()
    page.tab.wait_for_selector("html[data-ready]")
    assert page.tab.evaluate(store, False) == [own]
