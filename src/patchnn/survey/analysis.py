"""What answers say: who is left out, confusion and preference of each method, in all and image by image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from patchnn.survey.answers import Answer
from patchnn.survey.design import QUESTION, REAL, Page, Survey
from patchnn.survey.estimates import Estimate, Share, over_raters, share

__all__ = ["Found", "MethodResult", "analyse"]

LATE = 0.1
"""Seconds beyond the limit after which the images were seen for too long, as in a window behind others."""


@dataclass
class MethodResult:
    """What raters said about a method.

    overall: its confusion, or in a competition the share that preferred the first method to it. pooled: the same over all
    answers, for a competition. parts: of unpaired questions, generated images called real, and real ones called generated.
    images: by image; in unpaired questions the share of raters that called the result real.
    """

    overall: Estimate
    pooled: Share | None = None
    parts: Mapping[str, Estimate] = field(default_factory=dict)
    images: Mapping[str, Share] = field(default_factory=dict)


@dataclass
class Found:
    """What the answers of a page say.

    raters: those that count. failed: raters left out for wrong attention checks. unfinished: raters left out because they
    did not come to all checks. seen_again, too_long: answers left out. first: the share that chose the first image, or
    called the image real. agreement: the share of repeated questions that were answered alike.
    """

    raters: int
    failed: int
    unfinished: int
    seen_again: int
    too_long: int
    methods: Mapping[str, MethodResult]
    first: Share | None = None
    agreement: Share | None = None


def analyse(survey: Survey, answers: Sequence[Answer], misses: int = 0) -> dict[str, Found]:
    """Return what the answers say, by page, for the pages that have any.

    misses: how many attention checks a rater may answer wrongly.
    """
    by_page: dict[str, list[Answer]] = {name: [] for name in survey.pages}
    for answer in answers:
        by_page[answer.page].append(answer)
    return {name: _page(survey, survey.pages[name], own, misses) for name, own in by_page.items() if own}


def _page(survey: Survey, page: Page, answers: Sequence[Answer], misses: int) -> Found:
    raters = {answer.rater for answer in answers}
    failed, unfinished = _left_out(survey, page, answers, misses)
    kept = raters - failed - unfinished
    counted = [a for a in answers if a.rater in kept and page.items[a.question].kind == QUESTION]
    timed = page.seconds is not None
    again = [a for a in counted if timed and a.looks > 1]
    late = [a for a in counted if page.seconds is not None and a.looks == 1 and a.shown > 1000 * (page.seconds + LATE)]
    dropped = {a.key for a in (*again, *late)}
    good = [a for a in counted if a.key not in dropped]
    once = [a for a in good if not a.repeat]
    judge = {"paired": _paired, "unpaired": _unpaired, "competition": _competition}[page.setup]
    chose_first = [a.choice == (REAL if page.setup == "unpaired" else a.images[0]) for a in once]
    said = {(a.rater, a.question): a.choice for a in once}
    alike = [a.choice == said[a.rater, a.question] for a in good if a.repeat and (a.rater, a.question) in said]
    return Found(
        len(kept), len(failed), len(unfinished), len(again), len(late), judge(survey, once), _share(chose_first), _share(alike)
    )


def _left_out(survey: Survey, page: Page, answers: Iterable[Answer], misses: int) -> tuple[set[str], set[str]]:
    """Return the raters with too many wrong checks, and those that did not answer enough of them."""
    right: dict[str, int] = defaultdict(int)
    wrong: dict[str, int] = defaultdict(int)
    raters = set()
    for answer in answers:
        raters.add(answer.rater)
        if answer.question in page.checks:
            fooled = answer.choice == REAL if page.setup == "unpaired" else survey.shown[answer.choice].method == "scrambled"
            (wrong if fooled else right)[answer.rater] += 1
    failed = {rater for rater in raters if wrong[rater] > misses}
    return failed, {rater for rater in raters - failed if right[rater] < len(page.checks) - misses}


def _paired(survey: Survey, answers: Sequence[Answer]) -> dict[str, MethodResult]:
    """Return the confusion of each method: how often its result was taken for the real image."""
    found = {}
    for method, own in _by_method(survey, answers).items():
        wrong = [(a, survey.shown[a.choice].method != REAL) for a in own]
        found[method] = MethodResult(_mean(wrong), images=_by_image(survey, wrong))
    return found


def _unpaired(survey: Survey, answers: Sequence[Answer]) -> dict[str, MethodResult]:
    """Return the confusion of each method: the mean of its results called real and of real images called generated."""
    by_method = _by_method(survey, answers)
    real = [(a, a.choice != REAL) for a in answers if survey.shown[a.images[0]].method == REAL]
    found = {}
    for method, own in by_method.items():
        wrong = [(a, a.choice == REAL) for a in own]
        ours, theirs = _shares(wrong), _shares(real)
        both = [(ours[rater] + theirs[rater]) / 2 for rater in ours if rater in theirs]
        parts = {"generated": _mean(wrong), **({"real": _mean(real)} if real else {})}
        overall = over_raters(both, len(wrong) + len(real)) if both else parts["generated"]
        found[method] = MethodResult(overall, parts=parts, images=_by_image(survey, wrong))
    return found


def _competition(survey: Survey, answers: Sequence[Answer]) -> dict[str, MethodResult]:
    """Return, for each method but the first, how often the first was preferred to it."""
    found = {}
    for method, own in _by_method(survey, answers, besides=survey.methods[0]).items():
        won = [(a, survey.shown[a.choice].method == survey.methods[0]) for a in own]
        found[method] = MethodResult(_mean(won), _share([yes for _, yes in won]), images=_by_image(survey, won))
    return found


def _by_method(survey: Survey, answers: Iterable[Answer], besides: str = REAL) -> dict[str, list[Answer]]:
    """Return the answers by the method that they are about, in the survey's order."""
    found: dict[str, list[Answer]] = {method: [] for method in survey.methods}
    for answer in answers:
        for method in {survey.shown[name].method for name in answer.images} - {besides}:
            found[method].append(answer)
    return {method: own for method, own in found.items() if own}


def _mean(said: Sequence[tuple[Answer, bool]]) -> Estimate:
    return over_raters(list(_shares(said).values()), len(said))


def _shares(said: Iterable[tuple[Answer, bool]]) -> dict[str, float]:
    """Return the share of True by rater."""
    by_rater: dict[str, list[bool]] = defaultdict(list)
    for answer, yes in said:
        by_rater[answer.rater].append(yes)
    return {rater: sum(own) / len(own) for rater, own in by_rater.items()}


def _by_image(survey: Survey, said: Iterable[tuple[Answer, bool]]) -> dict[str, Share]:
    by_image: dict[str, list[bool]] = defaultdict(list)
    for answer, yes in said:
        by_image[survey.shown[answer.images[0]].image].append(yes)
    return {image: share(sum(own), len(own)) for image, own in by_image.items()}


def _share(said: Sequence[bool]) -> Share | None:
    return share(sum(said), len(said)) if said else None
