"""Nights on the command line: older and future days are refused, missed weeks are made up."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.simulator import SimulationPlan, simulate
from pipelines.settings import yesterday
from tests.integration.conftest import Said, trappan

CODE = "99990001"
#: The Sunday of a week that is frozen in its morning, and those of two weeks that are missed.
SUNDAY, MISSED = date(2026, 10, 4), [date(2026, 10, 11), date(2026, 10, 18)]
TUESDAY = date(2026, 10, 20)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after the night of a Sunday and the morning after it."""
    folder = tmp_path_factory.mktemp("nights")
    simulate(SimulationPlan(30, 1, date(2026, 9, 14), TUESDAY, 3, folder / "inbox", split="week"))
    home = folder / "home"
    said = night(home, SUNDAY)
    assert said.status == 0, said.err
    said = trappan("--home", home, "publish", "--week", "2026-W40")
    assert said.status == 0, said.err
    return home


def night(home: Path, as_of: date, *words: object) -> Said:
    inbox = home.parent / "inbox"
    return trappan("--home", home, "nightly", "--inbox", inbox, "--as-of", as_of, *words)


def manifest(home: Path, period: str) -> dict[str, object]:
    path = home / "lists" / period / CODE / "manifest.json"
    content: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        (SUNDAY - timedelta(days=1), "The current lists are of 2026-10-04, and 2026-10-03 is old"),
        (yesterday() + timedelta(days=2), "is still to come: today is"),
    ],
    ids=["older", "future"],
)
def test_lists_never_go_to_an_older_or_a_future_day(home: Path, as_of: date, words: str) -> None:
    before = manifest(home, "current")
    said = night(home, as_of)
    assert said.status == 1
    assert words in said.err
    assert "--force" in said.err
    assert manifest(home, "current") == before


def test_a_week_before_its_sundays_night_is_not_frozen(home: Path) -> None:
    said = trappan("--home", home, "publish", "--week", "2026-W41")
    assert said.status == 1
    assert "The lists of 2026-W41 wait: no night of its Sunday, 2026-10-11" in said.err
    assert not (home / "lists" / "2026-W41").exists()


def test_after_an_outage_the_missed_weeks_are_made_in_order_and_then_the_night(home: Path) -> None:
    said = night(home, TUESDAY)
    assert said.status == 0, said.err
    lines = [line for line in said.err.splitlines() if "were made up" in line]
    assert [line.split()[3] for line in lines] == ["2026-W41", "2026-W42"]
    assert [manifest(home, f"2026-W{n}")["as_of"] for n in (41, 42)] == [
        day.isoformat() for day in MISSED
    ]
    assert manifest(home, "current")["as_of"] == TUESDAY.isoformat()
    # Each is compared with the one before, so the order shows in the lake.
    with Lake.open(LakeSettings(home=home)) as lake:
        rows = lake.rows(
            "SELECT period FROM publications WHERE is_frozen ORDER BY published_at, as_of_date"
        )
    assert [period for (period,) in rows] == ["2026-W40", "2026-W41", "2026-W42"]
    # And once: the next night has nothing to make up.
    assert "were made up" not in night(home, TUESDAY).err


def test_who_means_it_goes_back(home: Path) -> None:
    said = night(home, SUNDAY, "--force")
    assert said.status == 0, said.err
    assert manifest(home, "current")["as_of"] == SUNDAY.isoformat()
    assert night(home, SUNDAY - timedelta(days=1)).status == 1
