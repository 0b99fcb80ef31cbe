"""Folders, patterns and maps on the command line, and runs that are resumed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from patchnn import read_image, write_image
from patchnn.images import read_record
from patchnn.testing import tiny_image, tiny_mask

posix = pytest.mark.skipif(os.name != "posix", reason="signals as Unix has them")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with `in`: three images, and files that are not images."""
    monkeypatch.chdir(tmp_path)
    for place in ("in", "in/deeper", "masks", "normals"):
        Path(place).mkdir()
    for seed, name in enumerate("abc"):
        write_image(f"in/{name}.png", tiny_image(seed=seed))
        write_image(f"masks/{name}.bmp", tiny_mask().astype(float))
        write_image(f"normals/{name}.tif", 1 - tiny_image(seed=seed))
    write_image("in/deeper/d.png", tiny_image())
    for name in ("in/notes.txt", "in/.hidden.png", "in/Thumbs.db"):
        Path(name).write_text("no image")
    return tmp_path


QUICK = "--iterations 1 --backend numpy --search exact"
NOISY = f"--noise 0.75 {QUICK}"
"""For generate, so that it has nothing to note about how far such small images vary."""
OUTPUTS = ["out/a.png", "out/b.png", "out/c.png"]


def contents(place: str = "out") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(place).iterdir()}


@pytest.mark.parametrize("words", ["in -o out", "in/ -o out/", "'in/*.png' -o out", "'in/[a-c].png' -o 'out/*.png'"])
def test_a_folder_or_pattern_gives_an_output_for_each_image(call: Any, words: str) -> None:
    code, out, err = call(f"generate {words} --seed 1 {NOISY}")
    assert (code, out.splitlines()) == (0, OUTPUTS), err
    *lines, last = err.splitlines()
    assert last.startswith("3 images: ")
    assert [line.split(" ")[:2] for line in lines] == [[f"{n + 1}/3", path] for n, path in enumerate(OUTPUTS)]
    # A result does not depend on the other images.
    call(f"generate in/b.png -o b.png --seed 1 {NOISY}")
    assert Path("b.png").read_bytes() == Path("out/b.png").read_bytes()
    assert read_record("out/b.png")["command"][:2] == ["generate", "in/b.png"]


def test_a_pattern_or_folder_names_the_outputs_of_every_seed(call: Any) -> None:
    assert call(f"generate in -o 'new/deep/*-x.jpg' -n 2 --seed 1 --quiet {QUICK}")[1].split() == [
        f"new/deep/{name}-x-{n}.jpg" for name in "abc" for n in (1, 2)
    ]
    call(f"generate in -o many -n 2 --seed 1 {QUICK}")
    call(f"generate in/c.png -o c.png --seed 2 {QUICK}")
    assert Path("many/c-2.png").read_bytes() == Path("c.png").read_bytes()


def test_a_mask_for_all_and_a_folder_of_masks(call: Any) -> None:
    assert call(f"inpaint in masks/a.bmp -o one --seed 1 {QUICK}")[0] == 0
    assert call(f"inpaint in masks -o each --seed 1 {QUICK}")[0] == 0
    assert contents("one").keys() == contents("each").keys() == {"a.png", "b.png", "c.png"}
    np.testing.assert_array_equal(read_image("one/b.png"), read_image("each/b.png"))
    assert read_record("each/b.png")["files"] == {"image": ["in/b.png"], "mask": ["masks/b.bmp"]}
    # One image and several masks: one result for each mask.
    code, out, _ = call(f"inpaint in/a.png masks -o masked --seed 1 {QUICK}")
    assert (code, out.split()) == (0, ["masked/a.png", "masked/b.png", "masked/c.png"])
    assert read_record("masked/b.png")["files"] == {"image": ["in/a.png"], "mask": ["masks/b.bmp"]}


def test_an_image_without_its_mask_fails_alone(call: Any) -> None:
    Path("masks/b.bmp").unlink()
    code, out, err = call(f"inpaint in masks -o out --seed 1 {QUICK}")
    assert (code, out.split()) == (1, ["out/a.png", "out/c.png"])
    assert err.splitlines()[-2:] == ["error: 1 of 3 images failed", "  masks/b.png does not exist (out/b.png)"]


def test_a_file_of_the_same_name_and_format_is_preferred(call: Any) -> None:
    write_image("masks/a.png", np.eye(24, 32))
    write_image("masks/a.apng.png", np.eye(24, 32))
    call(f"inpaint in masks -o out --seed 1 {QUICK}")
    assert read_record("out/a.png")["files"]["mask"] == ["masks/a.png"]


def test_a_folder_of_sources_is_used_for_one_image(call: Any) -> None:
    code, out, err = call(f"collage in --seed 1 {QUICK}")
    assert (code, out) == (0, "a-collage.png\n"), err
    assert read_record("a-collage.png")["files"]["images"] == ["in/a.png", "in/b.png", "in/c.png"]
    call(f"generate in/a.png --source in --seed 1 -o g.png {QUICK}")
    assert read_record("g.png")["files"]["source"] == ["in/a.png", "in/b.png", "in/c.png"]


def test_a_file_whose_name_looks_like_a_pattern(call: Any) -> None:
    Path("in/a.png").rename("a[1].png")
    assert call(f"generate 'a[1].png' --seed 1 {QUICK}")[1] == "a[1]-generate.png\n"
    Path("odd[0]").mkdir()
    Path("a[1].png").rename("odd[0]/x*.png")
    assert call(f"generate 'odd[0]' -o out --seed 1 {QUICK}")[1] == "out/x*.png\n"


BAD = [
    ("generate in", "--output is missing: name the folder"),
    ("generate in -o out.png", "--output is out.png, one file for 3 images: give a folder, as in -o out/"),
    ("generate in -o '*/*.png'", "it must hold one *"),
    ("generate in -o 'out/*.xyz'", ".xyz cannot be written"),
    ("generate in -o in/a.png/out", "the folder cannot be made: Not a directory"),
    ("generate empty -o out", "empty holds no images"),
    ("generate '*.tga' -o out", "*.tga matches no file"),
    ("generate twins -o out", "twins/a.jpg and twins/a.png would have the same output: rename one of them"),
    ("generate in -o out --noise -1", "noise is -1"),
    ("generate in -o out --size much", "size: 'much' is not a size"),
    ("generate in -o out --backend abacus", "abacus"),
    ("generate in -o out --jobs 0", "--jobs"),
    ("generate in -o out --cluster nonsense", "write tcp://HOST:PORT"),
    ("generate in -o out --max-memory 1", "--max-memory"),
    ("inpaint in empty -o out", "empty holds no images"),
    ("generate in/a.png -o x.png --apply-to absent.png", "absent.png does not exist"),
    ("generate in/a.png -o x.png --apply-to small.png", "small.png: a map has its source's size"),
    ("collage in/a.png in/b.png -o x.png --apply-to in/a.png", "in/a.png: 2 sources need a map each"),
]


@pytest.mark.parametrize(("line", "said"), BAD, ids=[line for line, _ in BAD])
def test_bad_input_is_one_line_and_leaves_nothing(call: Any, folder: Path, line: str, said: str) -> None:
    for place in ("empty", "twins"):
        Path(place).mkdir()
    write_image("twins/a.png", tiny_image())
    write_image("twins/a.jpg", tiny_image())
    write_image("small.png", tiny_image((9, 9)))
    before = sorted(folder.rglob("*.*"))
    code, out, err = call(line)
    assert code in (1, 2)
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert said in err
    assert sorted(folder.rglob("*.*")) == before


def test_failures_are_summed_up_and_the_rest_is_done(call: Any) -> None:
    Path("in/bad.png").write_text("no")
    write_image("in/tiny.png", tiny_image((3, 3)))
    code, out, err = call(f"generate in -o out --seed 1 {QUICK}")
    assert (code, out.split()) == (1, OUTPUTS)
    summary = err.splitlines()[-3:]
    assert summary[0] == "error: 2 of 5 images failed"
    assert summary[1].startswith("  in/bad.png cannot be read as an image: ")
    assert summary[2].startswith("  in/tiny.png: ")
    # The same reason is printed once.
    code, out, err = call(f"retarget 'in/[abc].png' -o other --seed 1 {QUICK}")
    assert (code, out) == (1, "")
    summary = err.splitlines()[-2:]
    assert summary[0] == "error: 3 of 3 images failed"
    assert summary[1].startswith("  --size is missing: ")
    assert summary[1].endswith(" (3 images)")
    assert not Path("other").exists()


def test_quiet_prints_paths_and_failures(call: Any) -> None:
    Path("in/bad.png").write_text("no")
    code, out, err = call(f"generate in -o out --quiet {QUICK}")
    assert (code, out.split(), len(err.splitlines())) == (1, OUTPUTS, 2)


def test_several_processes_give_the_same_images(call: Any) -> None:
    call(f"generate in -o alone -n 2 --seed 1 {NOISY}")
    code, out, err = call(f"generate in -o out -n 2 --seed 1 --jobs 2 {NOISY}")
    assert (code, len(out.split())) == (0, 6), err
    assert contents("alone") == contents("out")
    assert err.splitlines()[-2].startswith("6/6 out/")


def test_processes_share_the_memory_limit(call: Any) -> None:
    line = f"generate in -o out --seed 1 --max-memory 100MiB {QUICK}"
    code, _, err = call(f"{line} --jobs 2")
    assert code == 1
    assert "and may use 52.4 MB" in err
    assert call(line)[0] == 0


def test_resume_skips_finished_outputs(call: Any) -> None:
    _, _, err = call(f"generate in -o out {NOISY}")
    seed = err.partition("seed: ")[2].split()[0]
    before = contents()
    Path("out/b.png").unlink()
    code, out, err = call(f"generate in -o out {NOISY} --resume")
    assert (code, out.split()) == (0, OUTPUTS)
    *lines, last = err.splitlines()
    assert last.startswith("3 images, 2 of them made before: ")
    assert lines[0] == f"seed: {seed}"
    assert [line.endswith("skipped, already made") for line in lines[1:]] == [True, False, True]
    assert contents() == before
    # Outputs of another command are neither skipped nor lost.
    code, out, err = call(f"generate in -o out {NOISY} --resume --noise 0.5")
    assert (code, out) == (1, "")
    assert "out/a.png was made otherwise" in err
    assert contents() == before
    code, _, err = call(f"generate in -o out {NOISY}")
    assert (code, err.splitlines()[-1]) == (1, "  out/c.png exists; choose another name, or overwrite it with --force")
    assert contents() == before
    assert "out/a.png was made otherwise" in call(f"generate in -o out {NOISY} --resume --depth 16")[2]
    assert contents() == before


def test_resume_makes_only_the_seeds_that_are_missing(call: Any) -> None:
    call(f"generate in -o out -n 2 --seed 4 {QUICK}")
    before = contents()
    for name in ("a-1.png", "b-2.png"):
        Path("out", name).unlink()
    assert call(f"generate in -o out -n 2 {QUICK} --resume")[0] == 0
    assert contents() == before


def test_resume_leaves_a_single_image_that_is_there(call: Any) -> None:
    call(f"generate in/a.png {QUICK}")
    before = Path("a-generate.png").read_bytes()
    assert call(f"generate in/a.png {QUICK} --resume")[:2] == (0, "a-generate.png\n")
    assert Path("a-generate.png").read_bytes() == before


def test_apply_to_makes_a_map_of_every_file_and_show_repeats_it(call: Any) -> None:
    write_image("copy.png", read_image("in/a.png"))
    code, out, err = call(f"generate in/a.png -o m.png --seed 1 --apply-to copy.png --apply-to normals/a.tif {QUICK}")
    assert (code, out.split()) == (0, ["m.png", "m-copy.png", "m-normals.tif"]), err
    np.testing.assert_array_equal(read_image("m-copy.png"), read_image("m.png"))
    assert np.abs(read_image("m-normals.tif") + read_image("m.png") - 1).max() < 0.005
    _, out, _ = call("show m.png")
    assert "--apply-to copy.png --apply-to normals/a.tif" in out
    before = {name: Path(name).read_bytes() for name in ("m.png", "m-copy.png")}
    assert call(out.removeprefix("patchnn ") + " --force")[0] == 0
    assert {name: Path(name).read_bytes() for name in before} == before


def test_every_image_of_a_folder_has_its_map(call: Any) -> None:
    code, out, err = call(f"retarget in --size 80%x100% --by carve -o out --seed 1 --apply-to normals {QUICK}")
    assert code == 0, err
    assert out.split() == [f"out/{name}{end}" for name in "abc" for end in (".png", "-normals.tif")]
    assert np.abs(read_image("out/b-normals.tif") + read_image("out/b.png") - 1).max() < 0.005


def test_a_terminal_has_a_bar_for_a_folder(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    code, out, err = call(f"generate in -o out --seed 1 {QUICK}")
    assert (code, out.split()) == (0, OUTPUTS)
    assert "skipped" not in err
