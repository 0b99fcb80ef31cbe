"""Reports for tests: the tasks, options and images they are made with, and what is read of one in the current folder."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from patchnn.registry import GROUP, Registry

TASKS = Registry(
    EntryPoint(name, f"patchnn_tasks.{name}:{name.title()}", GROUP) for name in ("generate", "retarget", "inpaint", "collage")
)
QUICK = "--samples 3 --iterations 1 --backend numpy"


class Page(HTMLParser):
    """What a page shows: the cells of its tables by row, its images, all its text, and whatever it would load."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.images: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(Path(path).read_text(encoding="utf-8"))
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "img":
            self.images.append((given["alt"], given["src"]))
        self.loads += [value for key, value in given.items() if key in ("src", "href", "srcset", "data", "action")]
        if tag in ("img", "meta"):
            return
        self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if {"td", "th"}.intersection(self.open):
            self.tables[-1][-1][-1] += f" {data}" if self.tables[-1][-1][-1] else data

    def figures(self, table: int, row: str) -> dict[str, list[str]]:
        """Median and mean that a table has of each figure, in the row that begins so."""
        head, *rows = self.tables[table]
        cells = next(cells for cells in rows if cells[0] == row)
        return {name: cell.split() for name, cell in zip(head[1:], cells[1:], strict=True)}


def report() -> dict[str, Any]:
    """Return report.json."""
    found: dict[str, Any] = json.loads(Path("report/report.json").read_text())
    return found


def files(name: str) -> list[str]:
    """Return the samples of an image."""
    return [str(path) for path in sorted(Path(f"report/samples/{name}").glob("*.png"))]
