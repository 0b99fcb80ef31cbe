"""What the server bears: size, number and slowness of requests, and workers that die."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from client import HOUR, PHOTO, Studio, call, errors, finished, messages, order, own_server, started

from patchnn.cli.interrupt import INTERRUPTED
from patchnn.studio import bodies
from patchnn.studio.messages import pack
from patchnn.studio.workshop import within


def test_a_gigabyte_is_refused_before_it_arrives(studio: Studio) -> None:
    for path in ("/run", "/open", "/pack", "/api/v1/tasks/generate"):
        with socket.create_connection(("127.0.0.1", studio.port), HOUR) as plug:
            own = f"Host: 127.0.0.1:{studio.port}\r\nAuthorization: Bearer {studio.token}\r\nContent-Length: {1 << 30}\r\n\r\n"
            plug.sendall(f"POST {path} HTTP/1.1\r\n{own}".encode())
            assert b" 413 " in plug.recv(1000)


@pytest.mark.parametrize("path", ["/open", "/run", "/pack", "/api/v1/tasks/generate", "/api/v1/batches/generate"])
def test_an_endless_upload_is_refused_at_the_limit(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_BYTES", 4 << 20)
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


def test_the_memory_of_all_requests_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "HELD", 2 << 20)
    app = own_server()
    for _ in range(2):
        assert call(app, iter([bytes(1 << 20)] * 3))[0] == 503
    # What was held is let go.
    monkeypatch.setattr(bodies, "SILENCE", 0.05)
    assert call(app, iter([bytes(1 << 20)] * 2))[0] == 408


def test_a_silent_sender_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SILENCE", 0.05)
    assert call(own_server(), iter([b"begun"]), "/run")[0] == 408


def test_a_dripping_body_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SILENCE", 0.3)

    def drips() -> Iterator[bytes]:
        for _ in range(200):
            time.sleep(0.05)
            yield b"x"

    began = time.monotonic()
    assert call(own_server(), drips(), "/run")[0] == 408
    assert time.monotonic() - began < 5


def test_slow_senders_take_no_place(studio: Studio) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            plug = stack.enter_context(socket.create_connection(("127.0.0.1", studio.port), HOUR))
            own = f"Host: 127.0.0.1:{studio.port}\r\nAuthorization: Bearer {studio.token}\r\nContent-Length: 1000\r\n\r\n"
            plug.sendall(f"POST /run HTTP/1.1\r\n{own}slow".encode())
        assert finished(studio.run(order(), PHOTO))


def test_half_a_head_is_cut_off_and_the_page_is_served_again() -> None:
    code = (
        "import sys; from patchnn.cli import main; from patchnn.studio import deadlines; deadlines.HEAD = 1; main(sys.argv[1:])"
    )
    with started(code=code) as studio, contextlib.ExitStack() as stack:
        plugs = [stack.enter_context(socket.create_connection(("127.0.0.1", studio.port), HOUR)) for _ in range(210)]
        for plug in plugs:
            plug.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\nX-Half:".encode())
        for plug in plugs:
            with contextlib.suppress(ConnectionResetError):
                assert plug.recv(100) == b""
        assert studio.ask("GET", "/")[0] == 200


def test_a_file_is_opened_in_a_process_that_may_die(studio: Studio) -> None:
    (desk,), (worker,) = studio.desks, studio.workers
    os.kill(desk, signal.SIGKILL)
    statuses = [studio.ask("POST", "/open", PHOTO, x_name="photo.png")[0] for _ in range(2)]
    assert statuses in ([200, 200], [400, 200])
    assert studio.desks != [desk]
    assert studio.workers == [worker]


def test_an_image_with_too_many_pixels_is_refused_before_decoding(studio: Studio) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side in (9000, 30000):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        huge = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
        status, said = studio.ask("POST", "/open", huge, x_name="photo.png")
        assert status == 400
        text = json.loads(said)["detail"]
        assert text == "photo.png has more than 36,000,000 pixels by its header, the most that is read: make it smaller."
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


def test_a_ninth_job_is_refused(studio: Studio) -> None:
    long = pack(order(count=64, options={"size": "400%"}), PHOTO)
    with contextlib.ExitStack() as stack:
        answers = [stack.enter_context(studio.asked("POST", "/run", long)) for _ in range(8)]
        assert [answer.status for answer in answers] == [200] * 8
        assert next(messages(answers[0]))[0]["event"] == "begin"
        assert next(messages(answers[7]))[0]["event"] == "waiting"
        status, said = studio.ask("POST", "/run", long)
        assert status == 503
        assert "try again" in json.loads(said)["detail"]
        # Meanwhile the page opens, and pictures do.
        assert studio.ask("GET", "/")[0] == 200
        assert studio.ask("POST", "/open", PHOTO)[0] == 200


def test_closing_the_connection_stops_the_job(studio: Studio) -> None:
    (worker,) = studio.workers
    with studio.asked("POST", "/run", pack(order(count=64, options={"size": "600%"}), PHOTO)) as answer:
        told = messages(answer)
        assert next(head for head, _ in told if head["event"] == "progress")
    # The sixty-four would take minutes; the next one is done with the same, warm worker.
    assert finished(studio.run(order(), PHOTO))
    assert studio.workers == [worker]


def test_a_job_that_does_not_stop_is_killed(studio: Studio) -> None:
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


def test_it_survives_the_death_of_its_worker(studio: Studio) -> None:
    with studio.asked("POST", "/run", pack(order("stuck"), PHOTO)) as answer:
        os.kill(studio.workers[0], signal.SIGKILL)
        (text,) = errors(list(messages(answer)))
    assert "memory" in text
    os.kill(studio.workers[0], signal.SIGKILL)
    studio.run(order(), PHOTO)
    assert finished(studio.run(order(), PHOTO))


def test_ctrl_c_ends_it_during_a_job(folder: Path) -> None:
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
