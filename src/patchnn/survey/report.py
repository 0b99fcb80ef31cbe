"""The report of a survey: one self-contained HTML page, and the same as JSON."""

from __future__ import annotations

import html
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Any

from patchnn.evaluate.plots import COLOURS
from patchnn.evaluate.report import report_style, svg_source
from patchnn.evaluate.study import by_number
from patchnn.survey.analysis import Found, MethodResult
from patchnn.survey.design import Survey
from patchnn.survey.estimates import Estimate, Share
from patchnn.survey.plots import plot_shares
from patchnn.survey.published import Published
from patchnn.version import __version__

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """What a report is made of.

    found: by page. misses: attention checks that a rater may answer wrongly. notes: a sentence for every file with lines
    left out. published: figures of others. command: the words that make the report.
    """

    survey: Survey
    found: Mapping[str, Found]
    misses: int
    notes: Sequence[str]
    published: Sequence[Published]
    command: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """Return all figures as JSON values; shares are from 0 to 1."""
        pages = self.survey.pages
        return {
            "patchnn": __version__,
            "command": list(self.command),
            "survey": self.survey.id,
            "misses": self.misses,
            "notes": list(self.notes),
            "pages": {
                name: {"setup": pages[name].setup, "seconds": pages[name].seconds, **asdict(one)}
                for name, one in self.found.items()
            },
            "published": [asdict(one) for one in self.published],
        }

    def to_html(self) -> str:
        """Return the report as one page."""
        page = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
        counted = sum(one.raters for one in self.found.values())
        return page.substitute(
            title=f"Survey: {counted} rater{'' if counted == 1 else 's'}",
            style=report_style(),
            version=__version__,
            command=" ".join(f"<span>{_text(shlex.quote(word))}</span>" for word in self.command),
            notes=self._notes(),
            meaning=self._meaning(),
            overall=self._overall(),
            plot=self._plot(),
            rule=self._rule(),
            raters=self._raters(),
            published=self._published(),
            legend=self._legend(),
            images="".join(self._images(name, one) for name, one in self.found.items() if one.methods),
        )

    def _notes(self) -> str:
        lines = "".join(f"<li>{_text(note)}</li>" for note in self.notes)
        return f'<section class="bad"><b>Left out</b><ul>{lines}</ul></section>' if lines else ""

    def _meaning(self) -> str:
        setups = {self.survey.pages[name].setup for name in self.found}
        said = []
        if setups - {"competition"}:
            said.append("Confusion: how often raters took generated images for real ones. 50 % means that they could not tell.")
        if "competition" in setups:
            asked = f"fits “{_text(self.survey.instruction)}” better" if self.survey.instruction else "looks more real"
            said.append(f"Preferred: how often raters found that {_text(self.survey.methods[0])} {asked}. 50 % is a draw.")
        return " ".join(said)

    def _overall(self) -> str:
        rows = ""
        for name, one in self.found.items():
            for method, result in one.methods.items():
                value = result.overall
                p = f"{result.pooled.p:.2g}" if result.pooled else "–"
                ends = result.pooled or value
                parts = "".join(f"<small>{_PARTS[key]} {_percent(part)}</small>" for key, part in result.parts.items())
                figures = [f"{_percent(value)}{parts}", f"{_number(ends.low)} to {_number(ends.high)} %", p]
                rows += _row(self._key(method) + self._label(name, method), [*figures, str(value.raters), str(value.answers)])
        for other in self.published:
            error = "" if other.error is None else f" ± {other.error:g}"
            name = f"{_text(other.method)}, published<small>{_text(other.setup)}, {_limit(other.seconds)}</small>"
            rows += _row(name, [f"{other.percent:g}{error} %", "–", "–", "–", "–"])
        return _table(["share", "95 % interval", "p", "raters", "answers"], rows)

    def _label(self, page: str, method: str) -> str:
        setup = self.survey.pages[page].setup
        what = f"{self.survey.methods[0]} preferred to {method}" if setup == "competition" else f"confusion, {method}"
        return f"{_text(what)}<small>{_text(setup)}, {_limit(self.survey.pages[page].seconds)}</small>"

    def _plot(self) -> str:
        names = [name for name in self.found if self.found[name].methods]
        if not names:
            return "<p>No rater passed the attention checks.</p>"
        shares = {m: [_interval(self.found[name].methods.get(m)) for name in names] for m in self.survey.methods}
        return _image(plot_shares("share, %", names, shares), "Shares in all")

    def _rule(self) -> str:
        checks = {len(self.survey.pages[name].checks) for name in self.found}
        allowed = f"at most {self.misses} wrong" if self.misses else "none wrong"
        number = " or ".join(map(str, sorted(checks)))
        return f"Attention checks show an obvious fake. A rater who counts answered all of them ({number} on a page), {allowed}."

    def _raters(self) -> str:
        rows = ""
        for name, one in self.found.items():
            shares = [_percent(one.first), _percent(one.agreement)]
            counts = [one.raters, one.failed, one.unfinished, one.seen_again, one.too_long]
            rows += _row(_text(name), [*map(str, counts), *shares])
        heads = ["count", "failed the checks", "did not finish them", "answers after a reload", "seen too long"]
        return _table([*heads, "first chosen", "answered alike"], rows)

    def _published(self) -> str:
        sources = dict.fromkeys(_text(one.source) for one in self.published)
        lines = "".join(f"<li>{source}</li>" for source in sources)
        return f"<section><h2>Published figures</h2><p>They are from:</p><ul>{lines}</ul></section>" if lines else ""

    def _images(self, page: str, found: Found) -> str:
        names = sorted({image for result in found.methods.values() for image in result.images}, key=by_number)
        of = {method: found.methods[method].images if method in found.methods else {} for method in self.survey.methods}
        shares = {method: [_interval(images.get(name)) for name in names] for method, images in of.items()}
        rows = ""
        for name in names:
            cells = [result.images.get(name) for result in found.methods.values()]
            rows += _row(_text(name), [_whole(cell) for cell in cells])
        setup = self.survey.pages[page].setup
        preferred = f"{self.survey.methods[0]} preferred"
        what = {"paired": "taken for the real image", "unpaired": "called real"}.get(setup, preferred)
        plot = _image(plot_shares(f"{what}, %", names, shares), f"{page} by image")
        title = f"<h3>{_text(page)} <small>{_text(what)}</small></h3>"
        table = _table([_text(method) for method in found.methods], rows)
        return f'{title}{plot}<div class="wide images">{table}</div>'

    def _legend(self) -> str:
        return " ".join(f"<span>{self._key(method)}{_text(method)}</span>" for method in self.survey.methods)

    def _key(self, method: str) -> str:
        colour = COLOURS[self.survey.methods.index(method) % len(COLOURS)]
        return f'<span class="key" style="background:{colour}"></span>'


_PARTS = {"generated": "generated called real:", "real": "real called generated:"}


def _image(svg: str, alt: str) -> str:
    return f'<img src="{svg_source(svg)}" alt="{_text(alt)}">'


def _interval(found: MethodResult | Share | None) -> tuple[float, float, float] | None:
    if isinstance(found, MethodResult):
        ends = found.pooled or found.overall
        return found.overall.value, ends.low, ends.high
    return (found.value, found.low, found.high) if found else None


def _percent(found: Estimate | Share | None) -> str:
    if found is None:
        return "–"
    error = found.error if isinstance(found, Estimate) else None
    return f"{_number(found.value)}{'' if error is None else f' ± {_number(error)}'} %"


def _whole(found: Share | None) -> str:
    if found is None:
        return "–"
    return f"{_number(found.value)} %<small>{_number(found.low)} to {_number(found.high)}, {found.answers} raters</small>"


def _number(share: float) -> str:
    return f"{100 * share:.1f}"


def _limit(seconds: float | None) -> str:
    return "no limit" if seconds is None else f"{seconds:g} s"


def _row(name: str, cells: Sequence[str]) -> str:
    return f"<tr><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _table(heads: Sequence[str], rows: str) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f"<table><thead><tr><th></th>{head}</tr></thead>{rows}</table>"


def _text(text: str) -> str:
    return html.escape(text)
