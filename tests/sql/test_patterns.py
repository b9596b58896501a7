"""Patterns of absence: what is named and what isn't, and the same as plain Python says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from math import comb
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.absence.windows import whole_windows, window_parts
from assets.flags.asked_pupils import ask_about
from assets.flags.evaluate import Evaluation, Places
from assets.flags.patterns import Pattern, patterns
from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from pipelines.cli.pupil.explain_text import pattern_lines
from rules.registry import rule_set_on
from tests.oracle import patterns as oracle
from tests.oracle.patterns import Lesson
from tests.sql.given import ANNA, AS_OF, NORTH, SOUTH
from tests.sql.given import given as stored

FIRST = date(2026, 9, 17)
YEAR = date(2026, 7, 1)
HOURS = (8, 9, 10, 12, 13)
#: The first day of the rolling month, a Saturday.
THE_MONTH = date(2026, 10, 17)
HABITS = ("never", "mondays", "first", "last", "subject", "spell", "often", "rising", "falling")
SUBJECTS = ("BI", "EN", "IDH", "MA", "SV")


def school_days(first: date = FIRST, last: date = AS_OF) -> list[date]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]


def usual() -> list[Lesson]:
    """Five lessons of an hour on every weekday, all of them attended."""
    return [
        Lesson(datetime.combine(day, time(hour)), subject, 60, 0)
        for day in school_days()
        for hour, subject in zip(HOURS, SUBJECTS, strict=True)
    ]


def away(lesson: Lesson) -> Lesson:
    return replace(lesson, absent=lesson.scheduled)


def found(
    lake: Lake, lessons: Sequence[Lesson], as_of: date = AS_OF, *, window: date | None = None
) -> Pattern | None:
    """What the product says of one pupil with these lessons.

    Args:
        lake: any lake.
        lessons: all of the pupil's.
        as_of: the last day that counts.
        window: the first day of the earliest window that was hit, if one was.
    """
    stored(lake, "lessons")
    rows = [
        {
            "pupil_key": str(ANNA),
            "lesson_date": x.day,
            "starts_at": x.start,
            "subject": x.subject,
            "school_unit_code": NORTH if x.is_own_school else SOUTH,
            "scheduled_minutes": x.scheduled,
            "valid_minutes": 0,
            "invalid_minutes": x.absent if x.is_reported else 0,
            "other_minutes": 0,
            "is_reported": x.is_reported,
            "is_cancelled": x.is_cancelled,
        }
        for x in lessons
    ]
    if rows:
        lake.load("made_up", pl.DataFrame(rows))
        lake.connection.execute(
            "INSERT INTO lessons BY NAME "
            "SELECT * REPLACE (cast(pupil_key AS UUID) AS pupil_key), "
            "TIMESTAMP '2026-11-14 05:00' AS exported_at, 1 AS file_id FROM made_up"
        )
    places = Places(*map(TemporaryTable, ("belonging", "pupil_schools", "summed_months")))
    stored(lake, "belonging", {"pupil_key": ANNA})
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE verdicts AS SELECT $key::UUID AS pupil_key, "
        "CASE WHEN $window IS NULL THEN 'clear' ELSE 'hit' END AS verdict, "
        "coalesce($window::DATE, $as_of::DATE - 29) AS window_start",
        {"key": str(ANNA), "window": window, "as_of": as_of},
    )
    rule_set = rule_set_on("stockholm", as_of)
    windows = tuple(whole_windows(window_parts(as_of, 30, 60)))
    judged = map(TemporaryTable, ("judgements", "verdicts"))
    asked = ask_about(lake, Evaluation(as_of, rule_set, windows, places, *judged), ANNA)
    return patterns(lake, asked).get(str(ANNA))


def named_in(pattern: Pattern) -> list[str]:
    """Everything that stands out."""
    weekdays = [x.name for x in pattern.weekdays if x.is_named]
    subjects = [x.name for x in pattern.subjects if x.is_named]
    return weekdays + subjects + [x.edge for x in pattern.edges if x.is_named]


def test_a_pupil_who_was_always_there_has_no_pattern(scratch: Lake) -> None:
    pattern = found(scratch, usual())
    assert pattern is not None
    assert (pattern.shape, pattern.longest_run, pattern.trend) == ("none", None, "level")
    assert not named_in(pattern)


def test_two_weeks_away_over_a_weekend_are_one_coherent_run(scratch: Lake) -> None:
    spell = school_days(date(2026, 10, 5), date(2026, 10, 16))
    pattern = found(scratch, [away(x) if x.day in spell else x for x in usual()])
    assert pattern is not None
    assert pattern.shape == "coherent"
    assert pattern.longest_run is not None
    assert (pattern.longest_run.first_date, pattern.longest_run.last_date) == (spell[0], spell[-1])
    assert pattern.longest_run.days == 10
    assert pattern.longest_run.absent_minutes == pattern.absent_minutes == 3000
    assert not named_in(pattern)


def test_a_day_that_nobody_reported_neither_breaks_a_run_nor_counts_in_it(scratch: Lake) -> None:
    spell = school_days(date(2026, 10, 5), date(2026, 10, 13))
    silent = spell[3]
    lessons = [
        replace(x, is_reported=False) if x.day == silent else away(x) if x.day in spell else x
        for x in usual()
    ]
    pattern = found(scratch, lessons)
    assert pattern is not None
    assert pattern.longest_run is not None
    assert pattern.longest_run.days == len(spell) - 1
    assert (pattern.longest_run.first_date, pattern.longest_run.last_date) == (spell[0], spell[-1])


def test_one_lesson_attended_makes_it_no_whole_day(scratch: Lake) -> None:
    spell = school_days(date(2026, 10, 5), date(2026, 10, 16))
    lessons = [away(x) if x.day in spell and x.start.hour != 10 else x for x in usual()]
    pattern = found(scratch, lessons)
    assert pattern is not None
    assert pattern.longest_run is None
    assert pattern.shape == "scattered"


def test_mondays_are_named_when_the_absence_lies_there(scratch: Lake) -> None:
    pattern = found(scratch, [away(x) if x.day.weekday() == 0 else x for x in usual()])
    assert pattern is not None
    assert [x.name for x in pattern.weekdays if x.is_named] == ["1"]
    assert pattern.shape == "scattered"


def test_what_chance_would_lay_on_mondays_is_counted_to_the_last_way(scratch: Lake) -> None:
    pattern = found(scratch, [away(x) if x.day.weekday() == 0 else x for x in usual()])
    assert pattern is not None
    monday = pattern.weekdays[0]
    assert (monday.days, monday.absent_days, monday.spells, monday.questions) == (8, 8, 8, 5)
    laid = monday.rearranged
    assert laid is not None
    assert (laid.days, laid.spells, laid.marked_days) == (42, (1,) * 8, 8)
    assert (laid.as_many, laid.ways) == (1, comb(42 - 8 + 1, 8))
    assert (
        "a lesson missed on 8 of 8 days, in 8 spells; of 23 535 820 ways to lay all spells "
        "(8 of 1 d) on the 42 school days 1 put at least 8 absent days there: 0.0 %, times 5 "
        "weekdays  <- stands out"
    ) in "\n".join(pattern_lines(pattern)).replace("\u00a0", " ")


@pytest.mark.parametrize(("mondays", "is_named"), [(3, False), (5, True)])
def test_a_weekday_is_named_from_days_enough(scratch: Lake, mondays: int, is_named: bool) -> None:
    some = [day for day in school_days() if day.weekday() == 0][:mondays]
    pattern = found(scratch, [away(x) if x.day in some else x for x in usual()])
    assert pattern is not None
    assert [x.name for x in pattern.weekdays if x.is_named] == ["1"] * is_named


def test_the_fridays_of_two_illnesses_name_no_friday(scratch: Lake) -> None:
    ill = school_days(date(2026, 9, 25), date(2026, 10, 2))
    ill += school_days(date(2026, 10, 23), date(2026, 10, 30))
    pattern = found(scratch, [away(x) if x.day in ill else x for x in usual()])
    assert pattern is not None
    assert [(x.absent_days, x.spells) for x in pattern.weekdays if x.name == "5"] == [(4, 2)]
    assert not [x.name for x in pattern.weekdays if x.is_named]


def test_an_illness_over_a_weekend_is_one_spell(scratch: Lake) -> None:
    fridays = [day for day in school_days() if day.weekday() == 4][1:8:2]
    ill = [day for friday in fridays for day in (friday, friday + timedelta(days=3))]
    pattern = found(scratch, [away(x) if x.day in ill else x for x in usual()])
    assert pattern is not None
    friday = pattern.weekdays[4]
    assert friday.rearranged is not None
    assert friday.rearranged.spells == (2, 2, 2, 2)


def test_who_comes_late_every_day_and_misses_mondays_has_mondays_named(scratch: Lake) -> None:
    lessons = [
        away(x) if x.day.weekday() == 0 else replace(x, absent=15) if x.start.hour == 8 else x
        for x in usual()
    ]
    pattern = found(scratch, lessons)
    assert pattern is not None
    assert [x.name for x in pattern.weekdays if x.is_named] == ["1"]


def test_the_first_lesson_is_named_when_the_others_are_attended(scratch: Lake) -> None:
    lessons = [away(x) if x.start.hour == 8 and x.day.day % 2 else x for x in usual()]
    pattern = found(scratch, lessons)
    assert pattern is not None
    assert [(x.edge, x.is_named) for x in pattern.edges] == [("first", True), ("last", False)]


def test_a_single_subject_is_named(scratch: Lake) -> None:
    lessons = [away(x) if x.subject == "IDH" and x.day.day % 2 else x for x in usual()]
    pattern = found(scratch, lessons)
    assert pattern is not None
    assert [x.name for x in pattern.subjects if x.is_named] == ["IDH"]


def test_where_a_missed_subject_could_have_lain_is_counted_and_told(scratch: Lake) -> None:
    some = school_days()[:12:2]
    lessons = [away(x) if x.subject == "IDH" and x.day in some else x for x in usual()]
    late = [replace(x, absent=20) if x.subject == "IDH" and not x.absent else x for x in lessons]
    pattern = found(scratch, late)
    assert pattern is not None
    assert [(x.edge, x.placed) for x in pattern.edges] == [("first", None), ("last", None)]
    subject = next(x for x in pattern.subjects if x.name == "IDH")
    assert (subject.alone_days, subject.questions, subject.is_named) == (6, 5, True)
    assert (
        "missed on 6 days with other lessons attended; of 15 625 ways to place it among the "
        "lessons of the 6 days missed in part (6 d with 1 of 5 lessons missed) 1 have it missed on "
        "at least 6: 0.0 %, times 5 subjects  <- stands out"
    ) in "\n".join(pattern_lines(pattern)).replace("\u00a0", " ")


def test_who_comes_late_to_a_subject_every_time_missed_none_of_it(scratch: Lake) -> None:
    pattern = found(scratch, [replace(x, absent=20) if x.subject == "MA" else x for x in usual()])
    assert pattern is not None
    subject = next(x for x in pattern.subjects if x.name == "MA")
    assert (subject.absent_days, subject.alone_days, subject.is_named) == (42, 0, False)


def test_a_subject_of_whole_days_away_is_not_named(scratch: Lake) -> None:
    some = [day for day in school_days() if day.weekday() in (0, 2)]
    lessons = [
        away(replace(x, subject="SLÖJD" if x.start.hour == 10 else x.subject))
        if x.day in some
        else x
        for x in usual()
    ]
    pattern = found(scratch, lessons)
    assert pattern is not None
    subject = next(x for x in pattern.subjects if x.name == "SLÖJD")
    assert (subject.absent_minutes, subject.alone_days) == (subject.reported_minutes, 0)
    assert subject.placed is not None
    assert (subject.placed.days, subject.is_named) == ((), False)


def test_a_subject_that_a_day_has_twice_is_missed_when_all_of_it_is(scratch: Lake) -> None:
    twice = [replace(x, subject="MA") if x.start.hour == 8 else x for x in usual()]
    for hours, days in (((8, 12), 42), ((8,), 0)):
        lessons = [away(x) if x.start.hour in hours else x for x in twice]
        pattern = found(scratch, lessons)
        assert pattern is not None
        subject = next(x for x in pattern.subjects if x.name == "MA")
        assert (subject.alone_days, subject.is_named) == (days, bool(days))


def test_the_order_of_rows_says_nothing(scratch: Lake) -> None:
    lessons = [away(x) if x.subject == "MA" and x.day.day % 3 else x for x in usual()]
    mixed = lessons.copy()
    Random(1).shuffle(mixed)  # noqa: S311
    assert found(scratch, mixed) == found(scratch, lessons)


def test_lessons_of_another_school_are_in_no_pattern(scratch: Lake) -> None:
    elsewhere = [
        replace(away(x), is_own_school=False, subject="SLÖJD", start=x.start + timedelta(minutes=5))
        for x in usual()
    ]
    assert found(scratch, [*usual(), *elsewhere]) == found(scratch, usual())


def test_a_week_without_lessons_has_no_share_and_not_the_share_0(scratch: Lake) -> None:
    holiday = school_days(date(2026, 10, 26), date(2026, 10, 30))
    pattern = found(scratch, [x for x in usual() if x.day not in holiday])
    assert pattern is not None
    assert [week.reported_minutes for week in pattern.weeks] == [1500] * 5 + [0] + [1500] * 2


def before_the_month(*later: date, earlier: Sequence[date] = ()) -> list[Lesson]:
    """Eight school weeks before a rolling month that was hit, which was missed every other day."""
    first = THE_MONTH - timedelta(days=8 * 7 + 5)
    month = school_days(THE_MONTH)[1::2]
    return [
        away(x) if x.day in (*later, *earlier, *month) else x
        for day in school_days(first)
        for x in [Lesson(datetime.combine(day, time(8)), "MA", 60, 0)]
    ]


def test_absence_that_rose_before_the_month_that_was_hit_is_rising(scratch: Lake) -> None:
    later = school_days(date(2026, 9, 21), date(2026, 10, 16))[::2]
    pattern = found(scratch, before_the_month(*later), window=THE_MONTH)
    assert pattern is not None
    assert pattern.trend == "rising"
    assert pattern.compared is not None
    assert (pattern.compared.weeks, pattern.compared.later.absent_days) == (4, len(later))
    assert pattern.compared.later.last_date < THE_MONTH


def test_absence_that_fell_before_the_month_that_was_hit_is_falling(scratch: Lake) -> None:
    earlier = school_days(date(2026, 8, 24), date(2026, 9, 18))[::2]
    pattern = found(scratch, before_the_month(earlier=earlier), window=THE_MONTH)
    assert pattern is not None
    assert pattern.trend == "falling"


def test_the_month_that_put_a_pupil_on_the_list_is_compared_with_nothing(scratch: Lake) -> None:
    pattern = found(scratch, before_the_month(), window=THE_MONTH)
    assert pattern is not None
    assert pattern.absent_days > 8
    assert pattern.trend == "level"
    assert pattern.compared is not None
    assert pattern.compared.later.absent_days == pattern.compared.earlier.absent_days == 0


def test_an_illness_that_goes_on_into_the_month_says_nothing_of_before(scratch: Lake) -> None:
    ill = school_days(date(2026, 10, 7), THE_MONTH + timedelta(days=4))
    pattern = found(scratch, before_the_month(*ill), window=THE_MONTH)
    assert pattern is not None
    assert pattern.compared is not None
    assert pattern.compared.later.absent_days == 0
    assert pattern.compared.later.last_date == date(2026, 10, 6)


def test_without_two_weeks_and_two_before_them_no_trend_is_told(scratch: Lake) -> None:
    lessons = [x for x in before_the_month() if x.day >= date(2026, 9, 28)]
    pattern = found(scratch, lessons, window=THE_MONTH)
    assert pattern is not None
    assert pattern.trend == "unknown"


@st.composite
def lives(draw: st.DrawFn) -> tuple[date, list[Lesson], date | None]:
    """A day, months of lessons before it, and the first day of the earliest window hit, if any."""
    as_of = draw(st.sampled_from((AS_OF, date(2026, 8, 20), date(2027, 1, 10), date(2027, 3, 3))))
    hours = draw(st.lists(st.sampled_from((8, 9, 10, 11, 13)), min_size=1, max_size=5))
    # Drawn numbers would crowd near 0, and every habit with them.
    chance = Random(draw(st.integers(0, 2**32)))  # noqa: S311
    habit = chance.choice(HABITS)
    starts = {window.window_start for window in whole_windows(window_parts(as_of, 30, 60))}
    window = chance.choice((*sorted(starts), None))
    spell = as_of - timedelta(days=draw(st.integers(0, 50)))
    length = timedelta(days=draw(st.integers(1, 25)))
    lessons = []
    noise = 0.005 if habit in ("rising", "falling") else 0.04
    turn = (as_of + timedelta(days=1) if window is None else window) - timedelta(days=28)
    for number in range(160, -1, -1):
        day = as_of - timedelta(days=number)
        if day.weekday() > 4 or chance.random() < 0.04:
            continue
        is_away_day = bool(day.toordinal() % 2) and chance.random() < 0.9
        slots = sorted(enumerate(hours), key=lambda slot: (slot[1], slot[0]))
        for n, (_, hour) in enumerate(slots):
            is_at_habit = {
                "never": False,
                "mondays": day.weekday() == 0,
                "first": n == 0,
                "last": n == len(slots) - 1,
                "subject": n % len(SUBJECTS) == 1,
                "spell": spell <= day < spell + length,
                "often": chance.random() < 0.3,
                "rising": is_away_day and day >= turn,
                "falling": is_away_day and day < turn,
            }[habit]
            is_in_spell = is_at_habit and habit == "spell"
            is_away = is_in_spell or chance.random() < (0.8 if is_at_habit else noise)
            scheduled = chance.choice((40, 60, 60))
            lessons.append(
                Lesson(
                    datetime.combine(day, time(hour)),
                    f"{SUBJECTS[(n + day.weekday()) % 5]}{n}" if n else chance.choice(("", "HK")),
                    scheduled,
                    chance.choice((scheduled, scheduled, scheduled // 2, 5))
                    if is_away and not is_in_spell
                    else scheduled * is_in_spell,
                    is_reported=chance.random() > 0.06,
                    is_cancelled=chance.random() < 0.03,
                    is_own_school=chance.random() > 0.03,
                )
            )
    return as_of, lessons, window


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(life=lives())
def test_patterns_are_what_plain_python_says(
    scratch: Lake, life: tuple[date, list[Lesson], date | None]
) -> None:
    as_of, lessons, window = life
    year = YEAR if as_of < date(2027, 7, 1) else date(2027, 7, 1)
    first = max(year, as_of - timedelta(days=59))
    inside, held = oracle.reported(lessons, first, as_of), oracle.held(lessons, first, as_of)
    pattern = found(scratch, lessons, as_of, window=window)
    if pattern is None:
        assert not inside
        return
    run = pattern.longest_run
    assert pattern.days == len(oracle.days_of(inside))
    assert pattern.absent_days == oracle.absent_days(inside)
    assert pattern.whole_days == len(oracle.whole_days(inside))
    assert pattern.shape == oracle.shape(inside)
    assert (run and (run.first_date, run.last_date, run.days)) == oracle.longest_run(inside)
    named = [int(x.name) for x in pattern.weekdays if x.is_named]
    assert named == oracle.named_weekdays(inside)
    assert [x.name for x in pattern.subjects if x.is_named] == oracle.named_subjects(inside)
    edges = {
        x.edge: (
            x.days, x.missed_days, x.alone_days, x.other_lessons, x.other_missed, x.is_named,
        )
        for x in pattern.edges
    }  # fmt: skip
    expected = {which: oracle.edge(held, which) for which in ("first", "last")}
    assert edges == {which: edge for which, edge in expected.items() if edge}
    before = window or as_of + timedelta(days=1)
    assert pattern.trend == oracle.trend(lessons, as_of, year, before)
    later, earlier = oracle.compared_weeks(lessons, as_of, year, before)
    compared = pattern.compared
    assert (compared and (compared.earlier.days, compared.later.days)) == (
        (len(earlier), len(later)) if later else None
    )
    weeks = [oracle.week(lessons, as_of, ago, year) for ago in range(7, -1, -1)]
    sums = [(sum(x.scheduled for x in week), sum(x.absent for x in week)) for week in weeks]
    shown = [(week.reported_minutes, week.absent_minutes) for week in pattern.weeks]
    assert shown == sums[len(sums) - len(shown) :]
    assert not any(map(any, sums[: len(sums) - len(shown)]))
