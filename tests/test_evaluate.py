"""`patchnn evaluate`: the report says what the metrics say, holds everything in itself, and is gone on with."""

from __future__ import annotations

import base64
import io
import json
import re
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from importlib.metadata import EntryPoint
from pathlib import Path
from statistics import fmean, median
from threading import Event
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image as Pillow

import patchnn
from patchnn import metrics, read_image, write_image
from patchnn.batch import Job, Outcome
from patchnn.cli.results import find_results
from patchnn.evaluate.figures import FIGURES
from patchnn.evaluate.plots import EDGES, count_distances
from patchnn.evaluate.study import Study, by_number, conduct
from patchnn.images import read_record
from patchnn.registry import GROUP, Registry
from patchnn_tasks import Generate
from pictures import picture

pytest.importorskip("matplotlib", reason="the extra `report` is not installed")

TASKS = Registry(
    EntryPoint(name, f"patchnn_tasks.{name}:{name.title()}", GROUP) for name in ("generate", "retarget", "inpaint", "collage")
)
QUICK = "--samples 3 --iterations 1 --backend numpy"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with two small pictures in in/."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    write_image("in/meadow.png", picture((36, 44)))
    write_image("in/sky.png", picture((40, 32), 1, seed=5))
    return tmp_path


class Page(HTMLParser):
    """What a page shows: the cells of its tables by row, its pictures, all its text, and whatever it would load."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.images: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(Path(path).read_text(encoding="utf-8"))
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "img":
            self.images.append((given["alt"], given["src"]))
        self.loads += [value for key, value in given.items() if key in ("src", "href", "srcset", "data", "action")]
        if tag in ("img", "meta"):
            return
        self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if {"td", "th"}.intersection(self.open):
            self.tables[-1][-1][-1] += f" {data}" if self.tables[-1][-1][-1] else data

    def figures(self, table: int, row: str) -> dict[str, list[str]]:
        """Median and mean that a table has of each figure, in the row that begins so."""
        head, *rows = self.tables[table]
        cells = next(cells for cells in rows if cells[0] == row)
        return {name: cell.split() for name, cell in zip(head[1:], cells[1:], strict=True)}


def report() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("report/report.json").read_text())
    return found


def test_the_report_says_what_the_metrics_say(call: Any) -> None:
    code, out, err = call(f"evaluate in {QUICK} --seed 4")
    assert (code, out) == (0, "report/index.html\n"), err
    page, source = Page("report/index.html"), read_image("in/meadow.png")
    outputs = [read_image(f"report/samples/meadow/{seed}.png") for seed in (4, 5, 6)]
    scores = [metrics.score(output, source) for output in outputs]
    shown = page.figures(1, "meadow")

    assert set(shown) == {figure.name for figure in FIGURES} - {"SIFID", "NIQE"}
    for name, values in {
        "coherence": [one.coherence for one in scores],
        "completeness": [one.completeness for one in scores],
        "distance": [np.abs(np.round(output * 255) - np.round(source * 255)).mean() for output in outputs],
    }.items():
        assert shown[name] == [f"{median(values):.1f}", f"{fmean(values):.1f}"], name
    for name, values in {"copy share": [s.copy_share for s in scores], "largest copy": [s.largest_copy for s in scores]}.items():
        assert shown[name] == [f"{median(values):.1%}", f"{fmean(values):.1%}"], name
    assert shown["diversity"][0] == f"{metrics.diversity(outputs, source):.3f}"

    sky = [metrics.score(read_image(f"report/samples/sky/{seed}.png"), read_image("in/sky.png")) for seed in (4, 5, 6)]
    everything = [one.coherence for one in (*scores, *sky)]
    assert page.figures(0, "generate")["coherence"] == [f"{median(everything):.1f}", f"{fmean(everything):.1f}"]
    spread = [metrics.diversity(outputs, source), metrics.diversity(map(read_image, files("sky")), read_image("in/sky.png"))]
    assert page.figures(0, "generate")["diversity"] == [f"{fmean(spread):.3f}"] * 2


def files(name: str) -> list[str]:
    return [str(path) for path in sorted(Path(f"report/samples/{name}").glob("*.png"))]


def test_niqe_is_there_for_pictures_that_are_large_enough(call: Any) -> None:
    Path("large").mkdir()
    write_image("large/field.png", picture((100, 200), seed=3))
    assert call("evaluate large --samples 1 --iterations 1")[0] == 0
    niqe = metrics.niqe(read_image("report/samples/field/0.png"))
    assert Page("report/index.html").figures(1, "field")["NIQE"] == [f"{niqe:.2f}"] * 2


def test_sifid_is_there_where_it_is_asked_for(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def sifid(output: Any, source: Any, weights: Any) -> float:
        asked.append(weights)
        return 0.01234

    monkeypatch.setattr("patchnn.metrics.scores.sifid_of", sifid)
    monkeypatch.setattr("patchnn.cli.evaluate.find_weights", lambda weights: weights)
    assert call(f"evaluate in {QUICK}")[0] == 0
    assert asked == []
    # What was measured without it is measured again.
    assert call(f"evaluate in {QUICK} --resume --weights some.pth")[0] == 0
    assert asked == ["some.pth"] * 6
    assert Page("report/index.html").figures(0, "generate")["SIFID"] == ["0.0123"] * 2


def test_samples_are_those_of_the_task(call: Any) -> None:
    assert call(f"evaluate in {QUICK} --noise 1.5 --alpha 0.1 --seed 2")[0] == 0
    made = patchnn.run(Generate(image=read_image("in/sky.png"), noise=1.5), seed=4, alpha=0.1, iterations=1).image
    np.testing.assert_allclose(read_image("report/samples/sky/4.png"), made, atol=0.51 / 255)
    record = read_record("report/samples/sky/4.png")
    assert (record["seed"], record["options"]["noise"], record["tuning"]["alpha"]) == (4, 1.5, 0.1)
    assert report()["command"][:2] == ["patchnn", "evaluate"]
    assert shlex.join(report()["command"]) in " ".join(" ".join(Page("report/index.html").words).split())


def test_the_histogram_is_that_of_the_distances(call: Any) -> None:
    assert call(f"evaluate in {QUICK}")[0] == 0
    found, shares = report(), []
    for name in ("meadow", "sky"):
        far = [np.sqrt(metrics.nearest_distances(read_image(file), read_image(f"in/{name}.png"))) for file in files(name)]
        counts = np.histogram(np.clip(np.concatenate(far), 0.5, 127.9), found["distance_edges"])[0]
        shares.append(counts / counts.sum())
    np.testing.assert_allclose(found["distances"]["generate"], np.mean(shares, axis=0))


def test_distances_beyond_the_edges_are_counted() -> None:
    counts = count_distances(np.array([0, 0.5**2, 1.01, 128**2, 255**2], np.float32))
    assert sum(counts) == 5
    assert (counts[0], counts[-1], counts[int(np.searchsorted(EDGES, 1))]) == (2, 2, 1)


def test_the_page_needs_nothing_beside_it(call: Any) -> None:
    write_image("other.png", picture((30, 30), seed=8))
    assert call(f"evaluate in {QUICK} --reference other.png")[0] == 0
    assert [path.name for path in Path("report").rglob("*.html")] == ["index.html"]
    page = Page("report/index.html")
    assert all(address.startswith("data:image/") for address in page.loads)
    everything = Path("report/index.html").read_text()
    kinds = []
    for alt, source in page.images:
        kind, _, data = source.removeprefix("data:").partition(";base64,")
        raw = base64.b64decode(data, validate=True)
        kinds.append(kind)
        if kind == "image/svg+xml":
            assert ElementTree.fromstring(raw).tag.endswith("svg"), alt
            everything += raw.decode()
        else:
            Pillow.open(io.BytesIO(raw)).load()
    # A histogram and four figures; a source, three samples and a copy map of each of two pictures; the reference.
    assert (kinds.count("image/svg+xml"), kinds.count("image/jpeg")) == (5, 11)
    addresses = re.findall(r"https?://[^\s\"'<>]*|url\([^#]|@import", everything)
    assert {address for address in addresses if not address.startswith("http://www.w3.org/")} == set()


def test_pictures_are_those_that_were_made(call: Any) -> None:
    assert call(f"evaluate in {QUICK} --seed 7")[0] == 0
    shown = [
        np.asarray(Pillow.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))), np.float32)
        for alt, source in Page("report/index.html").images
        if alt in ("source", "seed 7", "seed 8", "seed 9")
    ]
    made = [255 * read_image(file) for file in ("in/meadow.png", *files("meadow"))]
    for number, image in enumerate(shown[:4]):
        # Enlarged by a whole factor, and JPEG.
        small = image.reshape(36, image.shape[0] // 36, 44, image.shape[1] // 44, 3).mean((1, 3))
        differences = [np.abs(small - one).mean() for one in made]
        assert int(np.argmin(differences)) == number
        assert sorted(differences)[1] > 2 * differences[number]


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
    # More of the same, and a picture that has changed since.
    write_image("in/sky.png", picture((40, 32), 1, seed=6), overwrite=True)
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


def test_a_bad_picture_is_named_and_the_rest_done(call: Any) -> None:
    Path("in/broken.png").write_bytes(Path("in/sky.png").read_bytes()[:200])
    write_image("in/tiny.png", picture((8, 9)))
    Path("in/notes.txt").write_text("no picture")
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
        write_image(f"theirs/meadow/{number}.png", picture((36, 44), seed=20 + number))
    write_image("theirs/sky_01.png", read_image("in/sky.png"))
    write_image("theirs/unrelated.png", picture((36, 44), seed=9))
    write_image("wall.png", picture((50, 30), seed=30))
    Path("worse").mkdir()
    write_image("worse/meadow.png", picture((36, 44), seed=40))
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
def test_results_are_found_by_the_picture_s_name(name: str, expected: list[str]) -> None:
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


def test_help_has_the_options_of_the_task(call: Any) -> None:
    assert "--noise" in call("evaluate --help")[1]
    code, out, _ = call("evaluate inpaint --help")
    assert code == 0
    assert "[required]" in out.partition("  MASK ")[2].partition("--fill")[0]
    assert "MASK" not in call("evaluate generate --help")[1]
    assert "evaluate" in call("--help")[1]


def test_names_are_shown_as_they_are(call: Any) -> None:
    name = "<i>$1^2$ & _günstig_ 漢"
    Path("in/meadow.png").rename(f"in/{name}.png")
    Path("_b").mkdir()
    write_image("_b/sky.png", picture((40, 32), 1))
    assert call(f"evaluate in {QUICK} --compare _b")[0] == 0
    page = Page("report/index.html")
    assert page.tables[1][1][0].startswith(name)
    svgs = [base64.b64decode(source.partition(",")[2]).decode() for _, source in page.images if "svg" in source[:20]]
    assert "&lt;i&gt;$1^2$ &amp;" in svgs[1]


def test_a_name_that_is_no_text(call: Any) -> None:
    Path("in/meadow.png").rename("in/\udcff.png")
    code, _, err = call(f"evaluate in {QUICK} --quiet")
    assert code == 0, err
    assert len(Page("report/index.html").tables[1]) == 3


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
def test_wrong_usage(call: Any, line: str) -> None:
    code, out, err = call(line)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_without_matplotlib_it_says_what_to_install(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert call("evaluate in") == (1, "", "error: a report needs matplotlib for its plots: pip install 'patchnn[report]'\n")
    assert not Path("report").exists()


def test_processes_give_the_same_figures(call: Any) -> None:
    assert call(f"evaluate in {QUICK} --search exact -o one")[0] == 0
    code, _, err = call(f"evaluate in {QUICK} --search exact -o two --jobs 2")
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
