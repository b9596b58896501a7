"""Which right each page asks for; a page without a rule is not in `urls.py`.

A page that is not somebody's and one that does not exist get the same answer: a refusal that told
them apart would say who is on a list, or who is protected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from assets.flags.answers import identities_of
from assets.follow_up.standing import has_open_case
from assets.watchlists.swedish.safe_text import one_line
from portal.follow_up.events import Fact, facts_of
from portal.home import Home, the_home
from portal.models import PUBLIC_ID, AccessEntry, Person, PupilReference
from portal.published import PublishedLists
from portal.rights import Rights, Role, rights_of
from portal.today import PlaceToday, SchoolToday, Today
from portal.views import errors
from rules.year_wheels import district_of

Given = ParamSpec("Given")
View = Callable[..., HttpResponse]
Guard = Callable[[View], View]


class PageRule(Enum):
    """What a page asks for."""

    ANYBODY = "anybody"
    LOGGED_IN = "logged_in"
    SCHOOL = "school"
    LED_SCHOOL = "led_school"
    MENTOR = "mentor"
    PUPIL = "pupil"
    TEAM = "team"
    OPERATOR = "operator"
    ANALYST = "analyst"
    DISTRICT = "district"


#: The rule of every view, by its name; `urls.py` makes addresses of these alone.
RULES: dict[str, PageRule] = {}


@cache
def the_lists() -> PublishedLists:
    """Return the lists of this process' home."""
    return PublishedLists(the_home())


@dataclass(frozen=True)
class Visit:
    """A request by somebody with rights."""

    home: Home
    person: Person
    rights: Rights

    @property
    def today(self) -> Today:
        """Who belongs where."""
        return self.rights.today

    @property
    def own_schools(self) -> list[SchoolToday]:
        """School units whose whole list the visitor reads, in order."""
        return [self.today.schools[code] for code in sorted(self.rights.schools)]

    @property
    def lists(self) -> PublishedLists:
        """The lists."""
        return the_lists()

    def name_of(self, pupil_key: str) -> str:
        """Return the name of a pupil who belongs somewhere today; "" for nobody else."""
        if pupil_key not in self.today.pupils:
            return ""
        found = self.home.look(lambda lake: identities_of(lake, [pupil_key])).get(pupil_key, {})
        return one_line(f"{found.get('given_name', '')} {found.get('family_name', '')}")

    def note(self, role: str, kind: str, school: str = "", pupil: str = "") -> None:
        """Write into the access log, before an answer is given: keys, kinds and times only.

        Args:
            role: as what somebody asks.
            kind: what is opened or changed.
            school: code of the school unit, where there is one.
            pupil: key of the pupil, where there is one.

        Raises:
            OperationalError: the database is away; then no answer may be given.
        """
        # In the transaction of what follows: what is written has the keys of now.
        self.home.sealer.look()
        AccessEntry.objects.create(
            at=self.home.now(),
            person_key=self.rights.key,
            role=role,
            kind=kind,
            school_unit_code=school,
            pupil_key=pupil,
        )


@dataclass(frozen=True)
class PupilVisit:
    """A pupil whom the visitor may meet.

    Attributes:
        key: the key that stands for the pupil.
        reference: the pupil's name in addresses.
        placed: where the pupil belongs.
        roles: as what the visitor meets the pupil.
        facts: what was said of the pupil, oldest first.
        has_consent: whether consent is "yes" and the case was raised.
    """

    key: str
    reference: str
    placed: PlaceToday
    roles: tuple[Role, ...]
    facts: list[Fact] = field(default_factory=list)
    has_consent: bool = False

    @property
    def role(self) -> Role:
        """The first of the roles: what is written down of who acted."""
        return self.roles[0]


def visit_of(request: HttpRequest) -> Visit | None:
    """Return who asks, with the rights of this moment; None for nobody who is logged in."""
    person = request.user
    if not isinstance(person, Person) or not person.is_active:
        return None
    home = the_home()
    return Visit(home, person, rights_of(home, person))


def anybody(view: Callable[Concatenate[HttpRequest, Given], HttpResponse]) -> View:
    """A page that shows nothing of anybody."""
    RULES[view.__name__] = PageRule.ANYBODY
    return view


def _for(
    rule: PageRule, allowed: Callable[[Visit, dict[str, Any]], dict[str, Any] | None]
) -> Guard:
    """A rule: who is not logged in goes to the login, who may not gets what nobody gets."""

    def with_rule(view: View) -> View:
        RULES[view.__name__] = rule

        @wraps(view)
        def guarded(request: HttpRequest, **given: Any) -> HttpResponse:
            visit = visit_of(request)
            if visit is None and is_of_htmx(request):
                # A page in the place of a row would take away what was typed there.
                return HttpResponse(status=401)
            if visit is None and errors.written(request):
                return errors.logged_out(request)
            if visit is None:
                asked = request.get_full_path() if request.method == "GET" else "/"
                return redirect(f"/logga-in/?{urlencode({'next': asked})}")
            found = allowed(visit, given)
            if found is None:
                raise Http404
            return view(request, visit, **found)

        return guarded

    return with_rule


def is_of_htmx(request: HttpRequest) -> bool:
    """Whether a part of a page asks, which is put in its own place."""
    return bool(request.htmx)  # type: ignore[attr-defined]


def _school(visit: Visit, given: dict[str, Any]) -> dict[str, Any] | None:
    return _own_school(visit, given, visit.rights.schools)


def _led_school(visit: Visit, given: dict[str, Any]) -> dict[str, Any] | None:
    return _own_school(visit, given, visit.rights.led)


def _own_school(visit: Visit, given: dict[str, Any], own: frozenset[str]) -> dict[str, Any] | None:
    code = given.pop("code")
    found: SchoolToday | None = visit.today.schools.get(code) if code in own else None
    return {"school": found, **given} if found else None


def _mentor(visit: Visit, given: dict[str, Any]) -> dict[str, Any] | None:
    return given if visit.rights.mentees or visit.rights.handed else None


def _team(visit: Visit, given: dict[str, Any]) -> dict[str, Any] | None:
    return given if visit.rights.districts else None


def _operator(visit: Visit, given: dict[str, Any]) -> dict[str, Any] | None:
    return given if visit.rights.is_operator else None


def _analyst(visit: Visit, given: dict[str, Any]) -> dict[str, Any] | None:
    return given if visit.rights.is_analyst else None


def _district(visit: Visit, given: dict[str, Any]) -> dict[str, Any] | None:
    """A district with a wheel: of a school that the visitor reads, or of the visitor's team."""
    district = district_of(given.pop("district"))
    own = {school.district for school in visit.own_schools} | visit.rights.districts
    return {"district": district, **given} if district in own else None


def _pupil(visit: Visit, given: dict[str, Any]) -> dict[str, Any] | None:
    reference = given.pop("reference")
    # What is no name of ours is not asked for: Postgres refuses some characters.
    is_name = PUBLIC_ID.fullmatch(reference) is not None
    known = PupilReference.objects.filter(public_id=reference).first() if is_name else None
    found = meet(visit, known.pupil_key) if known else None
    return {"pupil": found, **given} if found else None


def meet(visit: Visit, pupil_key: str) -> PupilVisit | None:
    """Return a pupil as the visitor may meet them today; None for not at all."""
    key = visit.today.standing_key(pupil_key)
    placed = visit.today.pupils.get(key)
    if placed is None:
        return None
    facts = facts_of(visit.home, visit.today, [key]).get(key, [])
    has_consent = has_open_case(facts)
    roles = visit.rights.roles_for(key, has_consent)
    if not roles:
        return None
    return PupilVisit(key, references([key])[key], placed, roles, facts, has_consent)


def references(pupil_keys: list[str]) -> dict[str, str]:
    """Return the names of pupils in addresses; made when somebody first needs them."""
    known = dict(
        PupilReference.objects.filter(pupil_key__in=pupil_keys).values_list(
            "pupil_key", "public_id"
        )
    )
    missing = [PupilReference(pupil_key=key) for key in pupil_keys if key not in known]
    if missing:
        # Two who open a list at once agree on one name.
        PupilReference.objects.bulk_create(missing, ignore_conflicts=True)
        return references(pupil_keys)
    return known


logged_in = _for(PageRule.LOGGED_IN, lambda _, given: given)
of_school = _for(PageRule.SCHOOL, _school)
of_led_school = _for(PageRule.LED_SCHOOL, _led_school)
of_mentor = _for(PageRule.MENTOR, _mentor)
of_pupil = _for(PageRule.PUPIL, _pupil)
of_team = _for(PageRule.TEAM, _team)
of_operator = _for(PageRule.OPERATOR, _operator)
of_analyst = _for(PageRule.ANALYST, _analyst)
of_district = _for(PageRule.DISTRICT, _district)
