"""The tasks on the page, in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from browser import Page, again
from client import SHAPE, Studio

from patchnn import read_image, read_mask
from patchnn.images import read_record
from patchnn.registry import Registry
from patchnn.studio.words import spoken
from patchnn.task import options


def test_a_hole_painted_in_a_colour_is_filled_and_nothing_else_changes(page: Page, folder: Path, tmp_path: Path) -> None:
    page.goal("Fill")
    page.set("colour", "#e02020")
    page.set("size", "10")
    page.drag((30, 20), (30, 38))
    assert page.tab.input_value("input[name=fill]") == "own"
    assert page.slots() == {"image-0": "photo.png, as painted", "mask-0": "What is marked on photo.png"}
    page.make()
    name, words = page.parcel(tmp_path)
    assert words[:4] == ["patchnn", "inpaint", "photo-painted.png", "photo-mask.png"]
    assert read_record(tmp_path / name)["options"]["fill"] == "own"
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


def test_marking_without_a_colour_removes_and_leaves_the_image_unchanged(page: Page, running: Studio, tmp_path: Path) -> None:
    page.task("inpaint")
    page.drag((50, 30), (60, 30))
    assert page.slots() == {"image-0": "photo.png", "mask-0": "What is marked on photo.png"}
    page.make()
    name, words = page.parcel(tmp_path)
    assert words[:4] == ["patchnn", "inpaint", "photo.png", "photo-mask.png"]
    assert read_record(tmp_path / name)["options"]["fill"] == "none"
    assert (tmp_path / "photo.png").read_bytes() == page.tab.request.get(
        f"{running.root}images/0", headers={"authorization": f"Bearer {running.token}"}
    ).body()
    page.tab.click("#images .thumb")
    page.tab.keyboard.press("e")
    page.set("size", "80")
    page.drag((45, 30), (70, 30))
    assert page.slots()["mask-0"] == "Choose …"
    page.tab.click("#run")
    page.tab.wait_for_selector("#error:visible")
    assert page.error == "“Mask” is missing: mark the image with the brush, or choose a mask."


def test_a_piece_is_moved_and_the_edit_is_made_seamless(page: Page, tmp_path: Path) -> None:
    page.task("edit")
    page.tab.keyboard.press("r")
    page.drag((9.5, 9.5), (29.5, 24.5))
    page.drag((20, 18), (45, 33))
    page.make()
    own = {"source-0": "photo.png, as opened", "edited-0": "photo.png, as painted"}
    assert page.slots() == {**own, "free-0": "What was left behind on photo.png"}
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


def test_a_piece_is_copied_deleted_and_restored(page: Page, tmp_path: Path) -> None:
    def pixels() -> Any:
        page.make()
        page.parcel(tmp_path)
        page.tab.click("#images .thumb")
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


def test_a_structure_is_drawn_on_a_blank_sheet(page: Page, tmp_path: Path) -> None:
    page.task("analogy")
    assert page.slots() == {"source-0": "photo.png", "structure-0": "Choose …"}
    page.tab.click("#run")
    page.tab.wait_for_selector("#error:visible")
    assert page.error == "“Structure” is missing: open or choose an image for it."
    page.tab.select_option("[data-slot=structure-0]", "draw")
    page.set("colour", "#104080")
    page.set("size", "20")
    page.drag((20, 20), (60, 40))
    assert page.slots() == {"source-0": "photo.png", "structure-0": "sketch.png"}
    page.make()
    _, words = page.parcel(tmp_path)
    assert words[:4] == ["patchnn", "analogy", "photo.png", "sketch.png"]
    sketch = read_image(tmp_path / "sketch.png")
    assert sketch.shape == (*SHAPE, 3)
    assert len(np.unique((sketch * 255).round().reshape(-1, 3), axis=0)) == 2


def test_the_image_on_the_easel_is_used_in_a_pair(page: Page, folder: Path) -> None:
    page.open(folder / "other.png", folder / "clear.png")
    page.goal("Restyle")
    assert page.slots() == {"source-0": "photo.png", "structure-0": "clear.png"}
    page.tab.locator("#images .thumb").nth(1).click()
    assert page.slots() == {"source-0": "photo.png", "structure-0": "other.png"}
    page.tab.locator("#images .thumb").nth(0).click()
    assert page.slots() == {"source-0": "photo.png", "structure-0": "other.png"}


def test_images_are_merged_in_their_order(page: Page, folder: Path, tmp_path: Path) -> None:
    page.task("collage")
    page.open(folder / "other.png")
    assert page.slots() == {"images-0": "photo.png", "images-1": "other.png", "images-2": "Add …"}
    page.tab.select_option("[data-slot=images-2]", label="photo.png")
    page.make()
    _, words = page.parcel(tmp_path)
    assert words[:5] == ["patchnn", "collage", "photo.png", "other.png", "photo.png"]
    rows = page.tab.locator("[data-option=images] .use")
    rows.nth(0).drag_to(rows.nth(1), source_position={"x": 10, "y": 10})
    assert page.slots() == {"images-0": "other.png", "images-1": "photo.png", "images-2": "photo.png", "images-3": "Add …"}
    rows.nth(1).drag_to(rows.nth(0), source_position={"x": 10, "y": 10})
    page.tab.select_option("[data-slot=images-1]", label="Remove")
    assert page.slots() == {"images-0": "photo.png", "images-1": "photo.png", "images-2": "Add …"}


def test_a_size_shows_the_pixels_that_it_gives(page: Page, tmp_path: Path) -> None:
    page.task("retarget")
    page.tab.fill("[aria-label='Size: width']", "150")
    assert page.tab.text_content(".size-row output") == "120 × 60 pixels"
    page.tab.fill("[aria-label='Size: width']", "wide")
    assert page.tab.text_content(".size-row output") == ""
    page.tab.fill("[aria-label='Size: width']", "150")
    page.make()
    assert page.saved(tmp_path).shape == (60, 120, 3)
    page.tab.select_option("[aria-label='Size: unit']", "px")
    page.tab.fill("[aria-label='Size: width']", "70")
    page.tab.fill("[aria-label='Size: height']", "66")
    page.make()
    assert page.saved(tmp_path).shape == (66, 70, 3)


def test_a_plugins_task_appears_with_its_knobs(page: Page, running: Studio, folder: Path, tmp_path: Path) -> None:
    page.task("mirror")
    assert page.tab.text_content("#task-how") == "Mirror an image. “Strength” does nothing."
    task = {described["name"]: described for described in json.loads(running.ask("GET", "/api/v1/tasks")[1])["tasks"]}
    for o in task["mirror"]["options"]:
        assert o["help"] in page.tab.text_content("#panel .scroll")
    page.tab.select_option("select[name=across]", "upside-down")
    page.tab.fill("input[name=strength]", "0.25")
    page.tab.check("input[name=loud]")
    page.tab.click("#knobs button:text-is('many')")
    page.make()
    note = "It was mirrored upside-down: “Across” chooses another way."
    assert page.tab.text_content("#status") == f"One result is ready. {note}"
    name, file = page.save()
    (tmp_path / name).write_bytes(file)
    record = read_record(tmp_path / name)
    assert record["options"] == {"across": "upside-down", "strength": 0.25, "loud": True, "words": "many"}
    np.testing.assert_array_equal(read_image(tmp_path / name), read_image(folder / "photo.png")[::-1])
    # What the task made of its picture is shown where a patch comes from.
    page.tab.mouse.move(*page.on_screen(40, 20, pane="result"))
    page.until("document.querySelector('#easel-caption').textContent.startsWith('made by the task: column ')")


def test_every_task_has_its_tab_and_every_knob_its_help(page: Page) -> None:
    registry = Registry()
    words = page.tab.locator("#tasks button").all_text_contents()
    assert words[:7] == ["Remove", "Fill", "Move", "Resize", "Vary", "Merge", "Restyle"]
    for name in registry:
        page.task(name)
        for o in options(registry.load(name)):
            said = re.sub(r", as \d[^;.]*", "", o.help) if o.type == "size" else o.help
            assert spoken(said) in page.tab.text_content("#panel .scroll")
            if not o.is_image and o.type != "size":
                assert page.tab.locator(f"#knobs [name={o.name}]").count() == 1


def test_transparency_is_kept_to_the_bit(page: Page, folder: Path, tmp_path: Path) -> None:
    page.open(folder / "clear.png")
    page.goal("Fill")
    page.set("colour", "#e02020")
    page.set("size", "6")
    page.drag((20, 20), (30, 20))
    page.make()
    page.parcel(tmp_path)
    hole = read_mask(tmp_path / "clear-mask.png")
    before, after = read_image(folder / "clear.png"), read_image(tmp_path / "clear-painted.png")
    assert before[:, :, 3].min() < 0.1
    np.testing.assert_array_equal(before[~hole], after[~hole])


def test_what_is_marked_without_a_colour_goes_when_others_are_filled(page: Page, folder: Path, tmp_path: Path) -> None:
    page.goal("Remove")
    page.set("size", "12")
    page.drag((20, 20), (20, 40))
    page.goal("Fill")
    page.set("colour", "#e02020")
    page.drag((60, 20), (60, 40))
    page.make()
    page.parcel(tmp_path)
    hole, painted, first = (
        read_mask(tmp_path / "photo-mask.png"),
        read_image(tmp_path / "photo-painted.png"),
        read_image(folder / "photo.png"),
    )
    gone = hole.copy()
    gone[:, 40:] = False
    assert gone.any()
    np.testing.assert_allclose(
        painted[hole & ~gone], np.broadcast_to(np.array([0xE0, 0x20, 0x20]) / 255, (hole.sum() - gone.sum(), 3)), atol=1e-6
    )
    # Its own colours would bring it back: they are those of its surroundings now.
    assert painted[gone].std(axis=0).mean() < 0.5 * first[gone].std(axis=0).mean()
    np.testing.assert_array_equal(painted[~hole], first[~hole])
