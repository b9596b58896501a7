"""Whether a source's lesson ids are a timetable slot's, by the files that it sent.

A source is a school's lesson export. Its ids are slots when one file has an id of a pupil on
several dates, or when most ids of a file that others have too come back whole weeks away at the
same time of day, of at least three lessons. Then the date belongs to the key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from tests.oracle.model import LessonRow

LEAST_LESSONS = 3
#: Of a pupil and id: the starts that a file has.
Starts = dict[tuple[str, str], set[datetime]]


def with_slot_dates(rows: Iterable[LessonRow]) -> list[LessonRow]:
    """The rows, with the date in the ids of those sources whose ids are slots."""
    listed = list(rows)
    files: dict[str, dict[datetime, Starts]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(set))
    )
    for row in listed:
        if row.lesson_id:
            one = files[row.school_unit_code][row.exported_at]
            one[row.civic_no, row.lesson_id].add(row.start)
    slots = {school for school, sent in files.items() if _are_slots(list(sent.values()))}
    return [
        replace(row, lesson_id=f"{row.lesson_id} {row.start:%Y-%m-%d}")
        if row.lesson_id and row.school_unit_code in slots
        else row
        for row in listed
    ]


def _are_slots(files: list[Starts]) -> bool:
    if any(len({s.date() for s in starts}) > 1 for one in files for starts in one.values()):
        return True
    return any(_come_back(one, [other for other in files if other is not one]) for one in files)


def _come_back(one: Starts, others: list[Starts]) -> bool:
    known: set[str] = set()
    recurring: dict[str, set[datetime]] = defaultdict(set)
    for (civic_no, lesson_id), starts in one.items():
        elsewhere = {s for other in others for s in other.get((civic_no, lesson_id), ())}
        if elsewhere:
            known.add(lesson_id)
        for start in starts:
            if any(_weeks_away(start, other) for other in elsewhere):
                recurring[lesson_id].add(start)
    lessons = set().union(*recurring.values()) if recurring else set()
    most = 2 * len(recurring) > len(known)
    return most and min(len(recurring), len(lessons)) >= LEAST_LESSONS


def _weeks_away(one: datetime, other: datetime) -> bool:
    days = abs((one.date() - other.date()).days)
    return days > 0 and days % 7 == 0 and one.time() == other.time()
