"""The command line as a user meets it: files, streams, exit codes."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, fields
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from typer.main import get_command

import patchnn
from patchnn import Image, InputError, Mask, Plan, Size, Source, Task, option, read_image, write_image
from patchnn.cli import main
from patchnn.cli.app import build_app
from patchnn.cli.options import MIN_MEMORY, parse_bytes
from patchnn.cli.outputs import output_paths
from patchnn.cli.settings import Settings
from patchnn.images import FileTraits, read_file, read_record
from patchnn.registry import COMMANDS, COMMON_OPTIONS, GROUP, Registry


@dataclass(frozen=True, eq=False)
class Probe(Task):
    """Has an option of every kind; gives the first picture back, or raises what it is told to."""

    images: tuple[Image, ...] = option(help="Pictures.")
    mask: Mask | None = None
    strength: float = option(0.5, "How much.", min=0, max=1)
    far_reach: float = option(1.0, inf=True)
    steps: int = 3
    loud: bool = False
    label: str = ""
    axes: Literal["both", "x"] = "both"
    size: Size | None = None

    def plan(self) -> Plan:
        if self.label == "interrupt":
            raise KeyboardInterrupt
        if self.label:
            raise ValueError(self.label)
        return Plan([Source(image) for image in self.images], self.images[0], iterations=1)


@dataclass(frozen=True, eq=False)
class Blank(Task):
    """Takes no picture."""

    grey: float = option(0.5, "How light.")

    def plan(self) -> Plan:
        image = np.full((12, 12, 1), self.grey, np.float32)
        return Plan([Source(image)], image, iterations=1)


TASKS = Registry(
    [
        EntryPoint("blank", f"{__name__}:Blank", GROUP),
        EntryPoint("generate", "patchnn_tasks.generate:Generate", GROUP),
        EntryPoint("probe", f"{__name__}:Probe", GROUP),
    ]
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with two small pictures in it."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(2)
    write_image("photo.png", random.random((20, 24, 3)))
    write_image("grey one.png", random.random((20, 24, 1)))
    write_image("tiny.png", random.random((3, 3, 3)))
    return tmp_path


QUICK = "generate photo.png --iterations 1 --backend numpy"


def test_a_picture_is_made_and_named(call: Any) -> None:
    code, out, err = call("generate photo.png --iterations 1")
    assert code == 0, err
    assert out == "photo-generate.png\n"
    assert read_image("photo-generate.png").shape == (20, 24, 3)
    assert err.startswith("backend: ")
    assert "\nseed: " in err


def test_a_task_without_pictures(call: Any) -> None:
    assert call("blank --grey 0.25 --quiet --seed 1") == (0, "patchnn-blank.png\n", "")
    assert call("blank --quiet -n 2 -o b.png")[1] == "b-1.png\nb-2.png\n"


def test_quiet_and_plain_streams(call: Any) -> None:
    assert call(f"{QUICK} --quiet --seed 1 -o a.png") == (0, "a.png\n", "")
    _, _, err = call(f"{QUICK} --seed 1 -o b.png")
    assert "backend" not in err
    assert "seed" not in err
    assert err == ""


def test_a_long_run_says_now_and_then_how_far_it_is(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchnn.cli.progress.STEADY", 0)
    _, _, err = call(f"{QUICK} --seed 1 -n 2 -o a.png")
    lines = [line for line in err.splitlines() if "a-" not in line]
    assert lines == [f"{n}/2 level {level}" for n in (1, 2) for level in ("1/2, 26% done", "1/2, 53% done", "2/2, 100% done")]
    assert err.splitlines()[3].startswith("1/2 a-1.png 0.")


def test_image_i_is_the_same_however_many_are_asked_for(call: Any) -> None:
    assert call(f"{QUICK} --noise 2 --seed 5 -n 3 -o many.png")[1] == "many-1.png\nmany-2.png\nmany-3.png\n"
    call(f"{QUICK} --noise 2 --seed 7 -o one.png")
    np.testing.assert_array_equal(read_image("many-3.png"), read_image("one.png"))
    assert (read_image("many-1.png") != read_image("one.png")).any()
    assert read_record("many-3.png")["seed"] == 7


def test_a_folder_made_for_nothing_goes_again(call: Any) -> None:
    Path("bad.png").write_text("no picture")
    assert call("generate bad.png -o new/deep/")[0] == 1
    assert not Path("new").exists()
    Path("there").mkdir()
    assert call("generate bad.png -o there/")[0] == 1
    assert Path("there").is_dir(), "it was there before"
    assert call(f"{QUICK} -o new/deep/")[0] == 0
    assert Path("new/deep/photo-generate.png").exists()


def test_the_reported_seed_makes_it_again(call: Any) -> None:
    _, _, err = call(f"{QUICK} -o a.png")
    seed = err.partition("seed: ")[2].split()[0]
    call(f"{QUICK} -o b.png --seed {seed}")
    np.testing.assert_array_equal(read_image("a.png"), read_image("b.png"))


def test_options_of_every_kind_reach_the_task_and_come_back(call: Any) -> None:
    write_image("mask.png", np.ones((20, 24)))
    options = "--mask mask.png --strength 0.25 --far-reach inf --steps 2 --loud --axes x --size 10x10"
    code, _, err = call(f"probe photo.png 'grey one.png' {options} --seed 1 -o a.png")
    assert code == 0, err
    assert read_record("a.png")["options"] == {
        "strength": 0.25,
        "far_reach": "inf",
        "steps": 2,
        "loud": True,
        "label": "",
        "axes": "x",
        "size": "10x10",
    }
    command = shlex.split(call("show a.png")[1])
    assert command[:4] == ["patchnn", "probe", "photo.png", "grey one.png"]
    before = Path("a.png").read_bytes()
    assert main([*command[1:], "--force"], TASKS) == 0
    assert Path("a.png").read_bytes() == before


def test_a_flag_that_is_off_is_said_so(call: Any) -> None:
    call("probe photo.png --no-loud --seed 1 -o a.png")
    assert " --no-loud " in call("show a.png")[1]


def test_what_comes_by_itself_gives_way_and_what_is_asked_for_does_not(call: Any) -> None:
    for expected in ("photo-generate.png", "photo-generate-1.png", "photo-generate-2.png"):
        assert call(f"{QUICK} --seed 1")[1] == f"{expected}\n"
    before = Path("photo-generate.png").read_bytes()
    code, out, err = call(f"{QUICK} --seed 2 -o photo-generate.png")
    assert (code, out) == (1, "")
    assert err == "error: photo-generate.png exists; choose another name, or overwrite it with --force\n"
    assert Path("photo-generate.png").read_bytes() == before
    assert call(f"{QUICK} --seed 2 -o photo-generate.png --force")[0] == 0
    assert Path("photo-generate.png").read_bytes() != before


OUTPUTS = [
    (None, 1, False, ["new.png"]),
    (None, 2, False, ["new-1.png", "new-2.png"]),
    ("a.jpg", 1, False, ["a.jpg"]),
    ("a.jpg", 2, False, ["a-1.jpg", "a-2.jpg"]),
    ("full", 1, False, ["full/new-2.png"]),
    ("full/", 2, False, ["full/new-2.png", "full/new-3.png"]),
    ("full/", 1, True, ["full/new.png"]),
    ("full/", 2, True, ["full/new-1.png", "full/new-2.png"]),
    ("full/new.png", 1, False, ["full/new.png"]),
]


@pytest.mark.parametrize(("output", "count", "force", "expected"), OUTPUTS)
def test_output_paths(folder: Path, output: str | None, count: int, force: bool, expected: list[str]) -> None:
    (folder / "full").mkdir()
    for name in ("new.png", "new-1.png"):
        (folder / "full" / name).touch()
    assert output_paths(output, "new", count, force) == [Path(path) for path in expected]


def test_a_folder_that_is_not_there_is_made_if_it_is_called_one(folder: Path) -> None:
    assert output_paths("made/in/", "new", 1, False) == [Path("made/in/new.png")]
    assert Path("made/in").is_dir()
    with pytest.raises(InputError, match="nowhere/ for a folder"):
        output_paths("nowhere", "new", 2, False)
    assert not Path("nowhere").exists()


def test_commands_are_listed_by_what_they_are_for_with_whole_summaries(call: Any) -> None:
    said = call("--help")[1]
    tasks, measuring, others = (said.index(f"\n{title}:\n") for title in ("Tasks", "Measuring", "Other commands"))
    assert tasks < said.index("\n  generate ") < measuring < said.index("\n  score ") < others < said.index("\n  show ")
    assert "..." not in said[tasks:]
    assert call("-h")[1] == said
    task, score = call("generate --help")[1], call("score -h")[1]
    assert task.index("--noise") < task.index("Options of every task:") < task.index("--seed")
    assert "of every task" not in score
    assert "list[" not in score


def test_a_command_that_is_not_there_is_told_with_those_like_it(call: Any) -> None:
    assert call("generat photo.png") == (2, "", "error: No such command 'generat'. Did you mean generate? (see patchnn --help)\n")
    said = "error: No such command 'tile': it comes with the plugin patchnn-tile, which is not installed. (see patchnn --help)\n"
    assert call("tile photo.png") == (2, "", said)
    assert call("zzz photo.png")[2] == "error: No such command 'zzz'. (see patchnn --help)\n"


def test_whatever_a_task_raises_is_one_line(call: Any) -> None:
    code, out, err = call("probe photo.png --label oops")
    assert (code, out) == (1, "")
    assert err == "error: photo.png: the task probe of test_cli failed: ValueError: oops\n"
    assert call("probe photo.png --axes z")[2] == "error: --axes is z: it must be both or x\n"


def test_depth_and_quality_reach_the_file_and_the_record(call: Any) -> None:
    assert call(f"{QUICK} --seed 1 --depth 16 -o a.png")[0] == 0
    assert read_file("a.png").traits.depth == 16
    assert " --depth 16 " in call("show a.png")[1]
    # A picture of 16 bits gives such pictures, records in them too.
    assert call("generate a.png --iterations 1 --seed 1 --quiet -o b.png")[0] == 0
    assert read_file("b.png").traits.depth == 16
    assert call("show b.png")[1] == "patchnn generate a.png --noise 0.75 --iterations 1 --seed 1 -o b.png\n"
    assert call("generate a.png --iterations 1 --seed 1 --quiet --depth 8 -o c.png")[0] == 0
    assert read_file("c.png").traits.depth == 8
    for quality in (5, 95):
        call(f"{QUICK} --seed 1 --quality {quality} -o {quality}.jpg")
    assert Path("5.jpg").stat().st_size < Path("95.jpg").stat().st_size


def test_depth_and_profile_are_the_first_images(call: Any) -> None:
    profile = b"\0" * 16 + b"RGB " + bytes(200)
    write_image("deep.png", np.random.default_rng(0).random((20, 24, 3)), traits=FileTraits(16, profile))
    call("probe deep.png photo.png --seed 1 -o a.png")
    call("probe photo.png deep.png --seed 1 -o b.png")
    assert read_file("a.png").traits == FileTraits(16, profile)
    assert read_file("b.png").traits == FileTraits(8)


def test_an_animation_is_said_to_be_one(call: Any) -> None:
    from PIL import Image as Pillow

    frames = [Pillow.fromarray(np.random.default_rng(n).integers(0, 256, (20, 24), dtype=np.uint8)) for n in range(2)]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    code, _, err = call("generate moving.gif --iterations 1 --seed 1 --backend numpy -o a.png")
    assert code == 0
    assert err.splitlines()[0] == "moving.gif holds 2 images: the first is used"
    assert err.count("moving.gif") == 1
    assert "moving.gif holds 2 images" in call("generate a.png -o b.png --apply-to moving.gif --iterations 1 --seed 1")[2]
    code, _, err = call("generate moving.gif -n 2 --apply-to moving.gif --iterations 1 --seed 1 --backend numpy")
    assert code == 0
    assert err.count("moving.gif") == 1


@pytest.mark.parametrize("output", ["nowhere/a.png", "a.xyz", "a", "photo.png", "photo.png/"])
def test_bad_outputs_are_found_before_any_work(call: Any, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    monkeypatch.setattr("patchnn.job.run", lambda *args, **kwargs: pytest.fail("work was done"))
    code, out, err = call(f"generate photo.png -o {output}")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1


def test_transparency_and_jpeg(call: Any) -> None:
    write_image("clear.png", np.random.default_rng(0).random((20, 20, 4)))
    code, _, err = call("generate clear.png -o a.jpg")
    assert code == 1
    assert err == "error: a.jpg: .jpg cannot hold transparency; choose .png\n"


def test_codes_of_wrong_usage_interruption_and_help(call: Any) -> None:
    assert call("generate")[0] == 2
    assert call("nosuch")[0] == 2
    assert call("probe photo.png --label interrupt") == (130, "", "interrupted\n")
    assert call("--version") == (0, f"patchnn {patchnn.__version__}\n", "")
    assert call("")[:2] == call("--help")[:2]


@pytest.mark.parametrize(
    "line", ["generate absent.png --debug", "--debug generate absent.png", "probe photo.png --label oops --debug"]
)
def test_debug_shows_the_traceback(call: Any, line: str) -> None:
    code, _, err = call(line)
    assert code == 1
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("error: ")


def test_debug_by_environment(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHNN_DEBUG", "1")
    assert "Traceback" in call("generate absent.png")[2]
    monkeypatch.setenv("PATCHNN_DEBUG", "0")
    assert "Traceback" not in call("generate absent.png")[2]


def test_help_tells_every_option_with_its_default_and_bounds(call: Any) -> None:
    _, out, _ = call("probe --help")
    text = " ".join(out.split())
    for flag in ("--mask FILE", "--far-reach NUMBER", "--steps INTEGER", "--loud / --no-loud", "--axes both|x", "--seed INTEGER"):
        assert flag.split()[0] in text, flag
    assert "How much. [from 0 to 1] [default: 0.5]" in text
    assert "IMAGES FILE... Pictures." in text
    assert "list[" not in text


def test_names_that_tasks_must_leave_free_are_those_in_use() -> None:
    assert {field.name for field in fields(Settings)} | {"debug", "help"} == COMMON_OPTIONS
    commands = get_command(build_app(TASKS))
    assert set(commands.list_commands(commands.make_context("patchnn", [], resilient_parsing=True))) == COMMANDS | set(TASKS)


BYTES = [
    ("68157440", 65 << 20),
    ("4GB", 4 * 10**9),
    ("512MiB", 512 << 20),
    ("1.5 gib", 3 << 29),
    ("100M", 10**8),
    ("70000kb", 7 * 10**7),
]


@pytest.mark.parametrize(("text", "value"), BYTES)
def test_bytes(text: str, value: int) -> None:
    assert parse_bytes(text) == value


@pytest.mark.parametrize("text", ["", "lots", "-4GB", "4 potatoes", "nan", "1e9", "4iB", str(MIN_MEMORY - 1)])
def test_bad_bytes(text: str) -> None:
    with pytest.raises(InputError, match="--max-memory"):
        parse_bytes(text)


def test_a_bar_on_a_terminal(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    code, out, err = call(f"{QUICK} --seed 1 -n 2 -o a.png")
    assert (code, out) == (0, "a-1.png\na-2.png\n")
    assert "% done" not in err


@pytest.mark.skipif(os.name != "posix", reason="signals as Unix has them")
def test_an_interrupted_process_leaves_one_line_and_no_file(folder: Path) -> None:
    write_image("large.png", np.random.default_rng(0).random((300, 300, 3)))
    command = [sys.executable, "-m", "patchnn", "generate", "large.png", "-o", "out.png", "--seed", "1", "--search", "exact"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        # The first note says that the work has begun.
        assert process.stderr.readline().startswith("backend: ")
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        _, err = process.communicate(timeout=60)
    assert time.monotonic() - started < 5
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
    assert sorted(path.name for path in folder.iterdir()) == ["grey one.png", "large.png", "photo.png", "tiny.png"]


def test_a_name_that_is_not_utf8(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    try:
        Path(f"{name}.png").write_bytes(Path("photo.png").read_bytes())
    except OSError:
        pytest.skip("this file system takes UTF-8 only")

    def patchnn_bytes(*words: str) -> bytes:
        done = subprocess.run([sys.executable, "-m", "patchnn", *words], capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert patchnn_bytes("generate", f"{name}.png", "--iterations", "1", "--seed", "1") == b"caf\xe9-generate.png\n"
    assert Path(f"{name}-generate.png").exists()
    assert b"caf\xe9.png" in patchnn_bytes("show", f"{name}-generate.png")
