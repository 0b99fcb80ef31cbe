"""The survey's page in a browser: keys, touch, narrow windows, timing, reloads, and answers that arrive."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from raters import NAMES, make_folders

from patchnn.cli import main
from patchnn.survey.answers import parse_answer
from patchnn.survey.design import CHECK, load_survey

HOUR = 60
"""Seconds after which anything counts as hanging, on a slow machine too."""
PAGES = ("paired-1s", "paired-0.25s", "unpaired-1s", "unpaired-0.25s", "competition-1s", "competition-0.25s")
Opener = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a survey of four images."""
    path = tmp_path_factory.mktemp("page")
    make_folders(path, (48, 64))
    words = ["survey", str(path / "real"), "--ours", str(path / "ours"), "--against", str(path / "theirs")]
    assert main([*words, "--seconds", "1", "--seconds", "0.25", "-o", str(path / "survey")]) == 0
    told = ["--instruction", "The wall is gone.", "--seconds", "0", "-o", str(path / "told")]
    assert main([*words, *told]) == 0
    return path


@pytest.fixture
def open_page(browser: Any, folder: Path) -> Iterator[Opener]:
    """Open a page, from its file unless an address is given. The test fails if the page reports an error."""
    contexts, complaints = [], []

    def opened(name: str = "paired-1s", size: tuple[int, int] = (1440, 900), url: str = "", rater: str = "", **facts: Any) -> Any:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, accept_downloads=True, **facts)
        context.add_init_script(HURRY)
        context.set_default_timeout(HOUR * 1000)
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda said: complaints.append(said.text) if "Failed to load" not in said.text else None)
        part = "told" if name == "competition-unlimited" else "survey"
        tab.goto(url or (folder / part / "pages" / f"{name}.html").as_uri() + (f"#rater={rater}" if rater else ""))
        tab.wait_for_selector("html[data-ready]")
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


HURRY = "const later = setTimeout; window.setTimeout = (act, ms) => later(act, ms === 600 ? 50 : ms)"
"""Shortens the pause before the images, which no test is about."""
SEEN = "#trial:not([hidden]) #stage:not(.waiting) #images canvas"


def practise(tab: Any) -> None:
    """Go from the welcome to the first question, by keys."""
    for _ in range(2):
        tab.keyboard.press("Space")
        tab.wait_for_selector(SEEN)
        tab.keyboard.press("ArrowLeft")
        tab.wait_for_selector("#on")
    tab.keyboard.press("Space")
    tab.wait_for_selector("#talk:not([hidden])")
    tab.keyboard.press("Space")


def answer(tab: Any, key: str = "ArrowLeft") -> None:
    """Answer the next question by a key."""
    tab.wait_for_selector(SEEN)
    number = tab.evaluate("state.answers.length")
    tab.keyboard.press(key)
    until(tab, f"state.answers.length == {number + 1}")


def until(tab: Any, condition: str) -> None:
    """Wait for a condition. The page's policy forbids the evaluation that Playwright would wait with."""
    deadline = time.monotonic() + HOUR
    while not tab.evaluate(condition):
        assert time.monotonic() < deadline, condition
        tab.wait_for_timeout(20)


def saved(tab: Any, button: str = "#next") -> tuple[str, list[bytes]]:
    with tab.expect_download() as coming:
        tab.click(button)
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes().splitlines()


def test_the_page_needs_only_keys_and_ends_with_a_file_of_answers(open_page: Opener, folder: Path) -> None:
    tab = open_page(rater="someone")
    practise(tab)
    survey = load_survey(folder / "survey")
    total = len(tab.evaluate("trials"))
    assert total == len(NAMES) + 3 + 2
    keys = ["ArrowLeft", "ArrowRight", "ArrowDown"]
    for number in range(total):
        answer(tab, keys[number % 3])
    tab.wait_for_selector("#talk:not([hidden])")
    assert not tab.is_visible("#other"), "the next person waits until the answers are saved"
    name, lines = saved(tab)
    assert name == "answers-paired-1s-someone.jsonl"
    answers = [parse_answer(line, survey) for line in lines]
    assert [one.choice for one in answers] == [one.images[(0, 1, 1)[n % 3]] for n, one in enumerate(answers)]
    assert all(0 <= one.ms < HOUR * 1000 and one.looks == 1 for one in answers)
    assert len({one.key for one in answers}) == total
    tab.click("#other")
    tab.wait_for_selector("#talk:not([hidden])")
    assert tab.evaluate("state.rater") != "someone"
    assert tab.evaluate("state.answers") == []


@pytest.mark.parametrize("name", ["paired-1s", "unpaired-1s", "competition-unlimited"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_fits_a_phone_and_takes_touch(open_page: Opener, name: str, dark: bool) -> None:
    tab = open_page(name, (390, 844), has_touch=True, is_mobile=True, color_scheme="dark" if dark else "light")
    wider = "document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight"
    assert not tab.evaluate(wider)
    tab.tap("#next")
    for _ in range(2):
        tab.wait_for_selector(SEEN)
        assert not tab.evaluate(wider)
        tab.tap("#images button, #choices button:not(#on)")
        tab.tap("#on")
    tab.tap("#next")
    tab.wait_for_selector(SEEN)
    boxes = [canvas.bounding_box() for canvas in tab.locator("#images canvas").all()]
    # An image of 64 × 48 is shown twice as large.
    assert {(box["width"], box["height"]) for box in boxes} == {(128, 96)}
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 844 for box in boxes)
    if name == "competition-unlimited":
        assert tab.text_content("#question") == "Which image fits better: “The wall is gone.”?"
        assert tab.is_visible("#original canvas")
    buttons = tab.locator("#images button, #choices button")
    assert buttons.count() == 2
    assert all(button.bounding_box()["height"] >= 44 for button in buttons.all())
    buttons.nth(1).tap()
    until(tab, "state.answers.length == 1")
    assert tab.evaluate("state.answers[0].choice == (paired ? state.answers[0].images[1] : 'generated')")


WATCH = """() => {
  window.drawn = []; window.frames = [];
  const now = () => document.timeline.currentTime;
  const draw = CanvasRenderingContext2D.prototype.drawImage, fill = CanvasRenderingContext2D.prototype.fillRect;
  const noting = (what, act) => function (...words) { drawn.push([what, now()]); return act.apply(this, words); };
  CanvasRenderingContext2D.prototype.drawImage = noting("image", draw);
  CanvasRenderingContext2D.prototype.fillRect = noting("mask", fill);
  const watch = (time) => { frames.push(time); requestAnimationFrame(watch); };
  requestAnimationFrame(watch);
}"""
"""Notes when images and masks are drawn, in the time of the frame that shows them, and all frames."""


@pytest.mark.parametrize("seconds", ["1", "0.25"])
def test_the_page_covers_images_in_the_frame_nearest_to_the_limit(open_page: Opener, seconds: str) -> None:
    tab = open_page(f"paired-{seconds}s")
    practise(tab)
    tab.evaluate(WATCH)
    answer(tab)
    limit = 1000 * float(seconds)
    for number in range(1, 4):
        tab.evaluate("window.drawn.length = 0")
        tab.wait_for_selector(SEEN)
        until(tab, "drawn.some(([what]) => what === 'mask')")
        drawn, frames = tab.evaluate("[drawn, frames]")
        began = min(time for what, time in drawn if what == "image")
        ended = {time for what, time in drawn if what == "mask"}
        assert len(ended) == 1, "both images are covered at once"
        shown = ended.pop() - began
        # A busy machine leaves frames out; the one that covers is the nearest that there was, give or take half a frame.
        there = [time - began for time in frames if time > began]
        assert abs(shown - limit) <= min(abs(time - limit) for time in there) + 17
        answer(tab)
        assert tab.evaluate(f"state.answers[{number}].shown") == pytest.approx(shown, abs=1)


def test_the_page_goes_on_where_it_was_after_a_reload(open_page: Opener) -> None:
    tab = open_page()
    practise(tab)
    for _ in range(2):
        answer(tab)
    tab.wait_for_selector(SEEN)
    before, order = tab.evaluate("state.answers"), tab.evaluate("trials")
    tab.reload()
    tab.wait_for_selector("html[data-ready]")
    assert "You have answered 2 of 9. You go on where you were." in tab.text_content("#words")
    assert tab.evaluate("trials") == order
    tab.keyboard.press("Space")
    answer(tab)
    answers = tab.evaluate("state.answers")
    assert answers[:2] == before
    assert answers[2]["question"] == order[2]["question"]
    assert [one["looks"] for one in answers] == [1, 1, 2]


def test_the_page_gives_each_rater_a_fair_order(open_page: Opener, folder: Path) -> None:
    survey = load_survey(folder / "survey")
    for name in ("paired-1s", "unpaired-1s", "competition-1s"):
        tab, items = open_page(name), survey.pages[name].items
        plans = tab.evaluate("Array.from({length: 400}, (_, n) => plan(`rater${n}`))")
        assert plans[0] != plans[1]
        assert plans[:2] == tab.evaluate("[plan('rater0'), plan('rater1')]")
        first: Counter[str] = Counter()
        places: Counter[tuple[str, int]] = Counter()
        for trials in plans:
            asked = [one["question"] for one in trials]
            once = [one for one in trials if not one["repeat"] and items[one["question"]].kind != CHECK]
            assert sorted(items[one["question"]].image for one in once) == sorted(NAMES)
            for number, one in enumerate(trials):
                item = items[one["question"]]
                if item.after:
                    assert asked.index(item.after) < number
                if one["repeat"]:
                    same = trials[asked.index(one["question"])]
                    assert asked.index(one["question"]) < number
                    assert one["images"] == same["images"][::-1]
            first.update(survey.shown[one["images"][0]].method for one in once)
            places.update((one["question"], place) for place, one in enumerate(once))
        real = {"paired-1s": {"real": 800, "ours": 400, "theirs": 400}, "competition-1s": {"ours": 800, "theirs": 800}}
        for method, number in real.get(name, {"real": 800, "ours": 400, "theirs": 400}).items():
            assert abs(first[method] - number) < 120, (name, first)
        assert all(abs(number - 100) < 45 for number in places.values())


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[dict[str, str]]:
    """Serve the survey; give the addresses of its pages by name."""
    command = [sys.executable, "-m", "patchnn", "survey", "serve", str(folder / "survey"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        try:
            lines = [process.stdout.readline() for _ in PAGES]
            assert all(line.startswith("survey: http://127.0.0.1:") for line in lines), lines
            urls = [line.split()[1] for line in lines]
            yield {url.rpartition("/")[2].partition(".html")[0]: url for url in urls}
        finally:
            process.terminate()
            process.wait(HOUR)


def test_the_page_sends_answers_to_its_server_again_if_need_be(open_page: Opener, folder: Path) -> None:
    pytest.importorskip("uvicorn", reason="the studio's extra is not installed: pip install 'patchnn[studio]'")
    survey = load_survey(folder / "survey")
    kept = folder / "survey" / "answers.jsonl"
    with serving(folder) as urls:
        assert set(urls) == set(PAGES)
        tab = open_page(url=urls["unpaired-0.25s"])
        practise(tab)
        answer(tab)
        until(tab, "state.sent == 1")
        tab.context.route("**/answers", lambda route: route.abort())
        answer(tab)
        tab.wait_for_timeout(100)
        assert tab.evaluate("state.sent") == 1
        tab.context.unroute("**/answers")
        for number in range(2, 9):
            answer(tab, ["ArrowLeft", "ArrowRight"][number % 2])
        until(tab, "document.getElementById('words').textContent.includes('have arrived')")
        answers = [parse_answer(line, survey) for line in kept.read_bytes().splitlines()]
        assert [one.number for one in answers] == list(range(9))
        assert {one.rater for one in answers} == {tab.evaluate("state.rater")}
        sent = [json.loads(line) for line in saved(tab)[1]]
        assert sent == [json.loads(line) for line in kept.read_bytes().splitlines()]
