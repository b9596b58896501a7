"""A home of one night over the samples, its portal in this process, and people who open pages.

Not here: any expectation, Django's settings (`conftest.py`).
"""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from portal.home import Home, the_home
from tests.portal.towns import Town

if TYPE_CHECKING:
    from django.test import Client

    from portal.models import Event
    from portal.views.rules import Visit

AS_OF, DEMO_DAY = "2026-11-15", "2026-11-23"
SAMPLES = Path(__file__).resolve().parents[2] / "data_samples"
SCHOOL = "99999901"  # in Södermalm: 9 pupils of grade 7, 15 of grade 8, one of grade 9
OTHER_SCHOOL = "99999902"  # in Hässelby-Vällingby
TEAM, OTHER_TEAM = "sam.team@stad.example", "kim.team@stad.example"
ANALYST, OPERATOR = "analys@stad.example", "drift@stad.example"
DISTRICT, OTHER_DISTRICT = "Södermalm", "Hässelby-Vällingby"
_ROLES = f"""teams:
  - {{district: {DISTRICT}, members: [{TEAM}]}}
  - {{district: {OTHER_DISTRICT}, members: [{OTHER_TEAM}]}}
analysts: [{ANALYST}]
operators: [{OPERATOR}]
"""


@cache
def _samples() -> Town:
    """Make the home once a process: two nights over the samples, and an empty database."""
    from django.core.management import call_command

    from tests.integration.conftest import trappan

    folder = Path(mkdtemp(prefix="portal-samples-")) / "home"
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    for inbox, as_of in (("inbox", AS_OF), ("inbox_week_47", "2026-11-22")):
        trappan("--home", folder, "nightly", "--inbox", SAMPLES / inbox, "--as-of", as_of)
    path = folder / "roles.yaml"
    path.write_text(_ROLES, encoding="utf-8")
    path.chmod(0o600)
    (folder / "portal").mkdir(mode=0o700)
    town = Town(folder, folder)
    town.on(date.fromisoformat(DEMO_DAY))
    town.serve()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    return town


def portal_home() -> Home:
    """Return the home that this process' portal serves; another module's gives way to it."""
    town = _samples()
    if the_home().folder != town.path:
        town.serve()
    return the_home()


def forget() -> None:
    """Empty the database of what was said and looked at."""
    from portal.models import AccessEntry, Event, PupilReference

    portal_home()
    Event.objects.filter(withdraws__isnull=False).delete()
    for model in (Event, AccessEntry, PupilReference):
        model.objects.all().delete()


def opened_by(address: str) -> Client:
    """Return a browser of somebody who is logged in."""
    from django.test import Client

    home = portal_home()
    client = Client(HTTP_HOST="127.0.0.1")
    client.post("/valj-person/", {"person": home.key_of_address(address)})
    return client


def rektor_of(school: str) -> str:
    """Return the address of a school's principal."""
    from portal.login.choices import demo_people

    home = portal_home()
    keys = home.today().principals_at(school)
    return next(one.address for one in demo_people(home) if one.key in keys)


def mentor_of(pupil: str) -> str:
    """Return the address of a pupil's mentor."""
    from portal.login.choices import demo_people

    home = portal_home()
    keys = home.today().pupils[pupil].mentors
    return next(one.address for one in demo_people(home) if one.key in keys)


def visit_as(address: str) -> Visit:
    """Return what a view is given of somebody."""
    from portal.models import Person
    from portal.rights import rights_of
    from portal.views.rules import Visit

    opened_by(address)
    home = portal_home()
    person = Person.objects.get(key=home.key_of_address(address))
    return Visit(home, person, rights_of(home, person))


def pupils_of(school: str, grade: int | None = None) -> list[str]:
    """Return the keys of a school's pupils, sorted."""
    today = portal_home().today()
    return sorted(
        key
        for key, placed in today.pupils.items()
        if placed.school_unit_code == school and grade in {None, placed.grade}
    )


def reference_of(pupil: str) -> str:
    """Return a pupil's name in addresses."""
    from portal.views.rules import references

    return references([pupil])[pupil]


def say(pupil: str, kind: str, value: str = "", on: str = "", **more: Any) -> Event:
    """Let the team say something of a pupil; returns the event."""
    from portal.follow_up.events import Author, add_event
    from portal.follow_up.kinds import Said

    home = portal_home()
    day = date.fromisoformat(on) if on else None
    said = Said(kind, value, day, more.get("text", ""))
    author = Author(more.get("author", home.key_of_address(TEAM)), more.get("role", "team"))
    return add_event(home, home.today(), author, pupil, said, None)


def enrol(pupil: str, on: str = "2026-11-02") -> None:
    """Let a pupil be raised, with consent."""
    say(pupil, "team_step", "step_2_raised", on)
    say(pupil, "consent", "yes", on)


@dataclass(frozen=True)
class Names:
    """What a pupil is called."""

    given: str
    family: str
    civic_no: str


def names_of(pupil: str) -> Names:
    """Return it, opened."""
    from assets.flags.answers import identities_of

    found = portal_home().look(lambda lake: identities_of(lake, [pupil]))[pupil]
    return Names(found["given_name"], found["family_name"], found["civic_no"])


@contextmanager
def lake_is_away() -> Iterator[None]:
    """Let go of the portal's connection, so that others may write."""
    portal_home().close()
    yield
    portal_home().close()
