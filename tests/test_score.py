"""`patchnn score` as a user meets it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import metrics, read_image, write_image
from patchnn.cli import score as command
from patchnn.registry import Registry
from samples import random_image

TASKS = Registry([])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a source and outputs in it."""
    monkeypatch.chdir(tmp_path)
    source = random_image((100, 200))
    write_image("source.png", source)
    write_image("rolled.png", np.roll(source, (30, 90), (0, 1)))
    write_image("other.png", random_image((100, 200), seed=1))
    write_image("small.png", random_image((60, 80), seed=2))
    write_image("tiny.png", random_image((8, 30), seed=2))
    return tmp_path


def test_a_table_has_the_figures_of_an_output(call: Any) -> None:
    code, out, err = call("score source.png rolled.png")
    assert (code, err) == (0, "")
    heads, row = out.splitlines()
    assert heads.split() == ["coherence", "completeness", "copied", "largest", "niqe"]
    assert len(heads) == len(row)
    expected = metrics.score(read_image("rolled.png"), read_image("source.png"))
    figures = [f"{expected.coherence:.1f}", f"{expected.completeness:.1f}", f"{expected.copy_share:.1%}"]
    assert row.split() == ["rolled.png", *figures, f"{expected.largest_copy:.1%}", f"{expected.niqe:.2f}"]


def test_json_holds_all_digits(call: Any) -> None:
    report = json.loads(call("score source.png other.png --json --patch 5 --exact")[1])
    expected = metrics.score(read_image("other.png"), read_image("source.png"), patch=5, method="exact")
    assert report == {"source": "source.png", "patch": 5, "outputs": [{"file": "other.png", **expected.to_json()}]}
    assert report["outputs"][0]["coherence"] > 0


def test_several_have_mean_median_and_diversity(call: Any) -> None:
    write_image("third.png", random_image((100, 200), seed=5))
    names = ["rolled.png", "other.png", "third.png"]
    report = json.loads(call(f"score source.png {' '.join(names)} --json")[1])
    rows = report["outputs"]
    assert [row["file"] for row in rows] == names
    for figure in ("coherence", "completeness", "copy_share", "largest_copy", "niqe"):
        values = [row[figure] for row in rows]
        assert report["mean"][figure] == pytest.approx(np.mean(values))
        assert report["median"][figure] == np.median(values)
    assert report["mean"]["sifid"] is None
    expected = metrics.diversity([read_image(name) for name in names], read_image("source.png"))
    assert report["diversity"] == expected
    lines = call(f"score source.png {' '.join(names)}")[1].splitlines()
    assert [line.split()[0] for line in lines[1:]] == [*names, "mean", "median", "diversity:"]
    assert lines[-1] == f"diversity: {expected:.3f}"


def test_outputs_of_other_sizes_have_no_diversity(call: Any) -> None:
    code, out, err = call("score source.png other.png small.png")
    assert code == 0
    assert out.splitlines()[-1] == "diversity: the outputs differ in size"
    assert out.splitlines()[2].split()[-1] == "-"
    assert err == "small.png: no niqe: the image is 80×60: NIQE needs two blocks of 96×96 pixels or more\n"
    report = json.loads(call("score source.png other.png small.png --json")[1])
    assert report["diversity"] is None
    assert report["outputs"][1]["niqe"] is None
    assert report["mean"]["niqe"] == report["outputs"][0]["niqe"]


def test_exact_and_auto_are_passed_on(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(metrics, "score", lambda *pair, **options: asked.append(options["method"]) or real(*pair, **options))
    real = metrics.scores.score
    call("score source.png other.png")
    call("score source.png other.png --exact")
    assert asked == ["auto", "exact"]


def test_maps_are_written(call: Any) -> None:
    code, out, err = call("score source.png rolled.png --map map.png")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "map.png"
    drawn = read_image("map.png")
    assert drawn.shape == (100, 200, 3)
    assert (np.ptp(drawn, axis=2) > 0.1).mean() > 0.8
    Path("maps").mkdir()
    Path("again").mkdir()
    write_image("again/rolled.png", random_image((40, 50)))
    report = json.loads(call("score source.png rolled.png other.png again/rolled.png --map maps --json")[1])
    paths = ["maps/rolled-1-copies.png", "maps/other-copies.png", "maps/rolled-3-copies.png"]
    assert [row["map"] for row in report["outputs"]] == paths
    assert np.ptp(read_image(paths[1]), axis=2).max() == 0
    assert read_image(paths[2]).shape == (40, 50, 3)


def test_no_map_is_overwritten_unasked(call: Any) -> None:
    Path("map.png").write_text("mine")
    code, out, err = call("score source.png rolled.png --map map.png")
    assert (code, out) == (1, "")
    assert err == "error: map.png exists; choose another name, or overwrite it with --force\n"
    assert Path("map.png").read_text() == "mine"
    assert call("score source.png rolled.png --map map.png --force")[0] == 0
    assert read_image("map.png").shape == (100, 200, 3)


WRONG = {
    "gone.png rolled.png": "gone.png does not exist",
    "source.png gone.png": "gone.png does not exist",
    "source.png rolled.png tiny.png": "tiny.png is 30×8: each side must be 14 pixels or more",
    "tiny.png rolled.png": "tiny.png is 30×8: each side must be 14 pixels or more",
    "source.png rolled.png --patch 60": "source.png is 200×100: each side must be 120 pixels",
    "source.png rolled.png other.png --map map.png": "--map is map.png: the maps of several outputs need a folder",
    "source.png rolled.png --map source.png/": "source.png: the folder cannot be made",
    "source.png rolled.png --map map.gif": "map.gif: .gif cannot be written",
}


@pytest.mark.parametrize("words", WRONG)
def test_bad_input_is_one_line(call: Any, words: str) -> None:
    before = sorted(Path().iterdir())
    code, out, err = call(f"score {words}")
    assert (code, out) == (1, "")
    assert err.startswith(f"error: {WRONG[words]}")
    assert err.count("\n") == 1
    assert sorted(Path().iterdir()) == before


def test_wrong_usage_exits_with_2(call: Any) -> None:
    assert call("score source.png")[0] == 2
    assert call("score source.png rolled.png --patch 1")[0] == 2


def test_sifid_without_torch_stops_before_any_work(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(command, "_score", lambda *_, **__: pytest.fail("work began"))
    for words in ("--sifid", "--weights weights.pth"):
        code, out, err = call(f"score source.png rolled.png {words}")
        assert (code, out) == (1, "")
        assert err == "error: SIFID needs torch and torchvision: pip install 'patchnn[sifid]'\n"


def test_sifid_with_weights_at_random(call: Any) -> None:
    models = pytest.importorskip("torchvision.models", reason="SIFID needs torch and torchvision, the extra sifid")
    import torch

    torch.manual_seed(0)
    torch.save(models.inception_v3(weights=None, init_weights=False).state_dict(), "weights.pth")
    code, out, _ = call("score source.png rolled.png other.png --sifid --weights weights.pth")
    assert code == 0
    assert out.splitlines()[0].split()[-1] == "sifid"
    report = json.loads(call("score source.png other.png --weights weights.pth --json")[1])
    expected = metrics.sifid(read_image("other.png"), read_image("source.png"), "weights.pth")
    assert report["outputs"][0]["sifid"] == expected > 0
    Path("text.pth").write_text("no weights")
    _, _, err = call("score source.png other.png --weights text.pth")
    assert err == "error: text.pth does not hold the weights of torchvision's inception_v3\n"
