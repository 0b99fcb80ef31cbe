"""The studio and the browser that the tests here share. The test modules say why they are skipped."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from patchnn import write_image
from samples import random_image

if TYPE_CHECKING:
    from browser import Page
    from client import Studio


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images, and plugins: one whose knobs the page shows, one that misbehaves."""
    from client import SHAPE, plugin

    path = tmp_path_factory.mktemp("studio")
    write_image(path / "photo.png", random_image(SHAPE))
    write_image(path / "other.png", random_image((50, 70), seed=1))
    write_image(path / "clear.png", random_image(SHAPE, 4, seed=2))
    for name in ("mirror", "stuck"):
        plugin(path, name, (Path(__file__).with_name("plugins") / f"{name}.py").read_text())
    return path


@pytest.fixture(scope="session")
def running(folder: Path) -> Iterator[Studio]:
    """One studio for all tests. Each test leaves it able to serve the next."""
    from client import started

    with started(str(folder / "photo.png"), path=folder) as studio:
        yield studio


@pytest.fixture
def studio(running: Studio) -> Iterator[Studio]:
    """The studio; after the test it must still do a job."""
    from client import HOUR, PHOTO, finished, messages, order, pack

    yield running
    assert running.process.poll() is None
    body, deadline = pack(order(), PHOTO), time.monotonic() + HOUR
    while True:
        with running.asked("POST", "/run", body) as answer:
            # Closed connections hold their places for a moment.
            if answer.status == 503 and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            assert finished(list(messages(answer))), "it does no more jobs"
            return


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser for a file's tests, which have windows of their own. While it is open, this thread has an event loop."""
    # A browser that runs as root has no sandbox.
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    quiet = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    from browser import CHROMIUM
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*root, *quiet])
        yield found
        found.close()


@pytest.fixture
def open_page(browser: Any, running: Studio) -> Iterator[Callable[..., Page]]:
    """Open the studio in a window of its own. The test fails if the page reports an error of its own."""
    from browser import Page
    from client import HOUR

    contexts, complaints = [], []

    def opened(
        width: int = 1440, height: int = 900, studio: Studio | None = None, task: str | None = "generate", **facts: Any
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **facts)
        context.set_default_timeout(HOUR * 1000)
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda said: complaints.append(said.text) if complains(said) else None)
        tab.goto((studio or running).url)
        tab.wait_for_selector("html[data-ready]")
        page = Page(tab)
        if task:
            page.task(task)
        return page

    def complains(said: Any) -> bool:
        # The page itself reports what the server refuses.
        return said.type in ("error", "warning") and "Failed to load resource" not in said.text

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()
