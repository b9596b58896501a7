"""Coming lessons: what the lake knows, else what the weekday was in weeks with lessons."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from assets.flags.timetable import KnownDay, Lessons, coming_lessons

AS_OF = date(2026, 11, 15)  # a Sunday
LAST = date(2026, 11, 29)


def weeks(*ago: int, minutes: Lessons = (60, 60, 60)) -> dict[date, Lessons]:
    """The five school days of the weeks so many weeks back; 0 is the one that as_of ends."""
    mondays = [AS_OF - timedelta(days=6 + 7 * n) for n in ago]
    return {monday + timedelta(days=n): minutes for monday in mondays for n in range(5)}


def test_the_weekdays_of_the_last_four_weeks_go_on() -> None:
    found = coming_lessons(AS_OF, LAST, weeks(0, 1, 2, 3), {})
    assert found.weeks == 4
    assert found.known_until_date is None
    assert sorted(found.lessons) == [
        date(2026, 11, day) for day in (16, 17, 18, 19, 20, 23, 24, 25, 26, 27)
    ]
    assert set(found.lessons.values()) == {(60, 60, 60)}


def test_a_week_of_holiday_does_not_count_as_a_week_without_lessons() -> None:
    with_holiday = weeks(0, 2, 4, 5)
    assert coming_lessons(AS_OF, LAST, with_holiday, {}) == coming_lessons(
        AS_OF, LAST, weeks(0, 1, 2, 3), {}
    )


def test_weeks_of_two_months_ago_say_nothing() -> None:
    assert coming_lessons(AS_OF, LAST, weeks(8, 9), {}) == coming_lessons(AS_OF, LAST, {}, {})
    assert coming_lessons(AS_OF, LAST, {}, {}).lessons == {}


def test_only_the_four_latest_weeks_with_lessons_count() -> None:
    taught = weeks(4, 5, 6, minutes=(10,)) | weeks(0, 1, 2, 3)
    assert set(coming_lessons(AS_OF, LAST, taught, {}).lessons.values()) == {(60, 60, 60)}


def test_a_saturday_that_was_school_once_in_four_weeks_does_not_repeat() -> None:
    saturday = AS_OF - timedelta(days=1)
    found = coming_lessons(AS_OF, LAST, weeks(0, 1, 2, 3) | {saturday: (120,)}, {})
    assert not [day for day in found.lessons if day.weekday() == 5]


def test_a_single_short_day_does_not_change_the_weekday() -> None:
    monday = date(2026, 11, 9)
    found = coming_lessons(AS_OF, LAST, weeks(0, 1, 2, 3) | {monday: (60,)}, {})
    assert found.lessons[date(2026, 11, 16)] == (60, 60, 60)


def test_of_two_different_days_the_shorter_one_is_taken() -> None:
    taught = weeks(1) | weeks(0, minutes=(90, 90, 90))
    assert coming_lessons(AS_OF, LAST, taught, {}).lessons[date(2026, 11, 16)] == (60, 60, 60)


def test_a_day_that_the_lake_knows_is_taken_as_it_is() -> None:
    known = {date(2026, 11, 16): KnownDay((45, 150)), date(2026, 11, 17): KnownDay((), 60)}
    found = coming_lessons(AS_OF, LAST, weeks(0, 1, 2, 3), known)
    assert found.known_until_date == date(2026, 11, 17)
    assert found.lessons[date(2026, 11, 16)] == (45, 150)
    assert date(2026, 11, 17) not in found.lessons  # every lesson of the day is cancelled
    assert found.lessons[date(2026, 11, 18)] == (60, 60, 60)


@pytest.mark.parametrize(
    ("known", "expected", "is_known"),
    [
        # One moved lesson of a day is not the whole day.
        (KnownDay((45,)), (60, 60, 60), False),
        (KnownDay((60, 60), 59), (60, 60, 60), False),
        # The rest of it is known to be cancelled: 180 minutes in all, as usual.
        (KnownDay((60, 60), 60), (60, 60), True),
        (KnownDay((90, 90)), (90, 90), True),
        (KnownDay((), 40), None, True),
    ],
)
def test_a_day_of_which_a_part_is_known_goes_on_as_its_weekday(
    known: KnownDay, expected: Lessons | None, is_known: bool
) -> None:
    monday = date(2026, 11, 16)
    found = coming_lessons(AS_OF, LAST, weeks(0, 1, 2, 3), {monday: known})
    assert found.lessons.get(monday) == expected
    assert found.known_until_date == (monday if is_known else None)


def test_a_lesson_on_a_day_without_usual_ones_is_known() -> None:
    saturday = date(2026, 11, 21)
    found = coming_lessons(AS_OF, LAST, weeks(0, 1, 2, 3), {saturday: KnownDay((45,))})
    assert found.lessons[saturday] == (45,)
    assert found.known_until_date == saturday
