"""A home that was lived in for three years, with a pupil whose time is over; decisions for it.

In autumn 2026 the pupil stood in every place (`erased_home.py`); in autumn 2029 only the others are
there. The clock of the later night is given, because what comes from the future is not believed.
Not here: any expectation.
"""

from __future__ import annotations

import json
import os
import shutil
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
from assets.lake.encryption import Sealer
from assets.upkeep.erasure.erase import HomeToClear
from assets.upkeep.erasure.search import Trace, Words, traces
from assets.upkeep.erasure.whom import Child
from assets.upkeep.retention.decision import Decision
from assets.watchlists.release.publish import CURRENT
from assets.watchlists.release.released import note_release
from assets.watchlists.release.releases import release_lists
from assets.watchlists.release.week_states import iso_week
from rules.models import RuleSet
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.erased_home import (
    FAMILY,
    GIVEN,
    NUMBER,
    OLD,
    OTHERS,
    lessons,
    offer,
    person,
    with_portal,
)
from tests.integration.ingest_files import BASIC, ROSTER, put, text_of

#: The later night, and the first day that stays by two school years before that one.
FIRST, LATER, BEFORE = date(2026, 10, 11), date(2029, 10, 7), date(2027, 7, 1)
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


def lived(folder: Path) -> Path:
    """Return a home that met the pupil in autumn 2026, and in autumn 2029 only the others."""
    home = folder / "home"
    inbox = offer(folder, with_pupil=True)
    pulled = home / "pulled" / "skola" / "persons_20261003T0400.json"
    pulled.parent.mkdir(parents=True)
    pulled.write_text(json.dumps({"data": [{"id": "x", "civicNo": {"value": NUMBER}}]}))
    age(home / "pulled", date(2026, 10, 3))
    take(home, inbox, home / "pulled", at=FIRST)
    with_portal(home)
    take(home, *later_files(home), at=LATER)
    return home


def take(home: Path, *files: Path, at: date) -> None:
    """Take files in on a day, and make the lists of it, and its week's."""
    noon = datetime(at.year, at.month, at.day, 12, tzinfo=UTC).timestamp()
    with Lake.open(settings_of(home)) as lake:
        ingest_paths(lake, files, layouts=shipped_layouts(), intake=Intake(now=lambda: noon))
        refresh_sums(lake)
        for period in (CURRENT, iso_week(at)):
            made = release_lists(lake, at, rules_on, period=period, even_if_held=True)
            note_release(lake, made, at)


def rules_on(day: date) -> RuleSet:
    """Return the shipped values of a day."""
    return rule_set_on("stockholm", day)


def later_files(home: Path, numbers: Iterable[str] = OTHERS) -> list[Path]:
    """Write a roster and lessons of the later autumn into the inbox."""
    inbox = home / "inbox"
    roster = [person(number) | {"starts": "2029-08-17"} for number in numbers]
    # The school still sends the record of the pupil who left.
    roster.append(person(NUMBER) | {"ends": "2027-06-11"})
    rows = lessons([one for one in numbers if one != ONE_LESSON], date(2029, 9, 3), 30)
    rows += lessons([ONE_LESSON], date(2029, 9, 4), 1)
    return [
        put(inbox, "elever_20291001T0500.csv", text_of(roster, ROSTER)),
        put(inbox, "lektionsfranvaro_20291007T0500.csv", text_of(rows, BASIC)),
    ]


def words_of(sealer: Sealer) -> Words:
    """Return what is sought of the pupil."""
    numbers = frozenset(number.replace("-", "") for number in (NUMBER, OLD))
    keys = frozenset(sealer.key("pupil", number) for number in numbers)
    return Words(Child(keys, numbers, frozenset({(GIVEN, FAMILY)}), False), (FAMILY,))


def found_in(home: Path) -> list[Trace]:
    """Return where the pupil is found in a home."""
    with Lake.open(settings_of(home)) as lake:
        return traces(lake, words_of(Sealer.of_home(home)))


def age(path: Path, day: date) -> None:
    """Give a file, or all below a folder, the time of a day."""
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    for one in (path, *path.rglob("*")):
        os.utime(one, (moment, moment), follow_symlinks=False)


def copied(home: Path, folder: Path) -> Path:
    """Copy a home, so that something can go from it."""
    copy = folder / "home"
    shutil.copytree(home, copy, symlinks=True)
    return copy
