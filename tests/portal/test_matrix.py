"""Every address, asked by everybody, for what is theirs, another's and nobody's.

The table says in its own words who may what (nothing of `views/rules.py`); addresses come from the
resolver, so one without a line here fails.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.follow_up.cases import case_references
from portal.follow_up.events import facts_of
from portal.home import the_home
from portal.models import AccessEntry, Delegation, Event, PupilReference
from portal.views.rules import RULES
from tests.portal.towns import (
    ALM,
    ALM_2,
    ANALYST,
    BO,
    DEPUTY,
    EMPTY,
    KURATOR,
    MIA,
    MIAS,
    MO,
    NOBODY,
    OF_B,
    OF_C,
    OPERATOR,
    OTHER_TEAM,
    REKTOR,
    ROSTERED,
    TEAM,
    UNKNOWN,
    A,
    B,
    C,
    Town,
    roster,
)

PROTECTED, NO_PUPIL = "protected", "none"
#: Two who had a case and have left the school; one of them is protected since.
LEFT, LEFT_PROTECTED = ROSTERED[9].family, ROSTERED[10].family
LOGGED_OUT = "nobody who is logged in"
ACTORS = {
    LOGGED_OUT: "",
    "a person without rights": NOBODY,
    "rektor of A": REKTOR[A],
    "rektor of B": REKTOR[B],
    "rektor of C": REKTOR[C],
    "rektor of a school without pupils": REKTOR[EMPTY],
    "delegate of A": DEPUTY,
    "mentor Mo": MO,
    "mentor Mia": MIA,
    "mentor Bo": BO,
    "elevhälsa": KURATOR,
    "team of A and B": TEAM,
    "team of C": OTHER_TEAM,
    "analyst": ANALYST,
    "operator": OPERATOR,
}
EVERYBODY = frozenset(ACTORS)
LOGGED_IN = EVERYBODY - {LOGGED_OUT}
#: Who leads, who reads the whole list, and who meets which pupil (follow-up.md, the first table).
#: The cases of ALM and OF_C were raised with consent; of ALM_2 without; ALM was handed over.
LEADS = {
    A: {"rektor of A"},
    B: {"rektor of B"},
    EMPTY: {"rektor of a school without pupils"},
    UNKNOWN: set(),
    "": set(),
}
READS = LEADS | {A: {"rektor of A", "delegate of A"}}
MEETS = {
    ALM: READS[A] | {"mentor Mo", "elevhälsa", "team of A and B"},
    ALM_2: READS[A] | {"mentor Mo"},
    MIAS: READS[A] | {"mentor Mia"},
    OF_B: READS[B] | {"mentor Bo"},
    OF_C: {"rektor of C", "team of C"},
    PROTECTED: set(),
    LEFT: set(),
    LEFT_PROTECTED: set(),
    NO_PUPIL: set(),
}
#: Of deltagaruppföljningen: whose row without a name each reads. Of who left the team reads on.
ROWS = {
    ALM: {"team of A and B"},
    ALM_2: set(),
    LEFT: {"team of A and B"},
    LEFT_PROTECTED: set(),
    OF_C: {"team of C"},
}
HAVE_OWN_PUPILS = {"mentor Mo", "mentor Mia", "mentor Bo", "elevhälsa"}
OF_A_TEAM = {"team of A and B", "team of C"}
#: The event of ALM was said by Mo, the one of MIAS by the rektor: one's own, or one's school's.
TAKES_BACK = {
    ALM: {"rektor of A", "mentor Mo"},
    MIAS: {"rektor of A"},
    OF_B: {"rektor of B", "mentor Bo"},
    LEFT: set(),
}


@dataclass(frozen=True)
class Line:
    """Of one address: which method it takes, and for each target who may."""

    method: str
    who: Mapping[str, set[str] | frozenset[str]]
    kind: str = ""


TABLE = {
    "start": Line("GET", {"": LOGGED_IN}),
    "log_in": Line("GET", {"": EVERYBODY}),
    "choose": Line("POST", {"": EVERYBODY}),
    "log_out": Line("POST", {"": EVERYBODY}),
    "oidc_authentication_init": Line("GET", {"": EVERYBODY}),
    "oidc_authentication_callback": Line("GET", {"": EVERYBODY}),
    "oidc_logout": Line("POST", {"": EVERYBODY}),
    "school": Line("GET", READS, "school"),
    "delegations": Line("GET", LEADS, "school"),
    "delegate": Line("POST", LEADS, "school"),
    "end_delegation": Line("POST", {A: LEADS[A], B: LEADS[B], EMPTY: set()}, "delegation"),
    "school_log": Line("GET", LEADS, "school"),
    "mine": Line("GET", {"": HAVE_OWN_PUPILS}),
    "pupil": Line("GET", MEETS, "pupil"),
    "pupil_on_paper": Line("GET", MEETS, "pupil"),
    "record": Line("POST", MEETS, "pupil"),
    "take_back": Line("POST", TAKES_BACK, "event"),
    "consultation": Line("GET|POST", MEETS, "pupil"),
    "team": Line("GET", {"": OF_A_TEAM}),
    "case_sheet": Line("GET", {"": OF_A_TEAM}),
    "case_sheet_file": Line("GET", {"": OF_A_TEAM}),
    "read_case_sheet": Line("POST", {"": OF_A_TEAM}),
    "team_figures": Line("GET", {"": OF_A_TEAM}),
    "figures": Line("GET", {"": {"analyst"}}),
    # Of C's district there is no wheel.
    "calendar": Line(
        "GET",
        {
            "spanga-tensta": READS[A] | READS[B] | {"team of A and B"},
            "skarholmen": set(),
            "x": set(),
        },
        "district",
    ),
    "log_counts": Line("GET", {"": {"operator"}}),
}
#: Django's own way out of a page that is nobody's: the library's views show nothing of anybody.
OF_THE_LIBRARY = {"oidc_authentication_init", "oidc_authentication_callback", "oidc_logout"}


def patterns(root: URLResolver) -> Iterator[URLPattern]:
    for one in root.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one)
        else:
            yield one


PATTERNS = {str(one.name): one for one in patterns(get_resolver())}


@dataclass
class Matrix:
    """A town with something in it for everybody, and everybody's browser."""

    town: Town
    sessions: dict[str, str]
    references: dict[str, str]
    delegations: dict[str, str]
    events: dict[str, str]
    cases: dict[str, str]

    def browser(self, actor: str) -> Client:
        """Return somebody's browser, logged in whatever another one did."""
        found = Client(HTTP_HOST="127.0.0.1")
        if self.sessions[actor]:
            found.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[actor]
        return found

    def address(self, name: str, kind: str, target: str) -> str:
        """Return the address of a view for a target, whatever it is."""
        given: dict[str, Any] = {}
        if kind in {"school", "delegation"}:
            given["code"] = target or "x"
        if kind == "delegation":
            given["delegation"] = self.delegations.get(target, "nothing")
        if kind in {"pupil", "event"}:
            given["reference"] = self.references[target]
        if kind == "district":
            given["district"] = target
        if kind == "event":
            given["event"] = self.events.get(target, "nothing")
        return reverse(name, kwargs=given)


@pytest.fixture(scope="module")
def matrix(module_town: Town) -> Matrix:
    """Cases, delegations and events are there before anybody asks."""
    town = module_town
    town.begin()
    town.raise_case(ALM)
    town.raise_case(ALM_2, consent="waiting")
    for one in (LEFT, LEFT_PROTECTED, OF_C):
        town.raise_case(one)
    town.said(MO, ALM, mentor_status="contact_made")
    town.said(REKTOR[A], MIAS, mentor_status="contact_made")
    town.said(BO, OF_B, note="Ringde hem")
    handed = town.lend(KURATOR, [ALM])
    town.lend(DEPUTY)
    other = town.lend("annan@stad.example", [OF_B], school=B)
    named = (ALM, ALM_2, MIAS, OF_B, OF_C, LEFT, LEFT_PROTECTED)
    references = {one: town.reference(one) for one in named}
    # Somebody had the address before the pupil was protected.
    hidden = PupilReference.objects.create(pupil_key=town.protected_key())
    events = {one: town.events(one)[-1].public_id for one in (ALM, MIAS, OF_B, LEFT)}
    cases = {one: _reference(town, one) for one in ROWS}
    rows = [
        replace(one, ends="2026-10-09") if one.family in {LEFT, LEFT_PROTECTED} else one
        for one in ROSTERED
    ]
    rows = [
        replace(one, protected="Sekretessmarkering") if one.family == LEFT_PROTECTED else one
        for one in rows
    ]
    town.night("elever_20261012T0500.csv", roster(rows))
    return Matrix(
        town,
        {
            actor: town.client(address).cookies[settings.SESSION_COOKIE_NAME].value
            if address
            else ""
            for actor, address in ACTORS.items()
        },
        references | {PROTECTED: hidden.public_id, NO_PUPIL: "A" * 22},
        {A: handed.public_id, B: other.public_id},
        events,
        cases,
    )


def _reference(town: Town, family: str) -> str:
    """What the pupil's case is called in deltagaruppföljningen; "" for none."""
    home, key = the_home(), town.key(family)
    facts = facts_of(home, home.today(), [key]).get(key, [])
    return next(iter(case_references(home, facts)), "no case of this pupil")


def test_every_address_has_its_line_in_the_table() -> None:
    assert set(PATTERNS) == set(TABLE)


def test_every_view_of_ours_has_a_rule() -> None:
    ours = {name: one.callback.__name__ for name, one in PATTERNS.items()}
    without = {name for name, view in ours.items() if view not in RULES}
    assert without == OF_THE_LIBRARY


def _kept() -> tuple[int, ...]:
    return (
        Event.objects.count(),
        Delegation.objects.filter(ended_at=None).count(),
        AccessEntry.objects.count(),
    )


@pytest.mark.parametrize("name", sorted(TABLE))
def test_each_address_answers_whom_it_may_and_nobody_else(matrix: Matrix, name: str) -> None:
    line = TABLE[name]
    wrong = []
    for actor, target, method in product(ACTORS, line.who, ("GET", "POST")):
        address = matrix.address(name, line.kind, target)
        before = _kept()
        with transaction.atomic():
            answer = matrix.browser(actor).generic(method, address)
            after = _kept()
            # What a cell did is undone before the next.
            transaction.set_rollback(True)
        found = (answer.status_code, answer.headers.get("Location", ""))
        may = actor in line.who[target]
        if not _is_right(name, actor, found, is_method=method in line.method, may=may):
            wrong.append((actor, target, method, *found))
        if (not may or method not in line.method) and name not in OF_THE_LIBRARY:
            assert after == before, (actor, target, method)
    assert wrong == []


def _is_right(name: str, actor: str, found: tuple[int, str], *, is_method: bool, may: bool) -> bool:
    status, place = found
    if name in OF_THE_LIBRARY:
        # The demo has no login, so these lead to the login page or nowhere.
        return status in {302, 405} and (not place or place.startswith(("/", "?")))
    if not is_method:
        return status == 405
    if may:
        refused = status == 302 and place.startswith("/logga-in/?next")
        # A form without anything in it is answered, with what is missing.
        return (status in {200, 302, 422} or name == "choose") and not refused
    if actor == LOGGED_OUT:
        return status == 302 and place.startswith("/logga-in/")
    return status == 404


def test_each_reads_the_rows_of_the_cases_that_are_theirs_and_no_other(matrix: Matrix) -> None:
    read: dict[str, set[str]] = {one: set() for one in ROWS}
    for actor in ACTORS:
        answer: Any = matrix.browser(actor).get(reverse("case_sheet_file"))
        if answer.status_code != 200:
            continue
        page = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
        cells = {str(cell) for row in page.values for cell in row}
        for family, reference in matrix.cases.items():
            if reference in cells:
                read[family].add(actor)
            assert family not in cells
    assert read == ROWS


def test_a_refusal_says_the_same_of_everything(matrix: Matrix) -> None:
    browser = matrix.browser("mentor Mo")
    answers = {
        browser.get(f"/elev/{matrix.references[one]}/").content
        for one in (MIAS, OF_B, PROTECTED, LEFT, LEFT_PROTECTED, NO_PUPIL)
    } | {browser.get(f"/skola/{code}/").content for code in (A, B, UNKNOWN)}
    assert len(answers) == 1


def test_an_event_or_delegation_counts_at_its_own_place_only(matrix: Matrix) -> None:
    rektor = matrix.browser("rektor of A")
    mine, other = matrix.references[ALM], matrix.events[OF_B]
    assert rektor.post(f"/elev/{mine}/handelse/{other}/ta-tillbaka/").status_code == 404
    theirs = matrix.delegations[B]
    assert rektor.post(f"/skola/{A}/delegeringar/{theirs}/avsluta/").status_code == 404
    assert Delegation.objects.get(public_id=theirs).ended_at is None
    assert not Event.objects.filter(withdraws__public_id=other).exists()
