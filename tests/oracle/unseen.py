"""Pupils nobody sees: on a roster, without a lesson, while the class has lessons (`no_lessons`).

Written from docs/rules.md, "Pupils nobody sees".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.oracle.belonging import Place
from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.sums import SumRow
from tests.oracle.windows import school_year_start


@dataclass(frozen=True)
class Known:
    """What is known of one pupil; `place` is None where nothing says it."""

    place: Place | None
    record: RosterRow | None  # the roster record that says so; None where a lesson does
    lessons: Sequence[LessonRow]  # held ones
    sums: Sequence[SumRow]  # the newest of each period


def unseen_pupils(
    pupils: Mapping[str, Known], as_of: date, params: dict[str, Any]
) -> frozenset[str]:
    """Whom nobody sees at as_of. `pupils` has everybody, also protected pupils and leavers: their
    lessons are lessons of their class."""
    first = max(as_of - timedelta(days=params["unseen_days"] - 1), school_year_start(as_of, params))
    taught = [
        (known.place, row.day)
        for known in pupils.values()
        if known.place is not None
        for row in known.lessons
        if first <= row.day <= as_of and row.school_unit_code == known.place.school_unit_code
    ]
    found = set()
    for civic_no, known in pupils.items():
        if known.place is None or known.record is None or _is_seen(known, first, as_of):
            continue
        begins = max(first, known.record.start_date or first)
        days = {
            day for place, day in taught if day >= begins and _are_classmates(known.place, place)
        }
        if len(days) >= params["unseen_class_days"]:
            found.add(civic_no)
    return frozenset(found)


def _is_seen(known: Known, first: date, as_of: date) -> bool:
    if any(first <= row.day <= as_of for row in known.lessons):
        return True
    return any(row.scheduled and first <= row.last <= as_of for row in known.sums)


def _are_classmates(pupil: Place, other: Place) -> bool:
    """Whose class nobody gave has the whole school for a class."""
    return pupil.school_unit_code == other.school_unit_code and pupil.school_class in {
        "",
        other.school_class,
    }
