"""How the studio starts, and why it does not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from client import Studio, patchnn

from patchnn.cli import main
from patchnn.errors import PluginError
from patchnn.registry import Registry


def test_a_taken_port_gives_one_line(running: Studio) -> None:
    code, out, err = patchnn("studio", "--port", str(running.port))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"127.0.0.1:{running.port}" in err
    assert "--port" in err


def test_a_start_file_without_an_image_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no picture")
    for name in ("note.txt", "absent.png"):
        code, out, err = patchnn("studio", str(tmp_path / name), "--port", "0")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert str(tmp_path / name) in err


@pytest.mark.parametrize("given", [("--port", "70000"), ("--port", "x"), ("--port", "-1")])
def test_an_invalid_port_is_wrong_usage(given: tuple[str, str]) -> None:
    assert patchnn("studio", *given)[0] == 2


def test_an_address_of_another_machine_gives_one_line() -> None:
    code, _, err = patchnn("studio", "--host", "192.0.2.1", "--port", "0")
    assert (code, err.count("\n")) == (1, 1)


def test_without_its_packages_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["studio"]) == 1
    assert capsys.readouterr().err == "error: the studio needs uvicorn: pip install 'patchnn[studio]'\n"


def test_an_unknown_task_gives_one_line() -> None:
    with pytest.raises(PluginError, match="there is no task"):
        Registry([]).load("generate")


def test_the_browser_is_started_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    import webbrowser
    from urllib.request import url2pathname

    from patchnn.studio import launch as module

    seen = []

    def open_browser(address: str) -> None:
        file = Path(url2pathname(address.removeprefix("file://")))
        seen.append((address, file.read_text(), file.parent.stat().st_mode & 0o077))

    def launch(*_: object, started: Callable[[str, str], None], **__: object) -> None:
        started("http://127.0.0.1:1/", "secret")

    monkeypatch.setattr(webbrowser, "open", open_browser)
    monkeypatch.setattr(module, "launch", launch)
    assert main(["studio", "--open"]) == 0
    ((address, page, others),) = seen
    assert "secret" not in address
    assert "http://127.0.0.1:1/#secret" in page
    assert others == 0 or sys.platform == "win32"
