"""A pupil who gets another number: what was recorded under the old key is the same pupil's.

Also where both numbers had events before they were joined, and in every place that asks for them.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Any

import openpyxl
import pytest

from assets.absence.sums import refresh_sums
from assets.follow_up.bringing import bring, events_until
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from portal.home import the_home
from portal.models import Event, PupilReference
from portal.views.figures import counted_cases
from portal.views.rules import Visit
from tests.conftest import settings_of
from tests.portal.towns import (
    ALM,
    ALM_2,
    KURATOR,
    MO,
    MONDAY,
    REKTOR,
    ROSTERED,
    TEAM,
    A,
    Pupil,
    Town,
    roster,
)

NOTE, GOAL = "Kanariefågelsanteckning", "Kanariefågelsmål"
OLD = next(one for one in ROSTERED if one.family == ALM)
#: The same child under a number that nobody had.
NEW = replace(OLD, number=40)
#: Another row of the roster, with a number of its own, that turns out to be the same child.
TWIN = next(one for one in ROSTERED if one.family == ALM_2)


def join(town: Town, old: Pupil, new: Pupil) -> None:
    """Let the file of changed numbers come, and a roster that has the new one only."""
    head = "Gammalt personnummer;Nytt personnummer;Datum\r\n"
    row = f"{old.civic};{new.civic};2026-10-09\r\n"
    town.night("nummerbyten_20261012T0400.csv", head + row)
    others = [one for one in ROSTERED if one.family not in {old.family, new.family}]
    town.night("elever_20261012T0500.csv", roster([*others, new]))
    the_home().close()
    with Lake.open(settings_of(town.path)) as lake:
        refresh_sums(lake)


def page(town: Town, who: str, place: str) -> str:
    answer: Any = town.client(who).get(place)
    assert answer.status_code == 200, (who, place)
    return unescape(answer.content.decode())


def sheet(town: Town) -> list[tuple[Any, ...]]:
    answer: Any = town.client(TEAM).get("/team/deltagaruppfoljning/fil/")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    _, *rows = list(book.worksheets[0].iter_rows(min_row=3, values_only=True))
    return rows


def begun(town: Town) -> None:
    """Something of every kind under the old number."""
    town.said(MO, ALM, mentor_status="contact_made", note=NOTE)
    town.raise_case(ALM)
    town.said(TEAM, ALM, goal=GOAL, factor="school", team_step="step_3_planned")
    town.lend(KURATOR, [ALM])


def test_all_that_was_said_under_the_old_number_is_the_pupils(own_town: Town) -> None:
    town = own_town
    begun(town)
    before, address, key = sheet(town), town.url(ALM), town.key(ALM)
    join(town, OLD, NEW)
    assert town.key(ALM) != key, "it is another key"
    assert NOTE in page(town, MO, town.url(ALM))
    assert NOTE in page(town, KURATOR, town.url(ALM)), "who was handed the pupil has it still"
    assert GOAL in page(town, TEAM, town.url(ALM))
    assert ALM in page(town, TEAM, "/team/")
    assert ALM in page(town, REKTOR[A], f"/skola/{A}/logg/")
    # A case is the same one, and an address that somebody kept leads on.
    assert sheet(town) == before
    assert NOTE in page(town, MO, address)
    # The newest counts, whichever number it was said under; a mistake of before is taken back.
    town.said(MO, ALM, mentor_status="mapping_started")
    old, new = Event.objects.filter(kind="mentor_status").order_by("id")
    assert (old.pupil_key, new.pupil_key) == (key, town.key(ALM))
    back = town.url(ALM, f"handelse/{new.public_id}/ta-tillbaka/")
    assert town.client(MO).post(back).status_code == 302
    row = page(town, MO, "/mina/")
    assert "Mentor: Kontakt tagen" in row
    assert "Kartläggning pågår 2026" not in row
    person = town.person(TEAM)
    from portal.rights import rights_of

    cases = counted_cases(Visit(the_home(), person, rights_of(the_home(), person)))
    assert [case.case.pupil_key for case in cases] == [town.key(ALM)]


def test_two_numbers_that_are_one_pupil_have_one_story_in_the_order_it_was_told(
    own_town: Town,
) -> None:
    town = own_town
    town.said(MO, ALM, mentor_status="contact_made", note="Först")
    town.said(MO, ALM_2, mentor_status="mapping_started", note="Sedan")
    town.said(MO, ALM, mentor_status="mapping_done", note="Sist")
    join(town, OLD, TWIN)
    # The list is of before, and had both: now it is one pupil, and one row.
    assert page(town, MO, "/mina/").count(f'id="r-{town.reference(ALM_2)}"') == 1
    events = page(town, MO, town.url(ALM_2)).partition('id="handelser"')[2]
    assert events.index("Sist") < events.index("Sedan") < events.index("Först")
    assert "Mentor: Kartläggning klar" in page(town, MO, "/mina/")
    # Who has a form of before open is told of what the other number had.
    seen = Event.objects.filter(value="mapping_started").get().pk
    answer = town.say(REKTOR[A], ALM_2, mentor_status="closed", seen=str(seen))
    assert answer.status_code == 409


def test_the_asset_brings_them_to_the_key_that_stands(own_town: Town) -> None:
    town = own_town
    begun(town)
    old = town.key(ALM)
    join(town, OLD, NEW)
    town.said(MO, ALM, next_date="2026-10-20")
    new = town.key(ALM)
    the_home().close()
    with Lake.open(settings_of(town.path)) as lake:
        brought = bring(lake, PortalDatabase(town.path, ""), datetime.now(UTC))
        found = events_until(lake, MONDAY)
    assert brought.trouble == ""
    assert set(found) == {new}
    assert old not in found
    kinds = [one.kind for one in found[new]]
    assert len(kinds) == Event.objects.count()
    assert (kinds[0], kinds[-1]) == ("mentor_status", "next_date")


@pytest.mark.parametrize("is_protected", [False, True])
def test_a_number_that_turns_out_to_be_protected_takes_the_story_with_it(
    own_town: Town, *, is_protected: bool
) -> None:
    town = own_town
    begun(town)
    address = town.url(ALM)
    join(town, OLD, replace(NEW, protected="Sekretessmarkering" if is_protected else "Ingen"))
    status = 404 if is_protected else 200
    for who in (REKTOR[A], MO, KURATOR, TEAM):
        assert town.client(who).get(address).status_code == status
    assert len([row for row in sheet(town) if row[0] != "Inget ärende."]) == (not is_protected)
    assert PupilReference.objects.count() > 0
