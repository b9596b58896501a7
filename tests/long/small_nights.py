"""A night of a few pupils that can be made again and again, and what a home says after it.

Three homes wait for that night: a new one, one that has nothing but a register, and one whose week
before is frozen and whose portal people have written in. To each come text, a workbook,
corrections, a copy, a changed number and a file that nothing reads. Not here: any expectation.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import SEALED_COLUMNS
from assets.lake.settings import LakeSettings
from assets.lake.tables import TABLES
from assets.watchlists.release.remembered import recall
from tests.integration.followed_home import make_portal
from tests.integration.ingest_files import (
    BASIC,
    PUPILS,
    REGISTER,
    ROSTER,
    USUAL,
    put,
    table,
    text_of,
    workbook_of,
)
from tests.ready_processes import Commands

SCENES = ("new", "empty", "later")
#: The week before is frozen, a week is missed, and the night is of the Monday after it.
_FIRST_NIGHT, _FIRST_WEEK, NIGHT = "2026-10-04", "2026-W40", "2026-10-12"
_SCHOOLS = ("99999901", "99999902")
_FEW = PUPILS[:4]
_MENTORS = (("Anna Ek", "anna@skola.example"), ("Bo Ask", "bo@skola.example"))
_KEY = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_SOME_TIME = datetime(2026, 10, 12, tzinfo=UTC)
#: Columns that say when or by which try something was done, and seals, which differ each time.
_OF_TRIES = frozenset(
    {
        *("received_at", "noticed_at", "published_at", "made_at", "tried_at", "read_at"),
        *("taken_at", "removed_at", "lake_snapshot", "folder"),
    }
)
_SEALED = frozenset((place.table, place.column) for place in SEALED_COLUMNS)
State = dict[str, list[str]]


def prepared(folder: Path, commands: Commands, scene: str) -> Path:
    """Make a home that waits for its night, beside its inbox, and return it."""
    home = folder / "home"
    inbox = folder / "inbox"
    put(inbox, "skolor_20261001T0400.csv", text_of(map(_of_school, _SCHOOLS), REGISTER))
    if scene == "empty":
        _passed(commands, home, "ingest", inbox)
    _offer(inbox, date(2026, 8, 24), 42, "20261004")
    if scene == "later":
        _passed(commands, home, *_nightly(inbox, _FIRST_NIGHT))
        _passed(commands, home, "publish", "--week", _FIRST_WEEK)
        make_portal(home, _recorded(home))
    _offer(inbox, date(2026, 10, 5), 7, "20261012")
    _offer_oddities(inbox)
    return home


def night(home: Path) -> tuple[object, ...]:
    """Return the words of the night that such a home waits for."""
    return ("--home", home, *_nightly(home.parent / "inbox", NIGHT))


def copied(home: Path, folder: Path) -> Path:
    """Copy a home and its inbox, and return the home."""
    shutil.copytree(home.parent, folder, symlinks=True)
    return folder / home.name


def state_of(home: Path) -> State:
    """Return all that a home says: tables row by row, lists as data, files of mentors.

    Without keys where two homes have keys of their own, without seals and times of doing.
    """
    found: State = {}
    with Lake.open(LakeSettings(home=home, threads=1)) as lake:
        for one in TABLES:
            columns = [
                # The last digits of a sum hang on its order.
                f"round({c.name}, 9)" if c.type == "DOUBLE" else c.name
                for c in one.columns
                if c.name not in _OF_TRIES and (one.name, c.name) not in _SEALED
            ]
            rows = lake.rows(f"SELECT DISTINCT {', '.join(columns)} FROM lake.{one.name}")
            found[one.name] = sorted(str(row) for row in rows)
            ((count,),) = lake.rows(f"SELECT count(*) FROM lake.{one.name}")
            # A list that was put in place by a killed night, and again by the next, is noted twice;
            # nothing else may be.
            if one.name != "publications" and count != len(rows):
                found[one.name].append(f"{count} rows")
    sealer = Sealer.of_home(home)
    for place in sorted((home / "lists").glob("[0-9c]*/[0-9]*")):
        said = recall(sealer, place)
        name = f"{place.parent.name}/{place.name}"
        if said is None:
            found[name] = ["nothing"]
            continue
        follow_up = replace(said.follow_up, read_at=_SOME_TIME) if said.follow_up else None
        whole = replace(said, created_at=_SOME_TIME, follow_up=follow_up)
        files = (path.relative_to(place).as_posix() for path in place.rglob("*"))
        found[name] = [repr(whole), *sorted(files)]
    return found


def without_keys(state: State) -> State:
    """Return what two homes with keys of their own say in the same words."""
    return {
        _KEY.sub("KEY", name): sorted(_KEY.sub("KEY", row) for row in rows)
        for name, rows in state.items()
        # An order of pupils, and marks, by their keys alone.
        if name not in {"protection_totals"}
    }


def difference(found: State, expected: State) -> dict[str, tuple[list[str], list[str]]]:
    """Return by table or list what is there and should not be, and what is not and should."""
    return {
        name: (
            sorted(set(found.get(name, [])) - set(expected.get(name, []))),
            sorted(set(expected.get(name, [])) - set(found.get(name, []))),
        )
        for name in sorted({*found, *expected})
        if found.get(name) != expected.get(name)
    }


def _nightly(inbox: Path, as_of: str) -> tuple[object, ...]:
    return ("nightly", "--inbox", inbox, "--as-of", as_of)


def _passed(commands: Commands, home: Path, *words: object) -> None:
    ended = commands.run("--home", home, *words)
    assert ended.status == 0, commands.log.read_text(errors="replace")[-3000:]


def _of_school(code: str) -> dict[str, object]:
    return USUAL | {"school": code, "school_name": f"Skolan {code[-1]}"}


def _of_pupil(number: str) -> dict[str, object]:
    place = PUPILS.index(number)
    mentor, email = _MENTORS[place % 2]
    return _of_school(_SCHOOLS[place // 2]) | {
        "civic": number,
        "given": "Eva",
        "family": f"Öberg{place}",
        "class": f"8{place // 2}",
        "mentor": mentor,
        "email": email,
        "starts": "2026-08-17",
        "ends": "",
        "sex": "Kvinna",
        # One pupil is nowhere to be seen.
        "protected": "Sekretessmarkering" if place == 3 else "Ingen",
    }


def _lessons(numbers: tuple[str, ...], first: date, days: int) -> list[dict[str, object]]:
    dates = [first + timedelta(days=n) for n in range(days)]
    return [
        _of_pupil(number) | {"date": day.isoformat(), "present": "30", "invalid": "30"}
        for day in dates
        if day.isoweekday() < 6
        for number in numbers
    ]


def _offer(inbox: Path, first: date, days: int, made: str) -> None:
    roster = text_of(map(_of_pupil, _FEW), ROSTER)
    put(inbox, f"elever_{made}T0400.csv", roster)
    one, other = _lessons(_FEW[:2], first, days), _lessons(_FEW[2:], first, days)
    put(inbox, f"lektionsfranvaro_a_{made}T0500.csv", text_of(one, BASIC))
    put(inbox, f"lektionsfranvaro_b_{made}T0500.xlsx", workbook_of(table(other, BASIC)))


def _offer_oddities(inbox: Path) -> None:
    corrected = [
        row | {"invalid": "10", "present": "50"} for row in _lessons(_FEW[:1], date(2026, 10, 1), 5)
    ]
    refused = [corrected[0] | {"date": "2026-02-30"}]
    text = text_of([*corrected, *refused], BASIC)
    put(inbox, "lektionsfranvaro_c_20261012T0600.csv", text)
    put(inbox, "lektionsfranvaro_c_kopia_20261012T0600.csv", text)
    old, new = PUPILS[4], _FEW[0]
    put(
        inbox,
        "nummerbyten_20261011T0500.csv",
        f"Gammalt personnummer;Nytt personnummer;Datum\r\n{old};{new};2026-09-06\r\n",
    )
    put(inbox, "okand_20261003T0500.csv", f"Namn;Nr\r\nEva Öberg0;{_FEW[0]}\r\n")


def _recorded(home: Path) -> list[dict[str, object]]:
    sealer = Sealer.of_home(home)
    said: list[dict[str, object]] = [
        {"number": 0, "kind": "mentor_status", "value": "contact_made", "at": "10-06"},
        {"number": 0, "kind": "next_date", "value": "", "at": "10-06", "on_date": "2026-10-09"},
        {"number": 2, "kind": "principal_status", "value": "investigation_started", "at": "10-08"},
        {"number": 2, "kind": "note", "value": "", "at": "10-09"},
        {"number": 2, "kind": "withdrawal", "value": "note", "at": "10-09", "withdraws": 4},
    ]
    return [
        {
            **one,
            "pupil_key": sealer.key_text("pupil", _FEW[int(str(one["number"]))].replace("-", "")),
        }
        for one in said
    ]
