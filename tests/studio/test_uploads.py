"""Messages, and images as the page sends and shows them."""

from __future__ import annotations

import doctest
import io
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from client import messages
from hypothesis import given
from hypothesis import strategies as st

from bombs import BOMBS
from patchnn import InputError, read_image
from patchnn.images.decoded import premultiply
from patchnn.studio import words
from patchnn.studio.files import MAX_PIXELS, Upload, check_size, read_upload, to_rgba, uploads
from patchnn.studio.goals import arranged
from patchnn.studio.messages import pack, unpack
from samples import random_image


@given(
    st.dictionaries(
        st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
    ),
    st.lists(st.binary()),
)
def test_messages_come_back_unchanged(head: dict[str, Any], blobs: list[bytes]) -> None:
    told, found = unpack(pack(head, *blobs))
    assert found == blobs
    assert told == {**head, "sizes": [len(blob) for blob in blobs]}
    assert list(messages(io.BytesIO(pack(head, *blobs) * 2))) == [(told, blobs)] * 2


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("painted", [False, True])
def test_the_pages_pixels_equal_those_of_their_file(channels: int, painted: bool, tmp_path: Path) -> None:
    image = premultiply(random_image((7, 5), channels))
    _, pixels = to_rgba(image)
    shown = np.frombuffer(pixels, np.uint8).reshape(7, 5, 4).copy()
    if painted:
        shown[2, 3] = (200, 30, 40, 255)
    upload = Upload("a.png", "rgba", shown.tobytes(), 5, 7, channels)
    path = tmp_path / "a.png"
    path.write_bytes(upload.file())
    np.testing.assert_array_equal(upload.decoded().pixels, read_image(path))
    assert upload.decoded().pixels.shape[2] == (channels + 2 if painted and channels < 3 else channels)
    if not painted:
        assert to_rgba(upload.decoded().pixels)[1] == pixels
        assert np.abs(upload.decoded().pixels - image).max() <= 1 / 255


def test_transparent_paint_keeps_its_opacity() -> None:
    shown = np.full((4, 4, 4), 255, np.uint8)
    shown[0, 0] = (10, 20, 30, 1)
    upload = Upload("a.png", "rgba", shown.tobytes(), 4, 4, 3)
    assert to_rgba(upload.decoded().pixels)[1] == shown.tobytes()


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".hidden",
        "a/b.png",
        "a\\b.png",
        "a\0.png",
        "a\n.png",
        " a.png",
        "c:a.png",
        "x" * 101,
        "CON.png",
        "aux",
        "lpt1.tar.gz",
        "a.",
        "gnp.\u202exe.png",
        "a\u2028b.png",
        None,
        3,
    ],
)
def test_an_unsafe_name_is_refused(name: Any) -> None:
    with pytest.raises(InputError, match="cannot be the name of a file"):
        uploads([{"name": name, "form": "file"}], [b""])


def test_two_images_with_one_name_are_refused() -> None:
    with pytest.raises(InputError, match=r"two images have the name a\.png"):
        uploads([{"name": "a.png", "form": "file"}, {"name": "A.png", "form": "file"}], [b"", b""])


@pytest.mark.parametrize("size", [(0, 5), (5, -5), (32_001, 1), (6001, MAX_PIXELS // 6000)])
def test_sizes_are_bounded(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="at most 36 million"):
        check_size("a.png", *size)
    check_size("a.png", 6000, MAX_PIXELS // 6000)


@pytest.mark.skipif(not psutil.LINUX, reason="peak memory as Linux tells it")
@pytest.mark.parametrize("name", ["large.ico", "progressive.jpg"])
def test_a_file_of_too_many_pixels_is_refused_without_decoding_it(name: str) -> None:
    data, before = BOMBS[name](), psutil.Process().memory_info().rss
    # Peaks are counted from here on.
    Path("/proc/self/clear_refs").write_text("5")
    with pytest.raises(InputError, match=rf"^{name} has more than 36,000,000 pixels"):
        read_upload(name, data)
    status = Path("/proc/self/status").read_text()
    peak = next(1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak - before < 100_000_000


def test_messages_are_sentences() -> None:
    assert doctest.testmod(words).failed == 0
    assert words.sentence(InputError("odd one.png is empty: it holds no image")) == "odd one.png is empty: it holds no image."
    assert words.sentence(InputError("there is no task 'x'")) == "There is no task 'x'."


def test_goals_name_tasks_and_every_task_has_one() -> None:
    tasks = {"one": "Do one.", "two_more": "Do two."}
    offered = [
        {"word": "First", "task": "one", "options": {"a": 1}},
        {"word": "x", "task": "absent"},
        {"task": ["one"]},
    ]
    goals = arranged(offered, tasks)
    assert [(goal["word"], goal["task"], goal["options"]) for goal in goals] == [
        ("First", "one", {"a": 1}),
        ("Two more", "two_more", {}),
    ]
    assert goals[1]["how"] == "Do two."
    assert all(goal["icon"].startswith("M") for goal in goals)


def test_a_telephones_photograph_gets_advice() -> None:
    with pytest.raises(InputError, match=r"IMG_1\.heic is a HEIC image, which cannot be read here: save it as JPEG or PNG first"):
        read_upload("IMG_1.heic", b"\0\0\0\x18ftypheic" + bytes(100))
