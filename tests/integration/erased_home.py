"""A filled home with one pupil who will be erased, and the same home without; and a byte search.

The pupil stands in every place that a home has: lessons and rosters as CSV and workbook, a changed
number, a refused row, a quarantined file, frozen, replaced and current lists with mentors' files, a
delivery, a follow-up in the portal, a pulled file. Not here: any expectation.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.release.republish import Who, republish
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.conftest import Said, trappan
from tests.integration.followed_home import TABLE
from tests.integration.ingest_files import (
    BASIC,
    PUPILS,
    ROSTER,
    USUAL,
    put,
    table,
    text_of,
    workbook_of,
)

SCHOOL = "99999901"
AS_OF, WEEK = "2026-10-11", "2026-W41"
#: Who is erased, with the number before; the others stay.
NUMBER, OLD = PUPILS[0], PUPILS[1]
OTHERS = PUPILS[2:]
GIVEN, FAMILY = "Kanarie", "Fågelsångsöga"
MENTORS = (("Anna Ek", "anna@skola.example"), ("Bo Ask", "bo@skola.example"))
_CHANGES = ("old", "new", "changed")
_WHO = Who(1000, "driften", "sums were wrong")


def person(number: str) -> dict[str, object]:
    """Return the cells of a pupil of a roster."""
    place = PUPILS.index(number)
    is_canary = number in {NUMBER, OLD}
    mentor, email = MENTORS[place % 2]
    return USUAL | {
        "civic": number,
        "given": GIVEN if is_canary else "Eva",
        "family": FAMILY if is_canary else f"Öberg{place}",
        "mentor": mentor,
        "email": email,
        "starts": "2026-08-17",
        "ends": "",
        "sex": "Kvinna",
        "protected": "Ingen",
    }


def lessons(numbers: Iterable[str], first: date, days: int) -> list[dict[str, object]]:
    """Return lessons of pupils, half of each absent."""
    dates = [first + timedelta(days=n) for n in range(days)]
    return [
        person(number) | {"date": day.isoformat(), "present": "30", "invalid": "30"}
        for day in dates
        if day.isoweekday() < 6
        for number in numbers
    ]


def offer(folder: Path, *, with_pupil: bool) -> Path:
    """Write the inbox of a home, with the pupil or as if there had never been one."""
    inbox = folder / "home" / "inbox"
    mine = (NUMBER,) if with_pupil else ()
    before = (OLD,) if with_pupil else ()
    put(
        inbox,
        "elever_20261001T0500.csv",
        text_of([person(number) for number in (*mine, *OTHERS)], ROSTER),
    )
    august = lessons((*before, *OTHERS), date(2026, 8, 24), 14)
    put(inbox, "lektionsfranvaro_20260907T0500.csv", text_of(august, BASIC))
    refused = [one | {"date": "2026-02-30"} for one in lessons(mine, date(2026, 9, 7), 1)]
    autumn = [*lessons((*mine, *OTHERS), date(2026, 9, 7), 34), *refused]
    # The pupil's rows stand among those of the others, and one of the others' is refused too.
    autumn.append(lessons(OTHERS[:1], date(2026, 9, 8), 1)[0] | {"date": "2026-02-31"})
    put(inbox, "lektionsfranvaro_20261011T0500.csv", text_of(autumn, BASIC))
    october = lessons((*mine, *OTHERS), date(2026, 10, 8), 2)
    put(inbox, "lektionsfranvaro_20261012T0500.xlsx", workbook_of(table(october, BASIC)))
    if with_pupil:
        put(
            inbox,
            "nummerbyten_20261002T0500.csv",
            f"Gammalt personnummer;Nytt personnummer;Datum\r\n{OLD};{NUMBER};2026-09-06\r\n",
        )
        # No layout knows it.
        put(inbox, "okand_20261003T0500.csv", f"Namn;Nr\r\n{GIVEN} {FAMILY};{NUMBER}\r\n")
    return inbox


def offer_small(home: Path, others: int = 1) -> None:
    """Write the inbox of a home with a few pupils, one of whom will be erased."""
    inbox = home / "inbox"
    few = (NUMBER, *OTHERS[:others])
    put(inbox, "elever_20261001T0500.csv", text_of(map(person, few), ROSTER))
    rows = lessons(few, date(2026, 9, 28), 14)
    refused = rows[0] | {"date": "2026-02-30"}
    put(inbox, "lektionsfranvaro_20261011T0500.csv", text_of([*rows, refused], BASIC))


def filled(folder: Path, *, with_pupil: bool = True) -> Path:
    """Make a home: a night, a frozen week with mentors' files, and return it."""
    inbox = offer(folder, with_pupil=with_pupil)
    home = folder / "home"
    # A home without the pupil has the other's key, so that its keys of others are the same.
    anew = () if with_pupil else ("--begin-anew",)
    _ask(home, "nightly", "--inbox", inbox, "--as-of", AS_OF, *anew)
    _ask(home, "publish", "--week", WEEK)
    with Lake.open(settings_of(home)) as lake:
        # Nobody is judged otherwise, but a list is published in its place, and it is kept.
        republish(lake, WEEK, {SCHOOL: 1}, lambda day: rule_set_on("stockholm", day), _WHO)
    _ask(home, "publish", "--week", WEEK, "--mentors")
    return home


def _ask(home: Path, *command: object) -> None:
    said = trappan("--home", home, *command)
    assert said.status in {0, 3}, said.err


def with_portal(home: Path) -> Path:
    """Give a home a portal's database in which something was said of the pupil and another."""
    sealer = Sealer.of_home(home)
    path = home / "portal" / "portal.sqlite"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(
            f"{TABLE};"
            "CREATE TABLE portal_pupilreference (id integer PRIMARY KEY, public_id text, "
            "pupil_key text);"
            "CREATE TABLE portal_delegation (id integer PRIMARY KEY, is_whole_school bool, "
            "sealed_purpose blob, giver_key text, receiver_key text, until date);"
            "CREATE TABLE portal_handedpupil (id integer PRIMARY KEY, delegation_id integer, "
            "pupil_key text);"
            "CREATE TABLE portal_accessentry (id integer PRIMARY KEY, kind text, pupil_key text, "
            "person_key text, at datetime);"
            "CREATE TABLE django_session (session_key text PRIMARY KEY, session_data text);"
        )
        for number, one in enumerate((NUMBER, OTHERS[0]), 1):
            key = key_of(sealer, one)
            database.execute(
                "INSERT INTO portal_event VALUES (?, ?, ?, ?, 'mentor_status', 'contacted', NULL, "
                "NULL, 'a', 'mentor', '2026-10-09 10:00:00', NULL)",
                (number, f"public-{number}", key, SCHOOL),
            )
            database.execute(
                "INSERT INTO portal_event VALUES (?, ?, ?, ?, 'withdrawal', '', NULL, "
                "NULL, 'a', 'mentor', '2026-10-09 10:05:00', ?)",
                (number + 10, f"withdrawal-{number}", key, SCHOOL, number),
            )
            database.execute(
                "INSERT INTO portal_pupilreference VALUES (?, ?, ?)", (number, f"p{number}", key)
            )
            database.execute(
                "INSERT INTO portal_delegation VALUES (?, 0, 'x', 'a', 'b', '2026-12-01')",
                (number,),
            )
            database.execute(
                "INSERT INTO portal_handedpupil VALUES (?, ?, ?)", (number, number, key)
            )
            database.execute(
                "INSERT INTO portal_accessentry VALUES (?, 'pupil', ?, 'a', '2026-10-09 10:00:00')",
                (number, key),
            )
        database.execute("INSERT INTO django_session VALUES ('s', 'anything')")
    return path


def key_of(sealer: Sealer, number: str) -> str:
    """Return a pupil's key as text."""
    return sealer.key_text("pupil", number.replace("-", ""))


def erase(home: Path, number: str = NUMBER, *options: str) -> Said:
    """Run `trappan erase -`."""
    return trappan("--home", home, "erase", "-", *options, typed=number)


def rows_of(lake: Any, table: str, columns: str) -> list[tuple[Any, ...]]:
    """Return some columns of a table, sorted."""
    return sorted(lake.rows(f"SELECT {columns} FROM {table}"), key=repr)
