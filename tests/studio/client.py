"""A studio that runs as a user starts it, requests to it, and what they carry."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the studio's extra is not installed: pip install 'patchnn[studio]'")
pytest.importorskip("uvicorn", reason="the studio's extra is not installed: pip install 'patchnn[studio]'")

from patchnn.registry import Registry
from patchnn.studio.files import Upload
from patchnn.studio.messages import pack
from patchnn.studio.server import build_server
from samples import random_image

HOUR = 60
"""Seconds after which anything counts as hanging, on a slow machine too."""


class Studio:
    """A running studio: its process, its address, and requests to it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url = process, url
        self.root, _, self.token = url.partition("#")
        self.host, _, port = url.split("/")[2].rpartition(":")
        self.port = int(port)

    @property
    def workers(self) -> list[int]:
        """The processes that do jobs."""
        return self._processes("make")

    @property
    def desks(self) -> list[int]:
        """The processes that open and pack files."""
        return self._processes("files")

    def _processes(self, role: str) -> list[int]:
        command = ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
        return [int(line.split()[0]) for line in listed if line.split()[-1] == role]

    @contextlib.contextmanager
    def asked(self, method: str, path: str, body: Any = None, **headers: str) -> Iterator[http.client.HTTPResponse]:
        """Send a request as the page would. `headers`, with _ for -, replace the page's own; an empty one is left out."""
        sent = {
            "authorization": f"Bearer {self.token}",
            **{name.replace("_", "-").lower(): value for name, value in headers.items()},
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HOUR)
        with contextlib.closing(connection):
            connection.request(method, path, body, {name: value for name, value in sent.items() if value})
            with contextlib.closing(connection.getresponse()) as answer:
                yield answer

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        with self.asked(method, path, body, **headers) as answer:
            return answer.status, answer.read()

    def run(self, head: dict[str, Any], *blobs: bytes) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Do an order and return the messages that answer it."""
        with self.asked("POST", "/run", pack(head, *blobs)) as answer:
            assert answer.status == 200, answer.read()
            return list(messages(answer))


def messages(stream: Any) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
    """Yield the messages of an answer as they arrive."""
    while line := stream.readline():
        head = json.loads(line)
        yield head, [stream.read(size) for size in head["sizes"]]


@contextlib.contextmanager
def started(*words: str, path: Path | None = None, code: str = "", command: str = "studio") -> Iterator[Studio]:
    """Start `patchnn studio` or `serve` on a free port. path: a folder of plugins; code: Python in place of patchnn's main."""
    environment = dict(os.environ)
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(path), environment.get("PYTHONPATH")]))
    line = [sys.executable, *(["-c", code] if code else ["-m", "patchnn"]), command, "--port", "0", *words]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    with process.stdout:
        try:
            said = process.stdout.readline()
            assert said.startswith(f"{command}: http://"), said
            url = said.split()[1]
            if command == "serve":
                url = url.removesuffix("docs") + "#" + process.stdout.readline().split()[1]
            yield Studio(process, url)
        finally:
            process.terminate()
            process.wait(HOUR)


def plugin(folder: Path, name: str, code: str, group: str = "patchnn.tasks") -> None:
    """Put a plugin, as pip would install it, into a folder: module, distribution and the entry point that `code` defines."""
    module = f"studio_{name}"
    folder.joinpath(f"{module}.py").write_text(code)
    described = folder / f"{module}-1.0.dist-info"
    described.mkdir()
    described.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    described.joinpath("entry_points.txt").write_text(f"[{group}]\n{name} = {module}:Made\n")


SHAPE = (60, 80)
"""Of photo.png in the folder. The easel shows it many times as large, so that a click meets a pixel."""


def photo() -> bytes:
    rgb = (random_image((40, 52)) * 255).round().astype(np.uint8)
    return Upload("a.png", "rgba", np.dstack([rgb, np.full((40, 52), 255, np.uint8)]).tobytes(), 52, 40).file()


PHOTO = photo()


def patchnn(*words: str) -> tuple[int, str, str]:
    """Run the command line as a user does: (exit code, stdout, stderr)."""
    command = [sys.executable, "-m", "patchnn", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HOUR, check=False)
    return done.returncode, done.stdout, done.stderr


def order(task: str = "generate", **facts: Any) -> dict[str, Any]:
    """What the page sends to vary PHOTO."""
    plain = {"task": task, "images": {"image": [0]}, "options": {}, "seed": 3, "tuning": {"iterations": 2}}
    return {**plain, "files": [{"name": "photo.png", "form": "file"}], **facts}


def finished(told: list[tuple[dict[str, Any], list[bytes]]]) -> list[bytes]:
    """The files of the pictures that were made."""
    return [blobs[0] for head, blobs in told if head["event"] == "image"]


def errors(told: list[tuple[dict[str, Any], list[bytes]]]) -> list[str]:
    return [head["text"] for head, _ in told if head["event"] == "error"]


def hole_bytes() -> bytes:
    marks = np.zeros((40, 52), np.uint8)
    marks[14:26, 18:33] = 2
    return marks.tobytes()


HOLE = hole_bytes()


def with_hole() -> dict[str, Any]:
    mask = {"name": "photo-mask.png", "form": "mask", "width": 52, "height": 40}
    return {"files": [{"name": "photo.png", "form": "file"}, mask]}


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

    own = [("host", "127.0.0.1"), ("authorization", "Bearer token"), *headers]
    listed = [(name.encode(), value.encode()) for name, value in own]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": listed}
    asyncio.run(asyncio.wait_for(app({**scope, "http_version": "1.1", "scheme": "http", "root_path": ""}, receive, send), HOUR))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def own_server(**facts: Any) -> Any:
    return build_server(Registry([]), hosts=frozenset({"127.0.0.1"}), token="token", **facts)
