"""The generated towns are possible, and they stand where the rules turn.

A random town almost never has a pupil at exactly 20 %; a comparison of two readings that only
ever sees ordinary pupils compares nothing. So the edges are counted here.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from tests.oracle.belonging import lesson_key
from tests.oracle.ladder import Row, flags
from tests.oracle.parameters import BASES, STOCKHOLM
from tests.oracle.schools import Town, town_of_bytes, towns
from tests.oracle.slots import with_slot_dates

RULES = list(STOCKHOLM["rules"])
TOWNS = 35


@pytest.fixture(scope="module")
def some_towns() -> list[Town]:
    """As many towns as an ordinary run compares, the same every time."""
    return [town_of_bytes(Random(n).randbytes) for n in range(TOWNS)]  # noqa: S311


@pytest.fixture(scope="module")
def some_flags(some_towns: list[Town]) -> list[Row]:
    return [
        row
        for town in some_towns
        for as_of in town.setting.as_ofs
        for row in flags(town.lessons, town.roster, as_of, sums=town.sums)
    ]


#: Rule, share and side -> rows.
Edges = Counter[tuple[str, str, int]]


@pytest.fixture(scope="module")
def edges(some_flags: list[Row]) -> Edges:
    """How many rows stand at an edge (0), one minute or day under it (-1), or over it (1)."""
    found: Edges = Counter()
    for row in some_flags:
        rule, name = STOCKHOLM["rules"][row["rule"]], row["rule"]
        s, r, a = (row[f"{kind}_minutes"] for kind in ("scheduled", "reported", "absent"))
        shares = {"rate": (a, r), "lower": (a, s), "upper": (a + s - r, s)}
        for beside in (-1, 0, 1):
            for share, (part, whole) in shares.items():
                # With every lesson reported the three are one and the same.
                if whole and (share == "rate" or s > r):
                    is_there = (part - beside) * 100 == rule["threshold_pct"] * whole
                    found[name, share, beside] += is_there
            found[name, "days", beside] += row["days"] - beside == rule["minimum_days"]
            found["all", "coverage", beside] += s > 0 and r - beside == 4 * (s - r)
    return found


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "verdict",
    [("hit", "certain"), ("hit", "likely"), ("insufficient", ""), ("clear", "")],
    ids=lambda verdict: "-".join(verdict).strip("-"),
)
def test_every_rule_says_everything_it_can_say(
    some_flags: list[Row], rule: str, basis: str, verdict: tuple[str, str]
) -> None:
    said = Counter(
        (row["verdict"], row["certainty"])
        for row in some_flags
        if (row["rule"], row["basis"]) == (rule, basis)
    )

    assert said[verdict] >= 10


@pytest.mark.parametrize("beside", [-1, 0, 1])
@pytest.mark.parametrize("rule", RULES)
def test_rates_stand_at_the_threshold_and_one_minute_beside_it(
    edges: Edges, rule: str, beside: int
) -> None:
    assert edges[rule, "rate", beside] >= 5


@pytest.mark.parametrize("share", ["lower", "upper"])
@pytest.mark.parametrize("rule", RULES)
def test_bounds_stand_at_the_threshold(edges: Edges, rule: str, share: str) -> None:
    assert edges[rule, share, 0] >= 1


@pytest.mark.parametrize("beside", [-1, 0, 1])
@pytest.mark.parametrize("rule", RULES)
def test_days_stand_at_the_minimum_and_one_beside_it(edges: Edges, rule: str, beside: int) -> None:
    assert edges[rule, "days", beside] >= 20


@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_coverage_stands_at_eighty_percent_and_one_minute_beside_it(
    edges: Edges, beside: int
) -> None:
    assert edges["all", "coverage", beside] >= 10


def test_some_pupils_are_left_out_and_some_belong_elsewhere_than_their_lessons(
    some_towns: list[Town],
) -> None:
    left_out = moved = 0
    for town in some_towns:
        everyone = {row.civic_no for row in town.lessons}
        schools = {(row.civic_no, row.school_unit_code) for row in town.lessons}
        shown = flags(town.lessons, town.roster, town.setting.anchor)
        left_out += len(everyone - {row["civic_no"] for row in shown})
        places = {(row["civic_no"], row["school_unit_code"]) for row in shown}
        moved += len(places - schools)

    assert left_out >= 50
    assert moved >= 10


def test_some_schools_give_sums_and_some_of_these_lessons_too(some_towns: list[Town]) -> None:
    with_sums = [town for town in some_towns if town.sums]
    both = [
        town
        for town in with_sums
        if {(x.civic_no, x.school_unit_code, x.day.replace(day=1)) for x in town.lessons}
        & {(x.civic_no, x.school_unit_code, x.first) for x in town.sums}
    ]

    assert len(with_sums) >= 8
    assert len(both) >= 4


def test_some_rosters_end_on_the_day_after_the_last_and_some_records_have_no_day(
    some_towns: list[Town],
) -> None:
    exclusive = [(town, row) for town in some_towns for row in town.roster if row.is_end_exclusive]
    on_an_as_of = [row for town, row in exclusive if row.end_date in town.setting.as_ofs]

    assert len({id(town) for town, _ in exclusive}) >= 10
    assert len(on_an_as_of) >= 5
    assert sum(not row.has_a_day for _, row in exclusive) >= 20


def test_corrections_change_answers(some_towns: list[Town]) -> None:
    """If the oldest exports gave the same flags, the order of versions would go untested."""
    changed = 0
    for town in some_towns:
        as_of = town.setting.anchor
        newest_first = [row for file in reversed(town.files) for row in file.lessons]
        oldest = {lesson_key(row): row for row in newest_first}.values()
        changed += flags(oldest, [], as_of) != flags(town.lessons, [], as_of)

    assert changed >= 10


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(towns())
def test_every_row_is_one_that_the_pipeline_accepts(town: Town) -> None:
    for row in town.lessons:
        parts = (row.present_minutes, row.valid_minutes, row.invalid_minutes, row.other_minutes)
        assert 1 <= row.scheduled_minutes <= 600
        assert all(part is None or part >= 0 for part in parts)
        assert sum(part or 0 for part in parts) <= row.scheduled_minutes
        assert row.is_reported <= (row.valid_minutes is not None)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(towns())
def test_a_file_names_a_lesson_once_and_no_two_files_of_a_school_are_of_one_time(
    town: Town,
) -> None:
    for file in town.files:
        named = {lesson_key(row) for row in with_slot_dates(file.lessons)}
        assert len(named) == len(file.lessons)
        spells = {(row.civic_no, row.start_date) for row in file.roster}
        assert len(spells) == len(file.roster)
    names = [(f.school.code, f.exported_at, bool(f.roster)) for f in town.files]
    assert len(set(names)) == len(names)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(towns())
def test_every_file_arrives_and_can_be_written(town: Town) -> None:
    assert {n for batch in town.arrivals for n in batch} == set(range(len(town.files)))
    with TemporaryDirectory() as folder:
        paths = {file.write(Path(folder)) for file in town.files}
        assert len(paths) == len(town.files)
