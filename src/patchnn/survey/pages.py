"""The pages of a survey: each one file that loads nothing, for any host or none."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from patchnn.errors import InputError
from patchnn.survey.design import Survey

__all__ = ["MOST_BYTES", "POLICY", "build_page"]

MOST_BYTES = 100 << 20
"""A larger page takes too long to load."""

PARTS = ("survey.js", "plan.js", "trial.js", "answers.js", "page.js")
"""The parts of the page's script, which is one: a page from a file loads no modules."""

_FOLDER = files("patchnn.survey").joinpath("page")


def _read(*names: str) -> str:
    return "\n".join(_FOLDER.joinpath(name).read_text(encoding="utf-8") for name in names)


_HTML, _STYLE, _SCRIPT = _read("page.html"), _read("page.css"), _read(*PARTS)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; script-src {_digest(_SCRIPT)}; style-src {_digest(_STYLE)}; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""What the page may do: run its own script, and send to the server that it comes from."""


def build_page(survey: Survey, name: str, images: Mapping[str, bytes], practice: Sequence[Sequence[str]]) -> bytes:
    """Return a page as HTML. It says which images belong together, and of no image what it is, except in practice.

    images: all encoded images by identifier. practice: the images of each practice question, the right one first. Raises
    InputError for a page of more than MOST_BYTES.
    """
    page = survey.pages[name]
    needed = {key for item in page.items.values() for ids in item.sets for key in ids}
    needed |= {item.original for item in page.items.values() if item.original} | {key for ids in practice for key in ids}
    data: dict[str, Any] = {
        "survey": survey.id,
        "page": name,
        "setup": page.setup,
        "seconds": page.seconds,
        "instruction": survey.instruction if page.setup == "competition" else None,
        "seed": survey.seed,
        "repeats": survey.repeats,
        "practice": [{"images": ids, "real": survey.shown[ids[0]].method == "real"} for ids in practice],
        "items": [
            {"id": key, "sets": item.sets, "after": item.after, "original": item.original} for key, item in page.items.items()
        ],
        "images": {key: base64.b64encode(images[key]).decode() for key in sorted(needed)},
    }
    # A text that ends the script element would end the data.
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    filled = _HTML
    for mark, part in (
        ("{{policy}}", html.escape(POLICY)),
        ("{{style}}", _STYLE),
        ("{{script}}", _SCRIPT),
        ("{{data}}", text),
    ):
        filled = filled.replace(mark, part)
    if len(filled) > MOST_BYTES:
        raise InputError(f"the page {name} has more than {MOST_BYTES >> 20} MB: use fewer or smaller images")
    return filled.encode()
