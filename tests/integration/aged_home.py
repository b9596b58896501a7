"""A home that was lived in for three years, with a pupil whose time is over; decisions for it.

In autumn 2026 the pupil stood in every place (`erased_home.py`); in autumn 2029 only the others are
there. The clock of the later night is given, because what comes from the future is not believed.
Not here: any expectation.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from assets.absence.sums import refresh_sums
from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.readers.layout_files import shipped_layouts
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.upkeep.erasure.erase import HomeToClear
from assets.upkeep.retention.decision import Decision
from assets.watchlists.release.releases import release_lists
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.erased_home import OTHERS, lessons, person
from tests.integration.ingest_files import BASIC, ROSTER, put, text_of

#: The later night, and the first day that stays by two school years before that one.
LATER, BEFORE = date(2029, 10, 7), date(2027, 7, 1)
#: Who has one lesson in the later autumn; the others have weeks of them.
ONE_LESSON = OTHERS[-1]
YEARS, DAYS = {"school_years": 2}, {"days": 400}
#: A period of each kind, by which all of autumn 2026 is over in autumn 2029.
PERIODS: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(("lessons", "identities", "lists", "originals", "ledgers"), YEARS),
    **dict.fromkeys(("portal", "deliveries", "pulled", "logs", "reports", "receipts"), DAYS),
}


def decided(**periods: Mapping[str, Any]) -> Decision:
    """Return a decision with some periods in place of the usual ones."""
    said = {**PERIODS, **periods}
    return Decision.model_validate(
        {
            "decided": {"by": "nämnden", "on": date(2029, 9, 1), "reference": "dnr 2029/1"},
            **{kind: {"because": "it was decided so"} | dict(said[kind]) for kind in said},
        }
    )


def clearing(lake: Lake) -> HomeToClear:
    """Return the home of a lake as one that something goes from."""
    home = lake.settings.home
    return HomeToClear(lake, shipped_layouts(), PortalDatabase(home), home / "inbox")


def take_later(home: Path, *files: Path, at: date = LATER) -> None:
    """Take files in on a later day, and make the lists of it."""
    noon = datetime(at.year, at.month, at.day, 12, tzinfo=UTC).timestamp()
    with Lake.open(settings_of(home)) as lake:
        ingest_paths(lake, files, layouts=shipped_layouts(), intake=Intake(now=lambda: noon))
        refresh_sums(lake)
        release_lists(lake, at, lambda day: rule_set_on("stockholm", day), even_if_held=True)


def later_files(home: Path, numbers: Iterable[str] = OTHERS) -> list[Path]:
    """Write a roster and lessons of the later autumn into the inbox."""
    inbox = home / "inbox"
    roster = [person(number) | {"starts": "2029-08-17"} for number in numbers]
    rows = lessons([one for one in numbers if one != ONE_LESSON], date(2029, 9, 3), 30)
    rows += lessons([ONE_LESSON], date(2029, 9, 4), 1)
    return [
        put(inbox, "elever_20291001T0500.csv", text_of(roster, ROSTER)),
        put(inbox, "lektionsfranvaro_20291007T0500.csv", text_of(rows, BASIC)),
    ]


def age(path: Path, day: date) -> None:
    """Give a file, or all below a folder, the time of a day."""
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    for one in (path, *path.rglob("*")):
        os.utime(one, (moment, moment), follow_symlinks=False)
