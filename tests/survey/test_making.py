"""`patchnn survey make`: pages that give nothing away."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from raters import MAKE, NAMES, ONLY_GENERATE

from patchnn import write_image
from patchnn.survey.design import CHECK, load_survey
from samples import random_image

pytestmark = pytest.mark.usefixtures("in_folders")

TASKS = ONLY_GENERATE
PAGES = "survey/pages/paired-1s.html\nsurvey/pages/unpaired-1s.html\nsurvey/pages/competition-1s.html\n"


def data(page: str, folder: str = "survey") -> Any:
    """What a page knows."""
    text = Path(folder, "pages", f"{page}.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="survey">(.*?)</script>', text)
    assert found is not None
    return json.loads(found[1])


def test_it_makes_a_page_for_each_set_up_and_limit(call: Any) -> None:
    assert call(MAKE) == (0, PAGES, "")
    assert call(f"{MAKE} --setup paired --seconds 0 --seconds 2.5 -o b/c")[1] == (
        "b/c/pages/paired-unlimited.html\nb/c/pages/paired-2.5s.html\n"
    )
    assert [data(page, "b/c")["seconds"] for page in ("paired-unlimited", "paired-2.5s")] == [None, 2.5]
    assert call("survey make real --ours ours -o d")[1] == PAGES[:58].replace("survey/", "d/").replace("survey", "d")


def test_a_subcommand_may_be_named_and_completed(call: Any) -> None:
    assert call(MAKE.replace("survey ", "survey make ", 1)) == (0, PAGES, "")
    assert call("_words survey --inst") == (0, "--instruction\n", "")
    assert call("_words survey s") == (0, "serve\n", "")


def test_a_seed_makes_the_same_pages_and_another_other_ones(call: Any) -> None:
    made = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        call(f"{MAKE} --setup paired --seed {seed} -o {name}")
        made.append(Path(name, "pages", "paired-1s.html").read_bytes())
    assert made[0] == made[1]
    assert data("paired-1s", "a")["survey"] != data("paired-1s", "c")["survey"]


@pytest.mark.parametrize("setup", ["paired", "unpaired", "competition"])
def test_nothing_on_a_page_tells_what_an_image_is(call: Any, setup: str) -> None:
    # One result is a JPEG of low quality with a comment, as published ones may be.
    Pillow.open("theirs/sky.png").save("theirs/sky.jpg", quality=30, comment=b"made by theirs")
    Path("theirs/sky.png").unlink()
    call(f"{MAKE} --setup {setup}")
    page = Path(f"survey/pages/{setup}-1s.html").read_text(encoding="utf-8")
    held, key = data(f"{setup}-1s"), load_survey(Path("survey"))
    text = json.dumps({**held, "images": {}, "practice": []})
    assert not re.search(r"\bours|theirs|scrambled|meadow|check|/tmp", text)
    assert "theirs" not in page
    assert list(held["images"]) == sorted(held["images"])
    files = {name: base64.b64decode(image) for name, image in held["images"].items()}
    assert len(set(map(len, files.values()))) == 1
    opened = {name: Pillow.open(io.BytesIO(file)) for name, file in files.items()}
    assert all(re.fullmatch("[0-9a-f]{8}", name) for name in files)
    assert {json.dumps(image.quantization) for image in opened.values()} == {json.dumps(next(iter(opened.values())).quantization)}
    assert {tuple(image.info) for image in opened.values()} == {("jfif", "jfif_version", "jfif_unit", "jfif_density")}
    for item in held["items"]:
        assert len({opened[name].size for shown in item["sets"] for name in shown}) == 1
    # Neither does a place: the real image, or that of the first method, is not always on one side.
    if setup != "unpaired":
        good = "ours" if setup == "competition" else "real"
        pairs = [shown for seed in range(4) for shown in _pairs(call, setup, seed, good)]
        assert 0.2 < np.mean(pairs) < 0.8
    assert {one.method for one in key.shown.values()} >= {"ours", "theirs"}


def _pairs(call: Any, setup: str, seed: int, good: str) -> list[bool]:
    call(f"{MAKE} --setup {setup} --seed {seed} --force -o sides")
    key = load_survey(Path("sides"))
    items = key.pages[f"{setup}-1s"].items.values()
    return [key.shown[shown[0]].method == good for item in items if item.kind != CHECK for shown in item.sets]


def test_what_is_shown_is_what_the_key_says(call: Any) -> None:
    for number, name in enumerate(("real", "ours", "theirs")):
        for image in NAMES:
            flat = np.full((30, 40, 3), (0.2, 0.5, 0.8)[number], np.float32)
            # Left and right differ, which a scrambled image mixes.
            flat[:, 20:, 0] = 1
            write_image(f"{name}/{image}.png", flat, overwrite=True)
    call(MAKE)
    key = load_survey(Path("survey"))
    for page in key.pages:
        for name, file in data(page)["images"].items():
            if (shown := key.shown[name]).image == "practice":
                continue
            pixels = np.asarray(Pillow.open(io.BytesIO(base64.b64decode(file)))) / 255
            level = {"real": 0.2, "ours": 0.5, "theirs": 0.8}.get(shown.method)
            if level is not None:
                assert pixels[:, :, 1].mean() == pytest.approx(level, abs=0.02)
                assert pixels[:, 24:, 0].mean() > 0.9
            else:
                assert pixels[:, 24:, 0].mean() < 0.95


def test_checks_come_after_the_question_about_their_image(call: Any) -> None:
    call(f"{MAKE} --checks 6")
    for page in load_survey(Path("survey")).pages.values():
        checks = [item for item in page.items.values() if item.kind == CHECK]
        assert len(checks) == 6
        assert all(item.after and page.items[item.after].image == item.image for item in checks)


def test_it_takes_the_report_of_evaluate(call: Any) -> None:
    pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
    for name in NAMES[2:]:
        Path(f"real/{name}.png").unlink()
    quick = "--samples 2 --iterations 1 --backend numpy --quiet"
    assert call(f"evaluate real {quick} --compare theirs -o made")[0] == 0
    assert call("survey made --against ours") == (0, PAGES, "")
    key = load_survey(Path("survey"))
    assert key.methods == ("generate", "theirs", "ours")
    used = {one.file for one in key.shown.values() if one.method == "generate"}
    assert len(used) == 2
    assert all(re.fullmatch(r"made/samples/\w+/[01]\.png", file) for file in used)


def test_an_image_without_a_result_is_named_and_left_out(call: Any) -> None:
    Path("ours/sky.png").unlink()
    code, _, err = call("survey real --ours ours --setup paired")
    assert (code, err) == (0, "left out, without results: sky\n")
    assert len([i for i in load_survey(Path("survey")).pages["paired-1s"].items.values() if i.kind != CHECK]) == 3


def test_slightly_different_sizes_are_cropped_alike(call: Any) -> None:
    write_image("ours/sky.png", random_image((31, 39)), overwrite=True)
    assert call(MAKE)[0] == 0
    key, held = load_survey(Path("survey")), data("paired-1s")
    sky = [name for name, one in key.shown.items() if one.image == "sky" and name in held["images"]]
    assert {Pillow.open(io.BytesIO(base64.b64decode(held["images"][name]))).size for name in sky} == {(39, 30)}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("survey nowhere --ours ours", "nowhere is not a folder"),
        ("survey real", "--ours is missing"),
        ("survey real --ours nowhere", "--ours is nowhere: it must be a folder"),
        ("survey real --ours empty", "--ours: empty holds no result for these images"),
        ("survey empty --ours ours", "empty holds no images"),
        (f"{MAKE} --setup triple", "--setup is triple: it must be paired, unpaired, competition"),
        (f"{MAKE} --seconds -1", "--seconds is -1: it must be from 0.05 to 60"),
        (f"{MAKE} --quality 99", "--quality is 99: it must be from 1 to 95"),
        (f"{MAKE} --checks 21", "--checks is 21"),
        (f"{MAKE} --instruction ' '", "--instruction must have 1 to 200 characters"),
        (f"{MAKE} --setup paired --instruction resized", "--instruction is for a competition"),
        (f"{MAKE} -o ''", "--output is empty"),
        ("survey real --ours ours --setup competition", "--setup is competition: no image has results of two methods"),
        ("survey real --ours large", "meadow.png is 80×60 and "),
        ("survey real --ours damaged", "damaged/meadow.png"),
        ("survey real --ours ours --against real", "a method is called real"),
        ("survey report empty", "empty holds no survey"),
        ("survey serve empty", "empty holds no survey"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(call: Any, line: str, wanted: str) -> None:
    Path("empty").mkdir()
    for name in ("large", "damaged"):
        shutil.copytree("ours", name)
    write_image("large/meadow.png", random_image((60, 80)), overwrite=True)
    Path("damaged/meadow.png").write_bytes(Path("ours/meadow.png").read_bytes()[:90])
    code, out, err = call(line)
    assert (code, out) == (1, "")
    assert wanted in err
    assert err.count("\n") == 1
    assert not Path("survey").exists(), "nothing is left behind"


def test_a_survey_is_not_overwritten_unasked(call: Any) -> None:
    call(MAKE)
    before = Path("survey/survey.json").read_bytes()
    assert "holds a survey: overwrite it with --force" in call(f"{MAKE} --seed 1")[2]
    assert Path("survey/survey.json").read_bytes() == before
    assert call(f"{MAKE} --seed 1 --setup paired --force")[0] == 0
    assert [path.name for path in Path("survey/pages").iterdir()] == ["paired-1s.html"]


def test_a_survey_with_answers_is_not_replaced(call: Any) -> None:
    call(MAKE)
    Path("survey/answers.jsonl").write_text("{}\n")
    code, _, err = call(f"{MAKE} --force")
    assert code == 1
    assert "survey/answers.jsonl holds answers to this survey: move it away, or change --output" in err


def test_an_instruction_makes_a_competition_with_the_original(call: Any) -> None:
    call(f"{MAKE} --instruction '</script><b>resized'")
    held, key = data("competition-1s"), load_survey(Path("survey"))
    assert held["instruction"] == "</script><b>resized"
    for item in held["items"]:
        if item["after"] is None:
            assert key.shown[item["original"]].method == "real"
    assert [path.name for path in Path("survey/pages").iterdir()] == ["competition-1s.html"]
