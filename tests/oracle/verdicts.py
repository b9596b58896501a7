"""Sums → verdict. The order of the steps is the specification's, and so are the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracle.model import Sums

HIT, INSUFFICIENT, CLEAR = "hit", "insufficient", "clear"
CERTAIN, LIKELY = "certain", "likely"


@dataclass(frozen=True)
class Verdict:
    """What one rule says; `certainty` is "" unless it is a hit."""

    verdict: str
    certainty: str = ""


def judge(
    rule: dict[str, Any],
    total: Sums,
    halves: Sequence[Sums],
    params: dict[str, Any],
    *,
    only_sums: bool = False,
) -> Verdict:
    """The verdict, in the order of docs/rules.md, for one rule over one window.

    `only_sums`: of some of the window nothing but monthly sums is known. Lessons that reach the
    step reach it all the same; without them nobody can tell.
    """

    def holds(part: str, whole: str) -> bool:
        parts = halves if rule["method"] == "each" and halves else [total]
        return all(_reaches(rule, getattr(s, part), getattr(s, whole)) for s in parts)

    might_hold = holds("at_worst", "scheduled")
    if only_sums:
        is_hit = _has_enough_days(rule, total, halves) and holds("absent", "reported")
        return Verdict(HIT, LIKELY) if is_hit else Verdict(INSUFFICIENT)
    if total.reported == 0 or not _has_enough_days(rule, total, halves):
        return Verdict(INSUFFICIENT if might_hold else CLEAR)
    if holds("absent", "reported"):
        return Verdict(HIT, CERTAIN if holds("absent", "scheduled") else LIKELY)
    if might_hold and total.reported * 100 < params["minimum_coverage_pct"] * total.scheduled:
        return Verdict(INSUFFICIENT)
    return Verdict(CLEAR)


def judge_referral(
    own: Verdict, grade: int | None, grades: Sequence[int], ulf: Iterable[Verdict]
) -> Verdict:
    """sst_referral: its own comparison, and some ulf rule on some basis, and the grade."""
    ulf = list(ulf)
    facts = (own.verdict, _best(ulf), _grade_verdict(grade, grades))
    if CLEAR in facts:
        return Verdict(CLEAR)
    if INSUFFICIENT in facts:
        return Verdict(INSUFFICIENT)
    is_certain = own.certainty == CERTAIN and any(v.certainty == CERTAIN for v in ulf)
    return Verdict(HIT, CERTAIN if is_certain else LIKELY)


def _reaches(rule: dict[str, Any], part: int, whole: int) -> bool:
    """Whether part / whole is over (or at) the threshold; never when there is no whole."""
    if whole == 0:
        return False
    # Whole numbers on both sides: no division, so nothing is rounded before it is compared.
    measured, threshold = part * 100, Fraction(rule["threshold_pct"]) * whole
    return {">": measured > threshold, ">=": measured >= threshold}[rule["comparison"]]


def _has_enough_days(rule: dict[str, Any], total: Sums, halves: Sequence[Sums]) -> bool:
    return total.days >= rule["minimum_days"] and all(
        half.days >= rule["minimum_days_each_half"] for half in halves
    )


def _best(verdicts: Sequence[Verdict]) -> str:
    said = {v.verdict for v in verdicts}
    return next((v for v in (HIT, INSUFFICIENT) if v in said), CLEAR)


def _grade_verdict(grade: int | None, grades: Sequence[int]) -> str:
    """A grade that nobody gave may be one that the rule is for: that is not "clear"."""
    if grade is None:
        return INSUFFICIENT
    return HIT if grade in grades else CLEAR
