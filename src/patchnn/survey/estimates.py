"""Shares and how certain they are, by SciPy's statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["LEVEL", "Estimate", "Share", "over_raters", "share"]

LEVEL = 0.95
"""How often an interval holds the true value."""


@dataclass(frozen=True)
class Share:
    """A share of independent answers, from 0 to 1, with its Wilson interval and the p-value of a binomial test against 1/2."""

    value: float
    low: float
    high: float
    p: float
    answers: int


@dataclass(frozen=True)
class Estimate:
    """A share as the mean over raters, with its standard error, None for a single rater, and its interval."""

    value: float
    error: float | None
    low: float
    high: float
    raters: int
    answers: int


def share(chosen: int, answers: int) -> Share:
    """Return the share of answers that chose something."""
    found = stats.binomtest(chosen, answers, 0.5)
    interval = found.proportion_ci(LEVEL, method="wilson")
    return Share(chosen / answers, float(interval.low), float(interval.high), float(found.pvalue), answers)


def over_raters(shares: Sequence[float], answers: int) -> Estimate:
    """Return the mean of the raters' shares. The answers of a rater depend on each other, so raters are what varies.

    Where all raters agree, or there is one, the interval is Wilson's for that many answers.
    """
    values = np.asarray(shares, np.float64)
    mean, error = float(values.mean()), float(stats.sem(values)) if len(values) > 1 else None
    if error:
        low, high = stats.t.interval(LEVEL, len(values) - 1, loc=mean, scale=error)
        interval = max(0.0, float(low)), min(1.0, float(high))
    else:
        pooled = share(round(mean * answers), answers)
        interval = pooled.low, pooled.high
    return Estimate(mean, error, *interval, len(values), answers)
