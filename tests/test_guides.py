"""Guides: images that tell which patches of the source go where, for any task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import patchnn
from patchnn import Guide, InputError, Plan, Progress, Source, run
from patchnn.cli import main
from patchnn.engine import synthesize as synthesis
from patchnn.guides import MOST_CHANNELS, as_target, guide_plan, parse_target
from patchnn.images import read_image, read_record, write_image
from patchnn.testing import tiny_image
from patchnn_tasks import Collage, Generate, Inpaint, Retarget

SHAPE = (24, 32)


def halves(shape: tuple[int, int] = SHAPE, across: bool = False) -> np.ndarray:
    """Labels: 1 in the upper half, or in the left one, 0 elsewhere."""
    labels = np.zeros((*shape, 1), np.float32)
    labels[: shape[0] // 2, :] = 1
    if across:
        labels[:], labels[:, : shape[1] // 2] = 0, 1
    return labels


def two_areas() -> np.ndarray:
    """An image that is reddish in its upper half and bluish below."""
    image = tiny_image(SHAPE) * np.float32(0.3)
    image[:12, :, 0] += 0.6
    image[12:, :, 2] += 0.6
    return image


def test_texture_by_numbers() -> None:
    result = run(Generate(two_areas()), seed=1, guides=[(halves(), halves(across=True), 4)]).image
    plain = run(Generate(two_areas()), seed=1).image
    red = [(image[:, :, 0] > image[:, :, 2])[:, [*range(13), *range(19, 32)]] for image in (result, plain)]
    wanted = np.arange(26) < 13
    right = [(image == wanted).mean() for image in red]
    assert right[0] > 0.95 > 0.8 > right[1]


def test_a_guide_joins_the_guide_that_a_task_has() -> None:
    image, mask = tiny_image(SHAPE), np.zeros(SHAPE, np.bool_)
    mask[8:16, 10:20] = True
    own = Inpaint(image, mask).plan()
    plan = guide_plan(own, [Guide(np.repeat(halves(), 3, 2), halves(), 3), (image, image)])
    assert own.guide is not None
    count = own.guide.shape[2]
    assert plan.guide is not None
    assert plan.guide.shape[2] == 6 + count
    # The weight is that of all of a guide's channels together.
    np.testing.assert_allclose(plan.guide_weights, [1, 1, 1, *[1 / 3] * 3, *own.guide_weights])
    assert plan.guide_levels == (*[None] * 6, *own.guide_levels)
    assert plan.sources[0].guide is not None
    np.testing.assert_array_equal(plan.sources[0].guide[:, :, 6:], own.sources[0].guide)


def test_every_source_has_its_own() -> None:
    images = tiny_image(SHAPE), tiny_image(SHAPE, seed=1)
    zero, one = np.zeros(SHAPE), np.ones(SHAPE)
    task = Collage(images, harmonise=False)
    result = run(task, seed=1, alpha=np.inf, guides=[((zero, one), np.ones((24, 64)), 100)])
    assert (result.field.source == 1).all()
    with pytest.raises(InputError, match="the task has 2 sources, the guide 1: give one for each") as caught:
        run(task, guides=[(zero, np.ones((24, 64)))])
    assert caught.value.about == "guide"


def test_guides_are_brought_to_the_size_of_what_they_guide() -> None:
    image = tiny_image((48, 64))
    plan = guide_plan(Retarget(image, size="50%x100%").plan(), [(halves((24, 32)), halves((96, 64)))])
    assert plan.sources[0].guide is not None
    assert plan.sources[0].guide.shape == (48, 64, 1)
    assert plan.guide is not None
    assert plan.guide.shape == (48, 32, 1)
    assert plan.guide.min() >= 0
    assert plan.guide.max() <= 1


BAD: list[tuple[Any, str]] = [
    ((halves(), halves((32, 24))), "a guide's target is 24×32, the result 32×24: draw it over the result, in one shape"),
    ((halves((24, 24)), halves()), "a guide's source is 24×24, the source 32×24"),
    ((halves(), halves(), -1), "guide is -1: it must be a weight from 0 to 1e6"),
    ((halves(), np.zeros((*SHAPE, 6))), "a guide's images have 1 and 6 channels: they must have as many"),
    ((np.zeros((*SHAPE, 25)), np.zeros((*SHAPE, 25))), f"25 channels together: they can have {MOST_CHANNELS} at most"),
    ((halves(), np.full(SHAPE, np.nan)), "a guide's target holds NaN"),
    (halves(), "a guide is .source, target. or"),
]


@pytest.mark.parametrize(("guide", "said"), BAD, ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_guides_that_do_not_fit_are_refused(guide: Any, said: str) -> None:
    plan = Plan([Source(two_areas())], two_areas())
    with pytest.raises(InputError, match=said) as caught:
        guide_plan(plan, [guide])
    assert caught.value.about == "guide"


def test_as_many_channels_as_there_may_be() -> None:
    channels = np.random.default_rng(0).random((*SHAPE, MOST_CHANNELS), np.float32)
    image = two_areas()
    plan = guide_plan(Plan([Source(image)], tiny_image(SHAPE, seed=3)), [(channels, channels, 1e5)])
    np.testing.assert_allclose(patchnn.synthesize(plan, seed=0, search="exact").image, image, atol=1e-6)


TARGETS = [
    ("b.png", ("b.png", 1.0)),
    ("b.png:2.5", ("b.png", 2.5)),
    (r"c:\b.png", (r"c:\b.png", 1.0)),
    ("a:3.png", ("a:3.png", 1.0)),
    ("a:3:1", ("a:3", 1.0)),
    ("b.png:0", ("b.png", 0.0)),
]


@pytest.mark.parametrize(("text", "parts"), TARGETS)
def test_targets_and_their_weights(text: str, parts: tuple[str, float]) -> None:
    assert parse_target(text) == parts
    assert parse_target(as_target(*parts)) == parts


def test_a_tasks_function_takes_guides_in_any_form() -> None:
    image = np.round(two_areas() * 255).astype(np.uint8)
    labels = [np.round(guide[:, :, 0] * 255).astype(np.uint8) for guide in (halves(), halves(across=True))]
    made = patchnn.generate(image, seed=2, iterations=1, guides=[(*labels, 4)])
    result = run(Generate(image / np.float32(255)), seed=2, iterations=1, guides=[(halves(), halves(across=True), 4)])
    assert made.dtype == np.uint8
    assert np.abs(made / 255 - result.image).max() <= 0.5001 / 255


# The command line.


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_image("image.png", two_areas())
    write_image("from.png", halves())
    write_image("to.png", halves(across=True))


COMMAND = ["generate", "image.png", "--seed", "3", "--iterations", "2", "--guide", "from.png", "to.png:4"]


@pytest.mark.usefixtures("files")
def test_a_command_hands_its_guide_to_the_run_and_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "-o", "out.png"]) == 0
    task = Generate(read_image("image.png"))
    guide = read_image("from.png"), read_image("to.png"), 4
    result = run(task, seed=3, iterations=2, guides=[guide])
    assert np.abs(read_image("out.png") - result.image).max() <= 0.5001 / 255
    record = read_record("out.png")
    assert record["guides"] == result.record["guides"]
    assert set(record["guides"][0]) == {"sources", "target", "weight"}
    capsys.readouterr()
    assert main(["show", "out.png"]) == 0
    command = capsys.readouterr().out
    assert "--guide from.png to.png:4" in command
    # The same command again makes the same file, and another guide another one.
    written = Path("out.png").stat().st_mtime_ns
    assert main([*COMMAND, "-o", "out.png", "--resume"]) == 0
    assert Path("out.png").stat().st_mtime_ns == written
    capsys.readouterr()
    assert main([*COMMAND[:-1], "to.png:5", "-o", "out.png", "--resume"]) == 1
    assert "was made otherwise" in capsys.readouterr().err


@pytest.mark.usefixtures("files")
def test_a_folder_of_images_has_a_folder_of_guides() -> None:
    for folder, image in (("images", two_areas()), ("labels", halves())):
        Path(folder).mkdir()
        write_image(f"{folder}/one.png", image)
        write_image(f"{folder}/two.png", image[::-1])
    command = ["generate", "images", "--guide", "labels", "to.png", "--seed", "3", "--iterations", "1", "-o", "out/"]
    assert main(command) == 0
    records = [read_record(path)["guides"][0] for path in sorted(Path("out").iterdir())]
    assert len({json.dumps(record["sources"]) for record in records}) == 2
    assert len({record["target"] for record in records}) == 1


WRONG = [
    (["from.png", "missing.png"], "missing.png does not exist"),
    (["from.png", "wide.png"], "from.png, wide.png: a guide's target is 64×24, the result 32×24"),
    (["from.png", "to.png:-2"], "--guide is -2.0: it must be a weight from 0 to 1e6 after the colon"),
]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("words", "said"), WRONG)
def test_what_is_wrong_with_a_guide_is_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_image("wide.png", halves((24, 64)))
    assert main(["generate", "image.png", "-o", "out.png", "--guide", *words]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert said in line
    assert not Path("out.png").exists()


def test_what_a_guide_asks_for_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if no result had changed.
    monkeypatch.setattr(synthesis, "changed_share", lambda *_: 0.0)
    where = np.moveaxis(np.indices(SHAPE, np.float32), 0, 2)
    for guides, attempts in (([], 2), ([(where, where)], 1)):
        seen: list[Progress] = []
        run(Generate(image=tiny_image()), seed=2, backend="numpy", guides=guides, observe=seen.append)
        assert sum(progress.fraction == 1 for progress in seen) == attempts
