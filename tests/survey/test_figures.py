"""What comes out of answers is what the raters' behaviour puts in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from raters import METHODS, NAMES, Judge, answers, err, guess, know, prefer_first, small_survey

from patchnn.survey.analysis import analyse
from patchnn.survey.design import CHECK, Survey
from patchnn.survey.estimates import over_raters, share


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    return small_survey(tmp_path_factory.mktemp("survey"))


def near(value: float, wanted: float, error: float | None) -> bool:
    return abs(value - wanted) < 4 * (error or 1e-9)


@pytest.mark.parametrize("page", ["paired-1s", "unpaired-1s", "competition-1s"])
@pytest.mark.parametrize("judge", [guess, prefer_first])
def test_raters_who_guess_or_prefer_a_side_give_one_half(survey: Survey, page: str, judge: Judge) -> None:
    found = analyse(survey, answers(survey, page, judge))[page]
    assert found.raters == 200
    assert set(found.methods) == (set(METHODS) if "pair" in page else {"theirs"})
    for result in found.methods.values():
        assert near(result.overall.value, 0.5, result.overall.error)
        assert 0.01 < (result.overall.error or 0) < 0.05
        assert result.overall.high - result.overall.low == pytest.approx(3.95 * (result.overall.error or 0), rel=0.01)
    assert found.first is not None
    assert abs(found.first.value - (0.9 if judge is prefer_first else 0.5)) < 0.07


@pytest.mark.parametrize("wrong", [0.0, 0.3])
def test_raters_who_know_are_confused_as_often_as_they_err(survey: Survey, wrong: float) -> None:
    for page in ("paired-1s", "unpaired-1s"):
        found = analyse(survey, answers(survey, page, err(wrong)))[page]
        for result in found.methods.values():
            assert near(result.overall.value, wrong, result.overall.error or 1e-9)
            assert result.overall.low <= result.overall.value < result.overall.high, "no figure is certain"
            assert sorted(result.images) == sorted(NAMES)
            assert all(one.low <= wrong <= one.high or abs(one.value - wrong) < 0.2 for one in result.images.values())


def test_unpaired_confusion_is_the_mean_of_both_mistakes(survey: Survey) -> None:
    found = analyse(survey, answers(survey, "unpaired-1s", lambda methods, random: 0))["unpaired-1s"]
    result = found.methods["ours"]
    assert (result.overall.value, result.parts["generated"].value, result.parts["real"].value) == (0.5, 1, 0)


def test_a_competition_counts_who_won(survey: Survey) -> None:
    result = analyse(survey, answers(survey, "competition-1s", err(0.3)))["competition-1s"].methods["theirs"]
    assert result.pooled is not None
    assert near(result.overall.value, 0.7, result.overall.error)
    assert result.pooled.value == pytest.approx(result.overall.value)
    assert result.pooled.p < 1e-6
    assert result.pooled.answers == 200 * len(NAMES)
    assert {one.answers for one in result.images.values()} == {200}


def test_raters_who_fail_or_leave_are_left_out(survey: Survey) -> None:
    page = "paired-1s"
    good = answers(survey, page, know, raters=50)
    careless = answers(survey, page, guess, raters=20, seed=1, check=lambda methods, random: 1 - know(methods, random))
    checks = set(survey.pages[page].checks)
    left = [a for a in answers(survey, page, guess, raters=10, seed=2) if a.question not in checks]
    named = [replace(a, rater=f"{name}-{a.rater}") for name, own in (("c", careless), ("l", left)) for a in own]
    found = analyse(survey, [*good, *named])[page]
    assert (found.raters, found.failed, found.unfinished) == (50, 20, 10)
    assert {result.overall.value for result in found.methods.values()} == {0}
    allowed = analyse(survey, [*good, *named], misses=3)[page]
    assert (allowed.raters, allowed.failed, allowed.unfinished) == (80, 0, 0)
    assert all(result.overall.value > 0.02 for result in allowed.methods.values())


def test_one_wrong_check_is_enough(survey: Survey) -> None:
    wrong = iter([True] + [False] * 99)

    def once(methods: Sequence[str], random: np.random.Generator) -> int:
        return know(methods, random) ^ int(next(wrong))

    found = analyse(survey, answers(survey, "unpaired-1s", know, raters=5, check=once))["unpaired-1s"]
    assert (found.raters, found.failed) == (4, 1)


def test_repeats_show_agreement_and_count_nowhere_else(survey: Survey) -> None:
    page = "paired-1s"
    first = answers(survey, page, know, raters=40)
    of = {key for key, item in survey.pages[page].items.items() if item.kind != CHECK}
    again = [replace(a, repeat=True, choice=next(i for i in a.images if i != a.choice)) for a in first if a.question in of]
    without, found = analyse(survey, first)[page], analyse(survey, [*first, *again])[page]
    assert found.methods == without.methods
    assert found.agreement is not None
    assert found.agreement.value == 0
    assert without.agreement is None


def test_answers_after_a_longer_look_are_left_out(survey: Survey) -> None:
    page = "paired-1s"
    good = answers(survey, page, know, raters=30)
    again = [replace(a, rater=f"again-{a.rater}", looks=2) for a in answers(survey, page, guess, raters=5)]
    late = [replace(a, rater=f"late-{a.rater}", shown=1101) for a in answers(survey, page, guess, raters=5)]
    found = analyse(survey, [*good, *again, *late])[page]
    assert (found.raters, found.seen_again, found.too_long) == (40, 5 * len(NAMES), 5 * len(NAMES))
    assert {result.overall.value for result in found.methods.values()} == {0}


def test_without_a_limit_looks_do_not_count(tmp_path: Path) -> None:
    survey = small_survey(tmp_path, setups=["paired"], seconds=[None])
    found = analyse(survey, answers(survey, "paired-unlimited", know, raters=5, looks=3, shown=60_000))["paired-unlimited"]
    assert (found.seen_again, found.too_long) == (0, 0)
    assert found.methods["ours"].overall.answers > 0


def test_intervals_hold_what_they_promise() -> None:
    """Two hundred raters who differ, in many studies: the interval over raters holds the true mean."""
    random = np.random.default_rng(5)
    studies, raters, questions = 1500, 200, 16
    held = 0
    for _ in range(studies):
        confusion = random.beta(4, 6, raters)
        found = over_raters(random.binomial(questions, confusion) / questions, raters * questions)
        held += found.low <= 0.4 <= found.high
    assert 0.93 <= held / studies <= 0.97


@pytest.mark.parametrize("true", [0.5, 0.8, 0.95])
def test_wilson_intervals_hold_what_they_promise(true: float) -> None:
    random = np.random.default_rng(6)
    intervals = {chosen: share(chosen, 200) for chosen in range(201)}
    held = [intervals[int(n)].low <= true <= intervals[int(n)].high for n in random.binomial(200, true, 3000)]
    assert 0.93 <= np.mean(held) <= 0.97


def test_one_rater_and_unanimous_raters_still_have_an_interval() -> None:
    one, all_alike = over_raters([0.25], 16), over_raters([0.0] * 10, 160)
    assert (one.error, all_alike.error) == (None, 0)
    assert one.low < 0.25 < one.high
    assert (all_alike.low, all_alike.value) == (0, 0)
    assert 0.01 < all_alike.high < 0.05
