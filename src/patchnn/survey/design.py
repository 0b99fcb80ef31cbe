"""The design of a survey: what its pages ask, and the key that says what each image is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from patchnn.errors import InputError

__all__ = ["CHECK", "KEY", "QUESTION", "REAL", "SCRAMBLED", "SETUPS", "Item", "Page", "Shown", "Survey", "load_survey"]

SETUPS = ("paired", "unpaired", "competition")
"""Real and generated side by side; one image, real or generated; two methods side by side."""

REAL, SCRAMBLED = "real", "scrambled"
"""What an image is, apart from a method's result: the original, or an obvious fake made of it."""

QUESTION, CHECK = "question", "check"
"""What an item is for: to be measured, or to find raters who do not look."""

KEY = "survey.json"
"""The file of a survey's folder that holds its design. Raters do not get it."""


@dataclass(frozen=True)
class Shown:
    """An encoded image: the name of the original that it belongs to, its method, and the file that it was read from."""

    image: str
    method: str
    file: str


@dataclass(frozen=True)
class Item:
    """One question of a page.

    sets: the images of each variant, as identifiers; a rater sees one variant. after: the item that must come before
    this one, because this one shows its original. original: an image to show above the others.
    """

    image: str
    kind: str
    sets: tuple[tuple[str, ...], ...]
    after: str | None = None
    original: str | None = None


@dataclass(frozen=True)
class Page:
    """What one page asks: its set-up, the seconds for which images show, None without a limit, and items by identifier."""

    setup: str
    seconds: float | None
    items: Mapping[str, Item]

    @property
    def name(self) -> str:
        """Such as paired-1s or unpaired-unlimited."""
        return f"{self.setup}-{'unlimited' if self.seconds is None else f'{self.seconds:g}s'}"

    @property
    def checks(self) -> list[str]:
        """The identifiers of the attention checks."""
        return [name for name, item in self.items.items() if item.kind == CHECK]


@dataclass(frozen=True)
class Survey:
    """A survey: pages and images by identifier. methods: the first is compared with each of the others."""

    id: str
    seed: int
    methods: tuple[str, ...]
    instruction: str | None
    repeats: int
    pages: Mapping[str, Page]
    shown: Mapping[str, Shown]

    def to_json(self) -> dict[str, Any]:
        """Return the survey as JSON values."""
        return asdict(self)


def load_survey(folder: Path) -> Survey:
    """Read a survey's key from its folder; raises InputError, naming it, where there is none or it is damaged."""
    path = folder / KEY
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        pages = {
            name: Page(
                page["setup"],
                page["seconds"],
                {key: Item(**{**item, "sets": tuple(map(tuple, item["sets"]))}) for key, item in page["items"].items()},
            )
            for name, page in found["pages"].items()
        }
        shown = {key: Shown(**one) for key, one in found["shown"].items()}
        survey = Survey(**{**found, "methods": tuple(found["methods"]), "pages": pages, "shown": shown})
        if any(name not in shown for page in pages.values() for item in page.items.values() for ids in item.sets for name in ids):
            raise ValueError
    except OSError:
        raise InputError(f"{folder} holds no survey: make one with patchnn survey make") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError(f"{path} is damaged: make the survey again") from None
    return survey
