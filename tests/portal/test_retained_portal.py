"""What a round lets go of in the database that the portal itself made, and what it leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest

from assets.follow_up.portal_database import PortalDatabase
from assets.lake.encryption import Sealer
from assets.upkeep.retention.decision import KINDS, Cuts
from assets.upkeep.retention.portal import (
    follow_up_to_go,
    last_said,
    let_portal_rows_go,
    portal_rows_to_go,
)
from tests.architecture.sources import ROOT
from tests.integration.scale_out_servers import PASSWORD, ROLE, Postgres, postgres_server

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


def fill(home: Path, address: str = "") -> PortalDatabase:
    """Give a home a portal in which something was said long ago, and lately."""
    home.mkdir(mode=0o700)
    Sealer.of_home(home)
    environment = {"TRAPPAN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    environment |= {"PYTHONPATH": str(ROOT), "TRAPPAN_PORTAL_DEMO": "true"}
    environment |= {"TRAPPAN_PORTAL_DATABASE": address} if address else {}
    subprocess.run(
        [sys.executable, "-c", _FILL], cwd=ROOT, env=os.environ | environment, check=True
    )
    return PortalDatabase(home, address)


def address_of(server: Postgres, name: str) -> str:
    return f"postgresql://{ROLE}:{quote(PASSWORD)}@127.0.0.1:{server.port}/{name}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server with such a portal in the database `filled`."""
    with postgres_server() as running:
        running.database("filled")
        fill(tmp_path_factory.mktemp("filled") / "home", address_of(running, "filled"))
        yield running


@pytest.fixture(params=["in a file", "on a server"])
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> PortalDatabase:
    """Such a portal, of this test alone."""
    if request.param == "in a file":
        return fill(tmp_path / "home")
    server = request.getfixturevalue("server")
    name = f"portal_{request.node.originalname[5:20]}"
    server.sql(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE filled")
    # What the server's own housekeeping does: it counts which values are common.
    server.sql("ANALYZE", name)
    return PortalDatabase(tmp_path, address_of(server, name))


def column(portal: PortalDatabase, table: str, name: str) -> list[str]:
    return sorted(str(row[0]) for row in portal.rows(table, [name]))


def test_follow_up_goes_from_the_last_event_and_an_open_case_stays(
    portal: PortalDatabase,
) -> None:
    said = last_said(portal)
    assert {key for key, one in said.items() if one.has_open_case} == {OPEN}
    going = follow_up_to_go(said, [{OLD}, {OPEN}, {YOUNG}], CUT)
    assert going == {OLD}
    # A number that was changed: what was said lately of one is of the same pupil.
    assert follow_up_to_go(said, [{OLD, YOUNG}, {OPEN}], CUT) == frozenset()
    planned = portal_rows_to_go(portal, CUTS, going)
    assert let_portal_rows_go(portal, CUTS, going, frozenset()) == planned == 3 + 1 + 1 + 1
    assert set(column(portal, "portal_event", "pupil_key")) == {str(OPEN), str(YOUNG)}
    assert column(portal, "portal_delegation", "until") == ["2027-12-01"]
    assert len(column(portal, "portal_handedpupil", "id")) == 1
    assert len(column(portal, "portal_accessentry", "id")) == 1
    # Who wrote what stays is still known by name.
    assert column(portal, "portal_person", "key") == ["author", "lately"]
    assert portal_rows_to_go(portal, CUTS, frozenset()) == 0


def test_who_leaves_is_in_no_byte_of_the_database(
    portal: PortalDatabase, request: pytest.FixtureRequest
) -> None:
    def found(key: UUID) -> bool:
        if portal.address:
            server = request.getfixturevalue("server")
            return bool(server.found(portal.address.rpartition("/")[2], str(key)))
        files = (portal.home / "portal").glob("portal.sqlite*")
        return any(str(key).encode() in path.read_bytes() for path in files)

    assert found(OLD)
    let_portal_rows_go(portal, CUTS, {OLD}, {OLD})
    assert not found(OLD)
    assert found(OPEN)


def test_a_home_without_a_portal_has_nothing_to_go(tmp_path: Path) -> None:
    database = PortalDatabase(tmp_path)
    assert last_said(database) == {}
    assert portal_rows_to_go(database, CUTS, frozenset()) == 0
    assert let_portal_rows_go(database, CUTS, frozenset(), frozenset()) == 0
