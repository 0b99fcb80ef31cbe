"""The page's own files: small, and in modules that one screen or two can show."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter

from patchnn.studio.server import PAGE, SAMPLES


def test_the_pages_files_are_small() -> None:
    assert sum(map(len, (*PAGE.values(), *SAMPLES.values()))) <= 300_000
    long = {name: file.count(b"\n") for name, file in PAGE.items() if name.endswith(".js") and file.count(b"\n") > 250}
    assert long == {}


def test_every_module_is_fetched_at_once() -> None:
    page = PAGE["index.html"].decode()
    assert [
        name for name in PAGE if name.endswith(".js") and f'href="/{name}"' not in page and f'src="/{name}"' not in page
    ] == []


def test_modules_import_each_other_in_no_circle() -> None:
    found = re.compile(r'^import .*"\./(\w+\.js)"', re.MULTILINE)
    imports = {name: found.findall(file.decode()) for name, file in PAGE.items() if name.endswith(".js")}
    order = list(TopologicalSorter(imports).static_order())
    assert order[-1] == "studio.js"
