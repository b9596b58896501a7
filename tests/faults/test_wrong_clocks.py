"""The clock of the machine is an hour, a day or a year off, for one night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import settings
from pipelines.schedules import day_before
from tests.faults.test_stopped_runs import State, state
from tests.integration.conftest import AS_OF, Said, trappan
from tests.integration.every_command import filled

DAY = date.fromisoformat(AS_OF)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a night that was made with the right clock."""
    place, _ = filled(tmp_path_factory.mktemp("clock"))
    said = night(place, 0)
    assert said.status in {0, 3}, said.err
    return place


def night(home: Path, days_off: int, *words: str) -> Said:
    """Make a night with a clock that is so many days off."""

    def wrong() -> date:
        return DAY + timedelta(days=days_off)

    with pytest.MonkeyPatch.context() as patch:
        for place in ("pipelines.cli.nights.yesterday", "pipelines.resources.yesterday"):
            patch.setattr(place, wrong)
        inbox = home.parent / "inbox"
        return trappan("--home", home, "nightly", "--inbox", inbox, *words)


def lists(home: Path) -> dict[str, bytes]:
    found = (home / "lists" / "current").glob("*/*.html")
    return {path.name: path.read_bytes() for path in found}


@pytest.mark.parametrize("days", [-1, -365])
def test_a_clock_that_went_back_makes_no_older_list(home: Path, days: int) -> None:
    before = state(home), lists(home)
    said = night(home, days)
    assert said.status == 1
    assert f"lists are of {AS_OF}" in said.err
    assert (state(home), lists(home)) == before


def flags_of(home: Path) -> State:
    return {name: rows for name, rows in state(home).items() if name != "files"}


@pytest.mark.parametrize("days", [1, 365])
def test_what_a_clock_ahead_made_is_put_right_by_a_night_that_is_meant(
    home: Path, days: int
) -> None:
    before = flags_of(home), set(lists(home))
    said = night(home, days)
    assert said.status in {0, 3}, said.err
    # With the right clock again, no list goes back unseen.
    refused = night(home, 0)
    assert refused.status == 1
    assert f"lists are of {(DAY + timedelta(days=days)).isoformat()}" in refused.err
    meant = night(home, 0, "--force", "--reason", "the clock was wrong")
    assert meant.status in {0, 3}, meant.err
    after = flags_of(home)
    day_of = [row for row in after["flags"] if DAY in row]
    assert day_of == [row for row in before[0]["flags"] if DAY in row]
    assert {table: rows for table, rows in after.items() if table != "flags"} == {
        table: rows for table, rows in before[0].items() if table != "flags"
    }
    assert set(lists(home)) == before[1]
    assert night(home, 0).status in {0, 3}


@pytest.mark.parametrize("hours", [-1, 0, 1])
@pytest.mark.parametrize(
    "night_of", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 16), date(2027, 1, 1)]
)
def test_an_hour_at_four_in_the_morning_changes_no_day(
    monkeypatch: pytest.MonkeyPatch, night_of: date, hours: int
) -> None:
    at = datetime(night_of.year, night_of.month, night_of.day, 4, tzinfo=settings.STOCKHOLM)
    wrong = at.astimezone(UTC) + timedelta(hours=hours)

    class WrongClock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return wrong.astimezone(tz)

    monkeypatch.setattr(settings, "datetime", WrongClock)
    assert settings.yesterday() == night_of - timedelta(days=1)
    # A schedule takes the day from the time that it was to run at, whatever the clock says.
    assert day_before(at) == night_of - timedelta(days=1)
