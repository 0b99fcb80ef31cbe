"""Results, messages and opened images on the page, in a real browser."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
from browser import Page, again
from client import PHOTO, plugin, started


def test_several_seeds_give_several_results(page: Page, tmp_path: Path) -> None:
    page.tab.fill("input[name=noise]", "0.5")
    page.make(seed=7, count=3)
    thumbs = page.tab.locator("#results .thumb")
    assert thumbs.all_text_contents() == ["Vary · 7", "Vary · 8", "Vary · 9"]
    made = []
    for i in range(3):
        thumbs.nth(i).click()
        assert f"seed {7 + i}," in page.tab.text_content("#result-caption")
        name, words = page.parcel(tmp_path)
        made.append((tmp_path / name).read_bytes())
    assert made[-1] == again(tmp_path, words)
    assert len(set(made)) == 3


def test_the_command_is_copied(page: Page, folder: Path) -> None:
    page.tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.tab.fill("input[name=noise]", "0.4")
    page.tab.click("details:has(#tuning) summary")
    page.tab.fill("input[name=alpha]", "inf")
    page.tab.select_option("select[name=search]", "exact")
    page.make(seed=11)
    _, file = page.save()
    page.tab.click("[data-do=command]")
    page.until("document.querySelector('#status').textContent.startsWith('Copied')")
    command = page.tab.evaluate("navigator.clipboard.readText()")
    assert command == "patchnn generate photo.png --noise 0.4 --alpha inf --search exact --seed 11"
    assert again(folder, shlex.split(command)) == file


def test_a_result_can_be_edited_further(page: Page, tmp_path: Path) -> None:
    page.make(seed=2)
    first = page.saved(tmp_path)
    page.tab.click("[data-do=go-on]")
    page.until("document.querySelectorAll('#images .thumb').length == 2")
    assert page.slots()["image-0"] == "photo-generate-2.png"
    assert page.tab.text_content("#status") == "photo-generate-2.png is on the easel."
    assert not page.tab.is_visible("#offer")
    page.tab.fill("input[name=noise]", "0")
    page.make(seed=3)
    np.testing.assert_array_equal(page.saved(tmp_path), first)


def test_the_image_fills_its_pane_again_when_the_result_is_gone(page: Page) -> None:
    percent = "parseInt(document.querySelector('#percent').textContent)"
    alone = page.tab.evaluate(percent)
    for leave in ("[data-do=close]", "#images .thumb", "[data-do=go-on]"):
        page.make(seed=2)
        assert page.tab.evaluate(percent) < alone
        page.tab.locator(leave).first.click()
        page.tab.wait_for_selector("#result:not(:visible)", state="attached")
        page.tab.wait_for_timeout(200)
        assert page.tab.evaluate(percent) == alone, leave


def test_a_place_in_the_result_shows_its_origin(page: Page) -> None:
    page.tab.fill("input[name=noise]", "0")
    page.make()
    # With no noise the picture comes back: every patch from its own place.
    for x, y in ((20, 30), (55, 12)):
        page.tab.mouse.move(*page.on_screen(x, y, pane="result"))
        page.until(f"document.querySelector('#easel-caption').textContent == 'photo.png: column {x - 3}, row {y - 3}'")
    page.tab.mouse.move(5, 5)
    page.until("document.querySelector('#easel-caption').textContent == 'photo.png, 80 × 60'")


def test_cancel_stops_the_job(page: Page) -> None:
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


def test_a_file_without_an_image_is_reported_and_nothing_is_lost(page: Page, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("no picture")
    page.tab.set_input_files("#file", tmp_path / "note.png")
    page.tab.wait_for_selector("#error:visible")
    assert "note.png cannot be read" in page.error
    page.make()


def test_images_are_dropped_and_pasted(page: Page, folder: Path) -> None:
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
    page.until("document.querySelectorAll('#images .thumb').length == 2")
    assert page.slots() == {"source-0": "photo.png", "structure-0": "given.png"}
    page.tab.evaluate(give, ["paste", given, "body"])
    page.until("document.querySelectorAll('#images .thumb').length == 3")
    names = page.tab.locator("#images .thumb").all_text_contents()
    assert names == ["photo.png", "given.png", "given-2.png"]


def test_a_new_job_shows_no_earlier_result(page: Page) -> None:
    page.make(seed=1)
    blank = """(() => { const seen = document.querySelector('#result canvas'), copy = document.createElement('canvas');
        Object.assign(copy, {width: seen.width, height: seen.height});
        const context = copy.getContext('2d', {willReadFrequently: true});
        context.drawImage(seen, 0, 0);
        return context.getImageData(0, 0, copy.width, copy.height).data.every((value) => value === 0); })()"""
    assert not page.tab.evaluate(blank)
    # This task hangs before its first preview.
    page.task("stuck")
    page.tab.fill("#seed", "2")
    page.tab.click("#run")
    page.until("document.querySelector('#result-caption').textContent === 'Stuck, seed 2, waiting'")
    page.until(blank)
    page.tab.click("#cancel")
    page.tab.wait_for_selector("#run:visible")


def test_a_long_job_tells_how_long_it_will_take(page: Page) -> None:
    said = "import('/making.js').then(({ left }) => [left(1, 0.5), left(10, 0.01), left(10, 0.25), left(60, 0.2)])"
    assert page.tab.evaluate(said) == [*["Working …"] * 2, "Working … about 30 s left.", "Working … about 4 minutes left."]


def test_every_result_is_kept(page: Page) -> None:
    # The cheapest results there are.
    page.tab.fill("[aria-label='Size: width']", "25")
    page.tab.fill("input[name=noise]", "0")
    page.tab.click("details:has(#tuning) summary")
    page.tab.fill("input[name=iterations]", "1")
    page.make(seed=1, count=64)
    assert page.tab.text_content("#status") == "64 results are ready."
    assert page.tab.locator("#results .thumb").count() == 64
    page.tab.evaluate("document.querySelector('#count').value = '250'")
    page.tab.click("#run")
    page.tab.wait_for_selector("#error:visible")
    assert page.error.startswith("The page keeps 64 results: save those you want")
    assert page.tab.locator("#results .thumb").count() == 64


def test_the_strip_marks_and_shows_the_result(page: Page) -> None:
    page.tab.fill("[aria-label='Size: width']", "25")
    page.tab.fill("input[name=noise]", "0")
    page.make(seed=1, count=14)
    marked = page.tab.locator("#strip .thumb[aria-current=true]")
    shown = """(() => { const [mark] = document.querySelectorAll('#results [aria-current=true]');
        const box = mark.getBoundingClientRect(), view = document.querySelector('#strip').getBoundingClientRect();
        return box.left >= view.left && box.right <= view.right; })()"""
    assert marked.all_text_contents() == ["photo.png", "Vary · 14"]
    assert page.tab.evaluate(shown)
    page.tab.evaluate("document.querySelector('#results .thumb').click()")
    assert marked.all_text_contents() == ["photo.png", "Vary · 1"]
    assert page.tab.evaluate(shown)


def test_messages_go_with_their_cause(page: Page, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("no image")
    page.tab.set_input_files("#file", tmp_path / "note.png")
    page.tab.wait_for_selector("#error:visible")
    assert page.tab.text_content("#status") == "", "it is no longer opening"
    page.task("inpaint")
    page.tab.click("#run")
    page.tab.wait_for_selector("#error:visible")
    page.drag((20, 20), (40, 20))
    assert not page.tab.is_visible("#error")


def test_unsafe_names_are_made_safe(page: Page, tmp_path: Path) -> None:
    for name in ("CON.png", "aux.tar.png", "x\u202egnp.png"):
        (tmp_path / name).write_bytes((tmp_path / "CON.png").read_bytes() if name != "CON.png" else PHOTO)
        page.open(tmp_path / name)
    names = page.tab.locator("#images .thumb").all_text_contents()
    assert names == ["photo.png", "image-CON.png", "image-aux.tar.png", "xgnp.png"]
    page.make()
    assert page.save()[0] == "xgnp-generate-1.png"


def test_a_copied_command_says_where_its_images_are(page: Page, folder: Path) -> None:
    page.open(folder / "photo.png")
    page.make(seed=4)
    page.tab.click("[data-do=command]")
    page.until("document.querySelector('#status').textContent.includes('patchnn generate')")
    assert "(“Save with inputs” saves photo-2.png)" in page.tab.text_content("#status")


def test_a_broken_plugin_is_reported_on_the_page(open_page: Callable[..., Page], folder: Path, tmp_path: Path) -> None:
    plugin(tmp_path, "broken", "raise RuntimeError('not today')")
    with started(str(folder / "photo.png"), path=tmp_path) as studio:
        page = open_page(studio=studio, task=None)
        assert page.error.startswith("These plugins cannot be used: broken of studio_broken: ")
        assert page.tab.is_visible("#error")


def test_a_result_that_repeats_is_seen_beside_itself(page: Page, tmp_path: Path) -> None:
    repeat = page.tab.locator("[data-do=repeat]")
    page.task("mirror")
    page.make()
    assert not repeat.is_visible()
    page.tab.fill("input[name=strength]", "1")
    page.make()
    repeat.click()

    def columns() -> list[list[float]]:
        """The colours of a place in the result, and of the same one beside it."""
        page.tab.wait_for_timeout(100)
        seen, box = page.pixels(), page.tab.locator("#result canvas").bounding_box()
        at = [page.on_screen(x, 30, pane="result") for x in (20, 100)]
        return [list(map(float, seen[round(y - box["y"]), round(x - box["x"])])) for x, y in at]

    first, second = columns()
    assert first == second
    assert first[3] == 1
    assert page.saved(tmp_path).shape == (60, 80, 3), "it is saved once"
    page.until("import('/session.js').then((session) => session.kept())")
    page.tab.reload()
    page.tab.wait_for_selector("html[data-ready]")
    repeat.click()
    assert columns() == [first, second]
    repeat.click()
    assert page.tab.evaluate("import('/stage.js').then(({ resultView }) => resultView.copies)") == {"across": 1, "down": 1}


def test_a_large_answer_in_many_pieces_is_joined_once(page: Page) -> None:
    read = """async () => {
        const { messages } = await import("/wire.js");
        const text = (head) => new TextEncoder().encode(JSON.stringify(head) + "\\n");
        const large = [...text({ b: 2, sizes: [2, 40000] }), ...Array(40002).fill(7)];
        const bytes = [...text({ a: 1, sizes: [] }), ...large, ...text({ c: 3, sizes: [0] })];
        const set = Uint8Array.prototype.set;
        let at = 0, copied = 0;
        Uint8Array.prototype.set = function (from, place) {
            copied += from.length;
            set.call(this, from, place);
        };
        const piece = () => ({ done: at >= bytes.length, value: new Uint8Array(bytes.slice(at, (at += 100))) });
        const told = [];
        for await (const { head, blobs } of messages({ read: piece })) {
            told.push([Object.keys(head)[0], blobs.map((blob) => blob.byteLength)]);
        }
        Uint8Array.prototype.set = set;
        return [told, copied < 4 * bytes.length];
    }"""
    told, cheap = page.tab.evaluate(read)
    assert told == [["a", []], ["b", [2, 40000]], ["c", [0]]]
    assert cheap
