"""What helps the hand on the page: the wand, soft selections, handles, labels, whole photographs, in a real browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from browser import Page, again
from client import SHAPE

from patchnn import read_image, read_mask, write_image
from patchnn.images import read_record


def test_the_wand_takes_what_is_alike_and_it_grows(page: Page, tmp_path: Path) -> None:
    flat = np.zeros((40, 60, 3), np.float32)
    flat[8:20, 10:30] = flat[20:32, 20:40] = [0.8, 0.5, 0.2]
    flat[:, 50:] = [0.8, 0.5, 0.2]
    write_image(tmp_path / "flat.png", flat)
    page.open(tmp_path / "flat.png")
    page.goal("Remove")
    page.tab.keyboard.press("w")
    page.drag((12, 12), (12, 12))
    # Marks get their soft rim from the task's own option.
    assert not page.tab.is_visible("#selection [data-do=feather]")
    page.tab.click("#selection [data-do=grow]")
    page.tab.click("#selection [data-do=grow]")
    page.tab.click("#selection [data-do=mark]")
    page.make()
    page.parcel(tmp_path)
    hole = read_mask(tmp_path / "flat-mask.png")
    alike = flat[:, :, 0] > 0.5
    alike[:, 50:] = False
    grown = np.array([[alike[max(0, y - 6) : y + 7, max(0, x - 6) : x + 7].any() for x in range(60)] for y in range(40)])
    assert hole[alike].all(), "its middle stays in"
    assert hole.sum() > alike.sum() + 300
    assert not hole[~grown].any()


def test_a_soft_selection_is_painted_softly(page: Page, folder: Path, tmp_path: Path) -> None:
    page.goal("Fill")
    page.set("colour", "#e02020")
    page.tab.keyboard.press("r")
    page.drag((19.5, 14.5), (49.5, 44.5))
    page.tab.click("#selection [data-do=feather]")
    assert page.tab.text_content("#status") == "The rim is soft over 3 pixels."
    page.tab.click("#selection [data-do=fill]")
    page.make()
    page.parcel(tmp_path)
    first, painted = read_image(folder / "photo.png"), read_image(tmp_path / "photo-painted.png")
    colour = np.array([0xE0, 0x20, 0x20]) / 255
    share = (painted - first)[30] / np.where(np.abs(colour - first[30]) > 0.1, colour - first[30], np.nan)
    across = np.nanmean(share, axis=1)
    np.testing.assert_allclose(across[18:26], [0, 0, 0.25, 0.5, 0.75, 1, 1, 1], atol=0.06)


def test_handles_set_the_size_and_both_panes_have_one_scale(page: Page, tmp_path: Path) -> None:
    page.goal("Resize")
    width, height = (f"[aria-label='Size: {side}']" for side in ("width", "height"))
    assert (page.tab.input_value(width), page.tab.input_value(height)) == ("100", "100")
    page.drag((SHAPE[1] - 0.5, SHAPE[0] / 2 - 0.5), (SHAPE[1] * 0.75 - 0.5, 10))
    assert abs(float(page.tab.input_value(width)) - 75) < 1
    assert page.tab.input_value(height) == "100"
    page.tab.click(".lock")
    assert page.tab.input_value(height) == page.tab.input_value(width)
    page.tab.fill(width, "50")
    assert page.tab.input_value(height) == "50"
    page.make()
    assert page.saved(tmp_path).shape == (SHAPE[0] // 2, SHAPE[1] // 2, 3)
    scales = "import('/stage.js').then(({easel, resultView}) => [easel.view.scale, resultView.scale])"
    easel, result = page.tab.evaluate(scales)
    assert easel == result


def test_a_note_that_advises_to_keep_has_a_button_for_it(page: Page, tmp_path: Path) -> None:
    page.goal("Move")
    page.tab.keyboard.press("b")
    page.set("colour", "#e02020")
    page.set("size", "12")
    page.drag((25, 20), (45, 20))
    page.make()
    page.tab.click("#offer:text-is('Keep what I changed')")
    page.until("document.querySelectorAll('#results .thumb').length == 2")
    page.tab.wait_for_selector("#actions [data-do=save]:enabled")
    assert page.slots()["keep-0"] == "What changed on photo.png"
    name, _ = page.parcel(tmp_path)
    made, edited, first = (read_image(tmp_path / file) for file in (name, "photo-painted.png", "photo.png"))
    changed = (edited != first).any(axis=2)
    assert changed.any()
    np.testing.assert_array_equal(made[changed], edited[changed])


def test_labels_over_image_and_result_guide_it(page: Page, tmp_path: Path) -> None:
    page.tab.click("#guides summary")
    page.set("size", "30")
    for part, column in (("source", 20), ("target", 60)):
        page.tab.click(f"#label-{part}")
        assert page.slots()["image-0"] == "photo.png", "labels are no image of the task"
        page.drag((column, 10), (column, 50))
    page.tab.fill("input[name=noise]", "0.5")
    page.make()
    name, words = page.parcel(tmp_path)
    assert words[:5] + words[-3:] == [*words[:5], "--guide", "photo-labels.png", "photo-wanted.png"]
    labels, wanted = (read_image(tmp_path / file) for file in ("photo-labels.png", "photo-wanted.png"))
    np.testing.assert_array_equal(labels[20:40, 10:30], wanted[20:40, 50:70])
    assert len(read_record(tmp_path / name)["guides"]) == 1


def test_labels_over_each_image_guide_a_merge(page: Page, folder: Path, tmp_path: Path) -> None:
    page.open(folder / "other.png")
    page.goal("Merge")
    page.tab.click("#guides summary")
    assert page.tab.locator("#sheets button").all_text_contents() == ["Over photo.png", "Over other.png", "Over the result"]
    page.tab.click("#label-target")
    assert page.tab.text_content("#status") == "Press Merge first: labels are painted over its result."
    page.make()
    page.tab.click("#label-target")
    assert page.tab.text_content("#status").endswith(" Then the labels over photo.png and other.png.")
    for sheet in ("#label-source", "#label-source-2"):
        page.tab.click(sheet)
        page.drag((10, 10), (10, 40))
    page.make()
    name, words = page.parcel(tmp_path)
    target = "photo-wanted.png"
    assert words[-6:] == ["--guide", "photo-labels.png", target, "--guide", "other-labels.png", target]
    assert (tmp_path / name).read_bytes() == again(tmp_path, words)


def test_a_large_photograph_is_saved_whole(page: Page, tmp_path: Path) -> None:
    large = np.linspace(0, 1, 2400, dtype=np.float32)[None, :, None] * np.linspace(1, 0.5, 1000, dtype=np.float32)[:, None, None]
    write_image(tmp_path / "large.png", large)
    page.open(tmp_path / "large.png")
    assert page.tab.is_visible("#offer:text-is('Show all pixels')")
    page.goal("Remove")
    page.tab.fill("input[name=grow]", "2")
    scale = page.tab.evaluate("import('/stage.js').then(({easel}) => easel.image.full.width / easel.image.width)")
    assert 1.05 < scale < 1.2
    page.set("size", "20")
    page.drag((1000, 400), (1020, 400))
    page.make()
    assert page.tab.text_content("#full-size") == "Save at 2400 × 1000"
    name, words = page.parcel(tmp_path)
    assert words[:4] == ["patchnn", "inpaint", "large.png", "large-mask.png"]
    record = read_record(tmp_path / name)
    assert abs(record["options"]["grow"] - 2 * scale) < 0.01
    hole, made, first = read_mask(tmp_path / "large-mask.png"), *(read_image(tmp_path / n) for n in (name, "large.png"))
    assert made.shape == first.shape == (1000, 2400, 1)
    assert abs(np.argwhere(hole).mean(axis=0) - np.array([400, 1010]) * scale).max() < 3
    np.testing.assert_array_equal(made[:300], first[:300])
    thumbs = page.tab.locator("#results .thumb")
    assert thumbs.all_text_contents() == ["Remove · 1", "Remove · 1 · full size"]
    thumbs.first.click()
    page.tab.uncheck("#full")
    assert page.save()[0] == "large-small-inpaint-1.png"


def test_a_goal_has_its_tool_at_hand(page: Page, tmp_path: Path) -> None:
    held = "document.querySelector('#tools [aria-checked=true]').dataset.tool"
    tools = {}
    for goal in ("Remove", "Fill", "Move", "Resize", "Vary", "Mirror"):
        page.goal(goal)
        tools[goal] = page.tab.evaluate(held)
    assert tools == {"Remove": "brush", "Fill": "brush", "Move": "lasso", "Resize": "hand", "Vary": "hand", "Mirror": "hand"}
    # A stroke over the image moves the view, and paints nothing.
    page.drag((30, 20), (50, 30))
    assert page.slots()["image-0"] == "photo.png"
    page.goal("Move")
    page.drag((20, 20), (30, 20), (30, 30), (20, 30))
    assert page.tab.is_visible("#selection")
    page.goal("Remove")
    assert not page.tab.is_visible("#selection")
    page.goal("Vary")
    size = page.tab.text_content("#size-text")
    page.tab.wait_for_timeout(100)
    page.until("import('/session.js').then((session) => session.kept())")
    page.tab.reload()
    page.tab.wait_for_selector("html[data-ready]")
    assert (page.tab.evaluate(held), page.tab.text_content("#size-text")) == ("hand", size)


def test_what_is_selected_is_removed_without_a_further_step(page: Page, tmp_path: Path) -> None:
    page.goal("Remove")
    page.tab.keyboard.press("r")
    page.drag((29.5, 19.5), (49.5, 34.5))
    page.make()
    page.parcel(tmp_path)
    np.testing.assert_array_equal(np.argwhere(read_mask(tmp_path / "photo-mask.png")).min(axis=0), [20, 30])
    page.goal("Fill")
    page.set("colour", "#e02020")
    page.tab.keyboard.press("r")
    page.drag((9.5, 39.5), (19.5, 49.5))
    page.make()
    page.parcel(tmp_path)
    np.testing.assert_allclose(read_image(tmp_path / "photo-painted.png")[45, 15], np.array([0xE0, 0x20, 0x20]) / 255, atol=1e-6)


def test_the_gap_of_a_moved_piece_is_made_anew(page: Page, tmp_path: Path) -> None:
    page.goal("Move")
    page.tab.keyboard.press("r")
    page.drag((9.5, 9.5), (29.5, 24.5))
    assert page.slots().get("free-0") is None
    page.drag((20, 18), (55, 40))
    assert page.slots()["free-0"] == "What was left behind on photo.png"
    page.make()
    name, words = page.parcel(tmp_path)
    assert words[:6] == ["patchnn", "edit", "photo.png", "photo-painted.png", "--free", "photo-gap.png"]
    gap = read_mask(tmp_path / "photo-gap.png")
    expected = np.zeros(SHAPE, np.bool_)
    expected[10:25, 10:30] = True
    np.testing.assert_array_equal(gap, expected)
    assert (tmp_path / name).read_bytes() == again(tmp_path, words)
    # It stays away where the user wants that, also when another slot is set.
    page.tab.select_option("[data-slot=free-0]", label="None")
    page.tab.select_option("[data-slot=keep-0]", label="What changed on photo.png")
    assert page.slots().get("free-0") is None
    page.make()
    page.parcel(tmp_path)
    kept = read_mask(tmp_path / "photo-mask.png")
    assert kept.sum() == expected.sum()
    assert not kept[gap].any(), "the gap is nothing to keep"


def test_an_image_is_extended_by_its_handles(page: Page, folder: Path, tmp_path: Path) -> None:
    page.goal("Extend")
    page.drag((-0.5, SHAPE[0] / 2), (-20.5, SHAPE[0] / 2))
    page.drag((SHAPE[1] - 0.5, SHAPE[0] - 0.5), (SHAPE[1] + 9.5, SHAPE[0] + 4.5))
    sides = [float(page.tab.input_value(f"input[name={side}]")) for side in ("top", "right", "bottom", "left")]
    np.testing.assert_allclose(sides, [0, 10, 5, 20], atol=1)
    page.tab.fill("input[name=top]", "10%")
    page.make()
    made, first = page.saved(tmp_path), read_image(folder / "photo.png")
    top, right, bottom, left = (round(pixels) for pixels in (SHAPE[0] / 10, *sides[1:]))
    assert made.shape[:2] == (SHAPE[0] + top + bottom, SHAPE[1] + left + right)
    np.testing.assert_array_equal(made[top : top + SHAPE[0], left : left + SHAPE[1]], first)


def test_the_help_of_a_size_has_no_words_of_the_command_line(page: Page) -> None:
    for goal in ("Resize", "Vary", "Merge", "Restyle", "Extend", "Texture"):
        page.goal(goal)
        assert "300x200" not in page.tab.text_content("#panel .scroll"), goal
