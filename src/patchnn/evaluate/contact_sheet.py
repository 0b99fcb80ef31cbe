"""Contact sheets: images in a grid, with their settings above and to the left, and their figures below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from patchnn.engine.arrays import Image
from patchnn.evaluate.thumbnails import scale_to_fit, thumbnail

if TYPE_CHECKING:
    from PIL.Image import Image as Thumbnail

__all__ = ["Cell", "contact_sheet"]

LONGEST = 320
"""The longest side of an image on the sheet, in pixels."""

_EDGE, _GAP, _LINE = 24, 16, 18
_NARROWEST = 560
_FIGURE_WIDTH = 150
_PAPER, _INK, _GREY, _FRAME = "#ffffff", "#1d1d1f", "#6e6e73", "#d2d2d7"
_SIZES = {"title": 20, "label": 15, "small": 13}


@dataclass(frozen=True, eq=False)
class Cell:
    """One place of the grid: images (H, W, C) in [0, 1], side by side, and their figures by name."""

    images: Sequence[Image]
    figures: Mapping[str, str] = field(default_factory=dict)


def contact_sheet(
    title: str,
    note: str,
    source: Image,
    columns: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, str]],
    cells: Sequence[Sequence[Cell]],
) -> Image:
    """Return a grid of images as one: (H, W, 3) float32 in [0, 1].

    columns, rows: name and value of the setting of each; rows may be a single ("", ""). cells: by row and column. The
    source is in the corner, or to the left of a single row. Images of up to LONGEST pixels a side keep their size.
    """
    return ContactSheet(title, note, source, columns, rows, cells).draw()


class ContactSheet:
    """The measures of a contact sheet, and its drawing."""

    def __init__(
        self,
        title: str,
        note: str,
        source: Image,
        columns: Sequence[tuple[str, str]],
        rows: Sequence[tuple[str, str]],
        cells: Sequence[Sequence[Cell]],
    ) -> None:
        from PIL import Image as Pillow
        from PIL import ImageDraw, ImageFont

        self.fonts: dict[str, Any] = {name: ImageFont.load_default(size) for name, size in _SIZES.items()}
        self.title, self.columns, self.rows, self.cells = title, columns, rows, cells
        self.labelled = any(name for name, _ in rows)

        images = [image for row in cells for cell in row for image in cell.images]
        scale = scale_to_fit([image.shape[:2] for image in images], LONGEST)
        self.shown = [[[thumbnail(image, scale) for image in cell.images] for cell in row] for row in cells]
        self.source = thumbnail(source, scale_to_fit([source.shape[:2]], LONGEST // 2) if self.labelled else scale)

        widths = [sum(t.width for t in shown) + 4 * (len(shown) - 1) for row in self.shown for shown in row]
        self.cell_width = max(*widths, _FIGURE_WIDTH, *(self.width(f"{name} {value}", "label") for name, value in columns))
        self.image_height = max(t.height for row in self.shown for shown in row for t in shown)
        figures = max(len(cell.figures) for row in cells for cell in row)
        self.across = max(1, min(figures, (self.cell_width + _GAP) // (_FIGURE_WIDTH + _GAP)))
        self.cell_height = self.image_height + 8 + _LINE * -(-figures // self.across)
        self.margin = max(self.source.width, *(self.width(text, "label") for row in rows for text in row))
        self.left = _EDGE + self.margin + _GAP
        self.page_width = max(_NARROWEST, self.left + len(columns) * (self.cell_width + _GAP) - _GAP + _EDGE)

        # In the corner, the source shares the head of the page with the title; otherwise it is in the first row.
        self.words_left = self.left if self.labelled else _EDGE
        self.note = self.wrapped(note, self.page_width - self.words_left - _EDGE)
        head = 30 + _LINE * len(self.note) + _GAP + 22
        self.top = _EDGE + (max(head, self.source.height + _LINE + _GAP) if self.labelled else head)
        body = len(rows) * (self.cell_height + _GAP + 4) - _GAP - 4
        if not self.labelled:
            body = max(body, self.source.height + 6 + _LINE)
        self.page = Pillow.new("RGB", (self.page_width, self.top + body + _EDGE), _PAPER)
        self.pen = ImageDraw.Draw(self.page)

    def draw(self) -> Image:
        title = self.shortened(self.title, self.page_width - self.words_left - _EDGE, "title")
        self.text((self.words_left, _EDGE - 2), title, "title")
        for number, line in enumerate(self.note):
            self.text((self.words_left, _EDGE + 30 + number * _LINE), line, "small", _GREY)
        for column, (name, value) in enumerate(self.columns):
            self.label((self.left + column * (self.cell_width + _GAP), self.top - 24), name, value)
        source_top = _EDGE if self.labelled else self.top
        self.image((_EDGE, source_top), self.source)
        self.text((_EDGE, source_top + self.source.height + 6), "source", "small", _GREY)
        for row, cells in enumerate(self.cells):
            top = self.top + row * (self.cell_height + _GAP + 4)
            name, value = self.rows[row]
            middle = top + self.image_height // 2
            self.text((_EDGE, middle - 20), name, "small", _GREY)
            self.text((_EDGE, middle - 2), value, "label")
            for column, cell in enumerate(cells):
                self.cell((self.left + column * (self.cell_width + _GAP), top), self.shown[row][column], cell.figures)
        return np.asarray(self.page, np.float32) / np.float32(255)

    def cell(self, place: tuple[int, int], shown: list[Thumbnail], figures: Mapping[str, str]) -> None:
        left, top = place
        for one in shown:
            self.image((left, top), one)
            left += one.width + 4
        width = (self.cell_width - (self.across - 1) * _GAP) // self.across
        width = min(width, _FIGURE_WIDTH + 90)
        for number, (name, value) in enumerate(figures.items()):
            x = place[0] + number % self.across * (width + _GAP)
            y = top + self.image_height + 8 + number // self.across * _LINE
            self.text((x, y), name, "small", _GREY)
            self.text((x + width - self.width(value, "small"), y), value, "small")

    def image(self, place: tuple[int, int], shown: Thumbnail) -> None:
        left, top = place
        self.pen.rectangle((left - 1, top - 1, left + shown.width, top + shown.height), outline=_FRAME)
        self.page.paste(shown, place)

    def label(self, place: tuple[int, int], name: str, value: str) -> None:
        self.text(place, name, "label", _GREY)
        self.text((place[0] + self.width(f"{name} ", "label"), place[1]), value, "label")

    def text(self, place: tuple[int, int], text: str, kind: str, fill: str = _INK) -> None:
        self.pen.text(place, _drawable(text), font=self.fonts[kind], fill=fill)

    def width(self, text: str, kind: str) -> int:
        length: float = self.fonts[kind].getlength(_drawable(text))
        return math.ceil(length)

    def shortened(self, text: str, width: int, kind: str) -> str:
        end = len(text)
        while self.width(text if end == len(text) else f"{text[:end]}...", kind) > width:
            end -= 1
        return text if end == len(text) else f"{text[:end]}..."

    def wrapped(self, text: str, width: int) -> list[str]:
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if self.width(longer, "small") <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines


def _drawable(text: str) -> str:
    """Return a text in the glyphs of Pillow's own font."""
    return text.replace("×", "x").replace("–", "-").encode("ascii", "replace").decode()
