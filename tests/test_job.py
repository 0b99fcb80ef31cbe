"""One job: what it writes, what it refuses, and when it is done."""

from __future__ import annotations

import json
import pickle
from dataclasses import asdict, dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import BackendError, Image, InputError, Plan, PluginError, Source, Task, option, read_image, run, write_image
from patchnn.batch import Job, carry_out, run_jobs
from patchnn.images import read_record
from patchnn.registry import GROUP, Registry
from patchnn.testing import tiny_image, tiny_mask
from patchnn_tasks import Generate, Inpaint
from small_jobs import JOB, write_images


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with a few small images in it."""
    monkeypatch.chdir(tmp_path)
    write_images()
    write_image("mask.png", tiny_mask().astype(float))
    return tmp_path


def test_a_job_writes_what_run_makes_and_how() -> None:
    outcome = carry_out(JOB)
    assert (outcome.paths, outcome.error, outcome.skipped) == (("out.png",), None, False)
    assert outcome.seconds > 0
    result = run(Generate(read_image("a.png"), noise=0.5), seed=5, iterations=1)
    assert np.abs(read_image("out.png") - result.image).max() <= 0.5001 / 255
    assert read_record("out.png") == {
        **result.record,
        "files": {"image": ["a.png"]},
        "command": [
            "generate",
            "a.png",
            *["--noise", "0.5", "--iterations", "1", "--seed", "5"],
        ],
        "depth": None,
    }


def test_every_field_of_a_job_reaches_the_run() -> None:
    job = Job(
        "inpaint",
        {"image": ["a.png"], "mask": ["mask.png"]},
        "out.png",
        5,
        {"fill": "own"},
        {"alpha": 0.5, "patch": 5, "iterations": 2, "ratio": 1.5, "coarsest": 9},
        "exact",
        "numpy",
        1 << 30,
    )
    carry_out(job)
    result = run(Inpaint(read_image("a.png"), tiny_mask(), fill="own"), seed=5, **job.tuning, search="exact", backend="numpy")
    record = read_record("out.png")
    assert {key: record[key] for key in result.record} == result.record
    words = "inpaint a.png mask.png --fill own"
    words += " --alpha 0.5 --patch 5 --iterations 2 --ratio 1.5"
    assert " ".join(record["command"]) == f"{words} --coarsest 9 --search exact --backend numpy --seed 5"
    with pytest.raises(InputError, match=r"this needs .* and may use 1.0 MB"):
        carry_out(replace(job, max_memory=10**6, force=True))


def test_a_job_is_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, plans = Generate.plan, []
    monkeypatch.setattr(Generate, "plan", lambda task: plans.append(plan(task)) or plans[-1])
    carry_out(JOB)
    assert len(plans) == 1, "planning takes long: what was checked is carried out"


def test_a_job_is_plain_data() -> None:
    job = replace(JOB, maps=(("b.png", "c.png"),), guides=(("a.png", "b.png", 2.0),), tuning={"alpha": float("inf")})
    assert pickle.loads(pickle.dumps(job)) == job
    values = json.loads(json.dumps(asdict(job)))
    pairs = {name: tuple(map(tuple, values[name])) for name in ("maps", "guides")}
    assert Job(**{**values, **pairs}) == job


def test_maps_are_written_and_the_source_as_a_map_gives_the_image() -> None:
    job = replace(JOB, maps=(("a.png", "one.png"), ("b.png", "two.png")))
    assert carry_out(job).paths == ("out.png", "one.png", "two.png")
    np.testing.assert_array_equal(read_image("one.png"), read_image("out.png"))
    assert (read_image("two.png") != read_image("out.png")).any()
    assert read_record("out.png")["command"][-6:-2] == ["--apply-to", "a.png", "--apply-to", "b.png"]
    assert len(read_record("out.png")["maps"]) == 2


def test_a_map_for_each_of_several_sources() -> None:
    # With its colours unchanged, a collage of images of one height is made of the very files.
    plain = {"harmonise": False}
    pair = Job("collage", {"images": ["a.png", "b.png"]}, "out.png", 5, options=plain, tuning={"iterations": 1})
    assert carry_out(replace(pair, maps=(("a.png", "one.png"), ("b.png", "two.png")))).paths == ("out.png", "one.png")
    np.testing.assert_array_equal(read_image("one.png"), read_image("out.png"))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"files": {"image": ["absent.png"]}}, "absent.png does not exist"),
    ({"files": {}}, "image is missing"),
    ({"options": {"noise": -1}}, "noise is -1"),
    ({"options": {"colour": 1}}, "Generate has no option colour"),
    ({"options": {"size": "3x3"}}, r"a.png: an output of 3×3"),
    ({"tuning": {"alpha": 0}}, "alpha is 0"),
    ({"seed": -1}, "seed is -1"),
    ({"search": "brute"}, "search is 'brute'"),
    ({"output": "a.png"}, "a.png exists"),
    ({"output": "out.xyz"}, "out.xyz: .xyz cannot be written"),
    ({"output": "nowhere/out.png"}, "nowhere/out.png: the folder nowhere does not exist"),
    ({"maps": (("absent.png", "m.png"),)}, "absent.png does not exist"),
    ({"maps": (("small.png", "m.png"),)}, "small.png: a map has its source's size: it is 9×9, the source 32×24"),
    ({"maps": (("a.png", "b.png"),)}, "b.png exists"),
    ({"maps": (("a.png", "m.png"), ("b.png", "m.png"))}, "two results would go to one file"),
]


@pytest.mark.parametrize(("changes", "said"), BAD, ids=[said for _, said in BAD])
def test_bad_jobs_are_refused_before_any_work(
    changes: dict[str, Any], said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image("small.png", tiny_image((9, 9)))
    before = sorted(folder.iterdir())
    if not {"seed", "search"} & set(changes):
        monkeypatch.setattr("patchnn.job.run", lambda *args, **kwargs: pytest.fail("work was done"))
    with pytest.raises(InputError, match=said):
        carry_out(replace(JOB, **changes))
    assert sorted(folder.iterdir()) == before


@dataclass(frozen=True, eq=False)
class Picky(Task):
    """Refuse every image, each time in other words."""

    image: Image = option()
    other: Image | None = None
    mood: str = "good"

    def plan(self) -> Plan:
        if self.mood == "bad":
            raise InputError("in a bad mood nothing works", about="mood")
        raise InputError("mood and other matter less than the colours here", about="other" if self.other is not None else None)


PICKY: list[tuple[dict[str, Any], str, str | None]] = [
    ({"options": {"mood": "bad"}}, "in a bad mood nothing works", "mood"),
    ({}, "a.png: mood and other matter less than the colours here", None),
    ({"files": {"image": ["a.png"], "other": ["b.png"]}}, "b.png: mood and other matter less than the colours here", "other"),
]


@pytest.mark.parametrize(("changes", "said", "about"), PICKY)
def test_what_an_error_is_about_decides_which_files_it_names(changes: dict[str, Any], said: str, about: str | None) -> None:
    registry = Registry([EntryPoint("picky", f"{__name__}:Picky", GROUP)])
    job = replace(Job("picky", {"image": ["a.png"]}, "out.png", 5), **changes)
    outcome = next(run_jobs([job], registry=registry))
    assert (outcome.error, outcome.about) == (said, about)


@dataclass(frozen=True, eq=False)
class Failing(Task):
    """Fail in plan(), as its option says."""

    image: Image = option()
    how: str = "zero"

    def plan(self) -> Plan:
        if self.how == "memory":
            np.zeros(1 << 50, np.uint8)
        return Plan([Source(self.image)], self.image, noise=1 / len(self.how.removeprefix("zero")), notes=("It did not fail.",))


def test_what_a_plan_tells_its_user_is_among_the_notes() -> None:
    registry = Registry([EntryPoint("failing", f"{__name__}:Failing", GROUP)])
    job = Job("failing", {"image": ["a.png"]}, "out.png", 5, {"how": "well"}, {"iterations": 1})
    assert carry_out(job, registry=registry).notes == ("It did not fail.",)


@pytest.mark.parametrize(
    ("how", "said", "kind"),
    [
        ("zero", rf"^a.png: the task failing of {__name__} failed: ZeroDivisionError: division by zero$", PluginError),
        ("memory", "^memory ran out: use smaller images, a smaller output, or a lower max_memory$", BackendError),
    ],
)
def test_a_task_that_fails_is_named_with_its_plugin_and_files(how: str, said: str, kind: type[Exception]) -> None:
    registry = Registry([EntryPoint("failing", f"{__name__}:Failing", GROUP)])
    with pytest.raises(kind, match=said):
        carry_out(Job("failing", {"image": ["a.png"]}, "out.png", 5, {"how": how}), registry=registry)


def test_a_task_that_is_not_there() -> None:
    with pytest.raises(PluginError, match="nosuch"):
        carry_out(replace(JOB, task="nosuch"))


# Jobs that were done before.

AGAIN = replace(JOB, resume=True, maps=(("b.png", "m.png"),))


@pytest.fixture
def done() -> dict[str, bytes]:
    """The files of a job that was done."""
    carry_out(AGAIN)
    return {name: Path(name).read_bytes() for name in ("out.png", "m.png")}


def test_what_was_done_is_left_alone(done: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchnn.job.run", lambda *args, **kwargs: pytest.fail("work was done"))
    assert carry_out(AGAIN).skipped
    assert carry_out(AGAIN).paths == ("out.png", "m.png")
    # A file by another name is the same input.
    Path("a.png").rename("moved.png")
    assert carry_out(replace(AGAIN, files={"image": ["moved.png"]})).skipped


@pytest.mark.parametrize(("lost", "wreck"), [("out.png", False), ("out.png", True), ("m.png", False)])
def test_what_is_absent_or_damaged_is_made_again(done: dict[str, bytes], lost: str, wreck: bool) -> None:
    Path(lost).unlink()
    if lost == "out.png":
        # The image is written first, so that maps are never there without it.
        Path("m.png").unlink()
        if wreck:
            Path("out.png").write_bytes(done["out.png"][:-500])
    assert not carry_out(AGAIN).skipped
    assert {name: Path(name).read_bytes() for name in done} == done


@pytest.mark.parametrize("output", ["out.png", "out.jpg"])
def test_a_file_that_is_no_damaged_result_is_not_lost(output: str) -> None:
    Path(output).write_text("notes of mine")
    with pytest.raises(InputError, match=f"{output} was made otherwise"):
        carry_out(replace(JOB, output=output, resume=True))
    assert Path(output).read_text() == "notes of mine"
    Path(output).write_bytes(b"")
    assert not carry_out(replace(JOB, output=output, resume=True)).skipped


def test_a_result_that_is_too_large_to_read_is_not_taken_for_damaged(done: dict[str, bytes]) -> None:
    # The output needs more memory than the inputs, and than there is.
    large = np.zeros((1000, 1000, 3))
    write_image("out.png", large, overwrite=True)
    with pytest.raises(InputError, match=r"^out\.png needs 21 MB of memory to be read"):
        carry_out(replace(AGAIN, max_memory=15_000_000))
    assert read_image("out.png").shape == large.shape


CHANGED: list[dict[str, Any]] = [
    {"seed": 6},
    {"options": {"noise": 0.6}},
    {"tuning": {"iterations": 2}},
    {"tuning": {"iterations": 1, "alpha": 1.0}},
    {"files": {"image": ["c.png"]}},
    {"files": {"image": ["a.png"], "source": ["c.png"]}, "maps": ()},
    {"maps": (("c.png", "m.png"),)},
    {"search": "exact"},
    {"task": "tile", "options": {}},
]


@pytest.mark.parametrize("changes", CHANGED, ids=str)
def test_what_was_made_otherwise_is_not_taken_for_done_nor_lost(done: dict[str, bytes], changes: dict[str, Any]) -> None:
    job = replace(AGAIN, **changes)
    tile = EntryPoint("tile", "patchnn_tasks.generate:Generate", GROUP)
    registry = Registry([tile, EntryPoint("generate", "patchnn_tasks.generate:Generate", GROUP)])
    with pytest.raises(InputError, match=r"out.png was made otherwise"):
        carry_out(job, registry=registry)
    assert {name: Path(name).read_bytes() for name in done} == done
    assert not carry_out(replace(job, force=True), registry=registry).skipped
    assert carry_out(job, registry=registry).skipped


def test_an_input_that_changed_is_seen(done: dict[str, bytes]) -> None:
    write_image("a.png", tiny_image(seed=9), overwrite=True)
    with pytest.raises(InputError, match="made otherwise"):
        carry_out(AGAIN)


def test_a_kind_of_file_without_record_is_done_when_it_is_there() -> None:
    job = replace(JOB, output="out.jpg", resume=True)
    assert [carry_out(job).skipped for _ in range(2)] == [False, True]
    Path("out.jpg").write_bytes(Path("out.jpg").read_bytes()[:100])
    assert [carry_out(job).skipped for _ in range(2)] == [False, True]
