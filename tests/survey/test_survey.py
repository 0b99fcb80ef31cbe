"""`patchnn survey`: pages that give nothing away, and reports of any answers."""

from __future__ import annotations

import base64
import io
import json
import re
import shlex
import shutil
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from raters import NAMES, guess, know, lines, make_folders

from patchnn import write_image
from patchnn.registry import GROUP, Registry
from patchnn.survey.design import CHECK, load_survey
from samples import random_image

pytest.importorskip("matplotlib", reason="the extra `report` is not installed")

TASKS = Registry([EntryPoint("generate", "patchnn_tasks.generate:Generate", GROUP)])
MAKE = "survey real --ours ours --against theirs"
PAGES = "survey/pages/paired-1s.html\nsurvey/pages/unpaired-1s.html\nsurvey/pages/competition-1s.html\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with images in real/, and results in ours/ and theirs/."""
    monkeypatch.chdir(tmp_path)
    make_folders(tmp_path)
    return tmp_path


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


# Reports.


def write_answers(call: Any, name: str = "a.jsonl", raters: int = 12, judge: Any = guess) -> None:
    if not Path("survey").exists():
        call(MAKE)
    key, random = load_survey(Path("survey")), np.random.default_rng(1)
    every = [line for page in key.pages for n in range(raters) for line in lines(key, page, f"{name[0]}{n}", judge, random)]
    Path(name).write_bytes(b"\n".join(every) + b"\n")


def test_a_report_holds_all_figures(call: Any) -> None:
    write_answers(call, judge=know)
    write_answers(call, "b.jsonl", judge=know)
    assert call("survey report survey a.jsonl b.jsonl") == (0, "survey/report.html\n", "")
    found = json.loads(Path("survey/report.json").read_text())
    assert list(found["pages"]) == ["paired-1s", "unpaired-1s", "competition-1s"]
    assert found["pages"]["paired-1s"]["raters"] == 24
    assert found["pages"]["paired-1s"]["methods"]["ours"]["overall"]["value"] == 0
    assert found["pages"]["competition-1s"]["methods"]["theirs"]["pooled"]["value"] == 1
    page = Path("survey/report.html").read_text(encoding="utf-8")
    for text in ("confusion, ours", "ours preferred to theirs", "0.0 ± 0.0 %", "meadow", "pond"):
        assert text in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert page.count("data:image/svg") == 4
    assert shlex.split(" ".join(found["command"])) == ["patchnn", "survey", "report", "survey", "a.jsonl", "b.jsonl"]


def test_a_report_without_a_rater_who_counts_says_so(call: Any) -> None:
    call(MAKE)
    key = load_survey(Path("survey"))
    careless = lines(
        key, "paired-1s", "x", guess, np.random.default_rng(0), check=lambda methods, random: 1 - know(methods, random)
    )
    Path("a.jsonl").write_bytes(b"\n".join(careless))
    assert call("survey report survey a.jsonl")[0] == 0
    assert "No rater passed the attention checks." in Path("survey/report.html").read_text(encoding="utf-8")
    assert json.loads(Path("survey/report.json").read_text())["pages"]["paired-1s"]["failed"] == 1


def test_a_report_reads_folders_and_the_servers_file_and_each_answer_once(call: Any) -> None:
    write_answers(call)
    Path("sent").mkdir()
    for copy in ("sent/one.jsonl", "sent/two.jsonl", "survey/answers.jsonl"):
        Path(copy).write_bytes(Path("a.jsonl").read_bytes())
    figures = []
    for words in ("", "sent", "sent a.jsonl"):
        assert call(f"survey report survey {words} --force -o r.html")[0] == 0
        figures.append(json.loads(Path("r.json").read_text())["pages"])
    assert figures[0] == figures[1] == figures[2]
    assert figures[0]["paired-1s"]["raters"] == 12
    assert "r.html exists" in call("survey report survey -o r.html")[2]
    assert "name must end with .html" in call("survey report survey -o r.txt")[2]


GOOD = {"page": "paired-1s", "rater": "x", "number": 0, "repeat": False, "ms": 1, "shown": 1, "looks": 1}


def hostile(key: Any) -> list[bytes]:
    """Lines that are no answers, the cruellest ones that we could think of."""
    question, item = next((k, i) for k, i in key.pages["paired-1s"].items.items() if i.kind != CHECK)
    good = {**GOOD, "survey": key.id, "question": question, "images": list(item.sets[0]), "choice": item.sets[0][0]}
    wrong = [
        *({**good, name: value} for name in good for value in (None, [], {}, -1, "\x00", 1e400, True if name != "repeat" else 1)),
        {**good, "images": [good["choice"]] * 2},
        {**good, "images": [[good["choice"]], good["choice"]]},
        {**good, "images": good["images"] * 2},
        {**good, "choice": "real"},
        {**good, "rater": "<script>"},
        {**good, "rater": "é"},
        {**good, "ms": 10**400},
        {**good, "page": "unpaired-1s"},
    ]
    odd = [b"[" * 1900, b"{", b"\xff\xfe", b"null", b'"a"', b"7", b"[]", b"{}" + b" " * 3000, b'{"survey": NaN}', b"9" * 1900]
    return [*odd, *(json.dumps(one).encode() for one in wrong)]


def test_hostile_answers_are_left_out_in_one_sentence(call: Any) -> None:
    write_answers(call)
    bad = hostile(load_survey(Path("survey")))
    Path("bad.jsonl").write_bytes(b"\n".join(bad))
    assert call("survey report survey bad.jsonl")[::2] == (
        1,
        f"error: bad.jsonl: {len(bad)} of {len(bad)} lines are left out; line 1: it is not JSON\n",
    )
    code, _, err = call("survey report survey a.jsonl bad.jsonl")
    assert (code, err) == (0, f"bad.jsonl: {len(bad)} of {len(bad)} lines are left out; line 1: it is not JSON\n")
    assert err.strip() in Path("survey/report.html").read_text(encoding="utf-8")
    assert json.loads(Path("survey/report.json").read_text())["pages"]["paired-1s"]["raters"] == 12


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"pages": 3}', b"\xff", b"[" * 5000])
def test_a_damaged_key_is_named(call: Any, damage: bytes) -> None:
    write_answers(call)
    Path("survey/survey.json").write_bytes(damage)
    assert call("survey report survey a.jsonl")[::2] == (1, "error: survey/survey.json is damaged: make the survey again\n")


HEAD = "setup,seconds,method,percent,error,source\n"


def test_published_figures_stand_next_to_these_with_their_source(call: Any) -> None:
    write_answers(call)
    Path("p.csv").write_text(f"{HEAD}paired,1,them,12.5,1.5,A paper\nunpaired,,them,40,,A paper\n")
    assert call("survey report survey a.jsonl --published p.csv")[0] == 0
    page = Path("survey/report.html").read_text(encoding="utf-8")
    assert "them, published<small>paired, 1 s</small>" in page
    assert "12.5 ± 1.5 %" in page
    assert "them, published<small>unpaired, no limit</small>" in page
    assert page.count("<li>A paper</li>") == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a,b\n1,2\n", "its first line must be setup,seconds,method,percent,error,source"),
        (
            f"{HEAD}paired,1,m,many,1,s\n",
            "line 2: seconds, percent and error must be numbers",
        ),
        (f"{HEAD}paired,1,m,120,1,s\n", "line 2: setup must be"),
        (f"{HEAD}paired,1,m,12,1,\n", "line 2: setup must be"),
    ],
)
def test_a_wrong_file_of_published_figures_is_named(call: Any, text: str, wanted: str) -> None:
    write_answers(call)
    Path("p.csv").write_text(text)
    code, out, err = call("survey report survey a.jsonl --published p.csv")
    assert (code, out) == (1, "")
    assert "p.csv" in err
    assert wanted in err
    assert not Path("survey/report.html").exists()


def test_names_cannot_break_the_report(call: Any) -> None:
    Path("theirs").rename("<b>&$x_")
    assert call("survey real --ours ours --against '<b>&$x_'")[0] == 0
    write_answers(call)
    assert call("survey report survey a.jsonl")[0] == 0
    page = Path("survey/report.html").read_text(encoding="utf-8")
    assert "<b>&$" not in page
    assert "&lt;b&gt;&amp;$x_" in page
