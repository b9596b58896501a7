"""Eight schools, one of which stops sending: told, named on its list, which waits."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.simulator import SimulationPlan, simulate
from tests.integration.conftest import Said, trappan
from tests.unit.page_reader import Page

FIRST, LAST = date(2026, 9, 14), date(2026, 10, 23)
GONE, WEEKLY, OTHER = "99990001", "99990002", "99990003"
#: The last day that the school sends; the night after is its first without a word.
LAST_SENT, ONE_DAY_LATER = date(2026, 10, 9), date(2026, 10, 12)
SUNDAY = date(2026, 10, 18)


@dataclass
class Town:
    """A town's folder of all files, its home, and what its nights said."""

    folder: Path
    said: dict[date, Said] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def night(self, day: date, *words: object) -> Said:
        """A night with the files that have come by then."""
        inbox = self.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        for path in (self.folder / "all").iterdir():
            if has_come(path.name, day):
                shutil.copy2(path, inbox)
        self.said[day] = trappan(
            "--home", self.home, "nightly", "--inbox", inbox, "--as-of", day, *words
        )
        return self.said[day]


def has_come(name: str, day: date) -> bool:
    if not name.startswith("lektionsfranvaro"):
        return True
    of_day = date.fromisoformat(name.split("_")[2])
    if of_day > day or (GONE in name and of_day > LAST_SENT):
        return False
    # Each Wednesday one school sends what it has; its files are its days, of one export.
    return WEEKLY not in name or of_day <= wednesday_before(day)


def wednesday_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - (day.weekday() - 2) % 7)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("town"))
    simulate(SimulationPlan(80, 8, FIRST, LAST, 11, town.folder / "all", split="day"))
    for path in list((town.folder / "all").glob(f"lektionsfranvaro_{WEEKLY}_*")):
        of_day = date.fromisoformat(path.name.split("_")[2])
        sent_on = of_day.toordinal() + (2 - of_day.weekday()) % 7
        stem = path.name.rpartition("_")[0]
        path.rename(path.with_name(f"{stem}_{date.fromordinal(sent_on):%Y%m%d}T2000.csv"))
    town.night(LAST_SENT)
    town.night(ONE_DAY_LATER)
    town.night(SUNDAY)
    return town


def page_text(town: Town, code: str, period: str = "current") -> str:
    (path,) = (town.home / "lists" / period / code).glob("*.html")
    (body,) = Page(path.read_text(encoding="utf-8")).all("body")
    return " ".join(body.text.split())


def as_of_shown(town: Town, code: str) -> str:
    path = town.home / "lists" / "current" / code / "manifest.json"
    return str(json.loads(path.read_text(encoding="utf-8"))["as_of"])


def test_while_everybody_sends_nobody_is_silent_and_the_status_is_0(town: Town) -> None:
    said = town.said[LAST_SENT]
    assert (said.status, "sent no lessons" in said.err) == (0, False), said.err


def test_after_one_day_the_school_is_named_and_the_night_ends_with_status_3(town: Town) -> None:
    said = town.said[ONE_DAY_LATER]
    assert said.status == 3
    assert (
        f"School unit {GONE} has sent no lessons after 2026-10-09: 1 school day is missing, and "
        "other schools have lessons of 1 of them. It is held"
    ) in said.err
    assert said.err.splitlines()[-1].startswith(f"School unit {GONE}")
    assert "School unit 9999000" in said.err
    assert said.err.count("has sent no lessons") == 1


def test_its_list_stands_with_the_reason_and_the_others_get_theirs(town: Town) -> None:
    assert as_of_shown(town, GONE) == LAST_SENT.isoformat()
    assert (
        "Listan är inte uppdaterad sedan 9 oktober 2026, för de nyaste uppgifterna ser inte ut som"
        " de brukar: Inga lektioner har kommit efter 9 oktober 2026, fast andra skolor har skickat"
        " (5 skoldagar saknas)."
    ) in page_text(town, GONE)
    for code in (WEEKLY, OTHER):
        assert as_of_shown(town, code) == SUNDAY.isoformat()
        assert "inte uppdaterad" not in page_text(town, code)


def test_it_is_in_the_lake_and_in_the_record_of_the_night(town: Town) -> None:
    with Lake.open(LakeSettings(home=town.home)) as lake:
        assert lake.rows("SELECT * EXCLUDE (newest_date) FROM school_silences ORDER BY ALL") == [
            (ONE_DAY_LATER, GONE, "lessons", 1, 1, True),
            (SUNDAY, GONE, "lessons", 5, 5, True),
        ]
        assert lake.rows(
            "SELECT as_of_date, lists_published, lists_held FROM releases ORDER BY ALL"
        ) == [(LAST_SENT, 8, 0), (ONE_DAY_LATER, 8, 1), (SUNDAY, 8, 1)]


def test_the_weekly_list_of_a_silent_school_is_not_frozen_until_somebody_says_so(
    town: Town,
) -> None:
    said = trappan("--home", town.home, "publish", "--week", "2026-W42")
    assert said.status == 3, said.err
    frozen = town.home / "lists" / "2026-W42"
    assert sorted(path.name for path in frozen.iterdir()) == [f"9999000{n}" for n in range(2, 9)]
    said = trappan(
        "--home",
        town.home,
        "publish",
        "--week",
        "2026-W42",
        "--school",
        GONE,
        "--even-if-held",
        "--reason",
        "studiedag",
    )
    assert said.status == 0, said.err
    assert "Its list is out all the same." in said.err
    assert "Inga lektioner har kommit efter 9 oktober" in page_text(town, GONE, "2026-W42")


@pytest.fixture
def copy(town: Town, tmp_path: Path) -> Town:
    shutil.copytree(town.folder, tmp_path / "town", symlinks=True)
    return Town(tmp_path / "town")


def a_break(town: Town) -> None:
    text = "Skolenhetskod;Första dag;Sista dag;Namn\r\nalla;2026-10-12;2026-10-16;Höstlov\r\n"
    path = town.folder / "inbox" / "lov_20261019T0400.csv"
    path.write_text(text, encoding="utf-8")


def its_data(town: Town) -> None:
    for path in (town.folder / "all").glob(f"lektionsfranvaro_{GONE}_2026-10-1[2-6]_*"):
        shutil.copy2(path, town.folder / "inbox")


@pytest.mark.parametrize("come", [a_break, its_data], ids=["a break of all", "its data"])
def test_the_list_goes_out_when_a_break_or_the_data_comes(
    copy: Town, come: Callable[[Town], None]
) -> None:
    come(copy)
    said = copy.night(SUNDAY)
    assert said.status == 0, said.err
    assert as_of_shown(copy, GONE) == SUNDAY.isoformat()
    assert "inte uppdaterad" not in page_text(copy, GONE)


def test_ten_days_without_a_word_are_reported_as_such(copy: Town) -> None:
    said = copy.night(LAST)
    assert said.status == 3
    assert "10 school days are missing, and other schools have lessons of 10 of them" in said.err
