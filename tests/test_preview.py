"""A preview: the result as it repeats, in a file of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import Image, Plan, Source, Task, option, read_image, write_image
from patchnn.batch import Job, carry_out, run_jobs
from patchnn.errors import InputError
from patchnn.images import read_record
from patchnn.registry import GROUP, Registry
from samples import random_image


@dataclass(frozen=True, eq=False)
class Ring(Task):
    """Joins the ends of some axes."""

    image: Image = option(help="What repeats.")
    rows: bool = option(True, "Whether top and bottom meet.")

    def plan(self) -> Plan:
        return Plan([Source(self.image)], self.image, iterations=1, wrap=(self.rows, True))


TASKS = Registry(
    [
        EntryPoint("ring", f"{__name__}:Ring", GROUP),
        EntryPoint("generate", "patchnn_tasks:Generate", GROUP),
    ]
)
JOB = Job("ring", {"image": ["a.png"]}, "out.png", 1, preview="twice.png")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_image("a.png", random_image((14, 20)))


@pytest.mark.parametrize(("option", "times"), [("", (2, 2, 1)), ("--no-rows", (1, 2, 1))])
def test_it_repeats_along_the_axes_whose_ends_meet(call: Any, option: str, times: tuple[int, ...]) -> None:
    line = f"ring a.png -o out.png {option} --seed 1 --quiet --depth 16"
    assert call(f"{line} --preview twice.png") == (0, "out.png\ntwice.png\n", "")
    np.testing.assert_array_equal(read_image("twice.png"), np.tile(read_image("out.png"), times))
    with pytest.raises(InputError):
        read_record("twice.png")
    before = Path("out.png").read_bytes()
    assert call(f"{line} --force")[0] == 0
    assert Path("out.png").read_bytes() == before


def test_every_image_has_its_own(call: Any) -> None:
    assert call("ring a.png -o out.png -n 2 --seed 1 --quiet --preview twice.png")[0] == 0
    for number in (1, 2):
        np.testing.assert_array_equal(read_image(f"twice-{number}.png")[:14, 20:], read_image(f"out-{number}.png"))


REFUSED = [
    ("generate a.png --preview twice.png", "--preview is for images that repeat, and generate makes none"),
    ("ring a.png --preview ''", "--preview is empty"),
    ("ring a.png --preview -", "--preview is -, standard output"),
    ("ring a.png --preview twice.doc", "twice.doc"),
    ("ring a.png --preview nowhere/twice.png", "the folder nowhere does not exist"),
    ("ring a.png --preview there.png", "there.png exists"),
    ("ring a.png --preview out.png -o out.png", "two results would go to one file"),
]


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_what_cannot_be_made_is_refused_before_any_work(call: Any, line: str, message: str) -> None:
    Path("there.png").write_bytes(b"here before")
    code, out, err = call(f"{line} --seed 1 --quiet")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert message in err
    assert sorted(path.name for path in Path().iterdir()) == ["a.png", "there.png"]
    assert Path("there.png").read_bytes() == b"here before"


def test_resume_makes_one_that_is_missing(call: Any) -> None:
    line = "ring a.png -o out.png --seed 1 --quiet --preview twice.png"
    assert call(line)[0] == 0
    made, before = Path("out.png").stat().st_mtime_ns, Path("twice.png").read_bytes()
    Path("twice.png").unlink()
    assert call(f"{line} --resume")[0] == 0
    assert Path("twice.png").read_bytes() == before
    assert Path("out.png").stat().st_mtime_ns == made


def test_a_job_elsewhere_refuses_a_file_in_its_place() -> None:
    write_image("twice.png", random_image((4, 4)))
    with ThreadPoolExecutor(1) as executor:
        (outcome,) = run_jobs([JOB], executor)
    assert outcome.error == "twice.png exists; choose another name, or overwrite it with --force"
    assert not Path("out.png").exists()
    Path("twice.png").unlink()
    assert carry_out(JOB, registry=TASKS).paths == ("out.png", "twice.png")
