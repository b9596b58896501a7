"""What a list says of lessons that do not count: on each row, and once for the school.

A pupil can't be in two places: of lessons at the same time one counts, and who reads a row must be
able to see which, because the teacher of the other one marked the pupil absent. Not here: which
lessons count (`assets/absence/`), where the lines stand (`outline.py`, `notices.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from assets.flags.evaluate import Evaluation
from assets.lake.connection import Lake
from assets.watchlists.model import UncountedLessons
from assets.watchlists.swedish import notice_texts, texts
from assets.watchlists.swedish.safe_text import one_line

_LINES_SHOWN = 4  # on a row; `trappan explain` has them all


@dataclass(frozen=True)
class LessonsAfterEnd:
    """Lessons that a school reports of pupils after their last day there, per its roster."""

    pupils: int = 0
    lessons: int = 0
    last_date: date | None = None


def uncounted_by_pupil(
    lake: Lake, evaluation: Evaluation
) -> dict[str, tuple[UncountedLessons, ...]]:
    """Return the lessons of listed pupils that do not count, by pupil key, the most first.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
    """
    rows = lake.relation("watchlists/listed_uncounted", **days_behind(evaluation))
    found: dict[str, list[UncountedLessons]] = defaultdict(list)
    for key, *of_lessons in rows.iter_rows():
        found[key].append(UncountedLessons(*of_lessons))
    return {key: tuple(mine) for key, mine in found.items()}


def after_end_by_school(lake: Lake, evaluation: Evaluation) -> dict[str, LessonsAfterEnd]:
    """Return by school unit what it reports of pupils who have left it; only schools that do.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
    """
    rows = lake.relation("watchlists/lessons_after_end", **days_behind(evaluation))
    return {code: LessonsAfterEnd(*of_school) for code, *of_school in rows.iter_rows()}


def days_behind(evaluation: Evaluation) -> dict[str, date]:
    """Return the days that the lists rest on, as parameters of a SELECT."""
    first = min(window.window_start for window in evaluation.windows)
    return {"first_date": first, "as_of": evaluation.as_of}


def lines(uncounted: Sequence[UncountedLessons]) -> tuple[str, ...]:
    """Say which lessons of a row do not count and why, a sentence each, the most lessons first."""
    lines = [_line(one) for one in uncounted[:_LINES_SHOWN]]
    more = sum(one.lessons for one in uncounted[_LINES_SHOWN:])
    if more:
        lines.append(notice_texts.NOT_COUNTED_MORE.format(lessons=lessons(more)))
    return tuple(lines)


def lessons(count: int) -> str:
    """`1 lektion`, `12 lektioner`."""
    return f"{count} lektion" if count == 1 else f"{count} lektioner"


def after_end(found: LessonsAfterEnd) -> str:
    """Say that the school reports lessons of pupils who have left it; "" when it doesn't."""
    if found.last_date is None:
        return ""
    return notice_texts.NOTICE_AFTER_END.format(
        lessons=lessons(found.lessons),
        pupils=texts.pupils(found.pupils),
        last=texts.day(found.last_date),
    )


def _line(one: UncountedLessons) -> str:
    lesson = _lesson(one.subject, is_own_school=one.is_own_school)
    times = f"{lessons(one.lessons)}, {_span(one)}"
    if one.reason == "after_leaving":
        return notice_texts.NOT_COUNTED_AFTER_END.format(lesson=lesson, times=times)
    said = notice_texts.ATTENDANCE[one.attendance].format(lesson=lesson)
    if one.beside_attendance is not None:
        stands = _lesson(one.beside_subject, is_own_school=one.is_beside_own_school)
        beside = notice_texts.ATTENDANCE[one.beside_attendance].format(lesson=stands)
        said = notice_texts.AT_THE_SAME_TIME.format(said=said, beside=beside)
    return notice_texts.NOT_COUNTED.format(said=said, times=times)


def _lesson(subject: str, *, is_own_school: bool) -> str:
    if not is_own_school:
        return notice_texts.LESSON_AT_ANOTHER_SCHOOL
    return one_line(subject) or notice_texts.LESSON_WITHOUT_SUBJECT


def _span(one: UncountedLessons) -> str:
    if one.first_date == one.last_date:
        return texts.day(one.last_date)
    return texts.span(one.first_date, one.last_date)
