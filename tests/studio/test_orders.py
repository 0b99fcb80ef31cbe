"""Jobs that the page orders: their results, files to take home, large photographs, labels."""

from __future__ import annotations

import io
import shlex
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from client import HOLE, PHOTO, Studio, errors, finished, order, patchnn, with_hole

from patchnn import Guide, read_image, read_mask, run, write_image
from patchnn.images import FileTraits, decode, encode, read_record
from patchnn.images.decoded import premultiply
from patchnn.studio.files import read_upload, to_rgba, uploads
from patchnn.studio.large import WORKABLE
from patchnn.studio.messages import pack, unpack
from patchnn_tasks import Generate
from samples import random_image


def test_the_command_makes_the_same_file(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = studio.run(order(options={"noise": 0.5, "size": "180%x210%"}, count=2, tuning={"alpha": 0.01, "iterations": 2}), PHOTO)
    grown = [head for head, _ in told if head["event"] == "progress" and head["image"] == 0]
    assert [head["width"] for head in grown] == sorted(head["width"] for head in grown)
    assert grown[0]["level"] == grown[0]["levels"] - 1
    assert len({head["width"] for head in grown}) > 1
    assert grown[-1]["fraction"] == 1
    assert all(len(blobs[0]) == head["width"] * head["height"] * 4 for head, blobs in told if head["event"] == "progress")
    files = finished(told)
    assert len(files) == 2
    commands = [head["command"] for head, _ in told if head["event"] == "image"]
    monkeypatch.chdir(tmp_path)
    Path("photo.png").write_bytes(PHOTO)
    for number, (file, command) in enumerate(zip(files, commands, strict=True)):
        words = shlex.split(command)
        assert words[:3] == ["patchnn", "generate", "photo.png"]
        assert patchnn(*words[1:], "-o", f"again-{number}.png", "--quiet")[0] == 0
        assert Path(f"again-{number}.png").read_bytes() == file
        # The last thing shown is what is saved.
        shown = [blobs[0] for head, blobs in told if head["event"] == "progress" and head["image"] == number][-1]
        assert to_rgba(read_image(f"again-{number}.png"))[1] == shown


def test_origins_name_the_images(studio: Studio) -> None:
    told = studio.run(order("inpaint", images={"image": [0], "mask": [1]}, options={"fill": "none"}, **with_hole()), PHOTO, HOLE)
    head, (file, places) = next((head, blobs) for head, blobs in told if head["event"] == "image")
    origins = [head for head, _ in told if head["event"] == "source"]
    assert [origin["file"] for origin in origins] == ["photo.png"]
    field = np.frombuffer(places, "<i2").reshape(3, head["field"]["height"], head["field"]["width"])
    assert head["field"]["step"] == 1
    assert (field[0] == -1).any()
    made, source, patch = read_upload("made.png", file).pixels, read_upload("photo.png", PHOTO).pixels, head["patch"]
    hole = np.frombuffer(HOLE, np.uint8).reshape(40, 52) > 0
    np.testing.assert_array_equal(made[~hole], source[~hole])
    # In the middle of the hole a pixel is a mean of what its patches copy: near what the one around it copied.
    y, x = (int(np.median(axis)) - patch // 2 for axis in np.nonzero(hole))
    assert field[0, y, x] == 0
    row, column = field[1, y, x], field[2, y, x]
    copied = source[row + patch // 2, column + patch // 2]
    assert np.abs(copied - made[y + patch // 2, x + patch // 2]).max() < 0.2


def test_the_zip_holds_all_that_the_command_needs(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = with_hole()
    told = studio.run(order("inpaint", images={"image": [0], "mask": [1]}, **facts), PHOTO, HOLE)
    (file,) = finished(told)
    command = next(head["command"] for head, _ in told if head["event"] == "image")
    head = {"command": command, "files": [*facts["files"], {"name": "made.png", "form": "file"}]}
    status, parcel = studio.ask("POST", "/pack", pack(head, PHOTO, HOLE, file))
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(parcel)) as opened:
        assert set(opened.namelist()) == {"photo.png", "photo-mask.png", "made.png", "command.txt"}
        opened.extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(read_mask("photo-mask.png"), np.frombuffer(HOLE, np.uint8).reshape(40, 52) > 0)
    assert Path("made.png").read_bytes() == file
    words = shlex.split(Path("command.txt").read_text())
    assert patchnn(*words[1:], "-o", "again.png", "--quiet")[0] == 0
    assert Path("again.png").read_bytes() == file
    assert read_record("made.png")["files"] == {"image": ["photo.png"], "mask": ["photo-mask.png"]}


def pixels(form: str, values: Any, **facts: Any) -> tuple[dict[str, Any], bytes]:
    """An image of the page's own pixels: its description and its bytes."""
    return {"form": form, "width": values.shape[1], "height": values.shape[0], **facts}, values.astype(np.uint8).tobytes()


def test_labels_guide_a_result(studio: Studio) -> None:
    labels = np.full((40, 52, 4), 255)
    labels[:, :26, :3] = 0
    source, own = pixels("rgba", labels, name="labels.png")
    target, wanted = pixels("rgba", labels[:, ::-1], name="wanted.png")
    files = [{"name": "photo.png", "form": "file"}, source, target]
    guides = [{"sources": [1], "target": 2, "weight": 2}]
    told = studio.run(order(files=files, guides=guides, options={"noise": 0.5}), PHOTO, own, wanted)
    head, (file, _) = next((head, blobs) for head, blobs in told if head["event"] == "image")
    assert "--guide labels.png wanted.png:2" in head["command"]
    image = read_upload("photo.png", PHOTO).pixels
    guide = Guide(labels[:, :, :3] / np.float32(255), labels[:, ::-1, :3] / np.float32(255), 2)
    made = run(Generate(image=image, noise=0.5), seed=3, iterations=2, guides=[guide])
    np.testing.assert_array_equal(to_rgba(read_upload("made.png", file).pixels)[1], to_rgba(made.image)[1])


def test_a_note_that_advises_a_mask_says_which(studio: Studio) -> None:
    first = np.frombuffer(to_rgba(read_upload("photo.png", PHOTO).pixels)[1], np.uint8).reshape(40, 52, 4)
    stroke = first.copy()
    stroke[10:20, 10:30, :3] = [230, 30, 30]
    painted, blob = pixels("rgba", stroke, name="photo-painted.png")
    files = [{"name": "photo.png", "form": "file"}, painted]
    told = studio.run(order("edit", images={"source": [0], "edited": [1]}, files=files), PHOTO, blob)
    head = next(head for head, _ in told if head["event"] == "image")
    assert "“Keep” keeps what it masks" in head["notes"][0]
    assert head["advised"] == ["keep"]


def test_what_is_marked_at_a_workable_size_holds_for_the_whole_file() -> None:
    small = np.zeros((20, 26))
    small[5:9, 6:12] = 1
    mask, marks = pixels("mask", small, name="mask.png", on="photo.png")
    painted = np.zeros((20, 26, 4))
    painted[5:9, 6:12] = [230, 30, 30, 255]
    layer, colours = pixels("layer", painted, name="painted.png", on="photo.png")
    _, hole, shown = uploads([{"name": "photo.png", "form": "file"}, mask, layer], [PHOTO, marks, colours])
    expected = np.zeros((40, 52), np.bool_)
    expected[10:18, 12:24] = True
    np.testing.assert_array_equal(hole.decoded().mask(), expected)
    image = read_upload("photo.png", PHOTO).pixels
    np.testing.assert_array_equal(shown.decoded().pixels[~expected], image[~expected])
    np.testing.assert_allclose(
        shown.decoded().pixels[expected], np.broadcast_to(np.array([230, 30, 30]) / 255, (96, 3)), atol=1e-6
    )
    np.testing.assert_array_equal(read_upload("painted.png", shown.file()).pixels, shown.decoded().pixels)


def test_a_large_photograph_opens_at_a_workable_size(studio: Studio) -> None:
    large = encode(np.linspace(0, 1, 2600, dtype=np.float32)[None, :, None].repeat(1000, axis=0), "large.png")
    head, (shown,) = unpack(studio.ask("POST", "/open", large, x_name="large.png")[1])
    assert head["full"] == {"width": 2600, "height": 1000}
    assert abs(head["width"] * head["height"] / WORKABLE - 1) < 0.01
    assert len(shown) == 4 * head["width"] * head["height"]
    head, (shown,) = unpack(studio.ask("POST", "/open", large, x_name="large.png", x_whole="1")[1])
    assert (head["width"], head["height"], head["full"]) == (2600, 1000, None)


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"task": "nothing"}, "There is no task"),
        ({"task": None}, "not an order"),
        ({"options": {"noise": -1}}, "“Noise” is -1"),
        ({"options": {"nonsense": 1}}, "no option nonsense"),
        ({"options": {"size": "big"}}, "“Size” takes numbers for width and height"),
        ({"options": {"size": "90000x90000"}}, "an output has"),
        ({"tuning": {"patch": 1.5}}, "“Patch” is 1.5"),
        ({"tuning": 3}, "not an order"),
        ({"search": "guess"}, "“Search” is guess"),
        ({"seed": -1}, "“First seed” is -1"),
        ({"seed": "x"}, "“First seed” is x"),
        ({"count": 0}, "“Results” is 0"),
        ({"count": 10_000}, "“Results” is 10000"),
        ({"images": {"image": [1]}}, "does not carry"),
        ({"images": {"image": ["0"]}}, "does not carry"),
        ({"images": {}}, "“Image” is missing: open or choose an image for it."),
        ({"images": []}, "not an order"),
        ({"guides": [3]}, "not an order"),
        ({"guides": [{"sources": [0], "target": 1}]}, "does not carry"),
        ({"guides": [{"target": 0}]}, "does not carry"),
        ({"guides": [{"sources": [0], "target": 0, "weight": -1}]}, "“Guide” is -1"),
        ({"files": [{"name": "photo.png", "form": "file", "on": "other.png"}]}, "unknown description"),
        ({"files": []}, "other images"),
        ({"files": [{"name": "../photo.png", "form": "file"}]}, "cannot be the name of a file"),
        ({"files": [{"name": "photo.png", "form": "command"}]}, "unknown description"),
        ({"files": [{"name": "photo.png", "form": "rgba", "width": 3, "height": 3}]}, "more or fewer pixels"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else None,
)
def test_a_wrong_order_gives_one_sentence(running: Studio, facts: dict[str, Any], word: str) -> None:
    told = running.run(order(**facts), PHOTO)
    assert not finished(told)
    (text,) = errors(told)
    assert word in text
    assert text.endswith(".")
    assert "\n" not in text


def test_the_first_preview_is_where_the_work_starts(studio: Studio) -> None:
    told = studio.run(order(options={"variety": 0.5}), PHOTO)
    first = next(head for head, _ in told if head["event"] == "progress")
    assert first["fraction"] == 0


def test_while_a_plan_takes_long_the_image_is_shown_at_its_new_size(studio: Studio) -> None:
    told = studio.run(order("retarget", options={"size": "50%x100%"}), PHOTO)
    head, (pixels,) = next((head, blobs) for head, blobs in told if head["event"] == "progress")
    photo = decode(PHOTO, "photo.png").pixels
    assert (head["fraction"], head["shape"]) == (0, [photo.shape[0], photo.shape[1] // 2])
    assert to_rgba(photo[:, ::2])[1] == pixels


@pytest.mark.parametrize("channels", [3, 4])
def test_previews_cost_at_most_what_the_screen_shows(studio: Studio, channels: int) -> None:
    large = encode(premultiply(random_image((300, 400), channels)), "large.png")
    told = studio.run(order(options={"noise": 0.5}, tuning={"iterations": 3}, preview=120_000), large)
    shown = [(head, blobs[0]) for head, blobs in told if head["event"] == "progress"]
    assert {"rgba", "jpeg" if channels == 3 else "png"} == {head["form"] for head, _ in shown}
    for head, preview in shown:
        pixels = head["width"] * head["height"]
        assert pixels <= 120_000
        assert len(preview) <= {"rgba": 160_000, "jpeg": pixels, "png": 4 * pixels}[head["form"]]
    (places,) = [blobs[1] for head, blobs in told if head["event"] == "image"]
    assert len(places) <= 3 * 2 * 200_000
    quiet = studio.run(order(preview=0), PHOTO)
    assert [head["event"] for head, _ in quiet] == ["begin", "image"]


def test_painting_keeps_the_colour_profile(studio: Studio, tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    coloured = encode(random_image((40, 52)), "photo.png", traits=FileTraits(8, profile))
    head, (pixels,) = unpack(studio.ask("POST", "/open", coloured)[1])
    painted = {"name": "painted.png", "form": "rgba", **{key: head[key] for key in ("width", "height", "channels", "icc")}}
    (made,) = finished(studio.run(order(files=[painted]), pixels))
    assert decode(made, "made.png").traits.icc == profile
    _, parcel = studio.ask("POST", "/pack", pack({"command": "", "files": [painted]}, pixels))
    with zipfile.ZipFile(io.BytesIO(parcel)) as opened:
        assert decode(opened.read("painted.png"), "painted.png").traits.icc == profile
    assert "unknown description" in errors(studio.run(order(files=[{**painted, "icc": "?"}]), pixels))[0]


def test_a_16_bit_file_gives_a_16_bit_result(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_image("photo.png", random_image((40, 52)), depth=16)
    told = studio.run(order(), Path("photo.png").read_bytes())
    (made,) = finished(told)
    assert decode(made, "made.png").traits.depth == 16
    command = next(head["command"] for head, _ in told if head["event"] == "image")
    assert patchnn(*shlex.split(command)[1:], "-o", "again.png", "--quiet")[0] == 0
    assert Path("again.png").read_bytes() == made
