"""The report of `patchnn evaluate`: it says what the metrics say, and holds everything in itself."""

from __future__ import annotations

import base64
import io
import re
import shlex
from pathlib import Path
from statistics import fmean, median
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image as Pillow

import patchnn
import report_page
from patchnn import metrics, read_image, write_image
from patchnn.evaluate.figures import FIGURES
from patchnn.evaluate.plots import EDGES, count_distances
from patchnn.images import read_record
from patchnn_tasks import Generate
from report_page import QUICK, Page, files, report
from samples import random_image

pytest.importorskip("matplotlib", reason="the extra `report` is not installed")

pytestmark = pytest.mark.usefixtures("two_images")

TASKS = report_page.TASKS


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


def test_niqe_is_there_for_images_that_are_large_enough(call: Any) -> None:
    Path("large").mkdir()
    write_image("large/field.png", random_image((100, 200), seed=3))
    assert call("evaluate large --samples 1 --iterations 1")[0] == 0
    niqe = metrics.niqe(read_image("report/samples/field/0.png"))
    assert Page("report/index.html").figures(1, "field")["NIQE"] == [f"{niqe:.2f}"] * 2


def test_sifid_is_measured_on_request(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_page_needs_no_other_file(call: Any) -> None:
    write_image("other.png", random_image((30, 30), seed=8))
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
    # A histogram and four figures; a source, three samples and a copy map of each of two images; the reference.
    assert (kinds.count("image/svg+xml"), kinds.count("image/jpeg")) == (5, 11)
    addresses = re.findall(r"https?://[^\s\"'<>]*|url\([^#]|@import", everything)
    assert {address for address in addresses if not address.startswith("http://www.w3.org/")} == set()


def test_images_are_those_that_were_made(call: Any) -> None:
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


def test_names_are_shown_as_they_are(call: Any) -> None:
    name = "<i>$1^2$ & _günstig_ 漢"
    Path("in/meadow.png").rename(f"in/{name}.png")
    Path("_b").mkdir()
    write_image("_b/sky.png", random_image((40, 32), 1))
    assert call(f"evaluate in {QUICK} --compare _b")[0] == 0
    page = Page("report/index.html")
    assert page.tables[1][1][0].startswith(name)
    svgs = [base64.b64decode(source.partition(",")[2]).decode() for _, source in page.images if "svg" in source[:20]]
    assert "&lt;i&gt;$1^2$ &amp;" in svgs[1]


def test_a_name_that_is_not_utf8(call: Any) -> None:
    Path("in/meadow.png").rename("in/\udcff.png")
    code, _, err = call(f"evaluate in {QUICK} --quiet")
    assert code == 0, err
    assert len(Page("report/index.html").tables[1]) == 3
