"""A home with a list of a week before, and a portal's database beside it, for tests of follow-up.

The night that is looked at is of a Friday: a school day that is over when its lists are read.
Four pupils miss half of their lessons from 24 August on. The list of week 38 is frozen, so since
20 September they are where the later lists have them. Not here: any expectation.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from assets.lake.encryption import Sealer
from assets.watchlists.collect.mentors import key_of_mentor
from assets.watchlists.model import Watchlist
from assets.watchlists.release.remembered import recall
from tests.integration.conftest import Said, trappan
from tests.integration.ingest_files import BASIC, PUPILS, ROSTER, USUAL, put, text_of

SCHOOL = "99999901"
FIRST_NIGHT, FIRST_WEEK, NIGHT = "2026-09-20", "2026-W38", "2026-10-09"
ANNA, BO = "anna@skola.example", "bo@skola.example"
BOTH = ("Utreds", "Anna Ek, Bo Ask", f"{ANNA}, {BO}")
CHILDREN = (
    BOTH,
    *((family, "Anna Ek", ANNA) for family in ("Orörd", "Hemlig", "Kontaktad")),
)

#: As the portal's migrations make it; a test compares the columns with its models.
TABLE = """
CREATE TABLE portal_event (
  id integer NOT NULL PRIMARY KEY AUTOINCREMENT, public_id varchar(22) NOT NULL UNIQUE,
  pupil_key varchar(36) NOT NULL, school_unit_code varchar(8) NOT NULL,
  kind varchar(40) NOT NULL, value varchar(80) NOT NULL, on_date date NULL,
  sealed_text BLOB NULL, author_key varchar(36) NOT NULL, role varchar(20) NOT NULL,
  recorded_at datetime NOT NULL, withdraws_id bigint NULL UNIQUE REFERENCES portal_event (id)
)"""
Event = Mapping[str, object]


def filled(folder: Path) -> Path:
    """Make a home whose first night is over, and return it."""
    roster = (
        USUAL
        | {"civic": civic, "given": "Eva", "family": family, "mentor": names, "email": addresses}
        | {"starts": "2026-08-17", "ends": "", "sex": "Kvinna", "protected": "Ingen"}
        for civic, (family, names, addresses) in zip(PUPILS, CHILDREN, strict=False)
    )
    days = (date(2026, 8, 24) + timedelta(days=n) for n in range(48))
    lessons = (
        USUAL
        | {"civic": civic, "given": "Eva", "family": family, "date": day.isoformat()}
        | {"present": "30", "invalid": "30", "mentor": "", "email": ""}
        for day in days
        if day.isoweekday() < 6
        for civic, (family, *_) in zip(PUPILS, CHILDREN, strict=False)
    )
    put(folder / "inbox", "elever_20261001T0500.csv", text_of(roster, ROSTER))
    put(folder / "inbox", "lektionsfranvaro_20261011T0500.csv", text_of(lessons, BASIC))
    home = folder / "home"
    said = trappan("nightly", "--inbox", folder / "inbox", "--as-of", FIRST_NIGHT, "--home", home)
    assert said.status == 0, said.err
    said = trappan("publish", "--week", FIRST_WEEK, "--home", home)
    assert said.status == 0, said.err
    return home


def night(home: Path) -> Said:
    """Make the night on which lists are looked at; its files are in."""
    return trappan("nightly", "--as-of", NIGHT, "--inbox", home.parent / "inbox", "--home", home)


def standing_list(home: Path, period: str = "current") -> Watchlist:
    """Return the school's list as data."""
    found = recall(Sealer.of_home(home), home / "lists" / period / SCHOOL)
    assert found is not None
    return found


def keys_of(home: Path) -> dict[str, str]:
    """Return the pupil keys by family name."""
    return {row.family_name: row.pupil_key for row in standing_list(home).pupils}


def person_key(home: Path, address: str) -> str:
    """Return the key of somebody who works at the school."""
    return key_of_mentor(Sealer.of_home(home), "", address)


def recorded(home: Path) -> list[Event]:
    """What the portal has of four pupils: an investigation, nothing that counts, what stays there,
    and a contact whose follow-up should have been by now.
    """
    keys = keys_of(home)
    said: list[Event] = [
        {"family": "Kontaktad", "kind": "mentor_status", "value": "contact_made", "at": "10-06"},
        {"family": "Kontaktad", "kind": "next_date", "value": "", "at": "10-06"}
        | {"on_date": "2026-10-09"},
        {"family": "Hemlig", "kind": "collaboration", "value": "concern_reported", "at": "10-01"},
        {"family": "Hemlig", "kind": "factor", "value": "family", "at": "10-02"},
        {"family": "Utreds", "kind": "principal_status", "value": "investigation_started"}
        | {"at": "10-08"},
        {"family": "Utreds", "kind": "responsible", "value": person_key(home, ANNA), "at": "10-08"},
        {"family": "Orörd", "kind": "note", "value": "", "at": "10-09"},
        {"family": "Orörd", "kind": "withdrawal", "value": "note", "at": "10-09", "withdraws": 7},
    ]
    return [{**one, "pupil_key": keys[str(one["family"])]} for one in said]


def make_portal(home: Path, events: Sequence[Event]) -> Path:
    """Put a portal's database into a home, as a portal that ran would have left it."""
    path = home / "portal" / "portal.sqlite"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(TABLE)
        for number, one in enumerate(events, start=1):
            connection.execute(
                "INSERT INTO portal_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    f"name-{number}",
                    one["pupil_key"],
                    SCHOOL,
                    one["kind"],
                    one["value"],
                    one.get("on_date"),
                    b"sealed-by-the-portal",
                    "the-authors-key",
                    "principal",
                    f"2026-{one['at']} 08:00:00.500000",
                    one.get("withdraws"),
                ),
            )
    connection.close()
    return path
