"""The studio's server: what it gives, whom it refuses, and that it goes on serving whatever comes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("starlette", reason="the studio's extra is not installed: pip install 'patchnn[studio]'")
pytest.importorskip("uvicorn", reason="the studio's extra is not installed: pip install 'patchnn[studio]'")

from patchnn import InputError, read_image, read_mask, write_image
from patchnn.cli import main
from patchnn.cli.interrupt import INTERRUPTED
from patchnn.errors import PluginError
from patchnn.images import FileTraits, decode, encode, read_record
from patchnn.images.decoded import premultiply, unpremultiply
from patchnn.registry import Registry
from patchnn.runner import TUNING
from patchnn.studio import server as server_module
from patchnn.studio.files import MAX_PIXELS, Upload, check_size, open_file, to_rgba, uploads
from patchnn.studio.messages import pack, unpack
from patchnn.studio.server import PAGE, build_server
from patchnn.studio.workshop import within
from patchnn.task import options
from pictures import picture
from studio import HOUR, Studio, messages, plugin, started

STUCK = """
import time
from dataclasses import dataclass
from patchnn import Image, Plan, Source, Task, option

@dataclass(frozen=True, eq=False)
class Made(Task):
    '''Hang, print, or fail.'''
    image: Image = option(help="A picture.")
    how: str = option("hang", "What to do.")

    def plan(self):
        if self.how == "hang":
            time.sleep(1000)
        if self.how == "fail":
            raise ValueError("it went\\nwrong")
        print("a plugin's own words")
        return Plan([Source(self.image)], self.image)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small picture, and a plugin that behaves badly."""
    path = tmp_path_factory.mktemp("studio")
    write_image(path / "photo.png", picture((40, 52)))
    plugin(path, "stuck", STUCK)
    return path


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Studio]:
    """One studio for all tests: each leaves it able to serve the next."""
    with started(str(folder / "photo.png"), path=folder) as studio:
        yield studio


@pytest.fixture
def studio(running: Studio) -> Iterator[Studio]:
    yield running
    assert running.process.poll() is None
    body, deadline = pack(order(), PHOTO), time.monotonic() + HOUR
    while True:
        with running.asked("POST", "/run", body) as answer:
            # Those who have just hung up still hold their places for a moment.
            if answer.status == 503 and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            assert finished(list(messages(answer))), "it does not work any more"
            return


def photo() -> bytes:
    rgb = (picture((40, 52)) * 255).round().astype(np.uint8)
    return Upload("a.png", "rgba", np.dstack([rgb, np.full((40, 52), 255, np.uint8)]).tobytes(), 52, 40).file()


PHOTO = photo()


def patchnn(*words: str) -> tuple[int, str, str]:
    """Run the command line as a user does: (exit code, stdout, stderr)."""
    command = [sys.executable, "-m", "patchnn", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HOUR, check=False)
    return done.returncode, done.stdout, done.stderr


def order(task: str = "generate", **facts: Any) -> dict[str, Any]:
    """What the page sends to vary PHOTO."""
    plain = {"task": task, "pictures": {"image": [0]}, "options": {}, "seed": 3, "tuning": {"iterations": 2}}
    return {**plain, "files": [{"name": "photo.png", "kind": "file"}], **facts}


def finished(told: list[tuple[dict[str, Any], list[bytes]]]) -> list[bytes]:
    """The files of the pictures that were made."""
    return [blobs[0] for head, blobs in told if head["event"] == "picture"]


def errors(told: list[tuple[dict[str, Any], list[bytes]]]) -> list[str]:
    return [head["text"] for head, _ in told if head["event"] == "error"]


# What it gives.


def test_it_describes_every_option_as_the_command_line_has_it(studio: Studio) -> None:
    told = json.loads(studio.ask("GET", "/tasks")[1])
    described = {task["name"]: task for task in told["tasks"]}
    assert set(described) >= {"generate", "retarget", "analogy", "inpaint", "collage", "edit", "stuck"}
    registry = Registry()
    for name in registry:
        shown = described[name]["options"]
        assert [o["name"] for o in shown] == [o.name for o in options(registry.load(name))]
        assert [(o["type"], o["help"], o["required"], o["many"]) for o in shown] == [
            (o.type, o.help, o.positional, o.many) for o in options(registry.load(name))
        ]
    assert [o["name"] for o in told["tuning"]] == list(TUNING)
    assert told["pictures"] == ["photo.png"]
    assert all(o["help"] for task in told["tasks"] for o in task["options"] if task["name"] != "stuck")


def test_a_broken_plugin_is_named_and_the_others_are_there(tmp_path: Path) -> None:
    plugin(tmp_path, "broken", "raise RuntimeError('not today')")
    with started(path=tmp_path) as studio:
        told = json.loads(studio.ask("GET", "/tasks")[1])
        assert any("not today" in reason for reason in told["broken"])
        assert "generate" in [task["name"] for task in told["tasks"]]
        assert finished(studio.run(order(), PHOTO))


def test_the_page_is_small_and_its_own(studio: Studio) -> None:
    total = 0
    for name in PAGE:
        status, body = studio.ask("GET", "/" if name == "index.html" else f"/{name}", x_patchnn="")
        assert (status, body) == (200, PAGE[name])
        total += len(body)
        assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", body), name
    assert total <= 500_000


def test_every_answer_is_guarded(studio: Studio) -> None:
    for path in ("/", "/studio.js", "/tasks", "/nothing"):
        with studio.asked("GET", path) as answer:
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "access-control-allow-origin" not in answer.headers


def test_a_picture_it_was_started_with_is_the_file(studio: Studio, folder: Path) -> None:
    assert studio.ask("GET", "/pictures/0") == (200, (folder / "photo.png").read_bytes())
    assert studio.ask("GET", "/pictures/1")[0] == 404


def test_it_opens_what_the_library_reads(studio: Studio, tmp_path: Path) -> None:
    for name, channels in (("grey.png", 1), ("clear.png", 4), ("photo.jpg", 3), ("wide.tif", 3)):
        write_image(tmp_path / name, premultiply(picture((9, 14), channels)))
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
def test_what_is_no_picture_is_refused_by_name(studio: Studio, body: bytes, word: str) -> None:
    status, said = studio.ask("POST", "/open", body, x_name="odd%20one.png")
    assert status == 400
    assert word in json.loads(said)["text"]
    assert "odd one.png" in json.loads(said)["text"]
    assert "/tmp" not in json.loads(said)["text"]


def test_a_picture_grows_and_is_what_the_command_makes(studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = studio.run(order(options={"noise": 0.5, "size": "180%x210%"}, count=2, tuning={"alpha": 0.01, "iterations": 2}), PHOTO)
    grown = [head for head, _ in told if head["event"] == "progress" and head["picture"] == 0]
    assert [head["width"] for head in grown] == sorted(head["width"] for head in grown)
    assert grown[0]["level"] == grown[0]["levels"] - 1
    assert len({head["width"] for head in grown}) > 1
    assert grown[-1]["fraction"] == 1
    assert all(len(blobs[0]) == head["width"] * head["height"] * 4 for head, blobs in told if head["event"] == "progress")
    files = finished(told)
    assert len(files) == 2
    commands = [head["command"] for head, _ in told if head["event"] == "picture"]
    monkeypatch.chdir(folder)
    (folder / "photo.png").write_bytes(PHOTO)
    for number, (file, command) in enumerate(zip(files, commands, strict=True)):
        words = shlex.split(command)
        assert words[:3] == ["patchnn", "generate", "photo.png"]
        assert patchnn(*words[1:], "-o", f"again-{number}.png", "--quiet")[0] == 0
        assert Path(f"again-{number}.png").read_bytes() == file
        # The last thing shown is what is saved.
        shown = [blobs[0] for head, blobs in told if head["event"] == "progress" and head["picture"] == number][-1]
        assert to_rgba(read_image(f"again-{number}.png"))[1] == shown


def test_provenance_names_the_pictures(studio: Studio) -> None:
    told = studio.run(
        order("inpaint", pictures={"image": [0], "mask": [1]}, options={"fill": "none"}, **with_hole()), PHOTO, HOLE
    )
    head, (file, places) = next((head, blobs) for head, blobs in told if head["event"] == "picture")
    origins = [head for head, _ in told if head["event"] == "source"]
    assert [origin["file"] for origin in origins] == ["photo.png"]
    field = np.frombuffer(places, "<i2").reshape(3, head["field"]["height"], head["field"]["width"])
    assert head["field"]["step"] == 1
    assert (field[0] == -1).any()
    made, source, patch = open_file("made.png", file).pixels, open_file("photo.png", PHOTO).pixels, head["patch"]
    hole = np.frombuffer(HOLE, np.uint8).reshape(40, 52) > 0
    np.testing.assert_array_equal(made[~hole], source[~hole])
    # In the middle of the hole a pixel is a mean of what its patches copy: near what the one around it copied.
    y, x = (int(np.median(axis)) - patch // 2 for axis in np.nonzero(hole))
    assert field[0, y, x] == 0
    row, column = field[1, y, x], field[2, y, x]
    copied = source[row + patch // 2, column + patch // 2]
    assert np.abs(copied - made[y + patch // 2, x + patch // 2]).max() < 0.2


def hole_bytes() -> bytes:
    marks = np.zeros((40, 52), np.uint8)
    marks[14:26, 18:33] = 2
    return marks.tobytes()


HOLE = hole_bytes()


def with_hole() -> dict[str, Any]:
    mask = {"name": "photo-mask.png", "kind": "mask", "width": 52, "height": 40}
    return {"files": [{"name": "photo.png", "kind": "file"}, mask]}


def test_a_parcel_holds_all_that_the_command_needs(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = with_hole()
    told = studio.run(order("inpaint", pictures={"image": [0], "mask": [1]}, **facts), PHOTO, HOLE)
    (file,) = finished(told)
    command = next(head["command"] for head, _ in told if head["event"] == "picture")
    head = {"command": command, "files": [*facts["files"], {"name": "made.png", "kind": "file"}]}
    status, parcel = studio.ask("POST", "/parcel", pack(head, PHOTO, HOLE, file))
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


# What an order may be.


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"task": "nothing"}, "there is no task"),
        ({"task": None}, "no order"),
        ({"options": {"noise": -1}}, "noise is -1"),
        ({"options": {"nonsense": 1}}, "no option nonsense"),
        ({"options": {"size": "big"}}, "is no size"),
        ({"options": {"size": "90000x90000"}}, "an output has"),
        ({"tuning": {"patch": 1.5}}, "patch is 1.5"),
        ({"tuning": 3}, "no order"),
        ({"search": "guess"}, "search is guess"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": "x"}, "seed is x"),
        ({"count": 0}, "count is 0"),
        ({"count": 10_000}, "count is 10000"),
        ({"pictures": {"image": [1]}}, "does not carry"),
        ({"pictures": {"image": ["0"]}}, "does not carry"),
        ({"pictures": {}}, "image is missing"),
        ({"pictures": []}, "no order"),
        ({"files": []}, "other pictures"),
        ({"files": [{"name": "../photo.png", "kind": "file"}]}, "no name"),
        ({"files": [{"name": "photo.png", "kind": "command"}]}, "known here"),
        ({"files": [{"name": "photo.png", "kind": "rgba", "width": 3, "height": 3}]}, "other pixels"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else None,
)
def test_a_wrong_order_is_one_line(running: Studio, facts: dict[str, Any], word: str) -> None:
    told = running.run(order(**facts), PHOTO)
    assert not finished(told)
    (text,) = errors(told)
    assert word in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]\n", b'{"sizes": [5]}\nabc', b'{"sizes": [-1, 1]}\n', b'{"sizes": ["a"]}\n', b"\xff\xfe\n"]
)
def test_what_is_no_message_is_refused(running: Studio, body: bytes) -> None:
    for path in ("/run", "/parcel"):
        _, said = running.ask("POST", path, body)
        assert b"no message" in said


def test_a_plugin_may_print_and_fail(studio: Studio) -> None:
    assert finished(studio.run(order("stuck", options={"how": "print"}), PHOTO))
    assert errors(studio.run(order("stuck", options={"how": "fail"}), PHOTO)) == ["ValueError: it went wrong"]


# Whom it refuses.


@pytest.mark.parametrize("path", ["/", "/studio.js", "/tasks", "/pictures/0"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "0.0.0.0:{port}"]
)
def test_a_foreign_host_is_refused(running: Studio, path: str, host: str) -> None:
    assert running.ask("GET", path, host=host.format(port=running.port))[0] == 421


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}"])
def test_its_own_names_are_served(running: Studio, host: str) -> None:
    assert running.ask("GET", "/tasks", host=host.format(port=running.port))[0] == 200


def test_two_hosts_and_none_are_refused(running: Studio) -> None:
    own = f"127.0.0.1:{running.port}"
    for lines in (f"Host: {own}\r\nHost: evil.example\r\n", ""):
        with socket.create_connection(("127.0.0.1", running.port), HOUR) as plug:
            plug.sendall(f"GET / HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
            assert plug.recv(100).split()[1] in (b"400", b"421")


FOREIGN = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost:1"},
    {"origin": "https://127.0.0.1.evil.example"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors"},
    {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"},
    {"x_patchnn": ""},
    {"x_patchnn": "guess"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/run"), ("POST", "/open"), ("POST", "/parcel"), ("GET", "/tasks"), ("GET", "/pictures/0")]
)
def test_a_foreign_page_is_refused(running: Studio, method: str, path: str, headers: dict[str, str]) -> None:
    with running.asked(method, path, pack(order(), PHOTO) if method == "POST" else None, **headers) as answer:
        assert answer.status == 403
        assert b"event" not in answer.read()


def test_its_own_origin_is_served(studio: Studio) -> None:
    own = f"http://127.0.0.1:{studio.port}"
    assert studio.ask("GET", "/tasks", origin=own, sec_fetch_site="same-origin")[0] == 200


def test_a_preflight_is_not_granted(running: Studio) -> None:
    asked = {
        "origin": "http://evil.example",
        "access_control_request_method": "POST",
        "access_control_request_headers": "x-patchnn",
    }
    with running.asked("OPTIONS", "/run", x_patchnn="", **asked) as answer:
        assert answer.status == 403
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/..%2f..%2f..%2f..%2fetc/passwd",
        "/studio.js/../../server.py",
        "/..\\server.py",
        "/index.html%00.js",
        "/pictures/..%2f0",
        "/pictures/-1",
        "/server.py",
        "/page/studio.js",
    ],
)
def test_no_path_leads_to_the_disk(running: Studio, path: str) -> None:
    with socket.create_connection(("127.0.0.1", running.port), HOUR) as plug:
        own = f"Host: 127.0.0.1:{running.port}\r\nX-Patchnn: studio\r\nConnection: close\r\n\r\n"
        plug.sendall(f"GET {path} HTTP/1.1\r\n{own}".encode())
        answer = b"".join(iter(lambda: plug.recv(65536), b""))
    assert answer.split()[1] in (b"404", b"400")
    assert b"root:" not in answer
    assert b"import" not in answer


def test_other_methods_are_refused(running: Studio) -> None:
    assert [
        running.ask(method, path)[0]
        for method, path in (("POST", "/"), ("PUT", "/run"), ("DELETE", "/pictures/0"), ("GET", "/run"))
    ] == [405] * 4


def test_elsewhere_needs_the_token() -> None:
    with started("--host", "0.0.0.0") as studio:
        assert len(studio.token) >= 32
        assert studio.ask("GET", "/", x_patchnn="")[0] == 200, "the page itself is no secret"
        for guess in ("", "studio", studio.token[:-1], "é"):
            for method, path in (("GET", "/tasks"), ("POST", "/run"), ("POST", "/open")):
                assert studio.ask(method, path, x_patchnn=guess)[0] == 403, guess
        assert studio.ask("GET", "/tasks", host="workstation.example:80")[0] == 200
        assert studio.ask("GET", "/tasks", origin="http://evil.example")[0] == 403
        assert finished(studio.run(order(), PHOTO))
    with started("--host", "0.0.0.0") as other:
        assert other.token != studio.token


# What it bears.


def test_a_gigabyte_is_refused_before_it_comes(studio: Studio) -> None:
    for path in ("/run", "/open", "/parcel"):
        with socket.create_connection(("127.0.0.1", studio.port), HOUR) as plug:
            own = f"Host: 127.0.0.1:{studio.port}\r\nX-Patchnn: studio\r\nContent-Length: {1 << 30}\r\n\r\n"
            plug.sendall(f"POST {path} HTTP/1.1\r\n{own}".encode())
            assert b" 413 " in plug.recv(1000)


def call(app: Any, chunks: Iterator[bytes], path: str = "/open", *headers: tuple[str, str]) -> tuple[int, bytes]:
    """Call an ASGI application with a body that comes in chunks, and with more headers than the page's."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        chunk = next(chunks, None)
        if chunk is None:
            await asyncio.sleep(HOUR)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    own = [("host", "127.0.0.1"), ("x-patchnn", "studio"), *headers]
    listed = [(name.encode(), value.encode()) for name, value in own]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": listed}
    asyncio.run(asyncio.wait_for(app({**scope, "http_version": "1.1", "scheme": "http", "root_path": ""}, receive, send), HOUR))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def own_server(**facts: Any) -> Any:
    return build_server(Registry([]), hosts=frozenset({"127.0.0.1"}), **facts)


@pytest.mark.parametrize("path", ["/open", "/run", "/parcel"])
def test_an_upload_without_end_is_refused_as_it_comes(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MAX_BYTES", 4 << 20)
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1 << 20)

    status, said = call(own_server(), endless(), path)
    assert status == 413
    assert b"4 MB" in said
    assert taken == 5


def test_one_host_and_one_origin_whatever_parser_there_is() -> None:
    assert call(own_server(), iter([]), "/open", ("host", "evil.example"))[0] == 421
    origins = [("origin", "http://127.0.0.1"), ("origin", "http://evil.example")]
    assert call(own_server(), iter([]), "/open", *origins)[0] == 403


def test_what_all_hold_together_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "HELD", 2 << 20)
    app = own_server()
    for _ in range(2):
        assert call(app, iter([bytes(1 << 20)] * 3))[0] == 503
    # What was held is let go.
    monkeypatch.setattr(server_module, "SILENCE", 0.05)
    assert call(app, iter([bytes(1 << 20)] * 2))[0] == 408


def test_a_sender_that_falls_silent_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SILENCE", 0.05)
    assert call(own_server(), iter([b"begun"]), "/run")[0] == 408


def test_a_picture_of_too_many_pixels_is_refused_unopened(studio: Studio) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side in (9000, 30000):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        huge = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
        status, said = studio.ask("POST", "/open", huge, x_name="photo.png")
        assert status == 400
        text = json.loads(said)["text"]
        assert re.match(r"photo\.png (is 9000×9000|has too many pixels): a picture here has at most 36 million", text)
        assert errors(studio.run(order(), huge)) == [text]


def test_fifty_jobs_at_once(studio: Studio) -> None:
    body = pack(order(), PHOTO)

    def one(_: int) -> tuple[int, bool]:
        with studio.asked("POST", "/run", body) as answer:
            return answer.status, answer.status == 200 and bool(finished(list(messages(answer))))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(one, range(50)))
    assert {status for status, _ in answers} <= {200, 503}
    assert all(made for status, made in answers if status == 200)
    assert sum(made for _, made in answers) >= 1
    assert len(studio.workers) == 1


def test_more_than_wait_are_sent_away(studio: Studio) -> None:
    long = pack(order(count=64, options={"size": "400%"}), PHOTO)
    with contextlib.ExitStack() as stack:
        answers = [stack.enter_context(studio.asked("POST", "/run", long)) for _ in range(8)]
        assert [answer.status for answer in answers] == [200] * 8
        assert next(messages(answers[0]))[0]["event"] == "begin"
        assert next(messages(answers[7]))[0]["event"] == "waiting"
        status, said = studio.ask("POST", "/run", long)
        assert status == 503
        assert "try again" in json.loads(said)["text"]
        # Meanwhile the page opens, and pictures do.
        assert studio.ask("GET", "/")[0] == 200
        assert studio.ask("POST", "/open", PHOTO)[0] == 200


def test_whoever_hangs_up_stops_the_work(studio: Studio) -> None:
    (worker,) = studio.workers
    with studio.asked("POST", "/run", pack(order(count=64, options={"size": "600%"}), PHOTO)) as answer:
        told = messages(answer)
        assert next(head for head, _ in told if head["event"] == "progress")
    # The sixty-four would take minutes; the next one is done with the same, warm worker.
    assert finished(studio.run(order(), PHOTO))
    assert studio.workers == [worker]


def test_a_job_that_hears_nothing_is_ended(studio: Studio) -> None:
    (worker,) = studio.workers
    with studio.asked("POST", "/run", pack(order("stuck"), PHOTO)) as answer:
        assert answer.status == 200
    assert finished(studio.run(order(), PHOTO))
    assert studio.workers != [worker]


def test_a_cancellation_is_not_lost_as_work_ends() -> None:
    async def scene() -> bool:
        work = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(within(60, work))
        await asyncio.sleep(0)
        work.set_result(None)
        waiting.cancel()
        await asyncio.wait({waiting})
        return waiting.cancelled()

    assert asyncio.run(scene())


def test_it_outlives_its_worker(studio: Studio) -> None:
    with studio.asked("POST", "/run", pack(order("stuck"), PHOTO)) as answer:
        os.kill(studio.workers[0], signal.SIGKILL)
        (text,) = errors(list(messages(answer)))
    assert "memory" in text
    os.kill(studio.workers[0], signal.SIGKILL)
    studio.run(order(), PHOTO)
    assert finished(studio.run(order(), PHOTO))


def test_it_ends_when_told_with_work_under_way(folder: Path) -> None:
    with started(path=folder) as studio:
        with studio.asked("POST", "/run", pack(order("stuck"), PHOTO)):
            (worker,) = studio.workers
            studio.process.send_signal(signal.SIGINT)
            assert studio.process.wait(HOUR) == INTERRUPTED
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", studio.port), HOUR)
    deadline = time.monotonic() + HOUR
    while alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(process: int) -> bool:
    """Whether a process is there, and not only waits for its parent to see its end."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# How it is started.


def test_a_port_that_is_taken_is_one_line(running: Studio) -> None:
    code, out, err = patchnn("studio", "--port", str(running.port))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"127.0.0.1:{running.port}" in err
    assert "--port" in err


def test_a_file_that_is_no_picture_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no picture")
    for name in ("note.txt", "absent.png"):
        code, out, err = patchnn("studio", str(tmp_path / name), "--port", "0")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert str(tmp_path / name) in err


@pytest.mark.parametrize("given", [("--port", "70000"), ("--port", "x"), ("--port", "-1")])
def test_a_port_that_is_none_is_wrong_usage(given: tuple[str, str]) -> None:
    assert patchnn("studio", *given)[0] == 2


def test_an_address_that_is_not_here_is_one_line() -> None:
    code, _, err = patchnn("studio", "--host", "192.0.2.1", "--port", "0")
    assert (code, err.count("\n")) == (1, 1)


def test_without_its_packages_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["studio"]) == 1
    assert capsys.readouterr().err == "error: the studio needs uvicorn: pip install 'patchnn[studio]'\n"


# Its parts.


@given(
    st.dictionaries(
        st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
    ),
    st.lists(st.binary()),
)
def test_messages_come_back_as_they_were(head: dict[str, Any], blobs: list[bytes]) -> None:
    told, found = unpack(pack(head, *blobs))
    assert found == blobs
    assert told == {**head, "sizes": [len(blob) for blob in blobs]}
    assert list(messages(io.BytesIO(pack(head, *blobs) * 2))) == [(told, blobs)] * 2


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("painted", [False, True])
def test_pixels_of_the_page_are_what_their_file_holds(channels: int, painted: bool, tmp_path: Path) -> None:
    image = premultiply(picture((7, 5), channels))
    _, pixels = to_rgba(image)
    shown = np.frombuffer(pixels, np.uint8).reshape(7, 5, 4).copy()
    if painted:
        shown[2, 3] = (200, 30, 40, 255)
    upload = Upload("a.png", "rgba", shown.tobytes(), 5, 7, channels)
    path = tmp_path / "a.png"
    path.write_bytes(upload.file())
    np.testing.assert_array_equal(upload.picture().pixels, read_image(path))
    assert upload.picture().pixels.shape[2] == (channels + 2 if painted and channels < 3 else channels)
    if not painted:
        assert to_rgba(upload.picture().pixels)[1] == pixels
        assert np.abs(upload.picture().pixels - image).max() <= 1 / 255


def test_paint_that_is_clear_keeps_its_alpha() -> None:
    shown = np.full((4, 4, 4), 255, np.uint8)
    shown[0, 0] = (10, 20, 30, 1)
    upload = Upload("a.png", "rgba", shown.tobytes(), 4, 4, 3)
    assert to_rgba(upload.picture().pixels)[1] == shown.tobytes()


def test_a_colour_profile_is_kept_under_paint(studio: Studio, tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    coloured = encode(picture((40, 52)), "photo.png", traits=FileTraits(8, profile))
    head, (pixels,) = unpack(studio.ask("POST", "/open", coloured)[1])
    painted = {"name": "painted.png", "kind": "rgba", **{key: head[key] for key in ("width", "height", "channels", "icc")}}
    (made,) = finished(studio.run(order(files=[painted]), pixels))
    assert decode(made, "made.png").traits.icc == profile
    _, parcel = studio.ask("POST", "/parcel", pack({"command": "", "files": [painted]}, pixels))
    with zipfile.ZipFile(io.BytesIO(parcel)) as opened:
        assert decode(opened.read("painted.png"), "painted.png").traits.icc == profile
    assert "known here" in errors(studio.run(order(files=[{**painted, "icc": "?"}]), pixels))[0]


def test_a_file_of_16_bits_gives_one_of_16_bits(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_image("photo.png", picture((40, 52)), depth=16)
    told = studio.run(order(), Path("photo.png").read_bytes())
    (made,) = finished(told)
    assert decode(made, "made.png").traits.depth == 16
    command = next(head["command"] for head, _ in told if head["event"] == "picture")
    assert patchnn(*shlex.split(command)[1:], "-o", "again.png", "--quiet")[0] == 0
    assert Path("again.png").read_bytes() == made


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b.png", "a\\b.png", "a\0.png", "a\n.png", " a.png", "c:a.png", "x" * 101, None, 3]
)
def test_a_name_is_a_plain_one(name: Any) -> None:
    with pytest.raises(InputError, match="no name"):
        uploads([{"name": name, "kind": "file"}], [b""])


def test_names_are_not_shared() -> None:
    with pytest.raises(InputError, match=r"two pictures are called a\.png"):
        uploads([{"name": "a.png", "kind": "file"}, {"name": "A.png", "kind": "file"}], [b"", b""])


@pytest.mark.parametrize("size", [(0, 5), (5, -5), (32_001, 1), (6001, MAX_PIXELS // 6000)])
def test_sizes_are_bounded(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="at most 36 million"):
        check_size("a.png", *size)
    check_size("a.png", 6000, MAX_PIXELS // 6000)


def test_a_task_that_is_not_there_is_one_line() -> None:
    with pytest.raises(PluginError, match="there is no task"):
        Registry([]).load("generate")
