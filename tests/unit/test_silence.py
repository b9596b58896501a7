"""Which schools are silent: their own rhythm, other schools' days, breaks and cancelled days."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.checks.silence import (
    Break,
    Limits,
    SchoolDays,
    Silence,
    rhythm_of,
    silent_of_sums,
    silent_schools,
)
from assets.watchlists.release.holds import Unlike, silence_sentence, together

LIMITS = Limits()
#: A machine that is busy is no fault of a town.
unhurried = settings(deadline=None)
#: A Monday in the middle of a term, and the Sunday four weeks later.
FIRST, SUNDAY = date(2026, 9, 7), date(2026, 11, 1)
ONE = timedelta(days=1)


def school_days(first: date, last: date, free: Collection[date] = ()) -> list[date]:
    days = (first + n * ONE for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5 and day not in free]


def nightly(last: date, *, hours_late: bool = False, free: Collection[date] = ()) -> SchoolDays:
    """A school whose days come one by one, in the evening or in the small hours after."""
    days = school_days(FIRST, last, free)
    return SchoolDays(taught=set(days), arrivals=[(day + ONE * hours_late, day) for day in days])


def weekly(last: date, weekday: int, weeks_late: int = 0) -> SchoolDays:
    """A school that sends on a weekday what it has up to the day before, or the week before."""
    school = SchoolDays()
    for n in range(1, (last - FIRST).days + 1):
        sent_on = FIRST + n * ONE
        if sent_on.weekday() == weekday:
            until = sent_on - ONE if not weeks_late else sent_on - (weekday + 3) * ONE
            if days := school_days(FIRST, until):
                school.taught |= set(days)
                school.arrivals.append((sent_on, days[-1]))
    return school


def silent(schools: dict[str, SchoolDays], as_of: date) -> dict[str, Silence]:
    return {s.school_unit_code: s for s in silent_schools(schools, as_of, LIMITS)}


def town(as_of: date, **others: SchoolDays) -> dict[str, SchoolDays]:
    """Seven schools that send every night, beside others."""
    return {f"n{n}": nightly(as_of) for n in range(7)} | others


@pytest.mark.parametrize("hours_late", [False, True], ids=["evening", "small hours"])
@pytest.mark.parametrize("days", [1, 10])
def test_one_of_eight_schools_that_stops_is_silent_from_the_first_day(
    days: int, *, hours_late: bool
) -> None:
    last = date(2026, 10, 15)
    as_of = school_days(last, SUNDAY)[days]
    schools = {f"n{n}": nightly(as_of, hours_late=hours_late) for n in range(7)}
    schools["gone"] = nightly(last, hours_late=hours_late)
    found = silent(schools, as_of)
    assert set(found) == {"gone"}
    assert (found["gone"].missing, found["gone"].confirmed) == (days, days)


@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize("weeks_late", [0, 1], ids=["up to yesterday", "the week before"])
def test_a_weekly_sender_is_never_silent_while_it_sends(weekday: int, weeks_late: int) -> None:
    for n in range(28, 56):
        as_of = FIRST + n * ONE
        assert "w" not in silent(town(as_of, w=weekly(as_of, weekday, weeks_late)), as_of)


def test_a_weekly_sender_that_misses_its_wednesday_is_silent_then() -> None:
    last = date(2026, 10, 14)
    tuesday, wednesday = date(2026, 10, 20), date(2026, 10, 21)
    assert silent(town(tuesday, w=weekly(last, 2)), tuesday) == {}
    (found,) = silent(town(wednesday, w=weekly(last, 2)), wednesday).values()
    assert (found.school_unit_code, found.newest) == ("w", date(2026, 10, 13))


def test_schools_that_export_after_the_night_are_not_taken_for_silent() -> None:
    """Their newest day is always one behind that of schools that export before it."""
    as_of = date(2026, 10, 15)
    late = {f"l{n}": nightly(as_of - ONE, hours_late=True) for n in range(3)}
    assert silent(town(as_of, **late), as_of) == {}


@pytest.mark.parametrize("code", ["", "gone"], ids=["all schools", "the school"])
def test_days_of_a_break_are_not_missing(code: str) -> None:
    last, as_of = date(2026, 10, 23), SUNDAY
    schools = town(as_of, gone=nightly(last))
    assert set(silent(schools, as_of)) == {"gone"}
    schools["gone"].breaks = [Break(code, date(2026, 10, 24), as_of)]
    assert silent(schools, as_of) == {}
    schools["gone"].breaks = [Break(code, date(2026, 10, 24), date(2026, 10, 29))]
    assert silent(schools, as_of)["gone"].missing == 1


def test_days_whose_lessons_are_all_cancelled_are_not_missing() -> None:
    last, as_of = date(2026, 10, 14), date(2026, 10, 15)
    schools = town(as_of, gone=nightly(last))
    schools["gone"].cancelled = {as_of}
    assert silent(schools, as_of) == {}


def test_a_timetable_that_was_sent_before_says_that_there_should_be_school() -> None:
    saturday = date(2026, 10, 17)
    schools = town(saturday, gone=nightly(date(2026, 10, 16)))
    assert silent(schools, saturday) == {}
    schools["gone"].planned = {saturday}
    assert silent(schools, saturday) == {}, "no other school has it, and it is one day"
    for n in range(7):
        schools[f"n{n}"].taught.add(saturday)
    assert set(silent(schools, saturday)) == {"gone"}


def test_a_lone_school_is_judged_by_its_own_weekdays() -> None:
    last = date(2026, 10, 15)
    quiet = [silent({"a": nightly(last)}, last + n * ONE) for n in range(8)]
    # Friday, Monday and Tuesday are missing, not the weekend; two could be a holiday.
    assert [len(found) for found in quiet] == [0, 0, 0, 0, 0, 1, 1, 1]


def test_a_holiday_that_nobody_told_holds_nothing_but_a_break_does() -> None:
    last = date(2026, 10, 21)
    schools = {f"n{n}": nightly(last) for n in range(8)}
    assert silent(schools, last + 2 * ONE) == {}
    assert len(silent(schools, SUNDAY)) == 8
    assert all(found.confirmed == 0 for found in silent(schools, SUNDAY).values())


def test_one_school_with_lessons_on_a_saturday_holds_no_other() -> None:
    saturday = date(2026, 10, 17)
    schools = town(date(2026, 10, 16))
    schools["n0"].taught.add(saturday)
    schools["n0"].arrivals.append((saturday, saturday))
    assert silent(schools, saturday) == {}


def test_who_says_the_whole_month_again_every_night_is_nightly() -> None:
    days = school_days(FIRST, SUNDAY)
    assert rhythm_of(set(days), [(day, day) for day in days], LIMITS).is_nightly


def test_a_first_load_and_a_week_that_was_caught_up_do_not_hide_a_nightly_rhythm() -> None:
    days = school_days(FIRST, SUNDAY)
    arrivals = [(days[20], days[20]), *((day, day) for day in days[21:30])]
    arrivals += [(days[36], days[36]), *((day, day) for day in days[37:])]
    assert rhythm_of(set(days), arrivals, LIMITS).is_nightly


def test_who_sends_once_a_month_is_judged_as_if_it_sent_once_a_week() -> None:
    days = school_days(FIRST, SUNDAY)
    monthly = [(days[17], days[17]), (days[39], days[39])]
    assert rhythm_of(set(days), monthly, LIMITS).most_missing == 4


def test_a_month_in_one_file_is_no_week_though_little_of_it_is_in_the_four_weeks() -> None:
    """As in the samples: files of 1 October, 1 and 14 November, and an autumn break between."""
    days = school_days(date(2026, 8, 17), date(2026, 10, 23))
    days += school_days(date(2026, 11, 2), date(2026, 11, 13))
    arrivals = [
        (date(2026, 10, 1), date(2026, 9, 30)),
        (date(2026, 11, 1), date(2026, 10, 23)),
        (date(2026, 11, 14), date(2026, 11, 13)),
    ]
    assert rhythm_of(set(days), arrivals, LIMITS).most_missing == 4


SUMS_END = date(2026, 9, 30)


@pytest.mark.parametrize(
    ("as_of", "months"),
    [(date(2026, 11, 30), 0), (date(2026, 12, 1), 1), (date(2026, 12, 31), 2)],
)
def test_sums_of_a_month_are_due_a_month_after_its_end(as_of: date, months: int) -> None:
    found = [s.missing for s in silent_of_sums({"s": SUMS_END}, [], as_of, LIMITS)]
    assert found == ([months] if months else [])


def test_no_sums_are_due_of_july_nor_of_a_month_that_is_a_break() -> None:
    ends = {"s": date(2026, 6, 30)}
    assert list(silent_of_sums(ends, [], date(2026, 9, 30), LIMITS)) == []
    assert [s.missing for s in silent_of_sums(ends, [], date(2026, 10, 1), LIMITS)] == [1]
    closed = [Break("s", date(2026, 7, 1), date(2026, 9, 15))]
    assert list(silent_of_sums(ends, closed, date(2026, 10, 1), LIMITS)) == []


@st.composite
def towns(draw: st.DrawFn) -> tuple[dict[str, SchoolDays], date]:
    """A town of schools that send in any way, to different days, with breaks."""
    as_of = FIRST + draw(st.integers(25, 60)) * ONE
    schools = {}
    for n in range(draw(st.integers(1, 5))):
        last = as_of - draw(st.integers(0, 14)) * ONE
        free = set(draw(st.lists(st.sampled_from(school_days(FIRST, as_of)), max_size=5)))
        kind = draw(st.sampled_from(["evening", "night", "weekly"]))
        if kind == "weekly":
            school = weekly(last, draw(st.integers(0, 6)))
        else:
            school = nightly(last, hours_late=kind == "night", free=free)
        for day in draw(st.lists(st.sampled_from(school_days(FIRST, as_of)), max_size=2)):
            school.breaks.append(Break("", day, day + draw(st.integers(0, 9)) * ONE))
        schools[f"s{n}"] = school
    return schools, as_of


@unhurried
@given(towns())
def test_who_has_sent_the_last_day_or_has_a_break_to_its_end_is_never_silent(
    drawn: tuple[dict[str, SchoolDays], date],
) -> None:
    schools, as_of = drawn
    found = silent(schools, as_of)
    for code, school in schools.items():
        newest = max(school.taught)
        rest = list(_after(newest, as_of))
        if all(day.weekday() > 4 or school.is_free(day) for day in rest):
            assert code not in found
        if code in found:
            assert found[code].newest == newest
            assert 0 < found[code].missing <= len(rest)


@unhurried
@given(towns(), st.integers(0, 4))
def test_more_breaks_never_make_a_school_silent_and_more_days_of_its_own_never_do(
    drawn: tuple[dict[str, SchoolDays], date], which: int
) -> None:
    schools, as_of = drawn
    code = sorted(schools)[which % len(schools)]
    before = set(silent(schools, as_of))
    school = schools[code]
    newest = max(school.taught)
    school.breaks.append(Break(code, newest + ONE, as_of))
    assert code not in silent(schools, as_of)
    school.breaks.pop()
    assert set(silent(schools, as_of)) == before


@unhurried
@given(towns())
def test_nobody_waits_for_ever_without_a_word(drawn: tuple[dict[str, SchoolDays], date]) -> None:
    """After three weeks of school without a lesson every school is silent, whoever it is."""
    schools, as_of = drawn
    later = as_of + 28 * ONE
    for school in schools.values():
        school.breaks = []
    assert set(silent(schools, later)) == set(schools)


def _after(newest: date, as_of: date) -> Iterable[date]:
    return [newest + n * ONE for n in range(1, (as_of - newest).days + 1)]


@pytest.mark.parametrize(
    ("kind", "missing", "confirmed", "said"),
    [
        ("lessons", 1, 1, "fast andra skolor har skickat (1 skoldag saknas)."),
        ("lessons", 9, 0, "Om det är lov är inget fel, men då behöver lovet stå i en lov-fil."),
        ("sums", 1, 0, "Inga månadssummor har kommit efter 13 november 2026 (1 månad saknas)."),
    ],
)
def test_a_list_says_what_is_missing_and_whether_it_may_be_a_holiday(
    kind: str, missing: int, confirmed: int, said: str
) -> None:
    text = silence_sentence(kind, date(2026, 11, 13), missing, confirmed)
    assert "efter 13 november 2026" in text
    assert text.endswith(said)


def test_what_two_sources_hold_is_held_for_both_reasons() -> None:
    found = together({"a": Unlike(held=("x",))}, {"a": Unlike(("y",), ("z",)), "b": Unlike()})
    assert found == {"a": Unlike(("x", "y"), ("z",)), "b": Unlike()}
