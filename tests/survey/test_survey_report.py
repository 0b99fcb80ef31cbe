"""`patchnn survey report`: figures of any answers, hostile ones too."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from raters import MAKE, ONLY_GENERATE, guess, know, lines

from patchnn.survey.design import CHECK, load_survey

pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
pytestmark = pytest.mark.usefixtures("in_folders")

TASKS = ONLY_GENERATE


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
