"""Small lists of made-up pupils for the tests of the workbook and the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from assets.watchlists.model import (
    ClearedPupil,
    Evidence,
    ListHistory,
    Mentor,
    PupilRow,
    RuleExplanation,
    Sums,
    UnreportedLessons,
    Watchlist,
)

Row = TypeVar("Row", PupilRow, ClearedPupil)
AS_OF = date(2026, 11, 15)
HANDBOOK = "Metodhandbok, sidan Frånvarotrappan"
OWN_CHOICE = "Eget val: ett prov."


def mentor(name: str) -> Mentor:
    """A mentor whose key has nothing of the name in it."""
    return Mentor(
        str(UUID(bytes=sha256(name.encode("utf-8", "surrogatepass")).digest()[:16])), name
    )


def _with_mentors(row: Row) -> Row:
    """The same row, whose one mentor is the one that it names, unless it has some."""
    return replace(row, mentors=(mentor(row.mentor),)) if row.mentor and not row.mentors else row


def _rule(name: str, level: int, comparison: str, pct: int, **other: Any) -> RuleExplanation:
    window = other.get("window", "one_month")
    return RuleExplanation(
        rule=name,
        level=level,
        comparison=comparison,
        threshold_pct=Decimal(pct),
        window=window,
        window_days=30 if window == "one_month" else 60,
        method=other.get("method", "pooled"),
        min_days=other["min_days"],
        min_days_each_half=other.get("halves", 0),
        grades=other.get("grades", tuple(range(10))),
        references=((f"{name}.threshold", HANDBOOK), (f"{name}.min_days", OWN_CHOICE)),
    )


RULES = (
    _rule("mentor_followup", 1, ">", 10, min_days=5),
    _rule("ulf_one_month", 2, ">=", 40, min_days=10),
    _rule("ulf_two_months", 2, ">=", 20, min_days=20, halves=5, window="two_months"),
    _rule("sst_referral", 3, ">=", 20, min_days=10, grades=tuple(range(4, 10))),
)
_LEVEL_RULES = {1: ("mentor_followup",), 2: ("mentor_followup", "ulf_two_months")}
_LEVEL_RULES[3] = (*_LEVEL_RULES[2], "sst_referral")


def sums(
    absent: int,
    *,
    of: int = 6000,
    scheduled: int | None = None,
    valid: int | None = None,
    days: int = 20,
) -> Sums:
    """Sums with `absent` of `of` reported minutes; all of it invalid unless `valid` is given."""
    valid = 0 if valid is None else valid
    return Sums(of if scheduled is None else scheduled, of, valid, absent - valid, days)


def evidence(rule: str, of_sums: Sums, **other: Any) -> Evidence:
    """A certain hit over the rolling window, or the calendar's, unless told otherwise."""
    explained = next(item for item in RULES if item.rule == rule)
    is_month = explained.window == "one_month"
    start, end = date(2026, 10, 17) if is_month else date(2026, 9, 17), AS_OF
    if other.get("basis") == "calendar":
        start, end = date(2026, 10, 1) if is_month else date(2026, 9, 1), date(2026, 10, 31)
    step = explained.threshold_pct * of_sums.reported_minutes / 100
    plain = Evidence(
        rule=rule,
        basis="rolling",
        verdict="hit",
        certainty="certain",
        window_start=start,
        window_end=end,
        sums=of_sums,
        margin_minutes=of_sums.absent_minutes - step,
    )
    return replace(plain, **other)


def history(state: str = "new", **other: Any) -> ListHistory:
    """On its first list, unless told otherwise."""
    return replace(ListHistory(state, "", 0, "2026-W46", 1, 1), **other)


def cleared(given: str = "Ture", family: str = "Lind", **other: Any) -> ClearedPupil:
    """A pupil of level 2 on the list before, whose absence is less now."""
    plain = ClearedPupil(
        given_name=given,
        family_name=family,
        birth_date=None,
        school_class="7B",
        grade=7,
        mentor="Maria Lindqvist",
        history=history(
            "cleared", reason="improved", previous_level=2, first_week="2026-W44", weeks_on_list=2
        ),
        one_month=sums(300),
    )
    return _with_mentors(replace(plain, **other))


def pupil(
    given: str = "Alva", family: str = "Andersson", *, level: int = 1, **other: Any
) -> PupilRow:
    """A pupil of `level` with `absent` of 6000 minutes, 15 % of them when nothing is given."""
    month = sums(other.pop("absent", 900))
    hits = tuple(evidence(rule, month) for rule in reversed(_LEVEL_RULES.get(level, ())))
    plain = PupilRow(
        given_name=given,
        family_name=family,
        birth_date=None,
        school_class="7B",
        grade=7,
        mentor="Maria Lindqvist",
        level=level,
        evidence=hits,
        one_month=month,
        two_months=month,
        calendar_month=month,
    )
    return _with_mentors(replace(plain, **other))


def unassessed(given: str = "Nils", family: str = "Ek", **other: Any) -> PupilRow:
    """A pupil of level 0 for whom half of the minutes were never reported."""
    half = sums(100, of=3000, scheduled=6000)
    doubt = evidence("mentor_followup", half, verdict="insufficient", certainty=None)
    kept: dict[str, Any] = {"evidence": (doubt,), "one_month": half, "two_months": half, "level": 0}
    return pupil(given, family, **(kept | other))


def unreported(school_class: str = "7B", subject: str = "Matematik") -> UnreportedLessons:
    """Three lessons of a class that nobody reported."""
    dates = ((date(2026, 11, 12), "08:20"), (date(2026, 11, 10), "10:00"))
    return UnreportedLessons(
        school_class, subject, 3, 72, 2, date(2026, 11, 3), date(2026, 11, 12), dates
    )


def watchlist(*pupils: PupilRow, **other: Any) -> Watchlist:
    """A week's list of Ekbackens skola with these pupils on it."""
    plain = Watchlist(
        school_unit_code="12345678",
        school_name="Ekbackens skola",
        district="Farsta",
        principal="Karin Holmström",
        iso_week="2026-W46",
        as_of=AS_OF,
        is_frozen=True,
        created_at=datetime(2026, 11, 16, 3, 12, tzinfo=UTC),
        rule_set="stockholm",
        rule_set_version="2f6c1a9b03de",
        rules=RULES,
        shared_parameters=(("coverage.floor", "80 %", OWN_CHOICE),),
        calendar_window=(date(2026, 10, 1), date(2026, 10, 31)),
        pupils_evaluated=312,
        protected_pupils=0,
        pupils=pupils,
    )
    return replace(plain, **other)


def full_list_of_weeks() -> Watchlist:
    """As `full_list`, by a rule set whose windows are four and eight whole weeks."""
    days = {"one_month": 28, "two_months": 56}
    rules = tuple(replace(rule, window_days=days[rule.window]) for rule in RULES)
    return replace(full_list(), rules=rules, one_month_days=28, two_months_days=56)


def full_list() -> Watchlist:
    """Every kind of content at once: three levels, two mentors, doubt, missing lessons."""
    return watchlist(
        pupil("Alva", "Andersson", level=3, mentor="Maria Lindqvist", absent=2700),
        pupil("Elias", "Öberg", level=2, mentor="Åke Ström", absent=1800),
        pupil("Maja", "Björk", level=1, mentor=""),
        insufficient=(unassessed("Nils", "Ek", mentor="Åke Ström"),),
        unreported=(unreported(),),
        protected_pupils=2,
        notices=("Klass 8C saknar rapporter.",),
    )
