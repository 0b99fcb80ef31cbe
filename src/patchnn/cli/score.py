"""`patchnn score`: how outputs compare with the image they were made from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from patchnn.cli.outputs import check_not_empty, output_paths, stem
from patchnn.cli.printing import escape, say, write
from patchnn.errors import InputError
from patchnn.images import check_output, read_image, write_image
from patchnn.tuning import parse_bytes

if TYPE_CHECKING:
    from patchnn.engine.arrays import Image
    from patchnn.metrics import Score

__all__ = ["score"]

_COLUMNS = {
    "coherence": ("coherence", ".1f"),
    "completeness": ("completeness", ".1f"),
    "copy_share": ("copied", ".1%"),
    "largest_copy": ("largest", ".1%"),
    "niqe": ("niqe", ".2f"),
    "sifid": ("sifid", ".3g"),
}
"""Columns of the table: the heading and the number format of each measure."""


def score(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The image that the outputs were made from.")],
    outputs: Annotated[list[Path], typer.Argument(metavar="OUTPUT", help="Images to measure.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with all digits.")] = False,
    copy_map: Annotated[
        str | None,
        typer.Option("--map", metavar="FILE|FOLDER/", help="Draw which blocks were copied, coloured by their shift."),
    ] = None,
    patch: Annotated[int, typer.Option(metavar="INTEGER", min=2, help="Side of the patches to compare, at half size.")] = 7,
    exact: Annotated[bool, typer.Option("--exact", help="Compare every patch, even in large images.")] = False,
    sifid: Annotated[bool, typer.Option("--sifid", help="Also measure SIFID. Needs torch and torchvision.")] = False,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights of Inception-v3 for SIFID. Default: those in torch.hub's cache."),
    ] = None,
    max_memory: Annotated[
        str | None,
        typer.Option(metavar="BYTES", help="Memory limit for reading an image, such as 4GB. Default: half of the free memory."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing maps.")] = False,
) -> None:
    """Measure images against their source: coherence and completeness errors, copied blocks, NIQE, diversity."""
    import patchnn.metrics as metrics
    from patchnn.metrics.inception import find_weights

    # Check everything before any work.
    read = partial(read_image, max_memory=None if max_memory is None else parse_bytes(max_memory))
    original = read(source)
    sizes = [_fitting(path, read(path), patch) for path in [source, *outputs]][1:]
    maps = _map_paths(copy_map, outputs, force)
    if sifid or weights:
        weights = find_weights(weights)
    rows: list[dict[str, Any]] = []
    for path, place in zip(outputs, maps, strict=True):
        output = read(path)
        result = _score(original, output, (source, path), patch=patch, method="exact" if exact else "auto", weights=weights)
        row = {"file": str(path), **result.to_json()}
        if place:
            write_image(place, metrics.copy_map(output, result.copies), overwrite=force)
            row["map"] = str(place)
        rows.append(row)
    report: dict[str, Any] = {"source": str(source), "patch": patch, "outputs": rows}
    if len(rows) > 1:
        report |= {name: _summary(rows, how) for name, how in (("mean", mean), ("median", median))}
        report |= _diversity(original, map(read, outputs), sizes)
    write(json.dumps(report, indent=2) if as_json else "\n".join(map(escape, _lines(report))))
    for row in rows:
        for figure, reason in row["missing"].items():
            say(f"{row['file']}: no {figure}: {reason}")


def _fitting(path: Path, image: Image, patch: int) -> tuple[int, int]:
    """Return an image's height and width; raise InputError, naming the file, if no patch fits into it at half size."""
    height, width = image.shape[:2]
    if min(height, width) < 2 * patch:
        raise InputError(f"{path} is {width}×{height}: each side must be {2 * patch} pixels or more, for patches at half size")
    return height, width


def _map_paths(folder: str | None, outputs: list[Path], force: bool) -> list[Path | None]:
    """Return where to write each output's map."""
    check_not_empty("--map", folder)
    if folder is None:
        return [None] * len(outputs)
    if len(outputs) > 1 and not (folder.endswith("/") or Path(folder).is_dir()):
        raise InputError(f"--map is {folder}: the maps of several outputs need a folder, as in --map maps/")
    stems = [stem(path) for path in outputs]
    paths: list[Path | None] = []
    for number, name in enumerate(stems):
        # Outputs of one name, from several folders, get numbers.
        own = name if stems.count(name) == 1 else f"{name}-{number + 1}"
        path = output_paths(folder, f"{own}-copies", 1, force)[0]
        check_output(path, channels=3, overwrite=force)
        paths.append(path)
    return paths


def _score(source: Image, output: Image, files: tuple[Path, Path], *, patch: int, method: str, weights: Path | None) -> Score:
    import patchnn.metrics as metrics

    try:
        return metrics.score(output, source, patch=patch, method=method, sifid=weights is not None, weights=weights)
    except InputError as error:
        if error.about == "weights":
            raise
        raise InputError(f"{files[0] if error.about == 'source' else files[1]}: {error}", error.about) from None


def _summary(rows: list[dict[str, Any]], how: Any) -> dict[str, float | None]:
    """Return the mean or median of every measure over the outputs that have it."""
    values = {name: [row[name] for row in rows if row[name] is not None] for name in _COLUMNS}
    return {name: how(several) if several else None for name, several in values.items()}


def _diversity(source: Image, outputs: Iterable[Image], sizes: list[tuple[int, int]]) -> dict[str, Any]:
    import patchnn.metrics as metrics

    try:
        if len(set(sizes)) > 1:
            raise InputError("the outputs differ in size")
        return {"diversity": metrics.diversity(outputs, source)}
    except InputError as error:
        return {"diversity": None, "diversity_missing": str(error)}


def _lines(report: dict[str, Any]) -> list[str]:
    """Return the lines of the table, and below it the diversity and the maps."""
    rows = [(row["file"], row) for row in report["outputs"]]
    rows += [(name, report[name]) for name in ("mean", "median") if name in report]
    shown = [name for name in _COLUMNS if name != "sifid" or any(row[name] is not None for _, row in rows)]
    cells = [["", *(_COLUMNS[name][0] for name in shown)]]
    cells += [[name, *(_cell(row[figure], _COLUMNS[figure][1]) for figure in shown)] for name, row in rows]
    widths = [max(len(line[n]) for line in cells) for n in range(len(cells[0]))]
    lines = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in cells]
    if "diversity" in report:
        value = report["diversity"]
        lines.append(f"diversity: {report['diversity_missing'] if value is None else format(value, '.3f')}")
    return lines + [row["map"] for row in report["outputs"] if "map" in row]


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
