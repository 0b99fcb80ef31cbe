"""`patchnn evaluate`: tasks and their arguments, other methods, failures, and studies that are resumed."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean, median
from threading import Event
from typing import Any

import numpy as np
import pytest

import patchnn
import report_page
from patchnn import metrics, read_image, write_image
from patchnn.batch import Job, Outcome
from patchnn.cli.results import find_results
from patchnn.evaluate.study import Study, by_number, conduct
from patchnn.images import read_record
from report_page import QUICK, Page, files, report
from samples import random_image

pytest.importorskip("matplotlib", reason="the extra `report` is not installed")

pytestmark = pytest.mark.usefixtures("two_images")

TASKS = report_page.TASKS


def test_what_was_done_before_a_kill_is_kept(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, measured = [], []
    run, score = patchnn.run, metrics.score

    def counted(*given: Any, **options: Any) -> Any:
        if len(runs) == 4 and not Path("again").exists():
            raise KeyboardInterrupt
        runs.append(options["seed"])
        return run(*given, **options)

    def counted_score(*given: Any, **options: Any) -> Any:
        measured.append(given)
        return score(*given, **options)

    monkeypatch.setattr("patchnn.job.run", counted)
    monkeypatch.setattr("patchnn.evaluate.figures.score", counted_score)
    assert call(f"evaluate in {QUICK}")[0] == 130
    assert (len(runs), len(measured)) == (4, 4)
    assert not Path("report/index.html").exists()
    times = [json.loads(Path(f"report/samples/meadow/{n}.json").read_text())["figures"]["seconds"] for n in range(3)]
    made = {file: Path(file).read_bytes() for file in files("meadow")}

    Path("again").touch()
    code, _, err = call(f"evaluate in {QUICK}")
    assert code == 1
    assert "--resume" in err
    assert call(f"evaluate in {QUICK} --resume")[0] == 0
    assert (runs, len(measured)) == ([0, 1, 2, 0, 1, 2], 6)
    assert {file: Path(file).read_bytes() for file in made} == made
    outputs = report()["images"][0]["methods"]["generate"]["outputs"]
    assert [one["figures"]["seconds"] for one in outputs] == times
    assert min(times) > 0

    before = Path("report/index.html").read_bytes()
    assert call(f"evaluate in {QUICK} --resume")[0] == 0
    assert (len(runs), len(measured)) == (6, 6)
    assert Path("report/index.html").read_bytes() == before
    # More of the same, and an image that has changed since.
    write_image("in/sky.png", random_image((40, 32), 1, seed=6), overwrite=True)
    code, _, err = call(f"evaluate in {QUICK.replace('3', '4')} --resume")
    assert code == 1
    assert "report/samples/sky/0.png" in err
    assert (runs[6:], len(measured)) == ([3, 3], 8)
    assert call(f"evaluate in {QUICK.replace('3', '4')} --force")[0] == 0
    assert (len(runs), len(measured)) == (16, 16)


def test_figures_of_another_output_are_not_taken_over(call: Any) -> None:
    assert call(f"evaluate in {QUICK}")[0] == 0
    Path("report/samples/sky/1.png").write_bytes(Path("report/samples/sky/2.png").read_bytes())
    Path("report/samples/sky/0.json").write_text('{"figures": {}}')
    Path("other").mkdir()
    write_image("other/sky.png", read_image("report/samples/sky/2.png"))
    assert call(f"evaluate in {QUICK} --compare other --resume")[0] == 1
    outputs = {name: one["outputs"] for name, one in report()["images"][1]["methods"].items()}
    assert len(outputs["generate"]) == 2, "the copied file was not made by its job"
    write_image("other/sky.png", read_image("in/sky.png"), overwrite=True)
    call(f"evaluate in {QUICK} --compare other --resume")
    assert outputs["other"][0]["figures"]["distance"] > 1
    assert report()["images"][1]["methods"]["other"]["outputs"][0]["figures"]["distance"] == 0


def test_a_bad_image_is_named_and_the_others_are_made(call: Any) -> None:
    Path("in/broken.png").write_bytes(Path("in/sky.png").read_bytes()[:200])
    write_image("in/tiny.png", random_image((8, 9)))
    Path("in/notes.txt").write_text("no image")
    code, out, err = call(f"evaluate in {QUICK} --quiet")
    assert (code, out) == (1, "report/index.html\n")
    lines = err.splitlines()
    assert lines[0] == "error: 2 of 4 images failed"
    assert [line for line in lines if "in/broken.png" in line]
    assert [line for line in lines if "tiny" in line]
    page = Page("report/index.html")
    words = " ".join(page.words)
    assert "in/broken.png cannot be read" in words
    assert "tiny" in words
    assert [row[0] for row in page.tables[1][1:]] == ["meadow", "sky"]
    assert len(files("meadow")) == 3


def test_where_everything_fails_there_is_no_report(call: Any) -> None:
    code, out, err = call(f"evaluate in {QUICK} --ratio 0.5")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == "  ratio is 0.5: it must be between 1.05 and 8"
    assert not Path("report/index.html").exists()
    assert call(f"evaluate in {QUICK}")[0] == 0, "nothing there needs to be resumed"


def test_other_methods_and_a_reference_are_measured_too(call: Any) -> None:
    Path("theirs/meadow").mkdir(parents=True)
    for number in range(2):
        write_image(f"theirs/meadow/{number}.png", random_image((36, 44), seed=20 + number))
    write_image("theirs/sky_01.png", read_image("in/sky.png"))
    write_image("theirs/unrelated.png", random_image((36, 44), seed=9))
    write_image("wall.png", random_image((50, 30), seed=30))
    Path("worse").mkdir()
    write_image("worse/meadow.png", random_image((36, 44), seed=40))
    assert call(f"evaluate in {QUICK} --compare theirs --compare worse --reference wall.png")[0] == 0
    page, found = Page("report/index.html"), report()
    assert [row[0] for row in page.tables[0][1:]] == [
        *("generate", "theirs", "worse", "reference"),
        *("better than theirs on … images", "better than worse on … images"),
    ]
    assert [row[0] for row in page.tables[1][1:]] == [
        *("meadow generate", "meadow theirs", "meadow worse", "sky generate", "sky theirs"),
    ]

    source = read_image("in/meadow.png")
    others = [metrics.score(read_image(f"theirs/meadow/{number}.png"), source).coherence for number in range(2)]
    assert page.figures(1, "meadow theirs")["coherence"] == [f"{median(others):.1f}", f"{fmean(others):.1f}"]
    assert page.figures(1, "sky theirs")["distance"] == ["0.0", "0.0"]
    assert page.figures(1, "sky theirs")["diversity"] == page.figures(1, "sky theirs")["seconds"] == ["–"]
    wall = [metrics.coherence(read_image("wall.png"), read_image(f"in/{name}.png")) for name in ("meadow", "sky")]
    assert page.figures(0, "reference")["coherence"] == [f"{fmean(wall):.1f}"] * 2
    # Noise is far from the meadow; the sky itself has no error at all.
    assert page.figures(0, "better than theirs on … images")["coherence"] == ["1", "of", "2"]
    assert found["better"]["theirs"] == {"coherence": [1, 2], "completeness": [1, 2]}
    assert found["better"]["worse"] == {"coherence": [1, 1], "completeness": [1, 1]}
    assert set(found["distances"]) == {"generate", "theirs", "worse", "reference"}
    assert all(sum(shares) == pytest.approx(1) for shares in found["distances"].values())
    assert '<td class="best">0.0<small>0.0' in Path("report/index.html").read_text()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rocket", ["rocket.png", "rocket_2.jpg", "rocket-10.png"]),
        ("rocket-1", ["rocket-1.png"]),
        ("1", ["1/b.png", "1.webp"]),
        ("rock", []),
    ],
)
def test_results_are_found_by_the_name_of_the_image(name: str, expected: list[str]) -> None:
    for file in ("rocket.png", "rocket-10.png", "rocket_2.jpg", "rocket-1.png", "rockets.png", "rocket.json", "1.webp", "10.png"):
        Path(file).touch()
    Path("1").mkdir()
    Path("1/b.png").touch()
    found = find_results(Path("."), ["rocket", "rocket-1", "1", "rock"])(name)
    assert sorted(found) == sorted(expected)


def test_numbers_in_names_are_counted() -> None:
    assert sorted(["a10", "a2", "b1", "10", "9"], key=by_number) == ["9", "10", "a2", "a10", "b1"]


def test_another_task_with_its_options(call: Any) -> None:
    code, _, err = call("evaluate retarget in --size 60%x100% --samples 2 --iterations 1")
    assert code == 0, err
    assert read_image("report/samples/meadow/0.png").shape == (36, 26, 3)
    page = Page("report/index.html")
    assert "distance" not in page.figures(0, "retarget"), "sizes differ"
    assert "retarget: 2 images, 4 samples" in page.words


def test_a_task_with_a_mask_takes_one_for_all_or_a_folder_of_them(call: Any) -> None:
    Path("masks").mkdir()
    for name, shape in (("meadow", (36, 44)), ("sky", (40, 32))):
        mask = np.zeros((*shape, 1), np.float32)
        mask[10:16, 12:20] = 1
        write_image(f"masks/{name}.png", mask)
    assert call("evaluate inpaint in masks --fill none --samples 1 --iterations 1")[0] == 0
    changed = (read_image("report/samples/sky/0.png") != read_image("in/sky.png")).any(axis=2)
    assert changed.any()
    assert not changed[read_image("masks/sky.png")[:, :, 0] == 0].any()
    code, _, err = call("evaluate inpaint in masks/sky.png --samples 1 --iterations 1 -o one")
    assert code == 1
    assert "masks/sky.png" in err


def test_each_image_has_its_own_guide_from_a_folder(call: Any) -> None:
    Path("labels").mkdir()
    names = [path.stem for path in Path("in").iterdir()]
    for name in names:
        write_image(f"labels/{name}.png", read_image(f"in/{name}.png")[:, :, :1])
    assert call(f"evaluate in {QUICK} --samples 1 --guide labels labels:2")[0] == 0
    for name in names:
        command = read_record(f"report/samples/{name}/0.png")["command"]
        at = command.index("--guide")
        assert command[at + 1 : at + 3] == [f"labels/{name}.png", f"labels/{name}.png:2"]
    assert "--guide labels labels:2" in " ".join(report()["command"])


def test_help_has_the_options_of_the_task(call: Any) -> None:
    assert "--noise" in call("evaluate --help")[1]
    code, out, _ = call("evaluate inpaint --help")
    assert code == 0
    assert "[required]" in out.partition("  MASK ")[2].partition("--fill")[0]
    assert "MASK" not in call("evaluate generate --help")[1]
    assert "evaluate" in call("--help")[1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("evaluate collage in", "evaluate cannot run collage: it needs a task whose first input is one image"),
        ("evaluate in --noise -1", "noise is -1.0"),
        ("evaluate nowhere", "nowhere does not exist"),
        ("evaluate empty", "empty holds no images"),
        ("evaluate in --compare nowhere", "--compare is nowhere"),
        ("evaluate in --compare empty", "empty holds no result for these images"),
        ("evaluate in --reference nowhere.png", "nowhere.png does not exist"),
        ("evaluate in --samples 0", "--samples is 0"),
        ("evaluate in --seed -1", "--seed is -1"),
        ("evaluate in --jobs 0", "--jobs is 0"),
        ("evaluate in --max-memory 3", "--max-memory is 3"),
        ("evaluate in -o in/meadow.png", "in/meadow.png"),
        ("evaluate in --weights nowhere.pth", "SIFID" if "torch" not in sys.modules else "nowhere.pth"),
    ],
)
def test_wrong_words_are_one_line_and_no_work(call: Any, line: str, words: str) -> None:
    Path("empty").mkdir()
    code, out, err = call(line)
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert words in err
    assert not Path("report").exists()


@pytest.mark.parametrize("line", ["evaluate", "evaluate inpaint in", "evaluate in --mask a", "evaluate inpant in masks"])
def test_wrong_usage_is_one_line_and_exits_with_2(call: Any, line: str) -> None:
    code, out, err = call(line)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_without_matplotlib_it_says_what_to_install(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert call("evaluate in") == (1, "", "error: a report needs matplotlib for its plots: pip install 'patchnn[report]'\n")
    assert not Path("report").exists()


def test_processes_give_the_same_figures(call: Any) -> None:
    assert call(f"evaluate in {QUICK} --search exact --noise 0.5 -o one")[0] == 0
    code, _, err = call(f"evaluate in {QUICK} --search exact --noise 0.5 -o two --jobs 2")
    assert code == 0, err
    found = [json.loads(Path(f"{name}/report.json").read_text()) for name in ("one", "two")]
    for kept in found:
        for summary in (kept["all"]["generate"], *(one["methods"]["generate"] for one in kept["images"])):
            assert summary.pop("seconds")["median"] > 0
    assert found[0]["all"] == found[1]["all"]


def test_samples_are_in_order_whichever_is_done_first(monkeypatch: pytest.MonkeyPatch) -> None:
    second, run, done = Event(), patchnn.run, []

    def run_second_first(*given: Any, **options: Any) -> Any:
        if options["seed"] == 0:
            assert second.wait(60)
        return run(*given, **options)

    def finish(outcome: Outcome) -> None:
        done.append(outcome.job.seed)
        second.set()

    monkeypatch.setattr("patchnn.job.run", run_second_first)
    job = Job("generate", {}, "", 0, tuning={"iterations": 1}, backend="numpy")
    study = Study(job, [("in/meadow.png", {"image": ["in/meadow.png"]})], 2, Path("report"))
    with ThreadPoolExecutor(2) as pool:
        (found,) = conduct(study, pool, workers=2, finish=finish)
    assert done == [1, 0]
    assert [Path(one.file).name for one in found.outputs["generate"]] == ["0.png", "1.png"]
