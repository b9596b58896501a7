"""What a round lets go of in the database that the portal itself made, and what it leaves."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from assets.follow_up.portal_database import PortalDatabase, database_file
from assets.lake.encryption import Sealer
from assets.upkeep.retention.decision import KINDS, Cuts
from assets.upkeep.retention.portal import (
    follow_up_to_go,
    last_said,
    let_portal_rows_go,
    portal_rows_to_go,
)
from tests.architecture.sources import ROOT

OLD, OPEN, YOUNG = (UUID(int=number) for number in (1, 2, 3))
CUT = date(2026, 7, 1)
CUTS = Cuts(date(2029, 10, 1), dict.fromkeys(KINDS, CUT))
_FILL = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datetime import date, datetime, UTC
from portal.models import AccessEntry, Delegation, Event, HandedPupil, Person, PupilReference
old, young = datetime(2025, 10, 1, 9, tzinfo=UTC), datetime(2027, 10, 1, 9, tzinfo=UTC)
def said(key, at, **more):
    return Event.objects.create(pupil_key=key, school_unit_code="99999901", author_key="author",
        role="team", recorded_at=at, **more)
for key in ("{OLD}", "{OPEN}", "{YOUNG}"):
    first = said(key, old, kind="note", sealed_text=b"x")
    said(key, old, kind="withdrawal", withdraws=first)
    PupilReference.objects.create(pupil_key=key)
said("{OPEN}", old, kind="team_step", value="step_2_raised")
ended = said("{OLD}", old, kind="team_step", value="step_7_early")
said("{YOUNG}", young, kind="note")
for at, until in ((old, date(2025, 12, 1)), (young, date(2027, 12, 1))):
    AccessEntry.objects.create(at=at, person_key="reader", role="mentor", kind="pupil",
        pupil_key="{YOUNG}")
    given = Delegation.objects.create(school_unit_code="99999901", giver_key="giver",
        receiver_key="receiver", sealed_receiver=b"x", sealed_purpose=b"x", until=until,
        given_at=at)
    HandedPupil.objects.create(delegation=given, pupil_key="{OLD}")
for key, seen in (("nobody", old), ("author", old), ("lately", young)):
    Person.objects.create(key=key, sealed_address=b"x", last_login=seen)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a portal in which something was said long ago, and lately."""
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    Sealer.of_home(path)
    environment = {"TRAPPAN_HOME": str(path), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    environment |= {"PYTHONPATH": str(ROOT), "TRAPPAN_PORTAL_DEMO": "true"}
    subprocess.run(
        [sys.executable, "-c", _FILL], cwd=ROOT, env=os.environ | environment, check=True
    )
    return path


def column(home: Path, statement: str) -> list[str]:
    with closing(sqlite3.connect(database_file(home))) as database:
        return sorted(str(row[0]) for row in database.execute(statement))


def test_follow_up_goes_from_the_last_event_and_an_open_case_stays(home: Path) -> None:
    database = PortalDatabase(home)
    said = last_said(database)
    assert {key for key, one in said.items() if one.has_open_case} == {OPEN}
    going = follow_up_to_go(said, [{OLD}, {OPEN}, {YOUNG}], CUT)
    assert going == {OLD}
    # A number that was changed: what was said lately of one is of the same pupil.
    assert follow_up_to_go(said, [{OLD, YOUNG}, {OPEN}], CUT) == frozenset()
    planned = portal_rows_to_go(database, CUTS, going)
    assert let_portal_rows_go(database, CUTS, going, frozenset()) == planned == 3 + 1 + 1 + 1
    assert set(column(home, "SELECT pupil_key FROM portal_event")) == {str(OPEN), str(YOUNG)}
    assert column(home, "SELECT until FROM portal_delegation") == ["2027-12-01"]
    assert len(column(home, "SELECT id FROM portal_handedpupil")) == 1
    assert len(column(home, "SELECT id FROM portal_accessentry")) == 1
    # Who wrote what stays is still known by name.
    assert column(home, "SELECT key FROM portal_person") == ["author", "lately"]
    assert portal_rows_to_go(database, CUTS, frozenset()) == 0


def test_who_leaves_is_in_no_byte_of_the_database(home: Path) -> None:
    let_portal_rows_go(PortalDatabase(home), CUTS, {OLD}, {OLD})
    found = b"".join(path.read_bytes() for path in (home / "portal").glob("portal.sqlite*"))
    assert str(OLD).encode() not in found
    assert str(OPEN).encode() in found


def test_a_home_without_a_portal_has_nothing_to_go(tmp_path: Path) -> None:
    database = PortalDatabase(tmp_path)
    assert last_said(database) == {}
    assert portal_rows_to_go(database, CUTS, frozenset()) == 0
    assert let_portal_rows_go(database, CUTS, frozenset(), frozenset()) == 0
