"""A small town: four school units in two districts, whose pupils miss half of everything.

Names are as plain as roles, and one is as hostile as a name can be. Not here: any expectation.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from assets.absence.sums import refresh_sums
from assets.exports.ingest import ingest_paths
from assets.flags.answers import identities_of
from assets.flags.evaluate import evaluate_flags, store_flags
from assets.lake.connection import Lake
from assets.watchlists.release.releases import release_lists
from pipelines.settings import STOCKHOLM, Settings
from portal.home import Home, the_home
from portal.login.people import person_with
from portal.models import Delegation, Event, Person
from portal.views import rules
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.ingest_files import BASIC, REGISTER, ROSTER, USUAL, put, text_of

AS_OF = date(2026, 10, 11)
WEEK = "2026-W41"
MONDAY = date(2026, 10, 12)
A, B, C, EMPTY, UNKNOWN = "99999901", "99999902", "99999903", "99999904", "99999999"
DISTRICTS = {A: "Spånga-Tensta", B: "Spånga-Tensta", C: "Skärholmen", EMPTY: "Skärholmen"}
REKTOR = {one: f"rektor.{one}@stad.example" for one in DISTRICTS}
MO, MIA, BO, CI = (f"{one}.mentor@stad.example" for one in ("mo", "mia", "bo", "ci"))
TEAM, OTHER_TEAM = "sam.farsta@stad.example", "sam.skarholmen@stad.example"
ANALYST, OPERATOR, NOBODY = "ana.lys@stad.example", "ove.drift@stad.example", "nova@stad.example"
KURATOR, DEPUTY = "kim.kurator@stad.example", "bitr.rektor@stad.example"
#: A name of the roster that is script, a template and a question to a database at once.
HOSTILE = "<script>alert(1)</script>{{7*7}}' OR 1=1 --"


@dataclass(frozen=True)
class Pupil:
    """A row of the roster."""

    number: int
    family: str
    school: str
    mentor: str
    absent: int = 30
    protected: str = "Ingen"
    starts: str = "2026-08-17"
    ends: str = ""

    @property
    def civic(self) -> str:
        """An identity number of the test series."""
        digits = f"1203{1 + self.number % 28:02d}98{self.number // 28}"
        total = sum(
            sum(map(int, str(int(digit) * (2 - place % 2)))) for place, digit in enumerate(digits)
        )
        return f"20{digits[:6]}-{digits[6:]}{-total % 10}"


ROSTERED = (
    *(Pupil(n, f"Almsson{n:02d}", A, MO) for n in range(7)),
    Pupil(7, HOSTILE, A, MO),
    *(Pupil(n, f"Björksdotter{n:02d}", A, MIA, 30 if n < 12 else 8) for n in range(8, 14)),
    Pupil(14, "Närvarander", A, MIA, 0),
    Pupil(15, "Skyddadotter", A, MIA, 30, "Sekretessmarkering"),
    *(Pupil(n, f"Cederqvist{n:02d}", B, BO) for n in range(16, 19)),
    *(Pupil(n, f"Duvasson{n:02d}", C, CI) for n in range(19, 21)),
)
ALM, ALM_2, MIAS, OF_B, OF_C = (
    ROSTERED[0].family,
    ROSTERED[1].family,
    ROSTERED[8].family,
    ROSTERED[16].family,
    ROSTERED[19].family,
)
ROLES = f"""teams:
  - district: Spånga-Tensta
    members: [{TEAM}]
  - district: Skärholmen
    members: [{OTHER_TEAM}]
analysts: [{ANALYST}]
operators: [{OPERATOR}]
"""


def roster(pupils: Sequence[Pupil] = ROSTERED) -> str:
    """Return the roster as a file has it."""
    return text_of(
        (
            USUAL
            | {"civic": one.civic, "given": "Kim", "family": one.family, "school": one.school}
            | {"mentor": one.mentor.split("@")[0].title(), "email": one.mentor}
            | {"starts": one.starts, "ends": one.ends, "sex": "", "protected": one.protected}
            for one in pupils
        ),
        ROSTER,
    )


def with_pupil(family: str, **changed: Any) -> str:
    """Return the roster in which one pupil's row is another."""
    return roster([replace(one, **changed) if one.family == family else one for one in ROSTERED])


def with_move(family: str, school: str, mentor: str) -> str:
    """Return the roster in which a pupil belongs to another school since the weekend."""
    (pupil,) = (one for one in ROSTERED if one.family == family)
    others = [one for one in ROSTERED if one is not pupil]
    there = replace(pupil, school=school, mentor=mentor, starts="2026-10-10")
    return roster([*others, replace(pupil, ends="2026-10-09"), there])


def register(**principals: str) -> str:
    """Return the register of schools; a keyword `r99999901` is another address of a principal."""
    return text_of(
        (
            {"school": code, "school_name": f"Skolan {code[-1]}", "district": district}
            | {"principal": f"Rektor {code[-1]}"}
            | {"principal_email": principals.get(f"r{code}", REKTOR[code])}
            for code, district in DISTRICTS.items()
        ),
        REGISTER,
    )


def _lessons() -> str:
    days = (date(2026, 8, 24) + timedelta(days=n) for n in range(48))
    return text_of(
        (
            USUAL
            | {"civic": one.civic, "given": "Kim", "family": one.family, "school": one.school}
            | {"date": day.isoformat(), "present": str(60 - one.absent)}
            | {"school_name": f"Skolan {one.school[-1]}", "invalid": str(one.absent)}
            | {"mentor": "", "email": ""}
            for day in days
            if day.isoweekday() < 6
            for one in ROSTERED
        ),
        BASIC,
    )


def built_town(folder: Path) -> Path:
    """Return a new home, with lists of a night and of a frozen week, and a database."""
    home, inbox = folder / "home", folder / "inbox"
    put(inbox, "skolor_20261001T0400.csv", register())
    put(inbox, "elever_20261001T0500.csv", roster())
    put(inbox, "lektionsfranvaro_20261011T0500.csv", _lessons())
    rules_on = partial(rule_set_on, "stockholm")
    with Lake.open(settings_of(home)) as lake:
        for report in ingest_paths(lake, sorted(inbox.iterdir())):
            assert report.rows_rejected == 0, report.problems
        refresh_sums(lake)
        store_flags(lake, evaluate_flags(lake, AS_OF, rules_on(AS_OF)))
        for period in ("current", WEEK):
            release_lists(lake, AS_OF, rules_on, period=period)
            assert {A, B, C} <= {one.name for one in (home / "lists" / period).iterdir()}
    roles = put(home, "roles.yaml", ROLES)
    roles.chmod(0o600)
    (home / "portal").mkdir(mode=0o700)
    _use_database(home)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    connection.close()
    return home


def _use_database(home: Path) -> None:
    """Let Django write into a home's own file, and wait neither for the disk nor long for a turn.

    A server's database is one for all homes.
    """
    connection.close()
    if connection.vendor == "sqlite":
        connection.settings_dict["NAME"] = str(home / "portal" / "portal.sqlite")
        options = connection.settings_dict["OPTIONS"]
        options["timeout"] = 0.2
        options["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"


@dataclass
class Town:
    """A home that the portal of this process serves.

    Attributes:
        path: the home.
        source: what it is a copy of.
        moment: what time it is there.
    """

    path: Path
    source: Path
    moment: datetime = field(default_factory=lambda: datetime.combine(MONDAY, time(8), STOCKHOLM))

    _keys: dict[str, str] = field(default_factory=dict)

    def serve(self) -> None:
        """Let the portal of this process serve this home."""
        if the_home.cache_info().currsize:
            the_home().close()
        the_home.cache_clear()
        rules.the_lists.cache_clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TRAPPAN_HOME", str(self.path))
            settings = Settings()
        settings = settings.model_copy(update={"memory_limit": "1GB", "threads": 1})
        mine = Home(settings, lambda: self.moment)
        # The process' own home is asked for by many modules; it is this one for a while.
        the_home.__wrapped__.__globals__["Home"] = lambda *_: mine
        try:
            assert the_home() is mine
        finally:
            the_home.__wrapped__.__globals__["Home"] = Home
        _use_database(self.path)

    def begin(self) -> None:
        """Nobody has said or opened anything, and it is Monday morning."""
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
        self.moment = datetime.combine(MONDAY, time(8), STOCKHOLM)

    def on(self, day: date, hour: int = 8) -> None:
        """Let it be another day."""
        self.moment = datetime.combine(day, time(hour), STOCKHOLM)

    def night(self, name: str, content: str) -> None:
        """Let a file come in, as in a night; the lists stay as they were."""
        path = put(self.path.parent / "files", name, content)
        with Lake.open(settings_of(self.path)) as lake:
            (report,) = ingest_paths(lake, [path])
        assert report.rows_rejected == 0, report.problems
        self._keys = {}

    def person(self, address: str) -> Person:
        """Return somebody who has logged in once."""
        found = person_with(the_home(), address)
        assert found is not None
        return found

    def client(self, address: str = "", **options: Any) -> Any:
        """Return the browser, a `Client`, of somebody who is logged in; of nobody for ""."""
        browser = Client(HTTP_HOST="127.0.0.1", **options)
        if address:
            browser.force_login(self.person(address), backend="portal.login.demo.ChosenPerson")
        return browser

    def key(self, family: str) -> str:
        """Return the key of a pupil who belongs somewhere today."""
        if family not in self._keys:
            home = the_home()
            keys = list(home.today().pupils)
            found = home.look(lambda lake: identities_of(lake, keys))
            self._keys = {words["family_name"]: key for key, words in found.items()}
        return self._keys[family]

    def protected_key(self) -> str:
        """Return the key of the pupil who is protected from the beginning."""
        query = "SELECT DISTINCT cast(pupil_key AS VARCHAR) FROM lessons"
        keys = {key for (key,) in the_home().look(lambda lake: lake.rows(query))}
        (hidden,) = keys - set(the_home().today().pupils)
        return str(hidden)

    def reference(self, family: str) -> str:
        """Return a pupil's name in addresses."""
        key = self.key(family)
        return rules.references([key])[key]

    def url(self, family: str, page: str = "") -> str:
        """Return the address of a pupil's page."""
        return f"/elev/{self.reference(family)}/{page}"

    def say(self, address: str, family: str, **typed: str) -> Any:
        """Send the form of a pupil's page, without a comparison unless `seen` is given."""
        return self.client(address).post(self.url(family, "uppfoljning/"), typed)

    def said(self, address: str, family: str, **typed: str) -> None:
        """Say something that has to be kept."""
        answer = self.say(address, family, **typed)
        assert answer.status_code == 302, re.findall(
            r'role="alert">(.*?)<', answer.content.decode()
        )

    def raise_case(self, family: str, *, consent: str = "yes") -> None:
        """Let the principal raise a case, with the guardians' word."""
        school = the_home().today().pupils[self.key(family)].school_unit_code
        self.said(REKTOR[school], family, team_step="step_2_raised", consent=consent)

    def lend(
        self,
        receiver: str,
        families: Sequence[str] = (),
        *,
        school: str = A,
        until: date = MONDAY + timedelta(days=30),
    ) -> Delegation:
        """Let the principal delegate; without pupils the whole school."""
        typed: dict[str, Any] = {
            "receiver": receiver,
            "purpose": "Stöd",
            "until": until.isoformat(),
            "scope": "pupils" if families else "school",
            "pupil": [self.reference(one) for one in families],
        }
        answer = self.client(REKTOR[school]).post(f"/skola/{school}/delegeringar/ny/", typed)
        assert answer.status_code == 302, answer.content.decode()
        return Delegation.objects.latest("id")

    def events(self, family: str) -> list[Event]:
        """Return what is kept of a pupil, oldest first."""
        return list(Event.objects.filter(pupil_key=self.key(family)))


@contextmanager
def served(source: Path, place: Path) -> Iterator[Town]:
    """Serve a copy of a home."""
    shutil.copytree(source, place, symlinks=True)
    town = Town(place, source)
    town.serve()
    try:
        yield town
    finally:
        connection.close()
        the_home().close()
