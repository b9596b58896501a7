"""What must be true of any right answer, asked of the oracle itself.

The oracle has no oracle. These hold whatever the numbers in the rules are, so they catch a
reading that is consistent with every example and still wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.oracle.belonging import held_lessons
from tests.oracle.ladder import Row, flags, rates
from tests.oracle.model import LessonRow
from tests.oracle.parameters import STOCKHOLM
from tests.oracle.schools import SCHOOL_CODES, Town, towns

small_towns = settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
VERDICT = ("civic_no", "rule", "basis")


def hits(rows: list[Row], certainty: str | None = None) -> set[tuple[str, ...]]:
    return {
        tuple(row[name] for name in VERDICT)
        for row in rows
        if row["verdict"] == "hit" and certainty in (None, row["certainty"])
    }


def retold(town: Town, change: Callable[[LessonRow], LessonRow]) -> list[LessonRow]:
    """The town's true lessons, told by one export without rosters, with one thing changed."""
    return [change(row) for row in held_lessons(town.lessons)]


def attended(row: LessonRow) -> LessonRow:
    return replace(
        row,
        is_reported=True,
        present_minutes=row.scheduled_minutes,
        valid_minutes=0,
        invalid_minutes=0,
        other_minutes=0,
    )


def missed(row: LessonRow) -> LessonRow:
    return replace(attended(row), present_minutes=0, invalid_minutes=row.scheduled_minutes)


@small_towns
@given(towns(desks=12), st.integers(0, 99))
def test_the_order_in_which_rows_come_does_not_matter(town: Town, seed: int) -> None:
    lessons, roster = list(town.lessons), list(town.roster)
    Random(seed).shuffle(lessons)  # noqa: S311
    Random(seed).shuffle(roster)  # noqa: S311
    as_of = town.setting.anchor

    assert flags(lessons, roster, as_of) == flags(town.lessons, town.roster, as_of)
    for month in town.months:
        assert rates(lessons, month, roster) == rates(town.lessons, month, town.roster)


@small_towns
@given(towns(desks=12))
def test_rows_that_come_twice_count_once(town: Town) -> None:
    as_of = town.setting.anchor
    twice = flags(town.lessons * 2, town.roster * 2, as_of)

    assert twice == flags(town.lessons, town.roster, as_of)


@small_towns
@given(towns(desks=12))
def test_what_happens_after_as_of_changes_nothing(town: Town) -> None:
    as_of = town.setting.as_ofs[0]
    # A marking of protection holds from when it is known, whatever day its row is about.
    lessons = retold(town, lambda row: replace(row, is_protected=False))
    until_then = [row for row in lessons if row.day <= as_of]

    assert flags(until_then, [], as_of) == flags(lessons, [], as_of)


@small_towns
@given(towns(desks=12))
def test_which_school_a_lesson_was_at_changes_no_sums_and_no_verdict(town: Town) -> None:
    """The clock goes on: nobody starts over by changing schools."""
    as_of = town.setting.anchor
    half_way = as_of - timedelta(days=25)

    def elsewhere(row: LessonRow) -> LessonRow:
        home = SCHOOL_CODES[0] if row.day < half_way else SCHOOL_CODES[1]
        subject = row.subject + row.school_unit_code
        # Protection is per source, so an old school's last word would go with the pupil.
        return replace(row, school_unit_code=home, subject=subject, is_protected=False)

    def at_one(row: LessonRow) -> LessonRow:
        return replace(elsewhere(row), school_unit_code=SCHOOL_CODES[1])

    def without_place(rows: list[Row]) -> list[Row]:
        return [{k: v for k, v in row.items() if k != "school_unit_code"} for row in rows]

    # Pupils whose lessons ended long ago have left one school and not the other; leave them aside.
    recent = {row.civic_no for row in held_lessons(town.lessons) if half_way <= row.day <= as_of}
    moved = [r for r in flags(retold(town, elsewhere), [], as_of) if r["civic_no"] in recent]
    stayed = [r for r in flags(retold(town, at_one), [], as_of) if r["civic_no"] in recent]
    assert without_place(moved) == without_place(stayed)


@small_towns
@given(towns(desks=12))
def test_a_certain_hit_stays_a_hit_whatever_the_missing_reports_say(town: Town) -> None:
    """Where every lesson counts: a report of presence can set an absence at the same time aside."""
    params = STOCKHOLM | {"parallel": STOCKHOLM["parallel"] | {"method": "count_all"}}

    def filled(fill: Callable[[LessonRow], LessonRow]) -> list[LessonRow]:
        return retold(town, lambda row: row if row.is_reported else fill(row))

    for as_of in town.setting.as_ofs:
        certain = hits(flags(retold(town, lambda row: row), [], as_of, params), "certain")
        assert certain <= hits(flags(filled(attended), [], as_of, params))
        assert certain <= hits(flags(filled(missed), [], as_of, params))


@small_towns
@given(towns(desks=12))
def test_nothing_is_insufficient_when_all_is_reported_on_enough_days(town: Town) -> None:
    enough_days = {"mentor_followup": 5, "ulf_one_month": 10}
    for row in flags(town.lessons, town.roster, town.setting.anchor):
        is_known = row["scheduled_minutes"] == row["reported_minutes"]
        if is_known and row["days"] >= enough_days.get(row["rule"], 100):
            assert row["verdict"] != "insufficient"


@small_towns
@given(towns(desks=12))
def test_nothing_is_clear_or_hit_when_nobody_reported(town: Town) -> None:
    for row in flags(town.lessons, town.roster, town.setting.anchor):
        has_lessons_only = row["scheduled_minutes"] and not row["reported_minutes"]
        if has_lessons_only and row["rule"] != "sst_referral":
            assert row["verdict"] == "insufficient"


@small_towns
@given(towns(desks=12))
def test_more_absence_never_takes_a_hit_away(town: Town) -> None:
    def absent(row: LessonRow) -> LessonRow:
        return missed(row) if row.is_reported else row

    for as_of in town.setting.as_ofs:
        before = hits(flags(retold(town, lambda row: row), [], as_of))
        assert before <= hits(flags(retold(town, absent), [], as_of))


@small_towns
@given(towns(desks=12))
def test_the_level_is_that_of_the_highest_hit(town: Town) -> None:
    level_of = {"mentor_followup": 1, "ulf_one_month": 2, "ulf_two_months": 2, "sst_referral": 3}
    rows = flags(town.lessons, town.roster, town.setting.anchor)
    for row in rows:
        own = [r for r in rows if r["civic_no"] == row["civic_no"] and r["verdict"] == "hit"]
        assert row["level"] == max((level_of[r["rule"]] for r in own), default=0)
