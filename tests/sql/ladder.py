"""Sums of one pupil in, verdicts out: the files of `sql/flags/` one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from assets.absence.windows import school_year_start, whole_windows, window_parts
from assets.flags.evaluate import rules_in_force
from assets.lake.connection import Lake
from rules.models import Rule, RuleSet
from rules.registry import rule_set_on
from tests.sql.given import ANNA, AS_OF, Row, given

STOCKHOLM = rule_set_on("stockholm", AS_OF)


@dataclass(frozen=True)
class Sums:
    """What a pupil's window part holds: S, R, A (half of it valid), days, and of R what is sums."""

    scheduled: int
    reported: int
    absent: int
    days: int
    summed: int | None = None

    def row(self, window_part: str) -> Row:
        return {
            "window_part": window_part,
            "scheduled_minutes": self.scheduled,
            "reported_minutes": self.reported,
            "valid_minutes": self.absent // 2,
            "invalid_minutes": self.absent - self.absent // 2,
            "days": self.days,
        } | ({} if self.summed is None else {"summed_minutes": self.summed})


def with_rule(name: str, **changes: Any) -> RuleSet:
    """Return the shipped rules with one of them changed."""
    changed: tuple[Rule, ...] = tuple(
        replace(rule, **changes) if rule.name == name else rule for rule in STOCKHOLM.rules
    )
    return replace(STOCKHOLM, rules=changed)


def verdicts(
    lake: Lake,
    rolling: Mapping[str, Sums],
    calendar: Mapping[str, Sums] | None = None,
    *,
    rule_set: RuleSet = STOCKHOLM,
    as_of: date = AS_OF,
    pupil: Row | None = None,
    summed: Sequence[Row] = (),
    is_unseen: bool = False,
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return Anna's verdicts by rule and basis.

    Args:
        lake: for temporary tables.
        rolling: sums by window part.
        calendar: the same for the calendar basis.
        rule_set: the rules.
        as_of: the last day that counts.
        summed: her months that are known as sums only.
        pupil: what `belonging` says of her, where it isn't the usual.
        is_unseen: whether she is one of whom there is no lesson.
    """
    parts = window_parts(as_of, rule_set.one_month_days, rule_set.two_months_days)
    lake.load("rules_in_force", rules_in_force(rule_set, tuple(whole_windows(parts))))
    given(lake, "belonging", {"pupil_key": ANNA} | dict(pupil or {}))
    given(lake, "unseen_pupils", *([{"pupil_key": ANNA}] if is_unseen else []))
    given(lake, "rolling_sums", *(sums.row(name) for name, sums in rolling.items()))
    given(lake, "absence_calendar", *(sums.row(name) for name, sums in (calendar or {}).items()))
    given(lake, "summed_months", *summed)
    lake.materialise(
        "flags/judgements",
        ("flags/rule_sums", "flags/comparisons"),
        as_of=as_of,
        school_year_start=school_year_start(as_of),
        full_day_minutes=rule_set.full_day_minutes,
        coverage_floor_bp=rule_set.coverage_floor_bp,
    )
    rows = lake.relation("flags/verdicts").iter_rows(named=True)
    return {(row["rule"], row["basis"]): row for row in rows}


def said(row: Mapping[str, Any]) -> str:
    """Return a verdict in the words of docs/rules.md: `hit, likely`, `clear`."""
    return f"{row['verdict']}, {row['certainty']}" if row["certainty"] else str(row["verdict"])
