"""What the server gives: the tasks, the page, files opened and packed, jobs done."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from client import PHOTO, Studio, errors, finished, order, plugin, started

from patchnn import read_image, write_image
from patchnn.images.decoded import premultiply, unpremultiply
from patchnn.registry import Registry
from patchnn.studio.messages import unpack
from patchnn.studio.server import PAGE
from patchnn.studio.words import TOO_LARGE, spoken
from patchnn.task import options
from patchnn.tuning import TUNING
from samples import random_image


def test_every_option_of_the_command_line_is_described(studio: Studio) -> None:
    told = json.loads(studio.ask("GET", "/api/v1/tasks")[1])
    described = {task["name"]: task for task in told["tasks"]}
    assert set(described) >= {"generate", "retarget", "analogy", "inpaint", "collage", "edit", "stuck"}
    registry = Registry()
    for name in registry:
        shown = described[name]["options"]
        assert [o["name"] for o in shown] == [o.name for o in options(registry.load(name))]
        assert [(o["type"], o["help"], o["required"], o["many"]) for o in shown] == [
            (o.type, spoken(o.help), o.positional, o.many) for o in options(registry.load(name))
        ]
    assert [o["name"] for o in told["tuning"]] == list(TUNING)
    assert described["texture"]["tuning"] == ["coarsest"], "its help speaks of --coarsest"
    assert described["generate"]["tuning"] == []
    assert told["images"] == ["photo.png"]
    assert all(o["help"] for task in told["tasks"] for o in task["options"] if task["name"] != "stuck")


def test_a_broken_plugin_is_named_and_the_others_work(tmp_path: Path) -> None:
    plugin(tmp_path, "broken", "raise RuntimeError('not today')")
    plugin(tmp_path, "odd", "Made = [3]", group="patchnn.goals")
    with started(path=tmp_path) as studio:
        told = json.loads(studio.ask("GET", "/api/v1/tasks")[1])
        assert any("not today" in reason for reason in told["broken"])
        assert "goals odd of studio_odd: TypeError: 3 is no goal: a goal is a dict with a task" in told["broken"]
        assert "generate" in [task["name"] for task in told["tasks"]]
        assert finished(studio.run(order(), PHOTO))


def test_the_page_is_small_and_loads_nothing_from_elsewhere(studio: Studio) -> None:
    total = 0
    for name in PAGE:
        status, body = studio.ask("GET", "/" if name == "index.html" else f"/{name}", authorization="")
        assert (status, body) == (200, PAGE[name])
        total += len(body)
        assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", body), name
    assert total <= 500_000


def test_a_start_image_is_served_as_its_file(studio: Studio, folder: Path) -> None:
    assert studio.ask("GET", "/images/0") == (200, (folder / "photo.png").read_bytes())
    assert studio.ask("GET", "/images/1")[0] == 404


def test_it_opens_every_format_that_the_library_reads(studio: Studio, tmp_path: Path) -> None:
    for name, channels in (("grey.png", 1), ("clear.png", 4), ("photo.jpg", 3), ("wide.tif", 3)):
        write_image(tmp_path / name, premultiply(random_image((9, 14), channels)))
        status, body = studio.ask("POST", "/open", (tmp_path / name).read_bytes(), x_name=name)
        assert status == 200
        head, (pixels,) = unpack(body)
        assert (head["width"], head["height"], head["channels"]) == (14, 9, channels)
        shown = np.frombuffer(pixels, np.uint8).reshape(9, 14, 4)
        expected = (unpremultiply(read_image(tmp_path / name)) * 255).round()
        np.testing.assert_array_equal(shown[:, :, : max(channels, 3)], np.broadcast_to(expected, (9, 14, max(channels, 3))))
        assert channels == 4 or (shown[:, :, 3] == 255).all()


@pytest.mark.parametrize(
    ("body", "word"),
    [(b"no picture", "cannot be read"), (b"", "empty"), (PHOTO[:60], "cannot be read")],
    ids=["text", "nothing", "cut"],
)
def test_a_file_without_an_image_is_refused_by_name(studio: Studio, body: bytes, word: str) -> None:
    status, said = studio.ask("POST", "/open", body, x_name="odd%20one.png")
    assert status == 400
    assert word in json.loads(said)["detail"]
    assert "odd one.png" in json.loads(said)["detail"]
    assert "/tmp" not in json.loads(said)["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]\n", b'{"sizes": [5]}\nabc', b'{"sizes": [-1, 1]}\n', b'{"sizes": ["a"]}\n', b"\xff\xfe\n"]
)
def test_a_malformed_message_is_refused(running: Studio, body: bytes) -> None:
    for path in ("/run", "/pack"):
        _, said = running.ask("POST", path, body)
        assert b"not a message" in said


def test_a_plugin_may_print_and_fail(studio: Studio) -> None:
    assert finished(studio.run(order("stuck", options={"how": "print"}), PHOTO))
    assert errors(studio.run(order("stuck", options={"how": "fail"}), PHOTO)) == ["ValueError: it went wrong"]


def test_an_image_that_is_too_large_for_memory_gets_advice_that_the_page_can_follow(studio: Studio) -> None:
    (text,) = errors(studio.run(order(options={"size": "30000x30000"}), PHOTO))
    assert text == TOO_LARGE
    assert "max" not in text


def test_help_names_options_by_their_labels(studio: Studio) -> None:
    described = json.loads(studio.ask("GET", "/api/v1/tasks")[1])
    said = [described["search"], *described["tuning"], *(o for task in described["tasks"] for o in task["options"])]
    assert not [text for text in (*(o["help"] for o in said), *(task["help"] for task in described["tasks"])) if "--" in text]
