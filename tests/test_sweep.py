"""`patchnn sweep`: every combination stands in its place on the sheet, with its figures."""

from __future__ import annotations

import json
import shlex
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import patchnn
from patchnn import metrics, read_image, write_image
from patchnn.engine.arrays import Image
from patchnn.evaluate.contact_sheet import LONGEST, Cell, contact_sheet
from patchnn.evaluate.thumbnails import scale_to_fit, thumbnail
from patchnn.images import read_record
from patchnn.registry import GROUP, Registry
from patchnn_tasks import Generate
from samples import random_image

TASKS = Registry(EntryPoint(name, f"patchnn_tasks.{name}:{name.title()}", GROUP) for name in ("generate", "retarget", "inpaint"))
QUICK = "--iterations 1 --backend numpy --quiet"
SHAPE = (130, 150)
"""Large enough to be shown as it is."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an image in it."""
    monkeypatch.chdir(tmp_path)
    write_image("meadow.png", random_image(SHAPE))
    return tmp_path


def eight_bits(image: Image) -> np.ndarray[Any, Any]:
    return np.floor(np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def places(sheet: Image, image: Image) -> list[tuple[int, int]]:
    """Every row and column of a sheet at which an image stands, pixel by pixel."""
    page, small = eight_bits(sheet), eight_bits(image)
    height, width = small.shape[:2]
    corners = np.argwhere((page[: -height + 1, : -width + 1] == small[0, 0]).all(axis=2))
    return [(int(r), int(c)) for r, c in corners if (page[r : r + height, c : c + width] == small).all()]


def made(noise: float, alpha: float | None = None, seed: int = 0) -> Image:
    task = Generate(image=read_image("meadow.png"), noise=noise)
    return patchnn.run(task, seed=seed, alpha=alpha, iterations=1, backend="numpy").image


def test_every_combination_stands_in_its_place(call: Any) -> None:
    code, out, err = call(f"sweep meadow.png --noise 0.5,2 --alpha 0.1,inf {QUICK} --seed 3 --json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert (told["sheet"], told["task"], told["seed"]) == ("meadow-sweep.png", "generate", 3)
    assert [(one["noise"], one["alpha"]) for one in told["tried"]] == [(0.5, 0.1), (2, 0.1), (0.5, "inf"), (2, "inf")]
    sheet = read_image("meadow-sweep.png")
    found = [[places(sheet, made(noise, alpha, 3)) for noise in (0.5, 2)] for alpha in (0.1, np.inf)]
    assert all(len(cell) == 1 for row in found for cell in row)
    ((top, left),), ((beside, right),) = found[0]
    ((below, under),), ((corner, last),) = found[1]
    assert top == beside
    assert below == corner
    assert left == under
    assert right == last
    assert right >= left + SHAPE[1]
    assert below >= top + SHAPE[0] + 4 * 13, "the figures have room"
    # Words and figures are dark on white; between the images of a row there is nothing.
    ink = sheet.mean(axis=2) < 0.7
    assert ink[top - 24 : top - 2, left : left + SHAPE[1]].any()
    assert ink[top + SHAPE[0] + 2 : below - 2, left : left + SHAPE[1]].any()
    assert ink[top : top + SHAPE[0], : left - 2].any()
    assert (sheet[top : top + SHAPE[0], left + SHAPE[1] + 2 : right - 2] == 1).all()
    frame = [eight_bits(sheet)[top, column].tolist() for column in (left - 1, left + SHAPE[1])]
    assert frame == [[0xD2, 0xD2, 0xD7]] * 2
    assert sheet.shape[0] > below + SHAPE[0] + 4 * 13
    assert sheet.shape[1] > right + SHAPE[1]


def test_one_option_is_one_row_beside_the_source(call: Any) -> None:
    assert call(f"sweep meadow.png --noise 0.5,1,2 {QUICK} --seed 3 -o sheet.png")[0] == 0
    sheet = read_image("sheet.png")
    found = [places(sheet, image)[0] for image in (read_image("meadow.png"), *(made(noise, seed=3) for noise in (0.5, 1, 2)))]
    assert len({row for row, _ in found}) == 1
    assert sorted(found) == found


def test_a_source_taller_than_its_results_is_seen_whole(call: Any) -> None:
    assert call(f"sweep retarget meadow.png --size 100%x25% --rounds 1,2 {QUICK} -o sheet.png")[0] == 0
    sheet = read_image("sheet.png")
    (top, left), *_ = places(sheet, read_image("meadow.png"))
    assert (sheet[top + SHAPE[0] + 2 :, left : left + SHAPE[1]].mean(axis=2) < 0.7).any(), "its name below it"
    assert (sheet[-20:] == 1).all()


def test_the_figures_are_the_metrics_own(call: Any) -> None:
    code, out, _ = call(f"sweep meadow.png --noise 0.5,2 --alpha 0.1 {QUICK} --json --samples 3 --seed 5")
    assert code == 0
    found = json.loads(out)
    assert (found["seed"], found["samples"]) == (5, 3)
    source = read_image("meadow.png")
    outputs = [made(2, 0.1, seed) for seed in (5, 6, 7)]
    for name in ("coherence", "completeness", "copy_share"):
        values = [getattr(metrics.score(output, source), name) for output in outputs]
        assert found["tried"][1][name] == pytest.approx(sorted(values)[1]), name
    distances = [np.abs(eight_bits(output).astype(float) - eight_bits(source)).mean() for output in outputs]
    assert found["tried"][1]["distance"] == pytest.approx(sorted(distances)[1])
    assert found["tried"][1]["diversity"] == pytest.approx(metrics.diversity(outputs, source))
    sheet = read_image("meadow-sweep.png")
    across = [places(sheet, output) for output in outputs]
    assert [len(one) for one in across] == [1, 1, 1]
    assert across[0][0] < across[1][0] < across[2][0], "samples of one cell stand side by side"


def test_any_number_can_be_swept_and_others_are_fixed(call: Any) -> None:
    line = f"sweep meadow.png --coarsest 10,40 --noise 1 --size 60%x100% {QUICK} --json"
    code, out, err = call(line)
    assert code == 0, err
    tried = json.loads(out)["tried"]
    assert [(one["coarsest"], one["noise"]) for one in tried] == [(10, 1), (40, 1)]
    assert "distance" not in tried[0], "sizes differ"
    command = read_record("meadow-sweep.png")["command"]
    assert call(shlex.join([*command, "-o", "again.png", "--quiet", "--json"]))[0] == 0
    np.testing.assert_array_equal(read_image("again.png"), read_image("meadow-sweep.png"))


def test_a_task_with_a_mask_can_be_swept(call: Any) -> None:
    mask = np.zeros((*SHAPE, 1), np.float32)
    mask[40:60, 50:80] = 1
    write_image("mask.png", mask)
    code, out, err = call(f"sweep inpaint meadow.png mask.png --noise 0,1 --iterations 1 --json {QUICK}")
    assert code == 0, err
    assert [one["noise"] for one in json.loads(out)["tried"]] == [0, 1]
    assert "  MASK " in call("sweep inpaint --help")[1]
    assert "--noise NUMBER[,…]" in call("sweep --help")[1]
    assert "--size WIDTHxHEIGHT|PERCENT% " in call("sweep --help")[1]


def test_a_file_that_exists_is_kept(call: Any) -> None:
    Path("meadow-sweep.png").write_text("mine")
    assert call(f"sweep meadow.png --noise 0,1 {QUICK}")[1] == "meadow-sweep-1.png\n"
    assert call(f"sweep meadow.png --noise 0,1 {QUICK} -o meadow-sweep.png")[0] == 1
    assert Path("meadow-sweep.png").read_text() == "mine"
    assert call(f"sweep meadow.png --noise 0,1 {QUICK} -o meadow-sweep.png --force")[0] == 0
    assert read_image("meadow-sweep.png").shape[2] == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sweep meadow.png", "no option varies"),
        ("sweep meadow.png --noise 1", "no option varies"),
        ("sweep meadow.png --noise 1,2 --alpha 1,2 --patch 5,7", "--noise, --alpha, --patch have several values each"),
        ("sweep meadow.png --noise 1,two", "--noise is 1,two: it must be a number"),
        ("sweep meadow.png --noise 1,,2", "--noise is 1,,2: it must be a number"),
        ("sweep meadow.png --noise 1,-2", "noise is -2"),
        ("sweep meadow.png --noise 0,1 --patch 5.5", "patch is 5.5"),
        ("sweep meadow.png --noise 0,1 --patch 400", "meadow.png"),
        ("sweep nowhere.png --noise 0,1", "nowhere.png does not exist"),
        ("sweep meadow.png --noise 0,1 -o sheet.txt", "sheet.txt"),
        ("sweep meadow.png --noise 0,1 -o no/sheet.png", "no/sheet.png"),
        ("sweep meadow.png --noise 0,1 --samples 0", "--samples is 0"),
        ("sweep meadow.png --noise 0,1 --max-memory lots", "--max-memory"),
        ("sweep meadow.png --noise 0,1 --search best", "best"),
        ("sweep tiny.png --noise 0,1 --patch 3 --quiet", "tiny.png: "),
    ],
)
def test_wrong_words_are_one_line_and_nothing_is_written(call: Any, line: str, words: str) -> None:
    write_image("tiny.png", random_image((9, 9)))
    before = sorted(Path().iterdir())
    code, out, err = call(line)
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert words in err
    assert sorted(Path().iterdir()) == before


def test_wrong_usage_exits_with_2(call: Any) -> None:
    assert call("sweep")[0] == 2
    assert call("sweep inpaint meadow.png --noise 0,1")[0] == 2


@pytest.mark.parametrize(
    ("shapes", "scale"),
    [
        ([(100, 160), (20, 30)], 1),
        ([(LONGEST, 10)], 1),
        ([(2 * LONGEST, 10)], 0.5),
        ([(30, 40)], 3),
        ([(60, 61)], 1),
        ([(1, 1)], 120),
    ],
)
def test_images_keep_their_pixels_where_they_can(shapes: list[tuple[int, int]], scale: float) -> None:
    assert scale_to_fit(shapes, LONGEST) == scale


def test_what_is_transparent_lies_on_white() -> None:
    rgba = np.array([[[0.5, 0.25, 0, 0.5], [0, 0, 0, 0], [1, 0, 0, 1]]], np.float32)
    np.testing.assert_array_equal(np.asarray(thumbnail(rgba, 1)), [[[255, 191, 128], [255, 255, 255], [255, 0, 0]]])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(16, 16), (40, 900), (700, 60), (900, 1200)])
def test_sheets_of_every_kind_of_image(shape: tuple[int, int], channels: int) -> None:
    image = random_image(shape, channels)
    figures = {"coherence": "1234567.8", "completeness": "0.1"}
    cells = [[Cell([image], figures)] * 2] * 2
    sheet = contact_sheet(
        "a name that is long, ä 漢" * 5,
        "words " * 60,
        image,
        [("noise", "0.2"), ("noise", "1e-12")],
        [("alpha", "inf")] * 2,
        cells,
    )
    factor = scale_to_fit([shape], LONGEST)
    assert sheet.dtype == np.float32
    assert sheet.shape[0] > 2 * factor * shape[0]
    assert sheet.shape[1] > 2 * factor * shape[1]
    assert (sheet[[0, -1]] == 1).all(), "nothing reaches the edge"
    assert (sheet[:, [0, -1]] == 1).all(), "nothing reaches the edge"


def test_a_guide_leads_every_combination_and_is_in_the_command(call: Any) -> None:
    labels = np.zeros((*SHAPE, 1), np.float32)
    labels[:65] = 1
    write_image("labels.png", labels)
    write_image("wanted.png", labels[::-1])
    line = f"sweep meadow.png --noise 0.5,2 {QUICK} --seed 3"
    assert call(f"{line} -o guided.png --guide labels.png wanted.png:4")[0] == 0
    task = Generate(image=read_image("meadow.png"), noise=2)
    guides = [(read_image("labels.png"), read_image("wanted.png"), 4)]
    led = patchnn.run(task, seed=3, iterations=1, backend="numpy", guides=guides).image
    assert places(read_image("guided.png"), led)
    command = read_record("guided.png")["command"]
    assert call(shlex.join([*command, "-o", "again.png", "--quiet"]))[0] == 0
    np.testing.assert_array_equal(read_image("again.png"), read_image("guided.png"))
    code, _, err = call(f"{line} -o other.png --guide nosuch.png wanted.png")
    assert (code, Path("other.png").exists()) == (1, False)
    assert "nosuch.png" in err
