"""Which rows count, where a pupil belongs at as_of, who has left, who is protected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.slots import with_slot_dates
from tests.oracle.sums import SumRow


@dataclass(frozen=True)
class Place:
    """Where a pupil belongs: what decides who reads about the pupil, and the grade."""

    school_unit_code: str
    school_class: str
    grade: int | None
    mentor: str


def held_lessons(rows: Iterable[LessonRow]) -> list[LessonRow]:
    """One row per lesson of a pupil, as the newest export has it; no cancelled lessons.

    The newest export wins in whatever order files came. Cancelled lessons count nowhere: not as
    minutes, and not as a sign that the pupil is at the school either.
    """
    newest: dict[tuple[Any, ...], LessonRow] = {}
    for row in with_slot_dates(rows):
        key = lesson_key(row)
        kept = newest.get(key)
        if kept is None or _version(row) > _version(kept):
            newest[key] = row
    return [row for row in newest.values() if not row.is_cancelled]


def lesson_key(row: LessonRow) -> tuple[Any, ...]:
    """What makes two rows the same lesson of the same pupil."""
    if row.lesson_id:
        return (row.lesson_id, row.civic_no)
    return (row.school_unit_code, row.civic_no, row.start, row.subject)


def newest_roster(rows: Iterable[RosterRow]) -> list[RosterRow]:
    """One row per pupil, school and start date: the newest export wins."""
    newest: dict[tuple[Any, ...], RosterRow] = {}
    for row in rows:
        key = (row.civic_no, row.school_unit_code, row.start_date)
        kept = newest.get(key)
        if kept is None or row.exported_at > kept.exported_at:
            newest[key] = row
    return list(newest.values())


def protected_pupils(
    lessons: Iterable[LessonRow], roster: Iterable[RosterRow], sums: Iterable[SumRow] = ()
) -> set[str]:
    """Pupils marked in some source's newest word about them.

    A source is the lesson export of one school or the roster of one school. Every received row
    is asked, not only the kept ones: the question is what the source said last.
    """
    said: dict[tuple[str, ...], tuple[Any, bool]] = {}
    marks: list[tuple[tuple[str, ...], tuple[Any, ...], LessonRow | RosterRow | SumRow]]
    marks = [(("lessons", r.school_unit_code, r.civic_no), _version(r), r) for r in lessons]
    marks += [(("sums", r.school_unit_code, r.civic_no), (r.exported_at, 0), r) for r in sums]
    marks += [(("roster", r.school_unit_code, r.civic_no), (r.exported_at, 0), r) for r in roster]
    for source, version, row in marks:
        known = said.get(source)
        if known is None or version > known[0]:
            said[source] = (version, row.is_protected)
        elif version == known[0]:
            said[source] = (version, known[1] or row.is_protected)
    return {source[-1] for source, (_, is_protected) in said.items() if is_protected}


def place_of(
    lessons: Sequence[LessonRow], roster: Sequence[RosterRow], as_of: date
) -> Place | None:
    """Where one pupil belongs at as_of, or None when nothing says so.

    `lessons` are the pupil's held ones, `roster` the newest rows; later ones are left aside here.
    """
    seen = [row for row in lessons if row.day <= as_of]
    valid = [row for row in roster if row.is_valid_on(as_of)]
    latest = _latest(seen)
    if not valid:
        if latest is None:
            return None
        return Place(latest.school_unit_code, latest.school_class, latest.grade, latest.mentor)
    row = _deciding(valid, latest)
    at_school = _latest([r for r in seen if r.school_unit_code == row.school_unit_code])
    if at_school is None:
        return Place(row.school_unit_code, row.school_class, row.grade, row.mentor)
    return Place(
        row.school_unit_code,
        row.school_class or at_school.school_class,
        at_school.grade if row.grade is None else row.grade,
        row.mentor or at_school.mentor,
    )


def has_left(
    lessons: Sequence[LessonRow],
    roster: Sequence[RosterRow],
    place: Place,
    last_lesson_day: dict[str, date],
    *,
    as_of: date,
    params: dict[str, Any],
) -> bool:
    """Whether the pupil has left at as_of ("slutat").

    `last_lesson_day` is each school's last date with a lesson that was held, at most as_of.
    """
    seen = [row for row in lessons if row.day <= as_of]
    if _roster_has_ended(seen, roster, as_of):
        return True
    if not seen or any(row.is_valid_on(as_of) for row in roster):
        # Who is on a roster today has not left, however silent the lessons are.
        return False
    last = max(row.day for row in seen)
    school_goes_on = last_lesson_day.get(place.school_unit_code, date.min) > last
    return school_goes_on and (as_of - last).days >= params["left_after_days"]


def last_lesson_days(lessons: Iterable[LessonRow], as_of: date) -> dict[str, date]:
    """Each school's last date with a held lesson of anybody, at most as_of."""
    last: dict[str, date] = {}
    for row in lessons:
        if row.day <= as_of:
            last[row.school_unit_code] = max(row.day, last.get(row.school_unit_code, date.min))
    return last


def _roster_has_ended(seen: Sequence[LessonRow], roster: Sequence[RosterRow], as_of: date) -> bool:
    """Out of every roster, expected in none, and not seen at another school since.

    By a record without a day nobody was ever there, so nobody has left by it.
    """
    roster = [row for row in roster if row.has_a_day]
    ended = [row for row in roster if row.ended_before(as_of)]
    if not ended or any(row.is_valid_on(as_of) for row in roster):
        return False
    if any(row.start_date is not None and row.start_date > as_of for row in roster):
        return False
    old_schools = {row.school_unit_code for row in ended}
    return not any(
        all(record.ended_before(row.day) for record in ended)
        and row.school_unit_code not in old_schools
        for row in seen
    )


def deciding_record(
    roster: Sequence[RosterRow], lessons: Sequence[LessonRow], as_of: date
) -> RosterRow | None:
    """The record that says where a pupil is at as_of; None without a valid one."""
    valid = [row for row in roster if row.is_valid_on(as_of)]
    seen = [row for row in lessons if row.day <= as_of]
    return _deciding(valid, _latest(seen)) if valid else None


def _deciding(valid: Sequence[RosterRow], latest: LessonRow | None) -> RosterRow:
    """Of several valid roster rows: the latest start, then the latest lesson, then the code."""
    newest_start = max(row.start_date or date.min for row in valid)
    candidates = [row for row in valid if (row.start_date or date.min) == newest_start]
    for row in candidates:
        if latest is not None and row.school_unit_code == latest.school_unit_code:
            return row
    return min(candidates, key=lambda row: row.school_unit_code)


def _latest(rows: Sequence[LessonRow]) -> LessonRow | None:
    if not rows:
        return None
    start = max(row.start for row in rows)
    rows = [row for row in rows if row.start == start]
    newest = max(row.exported_at for row in rows)
    rows = [row for row in rows if row.exported_at == newest]
    school = min(row.school_unit_code for row in rows)
    # Nothing speaks for either subject; the last in the alphabet, as everywhere the last counts.
    return max((r for r in rows if r.school_unit_code == school), key=lambda row: row.subject)


def _version(row: LessonRow) -> tuple[Any, ...]:
    return (row.exported_at, row.file_order)
