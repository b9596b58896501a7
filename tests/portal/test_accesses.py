"""`trappan access`: who opened a pupil, asked by an operator; nothing of whom nobody may know."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from portal.home import the_home
from portal.models import AccessEntry, Person
from tests.integration.conftest import Said, trappan
from tests.portal.towns import (
    ALM,
    ALM_2,
    MIA,
    MIAS,
    MO,
    REKTOR,
    ROSTERED,
    TEAM,
    A,
    Town,
    roster,
    with_pupil,
)

CIVIC = {one.family: one.civic for one in ROSTERED}


def ask(town: Town, *words: str, typed: str | None = None) -> Said:
    the_home().close()
    return trappan("--home", town.path, "access", *words, "--format", "json", typed=typed)


def rows_of(said: Said) -> list[dict[str, Any]]:
    assert said.status == 0, said.err
    rows: list[dict[str, Any]] = json.loads(said.out)
    return rows


def looked_at(town: Town) -> None:
    town.client(MO).get(town.url(ALM))
    town.client(REKTOR[A]).get(town.url(ALM, "utskrift/"))
    town.said(MO, ALM_2, note="Ringde")
    town.client(MIA).get(town.url(MIAS))


def test_who_opened_a_pupil_is_told_by_number_and_by_key(town: Town) -> None:
    looked_at(town)
    key = town.key(ALM)
    by_number = rows_of(ask(town, "--pupil", "-", typed=CIVIC[ALM]))
    assert [(one["person"], one["role"], one["kind"]) for one in by_number] == [
        (MO, "mentor", "pupil"),
        (REKTOR[A], "principal", "pupil_printed"),
    ]
    assert {(one["school_unit_code"], one["pupil_key"]) for one in by_number} == {(A, key)}
    assert {one["at"] for one in by_number} == {"2026-10-12 08:00:00"}, "the clock of Stockholm"
    assert rows_of(ask(town, "--pupil", key)) == by_number
    assert rows_of(ask(town, "--pupil", "-", typed=key)) == by_number


def test_what_somebody_opened_is_told_and_whether_it_was_this_pupil(town: Town) -> None:
    looked_at(town)
    mine = rows_of(ask(town, "--who", MO.title()))
    assert [(one["kind"], one["pupil_key"]) for one in mine] == [
        ("pupil", town.key(ALM)),
        ("changed", town.key(ALM_2)),
    ]
    both = rows_of(ask(town, "--who", MO, "--pupil", "-", typed=CIVIC[ALM_2]))
    assert [one["kind"] for one in both] == ["changed"]
    assert rows_of(ask(town, "--who", MIA, "--pupil", "-", typed=CIVIC[ALM])) == []


def test_a_protected_pupil_is_as_one_whom_nobody_opened(own_town: Town) -> None:
    town = own_town
    looked_at(town)
    town.night("elever_20261012T0500.csv", with_pupil(ALM, protected="Sekretessmarkering"))
    hidden, unknown, unopened = (
        ask(town, "--pupil", "-", typed=number)
        for number in (CIVIC[ALM], replace(ROSTERED[0], number=77).civic, CIVIC["Närvarander"])
    )
    assert (hidden.status, hidden.out) == (unknown.status, unknown.out) == (0, unopened.out)
    assert hidden.err == unknown.err == unopened.err
    mine = ask(town, "--who", MO)
    assert [one["pupil_key"] for one in rows_of(mine)] == [town.key(ALM_2)]
    assert "1 more are about pupils whom no answer shows" in mine.err


def test_what_was_opened_under_an_old_number_is_the_pupils(own_town: Town) -> None:
    town = own_town
    looked_at(town)
    old = ROSTERED[0]
    new = replace(old, number=40)
    head = "Gammalt personnummer;Nytt personnummer;Datum\r\n"
    row = f"{old.civic};{new.civic};2026-10-09\r\n"
    town.night("nummerbyten_20261012T0400.csv", head + row)
    town.night("elever_20261012T0500.csv", roster([new, *ROSTERED[1:]]))
    town.client(TEAM)
    for number in (old.civic, new.civic):
        found = rows_of(ask(town, "--pupil", "-", typed=number))
        assert [one["kind"] for one in found] == ["pupil", "pupil_printed"]


def test_a_question_is_logged_first_and_repeats_nobody(town: Town) -> None:
    looked_at(town)
    before = AccessEntry.objects.count()
    said = ask(town, "--who", MO, "--pupil", "-", typed=CIVIC[ALM])
    lines = (town.path / "access.log").read_text("utf-8").splitlines()
    line = json.loads(lines[-1])
    assert line["command"] == "access"
    assert line["asked"] == {"is_of_a_person": "True", "asked_by": "identity number"}
    for word in (MO, CIVIC[ALM], CIVIC[ALM].replace("-", "")):
        assert word not in lines[-1]
    assert CIVIC[ALM] not in said.out + said.err
    assert AccessEntry.objects.count() == before, "the portal's own log is of the portal"


@pytest.mark.parametrize(
    ("words", "typed", "status", "told"),
    [
        ((), None, 1, "Nothing is asked"),
        (("--who", "ingen adress"), None, 2, "no address"),
        (("--pupil", "20120314-9800"), None, 2, "PUPIL is no pupil key"),
        (("--pupil", "-"), "inget nummer", 2, "neither a pupil key nor"),
    ],
)
def test_what_can_not_be_asked_is_told(
    town: Town, words: tuple[str, ...], typed: str | None, status: int, told: str
) -> None:
    said = ask(town, *words, typed=typed)
    assert (said.status, told in said.err, said.out) == (status, True, "")
    assert "20120314" not in said.err


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the database is a server's")
def test_a_portal_of_another_version_is_told(own_town: Town) -> None:
    connection.close()
    path = own_town.path / "portal" / "portal.sqlite"
    with sqlite3.connect(path) as changed:
        changed.execute("ALTER TABLE portal_accessentry DROP COLUMN role")
    changed.close()
    said = ask(own_town, "--who", MO)
    assert said.status == 1
    assert "has no column role in portal_accessentry" in said.err


def test_a_home_without_a_portal_is_said(own_town: Town) -> None:
    connection.close()
    for path in (own_town.path / "portal").glob("portal.sqlite*"):
        path.unlink()
    said = ask(own_town, "--who", MO)
    assert (said.status, json.loads(said.out)) == (0, [])
    assert "has no portal" in said.err
    assert not (own_town.path / "portal" / "portal.sqlite").exists()


def test_the_columns_that_are_read_are_those_of_the_models() -> None:
    from portal import accesses

    for table, columns, model in (
        (accesses._LOG, accesses._LOG_COLUMNS, AccessEntry),
        (accesses._PEOPLE, ("key", "sealed_address"), Person),
    ):
        assert model._meta.db_table == table
        assert set(columns) <= {field.column for field in model._meta.fields}
