"""Standard input and output, which - stands for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from patchnn import read_image, write_image
from patchnn.images import FileTraits, decode, read_file, read_record
from patchnn.testing import tiny_image

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and terminals as Unix has them")

QUICK = ("--seed", "1", "--iterations", "1", "--backend", "numpy")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with one image."""
    monkeypatch.chdir(tmp_path)
    write_image("a.png", tiny_image())
    return tmp_path


def patchnn(*words: str, data: bytes = b"") -> tuple[int, bytes, str]:
    """Run the command line with `data` as standard input."""
    done = subprocess.run([sys.executable, "-m", "patchnn", *words], input=data, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


def test_an_image_comes_from_standard_input_and_goes_to_standard_output() -> None:
    data = Path("a.png").read_bytes()
    code, out, err = patchnn("generate", "-", "-o", "-", *QUICK, data=data)
    assert (code, err.partition(":")[0]) == (0, "standard output")
    patchnn("generate", "a.png", "-o", "b.png", *QUICK)
    image = decode(out, "out")
    np.testing.assert_array_equal(image.pixels, read_image("b.png"))
    Path("out.png").write_bytes(out)
    assert read_record("out.png")["command"][:2] == ["generate", "-"]
    assert sorted(os.listdir()) == ["a.png", "b.png", "out.png"]
    shown = patchnn("show", "-", data=out)[1].decode()
    assert shown.split()[:3] == ["patchnn", "generate", "-"]
    assert shown.split()[-2:] == ["-o", "-"]


def test_other_commands_read_it_too() -> None:
    data = Path("a.png").read_bytes()
    assert patchnn("sweep", "-", "--noise", "0.5,1", *QUICK, data=data)[:2] == (0, b"stdin-sweep.png\n")
    code, out, err = patchnn("sweep", "-", "--noise", "0.5,1", "-o", "-", "--quiet", *QUICK, data=data)
    assert (code, err) == (0, "")
    assert out.endswith(b"IEND\xaeB`\x82")
    shown = patchnn("score", "a.png", "-", "--patch", "3", data=data)[1].decode()
    assert shown.splitlines()[1].startswith("-  ")


def test_a_file_or_folder_of_that_name_is_left_alone() -> None:
    data = Path("a.png").read_bytes()
    for make in (lambda path: path.write_bytes(data), lambda path: (path.unlink(), path.mkdir())):
        make(Path("-"))
        code, out, err = patchnn("generate", "-", "-o", "-", "--resume", *QUICK, data=data)
        assert (code, err.partition(":")[0]) == (0, "standard output")
        assert decode(out, "out").pixels.shape == (24, 32, 3)
    assert os.listdir("-") == []
    assert sorted(os.listdir()) == ["-", "a.png"]


def test_in_may_be_used_again_and_again() -> None:
    data = Path("a.png").read_bytes()
    code, out, err = patchnn("generate", "-", "-n", "2", "--apply-to", "-", "--quiet", *QUICK, data=data)
    assert (code, err) == (0, "")
    assert out.decode().split() == [f"stdin-generate-{n}{end}.png" for n in (1, 2) for end in ("", "-stdin")]
    np.testing.assert_array_equal(read_image("stdin-generate-2-stdin.png"), read_image("stdin-generate-2.png"))


def test_out_holds_the_image_alone() -> None:
    code, out, err = patchnn("generate", "a.png", "-o", "-", "--depth", "16", "--noise", "0.5")
    assert code == 0
    assert decode(out, "out").traits.depth == 16
    assert out.endswith(b"IEND\xaeB`\x82")
    assert "seed: " in err


BAD = [
    (("generate", "-", "-o", "b.png"), b"", "- is standard input, which is empty"),
    (("generate", "-", "-o", "b.png"), b"no image", "- cannot be read as an image"),
    (("generate", "a.png", "-o", "-", "-n", "2"), b"", "takes one image"),
    (("generate", "a.png", "-o", "-", "--apply-to", "a.png"), b"", "takes one image"),
    (("generate", ".", "-o", "-"), b"", "takes one image"),
    (("generate", "-", "-n", "2", "--jobs", "2"), b"", "leave out --jobs and --cluster"),
    (("generate", "-", "--cluster", "tcp://127.0.0.1:1"), b"", "leave out --jobs and --cluster"),
]


@pytest.mark.parametrize(("words", "data", "said"), BAD)
def test_bad_streams_are_one_line(words: tuple[str, ...], data: bytes, said: str) -> None:
    code, out, err = patchnn(*words, data=data)
    assert (code, out) == (1, b"")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert said in err
    assert os.listdir() == ["a.png"]


@posix
def test_a_terminal_neither_gives_nor_takes_images() -> None:
    for words, said in ((("-",), "pipe an image in"), (("a.png", "-o", "-"), "here a terminal")):
        far, near = os.openpty()
        command = [sys.executable, "-m", "patchnn", "generate", *words, *QUICK]
        done = subprocess.run(command, stdin=near, stdout=near, stderr=subprocess.PIPE, text=True, timeout=60)
        os.close(near)
        os.close(far)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert said in done.stderr
    assert os.listdir() == ["a.png"]


@posix
@pytest.mark.parametrize("side", [24, 200])
def test_a_closed_pipe_is_one_line(side: int) -> None:
    write_image("noise.png", np.random.default_rng(0).random((side, side, 3)))
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "patchnn", "generate", "noise.png", "-o", "-", *QUICK]
    # With a buffer, as users have it: what it holds back must not be missed at the end.
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, env=environment)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "error: - is standard output, which cannot be written: Broken pipe\n")


def test_maps_keep_their_own_depth() -> None:
    heights = np.linspace(0, 1, 24 * 32, dtype=np.float32).reshape(24, 32, 1)
    write_image("h.tif", heights, traits=FileTraits("float"))
    write_image("h16.png", heights, traits=FileTraits(16))
    maps = ("--apply-to", "h.tif", "--apply-to", "h16.png")
    assert patchnn("generate", "a.png", "-o", "b.png", *maps, *QUICK)[0] == 0
    assert read_file("b.png").traits.depth == 8
    assert read_file("b-h.tif").traits.depth == "float"
    assert read_file("b-h16.png").traits.depth == 16
    assert read_image("b-h16.png").shape == (24, 32, 1)
    np.testing.assert_allclose(read_image("b-h16.png"), read_image("b-h.tif"), atol=1e-4)
    assert len(np.unique(read_image("b-h16.png"))) > 256
