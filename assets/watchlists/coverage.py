"""Lessons that nobody reported lately: the rektor's question "who has to report what".

A teaching group is a class and a subject; the exports name no teacher. Not here: the list's own
table of the longer window (`content.py`).
"""

from __future__ import annotations

from datetime import date, timedelta

from assets.flags.answers import Answer
from assets.flags.evaluate import place_pupils
from assets.lake import Lake
from rules.models import RuleSet

#: Days up to as_of, as the column on the list says.
COVERAGE_DAYS = 14
COLUMNS = ("school_unit_code", "class", "subject", "lesson_date", "start_time", "pupil_lessons")


def first_covered_day(as_of: date) -> date:
    """Return the first of the latest days."""
    return as_of - timedelta(days=COVERAGE_DAYS - 1)


def coverage_answer(
    lake: Lake, as_of: date, rule_set: RuleSet, *, school: str | None = None
) -> Answer:
    """Return the unreported lessons of the latest days, a row per class, subject and start.

    Args:
        lake: the lake, with its sums up to date.
        as_of: the last day that counts.
        rule_set: for who belongs where; lessons that only protected pupils have are left out.
        school: only this school unit's lessons.
    """
    place_pupils(lake, as_of, rule_set)
    rows = lake.relation(
        "watchlists/unreported_lessons", first_date=first_covered_day(as_of), as_of=as_of
    )
    return Answer(
        COLUMNS,
        [
            {
                "school_unit_code": row["school_unit_code"],
                "class": row["class_name"],
                "subject": row["subject"],
                "lesson_date": f"{row['starts_at']:%Y-%m-%d}",
                "start_time": f"{row['starts_at']:%H:%M}",
                "pupil_lessons": str(row["pupil_lessons"]),
            }
            for row in rows.iter_rows(named=True)
            if school is None or row["school_unit_code"] == school
        ],
        protected_left_out=0,
    )
