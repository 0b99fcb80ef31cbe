"""A studio that runs as a user starts it, and what speaks to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from patchnn.studio.messages import pack

HEADER, PUBLIC = "x-patchnn", "studio"
"""What the page's own requests carry where there is no token."""
HOUR = 60
"""Seconds that anything may take on a slow machine before it counts as hanging."""


class Studio:
    """A running studio: its process, its address, and requests to it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url = process, url
        self.token = url.partition("#")[2] or PUBLIC
        self.host, _, port = url.split("/")[2].rpartition(":")
        self.port = int(port)

    @property
    def workers(self) -> list[int]:
        """The engine's processes."""
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(word) for word in listed.stdout.split()]

    @contextlib.contextmanager
    def asked(self, method: str, path: str, body: Any = None, **headers: str) -> Iterator[http.client.HTTPResponse]:
        """Ask as the page would; `headers` are laid over the page's own, with _ for -, and taken away where empty."""
        sent = {HEADER: self.token, **{name.replace("_", "-").lower(): value for name, value in headers.items()}}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HOUR)
        with contextlib.closing(connection):
            connection.request(method, path, body, {name: value for name, value in sent.items() if value})
            with contextlib.closing(connection.getresponse()) as answer:
                yield answer

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        with self.asked(method, path, body, **headers) as answer:
            return answer.status, answer.read()

    def run(self, head: dict[str, Any], *blobs: bytes) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Carry out an order and return all that is told of it."""
        with self.asked("POST", "/run", pack(head, *blobs)) as answer:
            assert answer.status == 200, answer.read()
            return list(messages(answer))


def messages(stream: Any) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
    """The messages of an answer, as they come."""
    while line := stream.readline():
        head = json.loads(line)
        yield head, [stream.read(size) for size in head["sizes"]]


@contextlib.contextmanager
def started(*words: str, path: Path | None = None) -> Iterator[Studio]:
    """Start `patchnn studio` on a free port; path: a folder of plugins."""
    environment = dict(os.environ)
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(path), environment.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "patchnn", "studio", "--port", "0", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    with process.stdout:
        try:
            line = process.stdout.readline()
            assert line.startswith("studio: http://"), line
            yield Studio(process, line.split()[1])
        finally:
            process.terminate()
            process.wait(HOUR)


def plugin(folder: Path, name: str, code: str) -> None:
    """Put a plugin, as pip would install it, into a folder: module, distribution and entry points as `code` defines tasks."""
    module = f"studio_{name}"
    folder.joinpath(f"{module}.py").write_text(code)
    described = folder / f"{module}-1.0.dist-info"
    described.mkdir()
    described.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    described.joinpath("entry_points.txt").write_text(f"[patchnn.tasks]\n{name} = {module}:Made\n")
