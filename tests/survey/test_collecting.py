"""The survey's server: pages for anyone who reaches it, answers only from its pages, each kept once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the studio's extra is not installed: pip install 'patchnn[studio]'")

from raters import guess, lines, small_survey

from patchnn.survey import server
from patchnn.survey.answers import ANSWERS, read_answers
from patchnn.survey.design import Survey

Reply = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    return small_survey(tmp_path_factory.mktemp("survey"))


def build(survey: Survey, folder: Path) -> Any:
    pages = {name: f"page {name}".encode() for name in survey.pages}
    return server.build_server(survey, folder, pages, hosts=frozenset({"here"}), token="token")


async def ask_async(app: Any, method: str, path: str, chunks: Iterator[bytes], headers: dict[str, str]) -> Reply:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        chunk = next(chunks, None)
        if chunk is None:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk != b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    own = [(name.encode(), value.encode()) for name, value in {"host": "here", **headers}.items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": own}
    await app({**scope, "http_version": "1.1", "scheme": "http", "root_path": ""}, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent)


def ask(app: Any, method: str, path: str, *chunks: bytes, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(asyncio.wait_for(ask_async(app, method, path, iter([*chunks, b""]), named), 20))


def post(app: Any, *sent: bytes) -> tuple[int, dict[str, Any]]:
    status, _, body = ask(app, "POST", "/answers", b"\n".join(sent), authorization="Bearer token")
    return status, json.loads(body)


def own_lines(survey: Survey, rater: str = "a") -> list[bytes]:
    return lines(survey, "paired-1s", rater, guess, np.random.default_rng(3))


def test_pages_need_no_token_and_answers_do(survey: Survey, tmp_path: Path) -> None:
    app = build(survey, tmp_path)
    status, headers, body = ask(app, "GET", "/paired-1s.html")
    assert (status, body) == (200, b"page paired-1s")
    policy = headers["content-security-policy"]
    assert "default-src 'none'; script-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    line = own_lines(survey)[0]
    for wrong in (
        {},
        {"authorization": "Bearer guess"},
        {"authorization": "Bearer token", "host": "elsewhere"},
        {"authorization": "Bearer token", "origin": "http://evil"},
    ):
        assert ask(app, "POST", "/answers", line, **wrong)[0] in (401, 403, 421)
    for path in ("/", "/survey.json", "/../survey.json", "/answers", "/answers.jsonl", "/pages/paired-1s.html"):
        assert ask(app, "GET", path, authorization="Bearer token")[0] in (404, 405)
    assert not (tmp_path / ANSWERS).exists() or (tmp_path / ANSWERS).read_bytes() == b""


def test_answers_are_kept_once(survey: Survey, tmp_path: Path) -> None:
    app, sent = build(survey, tmp_path), own_lines(survey)
    assert post(app, *sent[:3]) == (200, {"kept": 3})
    assert post(app, *sent) == (200, {"kept": len(sent) - 3})
    assert (tmp_path / ANSWERS).read_bytes() == b"".join(line + b"\n" for line in sent)
    again = build(survey, tmp_path)
    assert post(again, *sent, *own_lines(survey, "b")) == (200, {"kept": len(sent)})
    answers, notes = read_answers([tmp_path / ANSWERS], survey)
    assert len(answers) == 2 * len(sent)
    assert notes == []


def test_a_wrong_answer_is_refused_with_those_sent_along(survey: Survey, tmp_path: Path) -> None:
    app, sent = build(survey, tmp_path), own_lines(survey)
    other = json.dumps({**json.loads(sent[0]), "survey": "other"}).encode()
    for bad, why in (
        (other, "An answer is refused: it is not an answer of this survey."),
        (b"[" * 1900, "An answer is refused: it is not JSON."),
        (b"\xff", "An answer is refused: it is not JSON."),
        (b"x" * 3000, "An answer is refused: it has more than 2000 bytes."),
    ):
        assert post(app, sent[0], bad) == (400, {"detail": why})
    assert (tmp_path / ANSWERS).read_bytes() == b""
    assert post(app, sent[0])[0] == 200


def test_what_a_request_may_bring_is_bounded(survey: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, line = build(survey, tmp_path), own_lines(survey)[0]
    assert post(app, *[line] * 51) == (413, {"detail": "A request may bring 50 answers."})
    status, _, body = ask(app, "POST", "/answers", *[b" " * 60_000] * 4, authorization="Bearer token")
    assert (status, json.loads(body)) == (413, {"detail": "The request is too large."})
    monkeypatch.setattr(server, "PATIENCE", 0.1)
    slow = ask_async(app, "POST", "/answers", iter([line[:9]]), {"authorization": "Bearer token"})
    status, _, body = asyncio.run(asyncio.wait_for(slow, 20))
    assert (status, json.loads(body)) == (408, {"detail": "The request took too long to arrive."})
    monkeypatch.setattr(server, "MOST_BYTES", len(line) + 5)
    assert post(app, line)[0] == 200
    assert post(app, own_lines(survey, "b")[0])[0] == 507
    assert (tmp_path / ANSWERS).read_bytes() == line + b"\n"


def test_a_line_cut_off_by_a_crash_spoils_no_other(survey: Survey, tmp_path: Path) -> None:
    sent = own_lines(survey)
    (tmp_path / ANSWERS).write_bytes(sent[0] + b"\n" + sent[1][:40])
    app = build(survey, tmp_path)
    assert post(app, *sent) == (200, {"kept": len(sent) - 1})
    answers, notes = read_answers([tmp_path / ANSWERS], survey)
    assert len(answers) == len(sent)
    assert notes == [f"{tmp_path / ANSWERS}: 1 of {len(sent) + 1} lines are left out; line 2: it is not JSON"]
