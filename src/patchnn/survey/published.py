"""Figures that others have published, to stand next to a survey's own."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from patchnn.errors import InputError
from patchnn.files import reason
from patchnn.survey.design import SETUPS

__all__ = ["COLUMNS", "Published", "read_published"]

COLUMNS = ("setup", "seconds", "method", "percent", "error", "source")
"""The columns of the file. seconds, error: empty where there is no limit, or no error is given."""

MOST_ROWS = 1000


@dataclass(frozen=True)
class Published:
    """A published figure in per cent, with its standard error, and where it is from."""

    setup: str
    seconds: float | None
    method: str
    percent: float
    error: float | None
    source: str


def read_published(path: Path) -> list[Published]:
    """Read published figures from a CSV file; raises InputError, naming file and line, for what is not one."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise InputError(f"{path}: its first line must be {','.join(COLUMNS)}")
            return [_figure(path, rows.line_num, row) for _, row in zip(range(MOST_ROWS), rows, strict=False)]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path} is not a CSV file") from None


def _figure(path: Path, line: int, row: dict[str, str | None]) -> Published:
    values = {key: (row.get(key) or "").strip() for key in COLUMNS}
    try:
        seconds, error = (float(values[key]) if values[key] else None for key in ("seconds", "error"))
        percent = float(values["percent"])
    except ValueError:
        raise InputError(f"{path}: line {line}: seconds, percent and error must be numbers") from None
    if values["setup"] not in SETUPS or not 0 <= percent <= 100 or not values["method"] or not values["source"]:
        raise InputError(
            f"{path}: line {line}: setup must be {', '.join(SETUPS)}; percent 0 to 100; method and source must not be empty"
        )
    return Published(values["setup"], seconds, values["method"], percent, error, values["source"])
