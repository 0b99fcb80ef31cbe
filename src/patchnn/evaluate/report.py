"""The report of a study: one self-contained HTML page, and the same as JSON."""

from __future__ import annotations

import base64
import html
import io
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from patchnn.engine.arrays import Image
from patchnn.evaluate.figures import FIGURES, Figure, summarize
from patchnn.evaluate.plots import COLOURS, EDGES, plot_distances, plot_figure
from patchnn.evaluate.study import REFERENCE, ImageReport, Study
from patchnn.evaluate.thumbnails import scale_to_fit, thumbnail
from patchnn.metrics import copied_blocks, copy_map
from patchnn.version import __version__

if TYPE_CHECKING:
    from PIL.Image import Image as Thumbnail

__all__ = ["as_html", "as_json", "report_style", "svg_source"]

SHOWN = 4
"""How many samples of an image the page shows."""

LONGEST = 240
"""The longest side of an image on the page, in pixels."""

PLOTTED = ("coherence", "completeness", "copy_share", "distance")


def as_json(study: Study, reports: Sequence[ImageReport], command: Sequence[str]) -> dict[str, Any]:
    """Return all figures as JSON values: of all images, by image, by output."""
    methods = [m for m in (*study.methods, REFERENCE) if any(report.outputs.get(m) for report in reports)]
    return {
        "patchnn": __version__,
        "command": ["patchnn", *command],
        "task": study.job.task,
        "samples": study.samples,
        "seed": study.job.seed,
        "all": {method: _summary(reports, method) for method in methods},
        "better": {method: _better(reports, study.job.task, method) for method in study.others},
        "distance_edges": [float(edge) for edge in EDGES],
        "distances": {method: _shares(reports, method) for method in methods},
        "images": [
            {
                "name": report.name,
                "file": report.file,
                "errors": report.errors,
                "methods": {
                    method: {**_summary([report], method), "outputs": [asdict(one) for one in report.outputs[method]]}
                    for method in methods
                    if report.outputs.get(method)
                },
            }
            for report in reports
        ],
    }


def as_html(study: Study, reports: Sequence[ImageReport], command: Sequence[str]) -> str:
    """Return the report as one HTML page."""
    found = as_json(study, reports, command)
    good = [report for report in reports if any(report.outputs.values())]
    figures = [figure for figure in FIGURES if any(figure.key in summary for summary in found["all"].values())]
    made = sum(len(report.outputs.get(study.job.task, [])) for report in reports)
    page = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
    return page.substitute(
        style=report_style(),
        title=f"{_text(study.job.task)}: {_count(len(good), 'image')}, {_count(made, 'sample')}",
        about=f"patchnn {__version__}. Times depend on the machine, and on what else it was doing.",
        command=" ".join(f"<span>{_text(shlex.quote(word))}</span>" for word in found["command"]),
        failures=_failures(reports),
        overall=_overall(study, found, figures),
        distances=_distances(study, found["distances"]),
        legend=_legend(study.methods),
        plots="".join(_plot(figure, good, study) for figure in figures if figure.key in PLOTTED),
        table=_table(good, study.methods, figures),
        images="".join(_image_section(report, study) for report in good),
        meanings="".join(f"<dt>{_text(figure.name)}</dt><dd>{_text(_meaning(figure))}</dd>" for figure in figures),
    )


def report_style() -> str:
    """Return the style sheet of reports."""
    return Path(__file__).with_name("report.css").read_text(encoding="utf-8")


def svg_source(text: str) -> str:
    """Return an SVG as the source of an image."""
    data = text.encode("utf-8", "replace")
    return f"data:image/svg+xml;base64,{base64.b64encode(data).decode()}"


def _summary(reports: Iterable[ImageReport], method: str) -> dict[str, dict[str, float]]:
    """Return median and mean of each figure over all outputs of a method, and of the diversity over the images."""
    reports = list(reports)
    outputs = [one for report in reports for one in report.outputs.get(method, [])]
    values = {figure.key: [one.figures.get(figure.key) for one in outputs] for figure in FIGURES}
    values["diversity"] = [report.diversity.get(method) for report in reports]
    return {key: summary for key, several in values.items() if (summary := summarize(several))}


def _better(reports: Sequence[ImageReport], task: str, method: str) -> dict[str, list[int]]:
    """Return, for each figure, on how many images the task's median beats a method's, and of how many."""
    found: dict[str, list[int]] = {}
    for figure in (figure for figure in FIGURES if figure.better):
        pairs = [[_summary([report], name).get(figure.key) for name in (task, method)] for report in reports]
        differences = [ours["median"] - theirs["median"] for ours, theirs in pairs if ours and theirs]
        if differences:
            sign = -1 if figure.better == "low" else 1
            found[figure.key] = [sum(sign * difference > 0 for difference in differences), len(differences)]
    return found


def _shares(reports: Iterable[ImageReport], method: str) -> list[float]:
    """Return the share of the patches in each bin, as the mean over the images."""
    counts = [np.sum([one.distances for one in several], axis=0) for p in reports if (several := p.outputs.get(method))]
    return [float(share) for share in np.mean([count / count.sum() for count in counts], axis=0)]


def _failures(reports: Sequence[ImageReport]) -> str:
    errors = dict.fromkeys(error for report in reports for error in report.errors)
    lines = "".join(f"<li>{_text(error)}</li>" for error in errors)
    return f'<section class="bad"><b>Errors</b><ul>{lines}</ul></section>' if lines else ""


def _overall(study: Study, found: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    rows = ""
    methods = list(found["all"])
    for method, summary in found["all"].items():
        rows += _row(_key(methods, method) + _text(method), [_cell(figure, summary) for figure in figures])
    for method, better in found["better"].items():
        counts = [" of ".join(map(str, better[figure.key])) if figure.key in better else "" for figure in figures]
        rows += _row(f"<small>better than {_text(method)} on … images</small>", [f"<td>{count}</td>" for count in counts])
    return _columns(figures, rows)


def _distances(study: Study, shares: Mapping[str, Sequence[float]]) -> str:
    if not shares:
        return ""
    plot = _image(svg_source(plot_distances(shares)), "Histogram of the distances", 'class="plot"')
    shown = _figure(f"reference: {Path(study.reference).name}", study.read(study.reference)) if study.reference else ""
    return f'<div class="strip">{plot}{shown}</div>'


def _table(reports: Sequence[ImageReport], methods: Sequence[str], figures: Sequence[Figure]) -> str:
    body = ""
    for report in reports:
        summaries = {method: _summary([report], method) for method in methods if report.outputs.get(method)}
        rows = ""
        for method, summary in summaries.items():
            of = f"<small>{_key(methods, method)}{_text(method)}</small>" if len(methods) > 1 else ""
            cells = [_cell(figure, summary, list(summaries.values())) for figure in figures]
            rows += _row(_text(report.name) + of, cells)
        body += f"<tbody>{rows}</tbody>" if len(methods) > 1 else rows
    return _columns(figures, body)


def _columns(figures: Sequence[Figure], rows: str) -> str:
    head = "".join(f"<th>{_text(figure.name)}</th>" for figure in figures)
    return f"<table><thead><tr><th></th>{head}</tr></thead>{rows}</table>"


def _row(name: str, cells: Sequence[str]) -> str:
    return f"<tr><th>{name}</th>{''.join(cells)}</tr>"


def _cell(
    figure: Figure, summary: Mapping[str, Mapping[str, float]], rivals: Sequence[Mapping[str, Mapping[str, float]]] = ()
) -> str:
    """Return a cell with median and mean of a figure, bold if its median is the best among rivals."""
    if figure.key not in summary:
        return "<td>–</td>"
    values = summary[figure.key]
    medians = [rival[figure.key]["median"] for rival in rivals if figure.key in rival]
    best = figure.better and len(medians) > 1 and values["median"] == (min if figure.better == "low" else max)(medians)
    strong = ' class="best"' if best else ""
    return f"<td{strong}>{figure.text(values['median'])}<small>{figure.text(values['mean'])}</small></td>"


def _plot(figure: Figure, reports: Sequence[ImageReport], study: Study) -> str:
    scale = 100 if figure.percent else 1

    def values(report: ImageReport, method: str) -> list[float]:
        found = (one.figures.get(figure.key) for one in report.outputs.get(method, []))
        return [scale * value for value in found if value is not None]

    by_method = {method: [values(report, method) for report in reports] for method in study.methods}
    title = f"{figure.name}, %" if figure.percent else figure.name
    svg = plot_figure(title, [report.name for report in reports], by_method)
    return _image(svg_source(svg), f"{figure.name} by image")


def _image_section(report: ImageReport, study: Study) -> str:
    """Return a section with the source, some samples, what the first of them copied, and an output of every other method."""
    source = study.read(report.file)
    shown: list[tuple[str, Image]] = [("source", source)]
    samples = [(f"seed {Path(one.file).stem}", one.file) for one in report.outputs.get(study.job.task, [])]
    shown += [(name, study.read(file)) for name, file in samples[:SHOWN]]
    if samples:
        name, first = shown[1]
        shown.append((f"{name}: copied blocks", copy_map(first, copied_blocks(first, source))))
    for method in study.others:
        shown += [(method, study.read(one.file)) for one in report.outputs.get(method, [])[:1]]
    figures = "".join(_figure(name, image) for name, image in shown)
    height, width = source.shape[:2]
    return f'<h3>{_text(report.name)} <small>{width} × {height}</small></h3><div class="strip">{figures}</div>'


def _figure(name: str, image: Image) -> str:
    small = thumbnail(image, scale_to_fit([image.shape[:2]], LONGEST))
    size = f'width="{small.width}" height="{small.height}"'
    return f"<figure>{_image(_jpeg(small), name, size)}<figcaption>{_text(name)}</figcaption></figure>"


def _image(source: str, alt: str, more: str = "") -> str:
    return f'<img src="{source}" alt="{_text(alt)}" {more}>'


def _jpeg(image: Thumbnail) -> str:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=82)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"


def _legend(methods: Sequence[str]) -> str:
    return " ".join(f"<span>{_key(methods, method)}{_text(method)}</span>" for method in methods) if len(methods) > 1 else ""


def _key(methods: Sequence[str], method: str) -> str:
    colour = COLOURS[list(methods).index(method) % len(COLOURS)]
    return f'<span class="key" style="background:{colour}"></span>'


def _meaning(figure: Figure) -> str:
    return figure.about + {"low": " Lower is better.", "high": " Higher is better.", None: ""}[figure.better]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _text(text: str) -> str:
    return html.escape(text)
