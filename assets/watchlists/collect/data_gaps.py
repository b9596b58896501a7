"""What the lake leaves open: days before its first lesson, events that nobody reported.

Not here: the sentences (`swedish/notice_texts.py`), where they stand (`notices.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from assets.flags.answers import Answer
from assets.flags.evaluate import place_pupils
from assets.lake.connection import Lake
from assets.watchlists.swedish import notice_texts
from rules.models import RuleSet


@dataclass(frozen=True)
class EventGaps:
    """What is open about the lessons of a school in its rolling two months."""

    lessons: int = 0  # on the calendar, without any attendance
    differing: int = 0  # pupils' lessons whose minutes don't add up to their length
    unexplained: int = 0  # of them taken as not reported

    def notices(self, days: int) -> tuple[str, ...]:
        """Return what a list says of it.

        Args:
            days: of the window.
        """
        return tuple(
            text.format(lessons=f"{count} {one if count == 1 else more}", days=days)
            for text, count, one, more in (
                (notice_texts.EVENTS_WITHOUT_REPORT, self.lessons, "lektion", "lektioner"),
                (
                    notice_texts.PRESENCE_UNEXPLAINED,
                    self.unexplained,
                    "elevlektion",
                    "elevlektioner",
                ),
                (notice_texts.MINUTES_DIFFER, self.differing, "elevlektion", "elevlektioner"),
            )
            if count
        )


def gaps_by_school(lake: Lake, first_date: date, as_of: date) -> dict[str, EventGaps]:
    """Return what is open, by school unit; a school without such is not in it.

    Args:
        lake: the lake, with the evaluation's temporary tables.
        first_date: first day of the window.
        as_of: its last day.
    """
    events = lake.relation("watchlists/event_gaps", first_date=first_date, as_of=as_of)
    minutes = lake.relation("watchlists/odd_minutes", first_date=first_date, as_of=as_of)
    lessons = dict(events.iter_rows())
    odd = {code: counts for code, *counts in minutes.iter_rows()}
    return {
        code: EventGaps(lessons.get(code, 0), *odd.get(code, (0, 0)))
        for code in lessons.keys() | odd.keys()
    }


# Lessons that nobody reported lately: the rektor's question "who has to report what". A teaching
# group is a class and a subject; the exports name no teacher.

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
