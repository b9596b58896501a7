"""What a row says of lessons that do not count."""

from __future__ import annotations

from datetime import date
from typing import Any

from assets.watchlists.collect.uncounted import LessonsAfterEnd, after_end, lines
from assets.watchlists.model import UncountedLessons
from assets.watchlists.swedish import explanations
from tests.unit.watchlist_factory import pupil, watchlist


def set_aside(**other: Any) -> UncountedLessons:
    usual: dict[str, Any] = {
        "reason": "set_aside",
        "is_own_school": True,
        "is_beside_own_school": True,
        "subject": "SV",
        "beside_subject": "SVA",
        "attendance": "absent",
        "beside_attendance": "present",
        "lessons": 6,
        "first_date": date(2026, 10, 5),
        "last_date": date(2026, 11, 13),
    }
    return UncountedLessons(**(usual | other))


def test_a_row_says_in_which_lesson_the_pupil_was_while_marked_absent_in_another() -> None:
    (line,) = lines([set_aside()])
    assert line == (
        "Räknas inte: frånvarande i SV, närvarande i SVA samma tid"
        " (6 lektioner, 5 okt–13 nov 2026)."
    )


def test_a_lesson_at_another_school_is_not_named() -> None:
    (line,) = lines([set_aside(is_own_school=False, subject="", lessons=1)])
    assert line.startswith("Räknas inte: frånvarande i en lektion på en annan skola, närvarande i")
    (line,) = lines([set_aside(is_beside_own_school=False, beside_subject="")])
    assert "närvarande i en lektion på en annan skola samma tid" in line


def test_a_lesson_that_nobody_reported_is_not_called_absence() -> None:
    (line,) = lines([set_aside(attendance="unreported", lessons=1, first_date=date(2026, 11, 13))])
    assert line == (
        "Räknas inte: ingen rapport för SV, närvarande i SVA samma tid"
        " (1 lektion, 13 november 2026)."
    )


def test_a_lesson_that_was_told_in_two_ways_is_not_called_unreported() -> None:
    (line,) = lines([set_aside(attendance="contradicted", lessons=1)])
    assert line.startswith("Räknas inte: rapporterna om SV säger emot varandra, närvarande i SVA")


def test_lessons_after_the_last_day_say_so_on_the_row() -> None:
    alone = {"reason": "after_leaving", "beside_attendance": None, "beside_subject": ""}
    (line,) = lines([set_aside(**alone, is_own_school=False, subject="")])
    assert line == (
        "Räknas inte: en lektion på en annan skola efter slutdatum där"
        " (6 lektioner, 5 okt–13 nov 2026)."
    )


def test_many_kinds_of_lessons_are_counted_together_below_the_first() -> None:
    told = lines([set_aside(subject=f"Ä{n}", lessons=2) for n in range(6)])
    assert len(told) == 5
    assert told[-1] == "Räknas inte: 4 lektioner till."


def test_the_lines_stand_below_the_rules_on_the_list() -> None:
    row = pupil(uncounted=(set_aside(),))
    assert explanations.facts(watchlist(row), row)[-1].startswith("Räknas inte: frånvarande i SV")


def test_a_school_that_reports_pupils_who_have_left_is_reported() -> None:
    assert after_end(LessonsAfterEnd()) == ""
    assert after_end(LessonsAfterEnd(2, 75, date(2026, 11, 20))) == (
        "75 lektioner för 2 elever ligger efter elevens slutdatum på skolan (senast 20 november"
        " 2026) och räknas inte. Kontrollera slutdatum eller schema."
    )
