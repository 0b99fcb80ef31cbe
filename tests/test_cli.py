"""The command line as a user meets it: files, streams, exit codes."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from typer.main import get_command

import patchnn
from patchnn import Image, Mask, Plan, Size, Source, Task, option, read_image, write_image
from patchnn.cli import main
from patchnn.cli.app import build_app
from patchnn.cli.settings import Settings
from patchnn.images import FileTraits, read_file, read_record
from patchnn.record import command_words
from patchnn.registry import COMMANDS, COMMON_OPTIONS, GROUP, Registry
from patchnn.testing import tiny_image
from patchnn_tasks import Collage


@dataclass(frozen=True, eq=False)
class Probe(Task):
    """Has an option of every type; returns the first image, or raises an error named by `label`."""

    images: tuple[Image, ...] = option(help="Images.")
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
    """Takes no image."""

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
    """A current folder with three small images."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(2)
    write_image("photo.png", random.random((20, 24, 3)))
    write_image("grey one.png", random.random((20, 24, 1)))
    write_image("tiny.png", random.random((3, 3, 3)))
    return tmp_path


QUICK = "generate photo.png --iterations 1 --backend numpy"


def test_an_image_is_made_and_its_path_printed(call: Any) -> None:
    code, out, err = call("generate photo.png --iterations 1")
    assert code == 0, err
    assert out == "photo-generate.png\n"
    assert read_image("photo-generate.png").shape == (20, 24, 3)
    assert err.startswith("backend: ")
    assert "\nseed: " in err


def test_a_task_without_images_names_its_outputs_after_itself(call: Any) -> None:
    assert call("blank --grey 0.25 --quiet --seed 1") == (0, "patchnn-blank.png\n", "")
    assert call("blank --quiet -n 2 -o b.png")[1] == "b-1.png\nb-2.png\n"


def test_quiet_prints_only_paths(call: Any) -> None:
    assert call(f"{QUICK} --quiet --seed 1 -o a.png") == (0, "a.png\n", "")
    _, _, err = call(f"{QUICK} --seed 1 -o b.png")
    assert "backend" not in err
    # Only the line that tells what was made.
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["b.png"]


def test_a_long_run_prints_its_progress_every_few_seconds(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchnn.cli.progress.STEADY", 0)
    _, _, err = call(f"{QUICK} --seed 1 -n 2 -o a.png")
    lines = [line for line in err.splitlines() if "a-" not in line]
    assert lines.pop().startswith("2 images: ")
    assert lines == [
        f"{n}/2 level {level}" for n in (1, 2) for level in ("1/1, 25% done", "1/1, 50% done", "1/1, 75% done", "1/1, 100% done")
    ]
    assert err.splitlines()[4].startswith("1/2 a-1.png 0.")


def test_image_i_does_not_depend_on_the_count(call: Any) -> None:
    assert call(f"{QUICK} --noise 2 --seed 5 -n 3 -o many.png")[1] == "many-1.png\nmany-2.png\nmany-3.png\n"
    call(f"{QUICK} --noise 2 --seed 7 -o one.png")
    np.testing.assert_array_equal(read_image("many-3.png"), read_image("one.png"))
    assert (read_image("many-1.png") != read_image("one.png")).any()
    assert read_record("many-3.png")["seed"] == 7


def test_a_created_folder_is_removed_if_nothing_was_written(call: Any) -> None:
    Path("bad.png").write_text("no image")
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


def test_a_recorded_command_names_a_flag_that_is_off() -> None:
    task = Collage(images=(tiny_image(), tiny_image()), harmonise=False)
    assert "--no-harmonise" in command_words("collage", task, {"images": ["a.png", "b.png"]}, {})


def test_default_names_skip_existing_files_and_given_names_are_refused(call: Any) -> None:
    for expected in ("photo-generate.png", "photo-generate-1.png", "photo-generate-2.png"):
        assert call(f"{QUICK} --seed 1")[1] == f"{expected}\n"
    before = Path("photo-generate.png").read_bytes()
    code, out, err = call(f"{QUICK} --seed 2 -o photo-generate.png")
    assert (code, out) == (1, "")
    assert err == "error: photo-generate.png exists; choose another name, or overwrite it with --force\n"
    assert Path("photo-generate.png").read_bytes() == before
    assert call(f"{QUICK} --seed 2 -o photo-generate.png --force")[0] == 0
    assert Path("photo-generate.png").read_bytes() != before


def test_help_lists_commands_in_groups_with_whole_summaries(call: Any) -> None:
    said = call("--help")[1]
    tasks, measuring, others = (said.index(f"\n{title}:\n") for title in ("Tasks", "Measuring", "Other commands"))
    assert tasks < said.index("\n  generate ") < measuring < said.index("\n  score ") < others < said.index("\n  show ")
    assert "..." not in said[tasks:]
    assert call("-h")[1] == said
    task, score = call("generate --help")[1], call("score -h")[1]
    assert task.index("--noise") < task.index("Options of every task:") < task.index("--seed")
    assert "of every task" not in score
    assert "list[" not in score


def test_an_unknown_command_names_similar_ones_or_its_plugin(call: Any) -> None:
    assert call("generat photo.png") == (2, "", "error: No such command 'generat'. Did you mean generate? (see patchnn --help)\n")
    said = "error: No such command 'tile': it comes with the plugin patchnn-tile, which is not installed. (see patchnn --help)\n"
    assert call("tile photo.png") == (2, "", said)
    assert call("zzz photo.png")[2] == "error: No such command 'zzz'. (see patchnn --help)\n"


def test_any_error_of_a_task_is_one_line(call: Any) -> None:
    code, out, err = call("probe photo.png --label oops")
    assert (code, out) == (1, "")
    assert err == "error: photo.png: the task probe of test_cli failed: ValueError: oops\n"
    assert call("probe photo.png --axes z")[2] == "error: --axes is z: it must be both or x\n"


def test_depth_and_quality_reach_the_file_and_the_record(call: Any) -> None:
    assert call(f"{QUICK} --seed 1 --depth 16 -o a.png")[0] == 0
    assert read_file("a.png").traits.depth == 16
    assert " --depth 16 " in call("show a.png")[1]
    # A 16-bit input gives a 16-bit output, with its record.
    assert call("generate a.png --iterations 1 --seed 1 --quiet -o b.png")[0] == 0
    assert read_file("b.png").traits.depth == 16
    assert call("show b.png")[1] == "patchnn generate a.png --iterations 1 --seed 1 -o b.png\n"
    assert call("generate a.png --iterations 1 --seed 1 --quiet --depth 8 -o c.png")[0] == 0
    assert read_file("c.png").traits.depth == 8
    for quality in (5, 95):
        call(f"{QUICK} --seed 1 --quality {quality} -o {quality}.jpg")
    assert Path("5.jpg").stat().st_size < Path("95.jpg").stat().st_size


def test_depth_and_profile_come_from_the_first_image(call: Any) -> None:
    profile = b"\0" * 16 + b"RGB " + bytes(200)
    write_image("deep.png", np.random.default_rng(0).random((20, 24, 3)), traits=FileTraits(16, profile))
    call("probe deep.png photo.png --seed 1 -o a.png")
    call("probe photo.png deep.png --seed 1 -o b.png")
    assert read_file("a.png").traits == FileTraits(16, profile)
    assert read_file("b.png").traits == FileTraits(8)


def test_a_note_says_that_only_the_first_frame_is_used(call: Any) -> None:
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


def test_exit_codes_of_wrong_usage_interruption_and_help(call: Any) -> None:
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


def test_the_environment_turns_tracebacks_on(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHNN_DEBUG", "1")
    assert "Traceback" in call("generate absent.png")[2]
    monkeypatch.setenv("PATCHNN_DEBUG", "0")
    assert "Traceback" not in call("generate absent.png")[2]


def test_help_shows_every_option_with_its_default_and_bounds(call: Any) -> None:
    _, out, _ = call("probe --help")
    text = " ".join(out.split())
    for flag in ("--mask FILE", "--far-reach NUMBER", "--steps INTEGER", "--loud / --no-loud", "--axes both|x", "--seed INTEGER"):
        assert flag.split()[0] in text, flag
    assert "How much. [from 0 to 1] [default: 0.5]" in text
    assert "IMAGES FILE... Images." in text
    assert "list[" not in text


def test_reserved_names_are_the_commands_and_options_in_use() -> None:
    assert {field.name for field in fields(Settings)} | {"debug", "help"} == COMMON_OPTIONS
    commands = get_command(build_app(TASKS))
    assert set(commands.list_commands(commands.make_context("patchnn", [], resilient_parsing=True))) == COMMANDS | set(TASKS)


def test_a_terminal_has_a_bar(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    code, out, err = call(f"{QUICK} --seed 1 -n 2 -o a.png")
    assert (code, out) == (0, "a-1.png\na-2.png\n")
    assert "% done" not in err
