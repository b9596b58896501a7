"""Which lessons count: the five steps of docs/rules-lessons.md, one pupil at a time.

Written from docs/rules-lessons.md alone. Minutes are sets of minutes, exports are compared whole,
nothing is remembered between files: slow and plain on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.slots import with_slot_dates

Export = tuple[Any, ...]


@dataclass(frozen=True)
class Word:
    """The newest word about a lesson; `is_owed` when one export's rows contradict each other."""

    row: LessonRow
    is_owed: bool = False

    @property
    def version(self) -> tuple[Any, ...]:
        return (self.row.exported_at, self.row.file_order)


def counting_lessons(
    rows: Iterable[LessonRow], roster: Sequence[RosterRow], params: dict[str, Any]
) -> list[LessonRow]:
    """The lessons that count, of every pupil; what is owed is a row that nobody reported.

    `roster` is the newest word about each record.
    """
    of_pupil: dict[str, list[LessonRow]] = defaultdict(list)
    records: dict[str, list[RosterRow]] = defaultdict(list)
    for row in with_slot_dates(rows):
        of_pupil[row.civic_no].append(row)
    for record in roster:
        records[record.civic_no].append(record)
    return [
        lesson
        for civic_no, told in of_pupil.items()
        for lesson in _of_one_pupil(told, records[civic_no], params)
    ]


def _of_one_pupil(
    told: Sequence[LessonRow], records: Sequence[RosterRow], params: dict[str, Any]
) -> list[LessonRow]:
    exports: dict[Export, list[LessonRow]] = defaultdict(list)
    for row in told:
        exports[row.school_unit_code, row.exported_at, row.file_order].append(row)
    words = _words(exports)
    of_day: dict[date, list[Word]] = defaultdict(list)
    for word in words:
        of_day[word.row.day].append(word)
    counting = [
        word.row
        for beside in of_day.values()
        for word in beside
        if not word.row.is_cancelled
        and not any(_stands_for(other, word, exports) for other in beside if other is not word)
    ]
    there = [row for row in counting if not _is_after_leaving(row, records)]
    days: dict[date, list[LessonRow]] = defaultdict(list)
    for row in there:
        days[row.day].append(row)
    return [row for day in days.values() for row in _attended_at_most_once(day, params)]


def _words(exports: dict[Export, list[LessonRow]]) -> list[Word]:
    """The newest sound word by key, and what is owed where there is none by that key."""
    newest: dict[tuple[Any, ...], LessonRow] = {}
    owed: dict[tuple[Any, ...], LessonRow] = {}
    for rows in exports.values():
        for lesson in _lessons_in(rows):
            one = _settled(lesson)
            place = owed if one.is_owed else newest
            for row in [one.row, *_cancelled_of_other_ids(lesson, one)]:
                key = _key(row)
                if key not in place or _version(row) > _version(place[key]):
                    place[key] = row
    sound = [Word(row) for row in newest.values()]
    return sound + [Word(row, is_owed=True) for key, row in owed.items() if key not in newest]


def _lessons_in(rows: Sequence[LessonRow]) -> list[list[LessonRow]]:
    """The rows of one export, those of one lesson together."""
    # Only rows of one id or one start can be of one lesson: towns are large.
    near: dict[Any, list[int]] = defaultdict(list)
    lesson_of = list(range(len(rows)))
    for n, row in enumerate(rows):
        for place in (row.start, row.lesson_id):
            for m in near[place] if place else ():
                if _are_one(row, rows[m]) and lesson_of[n] != lesson_of[m]:
                    gone, stays = lesson_of[n], lesson_of[m]
                    lesson_of = [stays if one == gone else one for one in lesson_of]
            near[place].append(n)
    lessons: dict[int, list[LessonRow]] = defaultdict(list)
    for row, number in zip(rows, lesson_of, strict=True):
        lessons[number].append(row)
    return list(lessons.values())


def _settled(lesson: Sequence[LessonRow]) -> Word:
    """The row that counts of one export's rows about a lesson, or what is owed."""
    held = [row for row in lesson if not row.is_cancelled]
    if not held:
        return Word(lesson[0])
    reported = [row for row in held if row.is_reported]
    if len({_minutes(row) for row in reported or held}) > 1:
        longest = max(held, key=lambda row: row.scheduled_minutes)
        return Word(replace(longest, is_reported=False), is_owed=True)
    return Word((reported or held)[0])


def _cancelled_of_other_ids(lesson: Sequence[LessonRow], one: Word) -> list[LessonRow]:
    if one.is_owed:
        return []
    return [row for row in lesson if row.is_cancelled and _key(row) != _key(one.row)]


def _are_one(one: LessonRow, other: LessonRow) -> bool:
    """The same id; or the same start and subject, whatever the ids."""
    if one.lesson_id and one.lesson_id == other.lesson_id:
        return True
    return _is_same_start(one, other)


def _is_same_start(one: LessonRow, other: LessonRow) -> bool:
    if one.school_unit_code != other.school_unit_code or one.start != other.start:
        return False
    if not one.subject and not other.subject and one.lesson_id and other.lesson_id:
        # Two ids and no subject: nothing says that it is one lesson.
        return one.lesson_id == other.lesson_id
    return one.subject.casefold() == other.subject.casefold()


def _key(row: LessonRow) -> tuple[Any, ...]:
    if row.lesson_id:
        return (row.lesson_id,)
    return (row.school_unit_code, row.start, row.subject.casefold())


def _version(row: LessonRow) -> tuple[Any, ...]:
    return (row.exported_at, row.file_order)


def _minutes(row: LessonRow) -> tuple[Any, ...]:
    told = (row.valid_minutes or 0, row.invalid_minutes or 0, row.other_minutes or 0)
    return (row.start, row.scheduled_minutes, *(told if row.is_reported else ()))


def _stands_for(other: Word, word: Word, exports: dict[Export, list[LessonRow]]) -> bool:
    """Whether `other` is a word about the same lesson, and the one that counts of the two."""
    a, b = word.row, other.row
    if a.lesson_id and a.lesson_id == b.lesson_id:
        is_one = True
    elif a.start == b.start:
        is_one = _is_same_start(a, b)
    else:
        is_one = not b.is_cancelled and _is_retimed(a, b, exports)
    if not is_one:
        return False
    if word.is_owed != other.is_owed:
        return word.is_owed
    return other.version > word.version


def _is_retimed(a: LessonRow, b: LessonRow, exports: dict[Export, list[LessonRow]]) -> bool:
    where_and_what = (a.school_unit_code, a.day, a.subject.casefold())
    if where_and_what != (b.school_unit_code, b.day, b.subject.casefold()):
        return False
    shorter = min(a.scheduled_minutes, b.scheduled_minutes)
    if 2 * len(_time(a) & _time(b)) < shorter:
        return False
    return not any(
        any(_is_lesson(row, a) for row in rows) and any(_is_lesson(row, b) for row in rows)
        for rows in exports.values()
    )


def _is_lesson(row: LessonRow, lesson: LessonRow) -> bool:
    if row.lesson_id and row.lesson_id == lesson.lesson_id:
        return True
    return (
        row.school_unit_code == lesson.school_unit_code
        and row.start == lesson.start
        and row.subject.casefold() == lesson.subject.casefold()
    )


def _time(row: LessonRow) -> set[int]:
    first = row.start.hour * 60 + row.start.minute
    return set(range(first, first + row.scheduled_minutes))


def _is_after_leaving(row: LessonRow, records: Sequence[RosterRow]) -> bool:
    there = [r for r in records if r.school_unit_code == row.school_unit_code]
    elsewhere = [r for r in records if r.school_unit_code != row.school_unit_code]
    return (
        any(r.ended_before(row.day) for r in there)
        and not any(r.is_valid_on(row.day) for r in there)
        and any(r.is_valid_on(row.day) for r in elsewhere)
    )


def _attended_at_most_once(day: Sequence[LessonRow], params: dict[str, Any]) -> list[LessonRow]:
    """A pupil can't be in two places: from the best known lesson of a day to the least."""
    if params["parallel"]["method"] == "count_all":
        return list(day)
    least = Fraction(params["parallel"]["least_cover_pct"], 100)
    counting: list[LessonRow] = []
    for row in sorted(day, key=_least_known_last):
        beside = counting
        if not row.is_reported:
            beside = [one for one in counting if _known(one) or not one.is_reported]
        taken = set().union(*map(_time, beside))
        if len(_time(row) & taken) < least * row.scheduled_minutes:
            counting.append(row)
    return counting


def _known(row: LessonRow) -> int:
    """Minutes of presence and other activity; 0 when nobody reported."""
    if not row.is_reported:
        return 0
    return row.scheduled_minutes - (row.valid_minutes or 0) - (row.invalid_minutes or 0)


def _least_known_last(row: LessonRow) -> tuple[Any, ...]:
    return (
        -_known(row),
        not row.is_reported,
        -row.scheduled_minutes,
        row.start,
        row.school_unit_code,
        row.subject.casefold(),
        row.lesson_id or "",
    )
