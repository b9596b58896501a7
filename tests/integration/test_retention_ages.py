"""Periods against ages: whose last day is older than what stays goes, and nobody else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.readers.layout_files import shipped_layouts
from assets.lake.connection import Lake
from assets.upkeep.retention.decision import RetentionError
from assets.upkeep.retention.retain import day_of, plan, retain
from tests.conftest import settings_of
from tests.integration.aged_home import clearing, decided
from tests.integration.conftest import trappan
from tests.integration.erased_home import key_of, lessons, person
from tests.integration.ingest_files import BASIC, PUPILS, ROSTER, put, text_of

#: A Monday in each autumn; pupil n has the last lesson in autumn n, the one before a year earlier.
AUTUMNS = [date.fromisocalendar(year, 37, 1) for year in range(2020, 2027)]
LAST = dict(zip(PUPILS, AUTUMNS, strict=False))
DAY = date(2026, 11, 15)
#: Who has an open record of a roster, and whose record ended.
OPEN, ENDED = PUPILS[0], PUPILS[1]
#: Whose school was closed since: its name must not keep its last file.
CLOSED = PUPILS[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a pupil of each age; a file a school year, and a roster of the first."""
    folder = tmp_path_factory.mktemp("ages")
    files = []
    for autumn in AUTUMNS:
        numbers = [
            number for number, last in LAST.items() if autumn.year in {last.year, last.year - 1}
        ]
        rows = [
            row | ({"school": "99999902"} if number == CLOSED else {})
            for number in numbers
            for row in lessons([number], autumn, 1)
        ]
        name = f"lektionsfranvaro_{autumn.year}0916T0500.csv"
        files.append(put(folder / "in", name, text_of(rows, BASIC)))
    roster = [person(OPEN) | {"starts": "2019-08-17", "ends": ""}]
    roster += [person(ENDED) | {"starts": "2019-08-17", "ends": "2023-06-09"}]
    files.append(put(folder / "in", "elever_20230701T0500.csv", text_of(roster, ROSTER)))
    with Lake.open(settings_of(folder / "home")) as lake:
        ingest_paths(lake, files, layouts=shipped_layouts(), intake=Intake())
        refresh_sums(lake)
    return folder / "home"


def last_day(number: str) -> date:
    """The last day of a pupil, worked out by hand."""
    if number == OPEN:
        return date.max
    return max(LAST[number], date(2023, 6, 9)) if number == ENDED else LAST[number]


@pytest.mark.parametrize("identities", range(2, 8))
@pytest.mark.parametrize("lessons_years", [2, 3, 5])
def test_who_is_older_than_the_period_goes_and_nobody_else(
    home: Path, lessons_years: int, identities: int
) -> None:
    years = max(identities, lessons_years)
    decision = decided(
        lessons={"school_years": lessons_years},
        identities={"school_years": years},
        ledgers={"school_years": 7},
        originals={"school_years": years},
    )
    with Lake.open(settings_of(home)) as lake:
        clear = clearing(lake)
        found = plan(clear, decision, DAY)
        keys = {number: key_of(clear.sealer, number) for number in LAST}
    cut = date(2026 - years, 7, 1)
    assert {number for number, key in keys.items() if key in map(str, found.leaving.keys)} == {
        number for number in LAST if last_day(number) < cut
    }
    assert found.cuts["lessons"] == date(2026 - lessons_years, 7, 1)


@pytest.mark.parametrize("years", range(2, 8))
def test_rows_go_by_their_day_and_originals_with_the_last_that_needs_them(
    home: Path, years: int
) -> None:
    kinds = ("lessons", "identities", "originals", "ledgers")
    decision = decided(**{kind: {"school_years": years} for kind in kinds})
    cut = date(2026 - years, 7, 1)
    with Lake.open(settings_of(home)) as lake:
        found = plan(clearing(lake), decision, DAY)
        ((rows,),) = lake.rows("SELECT count(*) FROM lessons WHERE lesson_date < $cut", cut=cut)
        going = {
            sha256
            for sha256, last in lake.rows("SELECT file_sha256, period_last_date FROM files")
            if last and last < cut
        }
    assert rows == sum(
        day < cut
        for last in LAST.values()
        for day in AUTUMNS
        if day.year in {last.year, last.year - 1}
    )
    assert (found.counts["lessons"].get("rows", 0) >= rows) is True
    # The roster stays for as long as the open record is of it.
    assert set(found.originals) == going


def test_forever_lets_nothing_go(home: Path) -> None:
    kinds = ("lessons", "identities", "lists", "originals", "ledgers")
    decision = decided(**{kind: {"keep": "forever"} for kind in kinds})
    with Lake.open(settings_of(home)) as lake:
        assert plan(clearing(lake), decision, DAY).is_nothing


def test_before_the_first_night_nobody_knows_what_day_it_is(home: Path) -> None:
    with Lake.open(settings_of(home)) as lake:
        with pytest.raises(RetentionError, match="No night was made here yet"):
            day_of(lake)
        with pytest.raises(RetentionError, match="Nothing has been decided"):
            retain(clearing(lake), None, DAY)


def test_a_night_or_file_of_a_clock_that_is_years_ahead_moves_nothing_alone(home: Path) -> None:
    with Lake.open(settings_of(home)) as lake:
        for night, expected in ((date(2031, 1, 1), date(2026, 9, 16)), (AUTUMNS[0], AUTUMNS[0])):
            said = f"SELECT 'current' AS period, DATE '{night}' AS as_of_date"
            lake.show_instead("releases", said)
            assert day_of(lake) == expected


def test_without_a_decision_the_commands_say_so_and_change_nothing(home: Path) -> None:
    for words in ((), ("--plan",), ("--plan", "--format", "json")):
        said = trappan("--home", home, "retain", *words)
        assert (said.status, said.out) == (0, "")
        assert "data_samples/retention.yaml" in said.err
    assert "well   retention: Nothing has been decided" in trappan("--home", home, "doctor").out
    assert not (home / "retention").exists()
