"""Who may use the server: its own page, with the token."""

from __future__ import annotations

import socket

import pytest
from client import HOUR, PHOTO, Studio, call, finished, order, own_server, started

from patchnn.studio.messages import pack


def test_every_answer_has_security_headers(studio: Studio) -> None:
    for path in ("/", "/studio.js", "/api/v1/tasks", "/nothing"):
        with studio.asked("GET", path) as answer:
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/studio.js", "/api/v1/tasks", "/images/0"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "0.0.0.0:{port}"]
)
def test_a_foreign_host_is_refused(running: Studio, path: str, host: str) -> None:
    assert running.ask("GET", path, host=host.format(port=running.port))[0] == 421


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}"])
def test_its_own_host_names_are_served(running: Studio, host: str) -> None:
    assert running.ask("GET", "/api/v1/tasks", host=host.format(port=running.port))[0] == 200


def test_two_hosts_or_no_host_are_refused(running: Studio) -> None:
    own = f"127.0.0.1:{running.port}"
    for lines in (f"Host: {own}\r\nHost: evil.example\r\n", ""):
        with socket.create_connection(("127.0.0.1", running.port), HOUR) as plug:
            plug.sendall(f"GET / HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
            assert plug.recv(100).split()[1] in (b"400", b"421")


GENERATE = "/api/v1/tasks/generate"
FOREIGN = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost:1"},
    {"origin": "https://127.0.0.1.evil.example"},
    {"origin": "https://127.0.0.1:{port}"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors"},
    {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"},
]
UNKNOWN = [
    {"authorization": authorization} for authorization in ("", "guess", "Bearer guess", "Basic {token}", "{token}", "Bearer")
]
ALL = [("POST", "/run"), ("POST", "/open"), ("POST", "/pack"), ("GET", "/api/v1/tasks"), ("GET", "/images/0"), ("POST", GENERATE)]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(("method", "path"), ALL)
def test_a_foreign_page_is_refused(running: Studio, method: str, path: str, headers: dict[str, str]) -> None:
    sent = {name: value.format(port=running.port) for name, value in headers.items()}
    with running.asked(method, path, pack(order(), PHOTO) if method == "POST" else None, **sent) as answer:
        assert answer.status == 403
        assert b"event" not in answer.read()


@pytest.mark.parametrize("headers", UNKNOWN, ids=str)
@pytest.mark.parametrize(("method", "path"), ALL)
def test_without_the_token_nothing_is_done(running: Studio, method: str, path: str, headers: dict[str, str]) -> None:
    sent = {name: value.format(token=running.token) for name, value in headers.items()}
    with running.asked(method, path, pack(order(), PHOTO) if method == "POST" else None, **sent) as answer:
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert b"event" not in answer.read()


def test_its_own_origin_is_served(studio: Studio) -> None:
    own = f"http://127.0.0.1:{studio.port}"
    assert studio.ask("GET", "/api/v1/tasks", origin=own, sec_fetch_site="same-origin")[0] == 200


def test_a_preflight_is_not_granted(running: Studio) -> None:
    asked = {
        "origin": "http://evil.example",
        "access_control_request_method": "POST",
        "access_control_request_headers": "authorization",
    }
    with running.asked("OPTIONS", "/run", authorization="", **asked) as answer:
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
        "/images/..%2f0",
        "/images/-1",
        "/server.py",
        "/page/studio.js",
    ],
)
def test_no_path_reaches_the_disk(running: Studio, path: str) -> None:
    with socket.create_connection(("127.0.0.1", running.port), HOUR) as plug:
        own = f"Host: 127.0.0.1:{running.port}\r\nAuthorization: Bearer {running.token}\r\nConnection: close\r\n\r\n"
        plug.sendall(f"GET {path} HTTP/1.1\r\n{own}".encode())
        answer = b"".join(iter(lambda: plug.recv(65536), b""))
    assert answer.split()[1] in (b"404", b"400")
    assert b"root:" not in answer
    assert b"import" not in answer


def test_other_methods_are_refused(running: Studio) -> None:
    assert [
        running.ask(method, path)[0]
        for method, path in (("POST", "/"), ("PUT", "/run"), ("DELETE", "/images/0"), ("GET", "/run"))
    ] == [405] * 4


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_token_is_needed_at_any_address(host: str) -> None:
    with started("--host", host) as studio:
        assert len(studio.token) >= 32
        assert studio.ask("GET", "/", authorization="")[0] == 200, "the page itself is no secret"
        for guess in ("", "studio", studio.token[:-1], "é"):
            for method, path in (("GET", "/api/v1/tasks"), ("POST", "/run"), ("POST", "/open"), ("GET", "/images/0")):
                assert studio.ask(method, path, authorization=f"Bearer {guess}")[0] == 401, guess
        elsewhere = studio.ask("GET", "/api/v1/tasks", host="workstation.example:80")[0]
        assert elsewhere == (421 if host == "127.0.0.1" else 200)
        assert studio.ask("GET", "/api/v1/tasks", origin="http://evil.example")[0] == 403
        assert finished(studio.run(order(), PHOTO))
    with started("--host", host) as other:
        assert other.token != studio.token


def test_a_second_host_or_origin_header_is_refused() -> None:
    assert call(own_server(), iter([]), "/open", ("host", "evil.example"))[0] == 421
    origins = [("origin", "http://127.0.0.1"), ("origin", "http://evil.example")]
    assert call(own_server(), iter([]), "/open", *origins)[0] == 403
