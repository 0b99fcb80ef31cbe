"""A run as an animation: what it shows, in what order and for how long, and that nothing is lost."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageSequence

from patchnn import InputError, Plan, Progress, Source, read_image, synthesize, write_image
from patchnn.animate import FIRST, LARGEST, LAST, NEXT, Animation, check_animation
from patchnn.cli import main
from samples import random_image

PLAN = Plan([Source(random_image((24, 30)))], random_image((24, 30), seed=1), iterations=3, noise=0.3)


def frames(path: Path) -> tuple[list[np.ndarray], list[int]]:
    """Return the frames of a file, (H, W, 3) each, and how long each is shown."""
    with Pillow.open(path) as film:
        shown = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(film)]
    return [pixels for pixels, _ in shown], [round(duration) for _, duration in shown]


def event(image: np.ndarray, number: int = 1, iteration: int = 1) -> Progress:
    return Progress(number, 1, 0, 1, iteration, 3, 1.0, lambda: image)


def test_layouts_that_are_tried_are_no_frames(tmp_path: Path) -> None:
    animation = Animation(tmp_path / "a.webp", [(4, 4)])
    for iteration in (0, 0, 1):
        animation(event(random_image((4, 4)), iteration=iteration))
    assert animation.durations == [FIRST]


@pytest.mark.parametrize("kind", [".webp", ".gif"])
def test_every_iteration_is_shown_and_the_end_is_the_image(tmp_path: Path, kind: str) -> None:
    animation = Animation(tmp_path / f"run{kind}", PLAN.rounds or ())
    made = synthesize(PLAN, seed=1, observe=animation)
    animation.write()
    shown, durations = frames(tmp_path / f"run{kind}")
    # One iteration at the coarsest level, three at each of the others; frames that are alike may have been merged.
    levels = PLAN.levels_above((24, 30)) + 1
    assert sum(durations) == levels * FIRST + ((levels - 1) * 2 - 1) * NEXT + LAST
    assert all(frame.shape == (24, 30, 3) for frame in shown)
    error = np.abs(shown[-1] - np.floor(made.image * 255 + 0.5)).mean()
    assert error < (20 if kind == ".webp" else 8), "a codec's error on noise, no more"
    assert [path.name for path in tmp_path.iterdir()] == [f"run{kind}"]


def test_coarse_pixels_show_and_smaller_rounds_stand_in_the_middle_on_white(tmp_path: Path) -> None:
    animation = Animation(tmp_path / "a.webp", [(4, 4), (4, 8)])
    animation(event(np.array([[[0.0], [0.2]], [[0.4], [0.6]]], np.float32)))
    animation(event(np.full((4, 8, 1), 0.5, np.float32), number=2))
    first, last = animation.shown()
    assert (first[:, :2] == 255).all()
    assert (first[:, 6:] == 255).all()
    np.testing.assert_array_equal(first[:, 2:6, 0], np.kron([[0, 51], [102, 153]], np.ones((2, 2))))
    assert (last == 128).all()


def test_white_around_a_dark_image_stays_white_in_a_gif(tmp_path: Path) -> None:
    animation = Animation(tmp_path / "a.gif", [(16, 16), (16, 32)])
    dark = np.random.default_rng(0).random((16, 32, 3), np.float32) * 0.3
    animation(event(dark[:, :16]))
    animation(event(dark, number=2))
    animation.write()
    first, *_ = frames(tmp_path / "a.gif")[0]
    assert (first[:, :8] == 255).all()


def test_large_images_are_shown_smaller(tmp_path: Path) -> None:
    animation = Animation(tmp_path / "a.webp", [(LARGEST, 2 * LARGEST)])
    stripes = np.broadcast_to(np.arange(2 * LARGEST, dtype=np.float32)[:, None] % 2, (LARGEST, 2 * LARGEST, 1))
    animation(event(stripes))
    assert animation.frames[0][2].shape == (LARGEST // 2, LARGEST, 3), "no larger frame is kept than is shown"
    shown = next(animation.shown())
    assert shown.shape == (LARGEST // 2, LARGEST, 3)
    assert np.abs(shown - 127.5).max() < 1, "made smaller by its mean, not by dropping pixels"


def test_transparent_pixels_are_shown_on_white(tmp_path: Path) -> None:
    animation = Animation(tmp_path / "a.webp", [(2, 2)])
    pixels = np.zeros((2, 2, 4), np.float32)
    pixels[0, 0, 3] = 1
    animation(event(pixels))
    np.testing.assert_array_equal(next(animation.shown())[:, :, 0], [[0, 255], [255, 255]])


def test_half_transparent_pixels_are_not_darkened(tmp_path: Path) -> None:
    # Images hold colours multiplied by opacity: half of white, on white, is white.
    animation = Animation(tmp_path / "a.webp", [(2, 2)])
    animation(event(np.full((2, 2, 4), 0.5, np.float32)))
    np.testing.assert_array_equal(next(animation.shown()), 255)


def test_a_video_is_one_of_even_sides(tmp_path: Path) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="the extra `video` is not installed")
    animation = Animation(tmp_path / "a.mp4", [(33, 47)])
    for iteration in (1, 2):
        animation(event(random_image((33, 47)), iteration=iteration))
    animation.write()
    frames, seconds = ffmpeg.count_frames_and_secs(str(tmp_path / "a.mp4"))
    assert frames == (FIRST + LAST) // NEXT
    assert seconds == pytest.approx((FIRST + LAST) / 1000, abs=0.1)
    reader = ffmpeg.read_frames(str(tmp_path / "a.mp4"))
    assert next(reader)["source_size"] == (48, 32)
    reader.close()


def test_without_the_codec_a_video_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: Callable[..., Any] = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "imageio_ffmpeg":
            raise ImportError(name)
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InputError, match=r"a\.mp4: \.mp4 needs FFmpeg \(GPL\): pip install"):
        check_animation(tmp_path / "a.mp4")


def test_a_failure_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    animation = Animation(tmp_path / "a.gif", [(8, 8)])
    animation(event(random_image((8, 8))))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("patchnn.animate.Path.replace", full)
    with pytest.raises(InputError, match=r"a\.gif cannot be written: No space left on device"):
        animation.write()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def call(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `patchnn generate photo.png` with more words in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    write_image("photo.png", random_image((20, 24)))
    return lambda line: call(f"generate photo.png --iterations 1 --seed 1 --quiet {line}")


def test_the_command_line_writes_one_for_every_image(call: Any) -> None:
    assert call("-o a.png --animate run.gif") == (0, "a.png\nrun.gif\n", "")
    assert call("-o b.png -n 2 --noise 3 --animate run.webp") == (0, "b-1.png\nrun-1.webp\nb-2.png\nrun-2.webp\n", "")
    films = [frames(Path(f"run-{number}.webp"))[0][-1] for number in (1, 2)]
    finished = [read_image(f"b-{number}.png") * 255 for number in (1, 2)]
    for number in (0, 1):
        own, other = (np.abs(films[number] - finished[which]).mean() for which in (number, 1 - number))
        assert own < 0.7 * other, "each shows its own image"
    before = Path("a.png").read_bytes()
    assert call("-o c.png")[0] == 0
    assert Path("c.png").read_bytes() == before, "watching changes nothing"


REFUSED = [
    ("--animate run.jpg", "run.jpg: .jpg is no animation"),
    ("--animate run", "run: a name without an extension is no animation"),
    ("--animate nowhere/run.gif", "the folder nowhere does not exist"),
    ("--animate there.gif", "there.gif exists"),
    ("-n 2 --animate run.gif", "run-2.gif exists"),
    ("--animate run.webp -o run.webp", "two results would go to one file"),
]


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_what_cannot_be_written_is_refused_before_any_work(call: Any, line: str, message: str) -> None:
    for name in ("there.gif", "run-2.gif"):
        Path(name).write_bytes(b"here before")
    code, out, err = call(f"{line} -o a.png" if "-o" not in line else line)
    assert (code, out) == (1, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert sorted(path.name for path in Path().iterdir()) == ["photo.png", "run-2.gif", "there.gif"]
    assert Path("there.gif").read_bytes() == b"here before"


def test_force_overwrites(call: Any) -> None:
    Path("run.gif").write_bytes(b"here before")
    assert call("-o a.png --animate run.gif --force")[0] == 0
    assert Path("run.gif").read_bytes()[:4] == b"GIF8"


def test_the_images_of_a_folder_are_numbered_and_a_missing_animation_is_made_by_resume(tmp_path: Path, call: Any) -> None:
    (tmp_path / "photos").mkdir()
    for name in ("a", "b"):
        write_image(f"photos/{name}.png", random_image((20, 24), seed=ord(name)))
    words = ["generate", "photos/", "-o", "out/", "--iterations", "1", "--seed", "1", "--quiet", "--animate", "run.gif"]
    assert main([*words, "--jobs", "2"]) == 0
    assert sorted(path.name for path in tmp_path.glob("run*")) == ["run-1.gif", "run-2.gif"]
    before = Path("run-1.gif").read_bytes()
    Path("run-2.gif").unlink()
    assert main([*words, "--resume"]) == 0
    assert Path("run-2.gif").exists()
    assert Path("run-1.gif").read_bytes() == before
