"""What another night changes is so at the next request: who moved, who is hidden, who leads."""

from __future__ import annotations

import json
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from portal.models import PupilReference
from tests.portal.towns import (
    ALM,
    ALM_2,
    BO,
    CI,
    DEPUTY,
    KURATOR,
    MIA,
    MO,
    MONDAY,
    OPERATOR,
    OTHER_TEAM,
    REKTOR,
    ROLES,
    TEAM,
    WEEK,
    A,
    B,
    C,
    Town,
    register,
    with_move,
    with_pupil,
)

NOTE = "Kanariefågelsanteckning"


def read(browser: Client, address: str) -> str:
    answer: Any = browser.get(address)
    assert answer.status_code == 200, address
    return unescape(answer.content.decode())


def test_a_protected_pupil_is_gone_at_the_next_request(own_town: Town) -> None:
    town = own_town
    town.raise_case(ALM)
    town.said(MO, ALM, note=NOTE)
    town.lend(KURATOR, [ALM])
    address, reference = town.url(ALM), town.reference(ALM)
    people = {one: town.client(one) for one in (REKTOR[A], MO, KURATOR, TEAM)}
    assert all(browser.get(address).status_code == 200 for browser in people.values())
    handling = "elever med skyddade uppgifter"
    town.night("elever_20261012T0500.csv", with_pupil(ALM, protected="Sekretessmarkering"))
    key = PupilReference.objects.get(public_id=reference).pupil_key
    for browser in people.values():
        for page in ("", "utskrift/"):
            assert browser.get(address + page).status_code == 404
        assert browser.post(f"{address}uppfoljning/", {"note": "x"}).status_code == 404
    for who, page in (
        (REKTOR[A], f"/skola/{A}/"),
        (REKTOR[A], f"/skola/{A}/?vecka={WEEK}"),
        (REKTOR[A], f"/skola/{A}/logg/"),
        (REKTOR[A], f"/skola/{A}/delegeringar/"),
        (MO, "/mina/"),
        (TEAM, "/team/"),
    ):
        text = read(people[who], page)
        for word in (ALM, NOTE, reference, key):
            assert word not in text, (page, word)
        if page == f"/skola/{A}/logg/":
            assert "elev som inte visas" in text
    assert people[KURATOR].get("/mina/").status_code == 404
    # How many the list says: of the night in which it was made.
    assert handling in read(people[REKTOR[A]], f"/skola/{A}/") or "1 elev med" in read(
        people[REKTOR[A]], f"/skola/{A}/"
    )


def test_a_pupil_who_moved_is_the_new_schools_from_the_next_request_on(own_town: Town) -> None:
    town = own_town
    town.said(MO, ALM, note=NOTE)
    town.lend(KURATOR, [ALM])
    town.lend(DEPUTY)
    address = town.url(ALM)
    before = [town.client(one) for one in (MO, REKTOR[A], KURATOR, DEPUTY)]
    after = [town.client(one) for one in (BO, REKTOR[B])]
    assert [one.get(address).status_code for one in before] == [200] * 4
    assert [one.get(address).status_code for one in after] == [404] * 2
    town.night("elever_20261012T0500.csv", with_move(ALM, B, BO))
    assert [one.get(address).status_code for one in before] == [404] * 4
    assert [one.get(address).status_code for one in after] == [200] * 2
    assert ALM not in read(before[0], "/mina/")
    for page in (f"/skola/{A}/", f"/skola/{A}/logg/", f"/skola/{A}/delegeringar/"):
        assert ALM not in read(before[1], page), page
    assert NOTE in read(after[0], address), "what was said goes with the pupil"


def test_another_mentor_of_the_same_school_has_the_pupil_next(own_town: Town) -> None:
    mo, mia = own_town.client(MO), own_town.client(MIA)
    address = own_town.url(ALM)
    own_town.night("elever_20261012T0500.csv", with_pupil(ALM, mentor=MIA))
    assert (mo.get(address).status_code, mia.get(address).status_code) == (404, 200)
    assert ALM not in read(mo, "/mina/")
    assert ALM in read(mia, "/mina/")


def test_who_leads_no_more_takes_all_that_was_lent_along(own_town: Town) -> None:
    town = own_town
    town.lend(DEPUTY)
    town.lend(KURATOR, [ALM])
    old, deputy, kurator = (town.client(one) for one in (REKTOR[A], DEPUTY, KURATOR))
    address = town.url(ALM)
    assert deputy.get(f"/skola/{A}/").status_code == kurator.get(address).status_code == 200
    town.night("skolor_20261012T0400.csv", register(r99999901="ny.rektor@stad.example"))
    for browser, page in (
        (old, f"/skola/{A}/"),
        (old, f"/skola/{A}/logg/"),
        (old, address),
        (deputy, f"/skola/{A}/"),
        (deputy, address),
        (kurator, address),
        (kurator, "/mina/"),
    ):
        assert browser.get(page).status_code == 404, page
    new = town.client("ny.rektor@stad.example")
    assert ALM in read(new, f"/skola/{A}/")
    # And sees what the one before has lent, to end it.
    assert DEPUTY in read(new, f"/skola/{A}/delegeringar/")


def test_a_delegation_holds_to_its_last_day_and_not_a_day_longer(town: Town) -> None:
    until = MONDAY + timedelta(days=3)
    town.lend(DEPUTY, until=until)
    town.lend(KURATOR, [ALM], until=until)
    deputy, kurator = town.client(DEPUTY), town.client(KURATOR)
    address = town.url(ALM)
    town.on(until, hour=23)
    assert deputy.get(f"/skola/{A}/").status_code == kurator.get(address).status_code == 200
    town.on(until + timedelta(days=1), hour=0)
    assert deputy.get(f"/skola/{A}/").status_code == kurator.get(address).status_code == 404
    assert deputy.get(address).status_code == 404


def test_a_delegation_that_is_ended_ends_at_the_next_request(town: Town) -> None:
    lent = town.lend(DEPUTY)
    deputy = town.client(DEPUTY)
    assert deputy.get(f"/skola/{A}/").status_code == 200
    end = f"/skola/{A}/delegeringar/{lent.public_id}/avsluta/"
    assert town.client(REKTOR[A]).post(end).status_code == 302
    assert deputy.get(f"/skola/{A}/").status_code == 404
    assert town.client(REKTOR[A]).post(end).status_code == 404


def test_the_kurator_meets_those_who_were_handed_over_and_nobody_else(town: Town) -> None:
    town.lend(KURATOR, [ALM])
    kurator = town.client(KURATOR)
    text = read(kurator, "/mina/")
    assert ALM in text
    assert ALM_2 not in text
    assert kurator.get(town.url(ALM_2)).status_code == 404


def test_the_team_of_another_district_has_a_pupil_who_moves_there(own_town: Town) -> None:
    town = own_town
    town.raise_case(ALM)
    ours, theirs = town.client(TEAM), town.client(OTHER_TEAM)
    address = town.url(ALM)
    assert (ours.get(address).status_code, theirs.get(address).status_code) == (200, 404)
    town.night(
        "elever_20261012T0500.csv",
        with_move(ALM, C, CI),
    )
    assert (ours.get(address).status_code, theirs.get(address).status_code) == (404, 200)


def test_who_is_taken_off_the_roles_is_so_at_the_next_request(own_town: Town) -> None:
    town = own_town
    town.raise_case(ALM)
    team, operator = town.client(TEAM), town.client(OPERATOR)
    assert team.get("/team/").status_code == operator.get("/drift/logg/").status_code == 200
    (town.path / "roles.yaml").write_text(
        ROLES.replace(TEAM, "annan@stad.example").replace(OPERATOR, "annan@stad.example"),
        encoding="utf-8",
    )
    assert team.get("/team/").status_code == operator.get("/drift/logg/").status_code == 404
    assert team.get(town.url(ALM)).status_code == 404


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_roles_that_others_could_change_hold_for_nobody(own_town: Town, mode: int) -> None:
    (own_town.path / "roles.yaml").chmod(mode)
    team = own_town.client(TEAM)
    team.raise_request_exception = False
    assert team.get("/team/").status_code == 500


def test_a_team_with_a_last_day_ends_with_it(own_town: Town) -> None:
    town = own_town
    (town.path / "roles.yaml").write_text(
        f"teams:\n  - district: Spånga-Tensta\n    members: [{TEAM}]\n    until: {MONDAY}\n",
        encoding="utf-8",
    )
    team = town.client(TEAM)
    assert team.get("/team/").status_code == 200
    town.on(MONDAY + timedelta(days=1), hour=0)
    assert team.get("/team/").status_code == 404


def test_the_operators_counts_have_nobodys_name(town: Town) -> None:
    town.said(MO, ALM, note=NOTE)
    town.client(MO).get(town.url(ALM))
    text = read(town.client(OPERATOR), "/drift/logg/")
    assert "öppnade eleven" in text
    for word in (ALM, MO, NOTE, A, town.key(ALM)):
        assert word not in text


def test_every_opening_stands_in_the_schools_log(town: Town) -> None:
    town.client(MO).get(town.url(ALM))
    town.client(MO).get(town.url(ALM, "utskrift/"))
    town.client(REKTOR[A]).get(f"/skola/{A}/")
    town.client(MIA).get("/mina/")
    text = read(town.client(REKTOR[A]), f"/skola/{A}/logg/")
    for words in ("öppnade eleven", "skrev ut eleven", "öppnade listan", "läste loggen"):
        assert words in text
    assert ALM in text
    assert "mentor" in text
    assert ALM not in read(town.client(REKTOR[B]), f"/skola/{B}/logg/")


def test_a_list_that_waits_says_why_on_every_page_that_shows_it(own_town: Town) -> None:
    town = own_town
    folder = (town.path / "lists" / "current" / A).resolve()
    manifest = json.loads((folder / "manifest.json").read_bytes())
    reason = "Inga lektioner har kommit efter 9 oktober 2026."
    (folder / "manifest.json").write_text(
        json.dumps({**manifest, "held": [reason]}), encoding="utf-8"
    )
    for who, page in ((REKTOR[A], f"/skola/{A}/"), (MO, "/mina/"), (MO, town.url(ALM))):
        text = town.client(who).get(page).content.decode()
        assert "Nyare uppgifter väntar" in text, page
        assert reason in text, page
    other = town.client(REKTOR[B]).get(f"/skola/{B}/").content.decode()
    assert "Nyare uppgifter väntar" not in other


def test_a_teams_opening_of_its_cases_is_in_the_log_of_the_school(own_town: Town) -> None:
    town = own_town
    town.raise_case(ALM)
    town.client(TEAM).get("/team/")
    assert "öppnade teamets ärenden" in read(town.client(REKTOR[A]), f"/skola/{A}/logg/")
    assert "öppnade teamets ärenden" not in read(town.client(REKTOR[B]), f"/skola/{B}/logg/")
