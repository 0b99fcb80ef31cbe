"""What reaches the terminal: unsafe characters escaped, and one line with the right exit code if a stream is closed or full."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import Image, InputError, Plan, Task, option, read_image, write_image
from patchnn.cli.printing import escape, quote
from patchnn.registry import GROUP, Registry
from patchnn.testing import tiny_image

posix = pytest.mark.skipif(os.name != "posix", reason="streams and signals as Unix has them")


@dataclass(frozen=True, eq=False)
class Failing(Task):
    """Raises the error that `failure` names."""

    image: Image
    failure: str = option("", "What to raise.")

    def plan(self) -> Plan:
        errors = {"input": InputError(self.failure), "memory": MemoryError(), "array": MemoryError("Unable to allocate 9 TiB")}
        raise errors.get(self.failure, InputError(self.failure))


TASKS = Registry(
    [EntryPoint("generate", "patchnn_tasks.generate:Generate", GROUP), EntryPoint("failing", f"{__name__}:Failing", GROUP)]
)
QUICK = "--seed 1 --iterations 1 --backend numpy"
UNSAFE = set(map(chr, [*range(10), *range(11, 32), *range(127, 160), 0x202E, 0x2066, 0x200F, 0x2028]))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with an image."""
    monkeypatch.chdir(tmp_path)
    write_image("a.png", tiny_image())
    return tmp_path


def shell(line: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `patchnn` is this installation."""
    script = f'patchnn() {{ "{sys.executable}" -m patchnn "$@"; }}\n{line}'
    # With a buffer, as users have it: what it holds back counts too.
    environment = {**os.environ, "PYTHONUNBUFFERED": "", **settings}
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, env=environment, check=False)


# Unsafe characters.

ESCAPED = [
    ("plain, ä 漢 👩\u200d🚀.png", "plain, ä 漢 👩\u200d🚀.png"),
    ("a\x1b[31mred\x1b[0m", r"a\x1b[31mred\x1b[0m"),
    ("two\nlines\rand\ta tab", r"two\nlines\rand\ta tab"),
    ("txt.\u202egnp", r"txt.\u202egnp"),
    ("\u2066a\u2069\u200e\u061c\u2028\ufeff", r"\u2066a\u2069\u200e\u061c\u2028\ufeff"),
    ("\x9b31m\x7f", r"\x9b31m\x7f"),
    ("caf\udce9", r"caf\udce9"),
]


@pytest.mark.parametrize(("text", "shown"), ESCAPED)
def test_what_steers_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert escape(text) == shown
    assert not UNSAFE.intersection(escape(text))


def test_escape_keeps_undecodable_bytes_for_programs() -> None:
    assert escape("caf\udce9\x1b", keep_bytes=True) == "caf\udce9\\x1b"


def test_quote_leaves_ordinary_words_as_a_shell_writes_them() -> None:
    assert (
        quote(["patchnn", "generate", "two words.png", "it's", "ä.png"])
        == "patchnn generate 'two words.png' 'it'\"'\"'s' 'ä.png'"
    )


HOSTILE = "h\x1b]0;owned\x07\r\u202eile"


@pytest.mark.parametrize(
    "line",
    [
        f"generate '{HOSTILE}.png' {QUICK}",
        f"generate '{HOSTILE}.png' {QUICK} -n 2",
        f"generate '{HOSTILE}-absent.png'",
        f"generate a.png -o '{HOSTILE}/out.png'",
        f"generate a.png --apply-to '{HOSTILE}.png' {QUICK}",
        f"generate '{HOSTILE}' -o out/ {QUICK}",
        f"generate a.png --size '{HOSTILE}'",
        f"generate a.png '--{HOSTILE}'",
        f"'{HOSTILE}'",
        f"score a.png '{HOSTILE}.png' --patch 3",
        f"sweep '{HOSTILE}.png' --noise 0,1 {QUICK}",
        f"failing a.png --failure '{HOSTILE}'",
        f"failing a.png --failure '{HOSTILE}' --debug",
    ],
)
def test_nothing_from_outside_steers_the_terminal(call: Any, line: str) -> None:
    write_image(f"{HOSTILE}.png", tiny_image())
    Path(HOSTILE).mkdir()
    write_image(f"{HOSTILE}/b.png", tiny_image())
    write_image(f"{HOSTILE}/{HOSTILE}.png", tiny_image((4, 4)))
    _, out, err = call(line)
    assert not UNSAFE.intersection(out + err)
    assert "ile" in out + err


def test_the_bar_shows_names_escaped(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    write_image(f"{HOSTILE}.png", tiny_image())
    code, out, err = call(f"generate '{HOSTILE}.png' {QUICK} -n 2")
    assert code == 0
    assert "]0;owned\x07" not in out + err
    assert "\u202e" not in out + err


# Streams.


@posix
def test_a_name_that_stdout_cannot_encode_does_not_end_a_run() -> None:
    Path("café 漢.png").write_bytes(Path("a.png").read_bytes())
    done = shell(f"patchnn generate 'café 漢.png' -n 2 {QUICK}", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (0, "caf\\xe9 \\u6f22-generate-1.png\ncaf\\xe9 \\u6f22-generate-2.png\n")


def test_a_name_that_is_not_utf8_reaches_a_pipe_unchanged() -> None:
    name = os.fsdecode(b"caf\xe9")
    try:
        Path(f"{name}.png").write_bytes(Path("a.png").read_bytes())
    except OSError:
        pytest.skip("this file system takes UTF-8 only")

    def patchnn_bytes(*words: str) -> bytes:
        done = subprocess.run([sys.executable, "-m", "patchnn", *words], capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert patchnn_bytes("generate", f"{name}.png", "--iterations", "1", "--seed", "1") == b"caf\xe9-generate.png\n"
    assert Path(f"{name}-generate.png").exists()
    assert b"caf\xe9.png" in patchnn_bytes("show", f"{name}-generate.png")


def test_an_error_shows_a_name_that_is_not_utf8_escaped() -> None:
    try:
        Path(os.fsdecode(b"caf\xe9.png")).write_bytes(b"no image")
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    done = subprocess.run(
        [sys.executable, "-m", "patchnn", "generate", os.fsdecode(b"caf\xe9.png")], capture_output=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: caf\\udce9.png cannot be read as an image")
    assert done.stderr.count(b"\n") == 1


UNWRITABLE = "standard output cannot be written"
STREAMS = [
    (f"patchnn generate a.png -o b.png {QUICK} >&-", 1, f"error: {UNWRITABLE}: Bad file descriptor\n"),
    (
        f"patchnn generate a.png -o b.png {QUICK} >/dev/full",
        1,
        f"error: {UNWRITABLE}: No space left on device\n",
    ),
    (f"patchnn generate a.png -o b.png {QUICK} 2>&-", 0, ""),
    (f"patchnn generate a.png -o b.png {QUICK} 2>/dev/full", 0, ""),
    (f"patchnn generate a.png -o b.png {QUICK} <&- 2>&-", 0, ""),
    (f"patchnn generate a.png -o b.png {QUICK} <&- >&- 2>&-", 1, ""),
    ("patchnn generate absent.png 2>&-", 1, ""),
    ("patchnn generate absent.png 2>/dev/full", 1, ""),
    (f"patchnn generate - -o b.png {QUICK} <&-", 1, "error: - is standard input, which is empty: it holds no image\n"),
    (
        f"patchnn generate a.png -o - {QUICK} >&-",
        1,
        "error: - is standard output, which cannot be written: Bad file descriptor\n",
    ),
    ("patchnn --help >/dev/full", 1, f"error: {UNWRITABLE}: No space left on device\n"),
    ("patchnn --help >&-", 1, f"error: {UNWRITABLE}: Bad file descriptor\n"),
    ("patchnn doctor --json >/dev/full", 1, f"error: {UNWRITABLE}: No space left on device\n"),
]


@posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize(("line", "code", "said"), STREAMS, ids=[line for line, *_ in STREAMS])
def test_closed_and_full_streams(line: str, code: int, said: str) -> None:
    done = shell(line)
    # A slow machine shows progress as well.
    lines = [part for part in done.stderr.splitlines(keepends=True) if not part.startswith(("backend: ", "level "))]
    assert done.returncode == code
    assert "".join(lines) == said
    if "b.png" in line and " - " not in line:
        np.testing.assert_equal(read_image("b.png").shape, (24, 32, 3))


@posix
def test_messages_do_not_go_into_a_file_that_took_a_closed_streams_number() -> None:
    """Without a stderr, the first file that is opened would be file 2, and libtiff's warnings would go into it."""
    shell(f"patchnn generate a.png -o whole.png {QUICK}")
    shell(f"patchnn generate a.png -o b.png {QUICK} >&- 2>&-")
    np.testing.assert_array_equal(read_image("b.png"), read_image("whole.png"))


# The end of a run.


@pytest.mark.parametrize("failure", ["memory", "array"])
def test_memory_that_runs_out_is_one_clear_line(call: Any, failure: str) -> None:
    said = "memory ran out: use smaller images, a smaller output, or a lower --max-memory"
    assert call(f"failing a.png --failure {failure}") == (1, "", f"error: {said}\n")
    _, _, err = call(f"failing a.png -n 2 --failure {failure} --quiet")
    assert err == f"error: 2 of 2 images failed\n  {said} (2 images)\n"
