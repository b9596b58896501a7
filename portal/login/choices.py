"""Whom one can be in the demo: everybody whom the home's data and `roles.yaml` name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assets.delivery.recipients import split_addresses
from assets.flags.answers import staff_words
from assets.lake.connection import Lake
from portal.home import Home
from portal.roles import load_roles


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to be: by key in forms, so that no address stands in a page's source twice."""

    key: str
    address: str
    name: str
    what: str


def demo_people(home: Home) -> tuple[DemoPerson, ...]:
    """Return them: rektorer, mentors, teams, analysts, operators."""
    today = home.today()
    addresses = home.ask("demo addresses", lambda lake: _addresses(home, lake))
    found: dict[str, DemoPerson] = {}

    def add(key: str, address: str, what: str) -> None:
        name = today.names.get(key, address)
        known = found.get(key)
        what = f"{known.what}; {what}" if known else what
        found[key] = DemoPerson(key, address, name, what)

    for school in today.schools.values():
        for key in sorted(school.principals):
            if key in addresses:
                add(key, addresses[key], f"rektor, {school.name or school.code}")
    for key, pupils in today.mentees.items():
        if key in addresses:
            places = sorted({today.pupils[one].school_unit_code for one in pupils})
            names = ", ".join(today.schools[code].name or code for code in places)
            add(key, addresses[key], f"mentor, {names}")
    for address, what in _named_in_roles(home):
        add(home.key_of_address(address), address, what)
    order = ("rektor", "mentor", "skolsocialt", "drift", "analytiker")
    return tuple(
        sorted(
            found.values(),
            key=lambda p: (order.index(p.what.split(",")[0].split()[0]), p.what, p.name),
        )
    )


def _named_in_roles(home: Home) -> Iterator[tuple[str, str]]:
    roles = load_roles(home.folder)
    for team in roles.teams:
        for address in team.members:
            yield address, f"skolsocialt team, {team.district}"
    yield from ((address, "drift") for address in roles.operators)
    yield from ((address, "analytiker") for address in roles.analysts)


def _addresses(home: Home, lake: Lake) -> dict[str, str]:
    return {
        home.key_of_address(address): address
        for word in staff_words(lake).values()
        for address in split_addresses(word["email"])
        if "@" in address
    }
