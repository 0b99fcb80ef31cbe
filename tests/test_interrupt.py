"""Runs that end early: Ctrl-C, once and several times, and processes that are killed."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import read_image, write_image
from patchnn.cli import main
from patchnn.testing import tiny_image

posix = pytest.mark.skipif(os.name != "posix", reason="signals as Unix has them")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with three images in `in` and their maps in `normals`."""
    monkeypatch.chdir(tmp_path)
    for place in ("in", "normals"):
        Path(place).mkdir()
    for seed, name in enumerate("abc"):
        write_image(f"in/{name}.png", tiny_image(seed=seed))
        write_image(f"normals/{name}.tif", 1 - tiny_image(seed=seed))
    return tmp_path


def contents(place: str = "out") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(place).iterdir()}


def start(*words: str, **settings: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "patchnn", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **settings
    )


@posix
def test_an_interrupted_process_leaves_one_line_and_no_file(folder: Path) -> None:
    write_image("large.png", np.random.default_rng(0).random((300, 300, 3)))
    command = [sys.executable, "-m", "patchnn", "generate", "large.png", "-o", "out.png", "--seed", "1", "--search", "exact"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        # The first note says that the work has begun.
        assert process.stderr.readline().startswith("backend: ")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
    assert sorted(path.name for path in folder.iterdir()) == ["in", "large.png", "normals"]


@posix
@pytest.mark.parametrize("line", ["in/a.png -o a.png --search exact", "in -o out -n 500 --jobs 2 --noise 0.75"])
def test_several_ctrl_c_are_one_line(line: str) -> None:
    write_image("in/a.png", np.random.default_rng(0).random((300, 300, 3)), overwrite=True)
    with start("generate", *line.split(), "--seed", "1") as process:
        # The first line says that the work has begun.
        first = process.stdout if "--jobs" in line else process.stderr
        assert first is not None
        first.readline()
        for _ in range(3):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.1)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line for line in err.splitlines() if not line[0].isdigit() and not line.startswith("backend: ")] == ["interrupted"]


@posix
@pytest.mark.parametrize("jobs", [(), ("--jobs", "2")])
def test_ctrl_c_ends_a_folder_with_one_line(folder: Path, jobs: tuple[str, ...]) -> None:
    process = start("generate", "in", "-o", "out", "-n", "500", "--seed", "1", "--noise", "0.5", *jobs)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line for line in err.splitlines() if not line[0].isdigit()][-1] == err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
    assert not list(Path("out").glob(".*"))
    for path in Path("out").iterdir():
        assert read_image(path).shape == (24, 32, 3)
    for _ in range(200):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("a process of the group is left")


@posix
def test_ctrl_c_ends_a_long_call_of_c(folder: Path) -> None:
    code = """
import hashlib, signal
from pathlib import Path
from patchnn import files
from patchnn.cli.interrupt import ending_soon
from patchnn.images.quiet import quiet_decoders, silence
signal.signal(signal.SIGINT, lambda *args: None)
with ending_soon(), quiet_decoders(), silence():
    part = Path(".patchnn-part")
    part.touch()
    files._parts.add(part)
    long_call = lambda: hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # minutes in one call of C
    try:
        print("begun", flush=True)
        long_call()
    except KeyboardInterrupt:
        # The signal came before the call, which is made all the same.
        long_call()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "interrupted\n")
    assert not Path(".patchnn-part").exists()


@posix
def test_ctrl_c_while_the_command_is_imported_is_one_line() -> None:
    project = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    (module,) = re.findall(r'^patchnn = "([\w.]+):main"$', project, re.MULTILINE)
    code = f"""
import os, signal, sys
class Interrupting:
    def find_spec(self, name, *args):
        if name == "numpy":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from {module} import main
sys.argv = ["patchnn", "tasks"]
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@posix
def test_kills_at_random_moments_and_a_resumed_run(folder: Path, call: Any) -> None:
    kills = int(os.environ.get("PATCHNN_KILLS", "4"))
    words = ["generate", "in", "-n", str(max(4, kills)), "--seed", "1", "--noise", "0.5", "--apply-to", "normals"]
    assert main([*words, "-o", "undisturbed", "--search", "exact"]) == 0
    wanted = contents("undisturbed")
    assert len(wanted) == 2 * 3 * max(4, kills)
    moments = random.Random(0)
    for number in range(kills):
        # One and two processes in turn, from the first moments of Python to the work itself.
        process = start(*words, "-o", "out", "--search", "exact", "--resume", "--jobs", str(1 + number % 2))
        with process:
            time.sleep(moments.uniform(0.2, 1.5))
            os.killpg(process.pid, signal.SIGKILL)
        for path in Path("out").glob("*.*") if Path("out").exists() else ():
            if not path.name.startswith("."):
                assert path.read_bytes() == wanted[path.name]
    # Unfinished files stay, and are removed when they are old.
    Path("out").mkdir(exist_ok=True)
    old, new = Path("out/.patchnn-old"), Path("out/.patchnn-new")
    for part in [old, new, *Path("out").glob(".patchnn-*")]:
        part.touch()
        os.utime(part, (0, 0))
    os.utime(new)
    assert main([*words, "-o", "out", "--search", "exact", "--resume"]) == 0
    assert not old.exists()
    new.unlink()
    assert contents() == wanted
