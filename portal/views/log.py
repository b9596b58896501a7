"""Who has opened or changed what: a school's for its principal, counts for an operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core.paginator import Paginator
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assets.flags.answers import identities_of
from assets.lake.sealed_places import PERSON_ADDRESS
from assets.watchlists.swedish.safe_text import one_line
from portal.models import AccessEntry, Person
from portal.today import SchoolToday
from portal.views.rules import Visit, of_led_school, of_operator

_A_PAGE = 100
_DAYS = timedelta(days=30)
KINDS = {
    "list": "öppnade listan",
    "pupil": "öppnade eleven",
    "pupil_printed": "skrev ut eleven",
    "consultation": "skrev konsultationsunderlag",
    "changed": "ändrade uppföljningen",
    "withdrew": "tog tillbaka en händelse",
    "delegations": "öppnade delegeringar",
    "delegated": "delegerade",
    "handed": "lämnade eleven till elevhälsan",
    "delegation_ended": "avslutade en delegering",
    "log": "läste loggen",
    "cases": "öppnade teamets ärenden",
    "case_sheet": "hämtade deltagaruppföljning",
    "case_sheet_read": "läste in deltagaruppföljning",
    "figures": "läste teamens siffror",
}
ROLES = {
    "principal": "rektor",
    "delegate": "för rektor",
    "mentor": "mentor",
    "health": "elevhälsa",
    "team": "skolsocialt team",
    "operator": "drift",
    "analyst": "analytiker",
}


@dataclass(frozen=True)
class LogLine:
    """An entry as it is read."""

    when: str
    who: str
    role: str
    what: str
    pupil: str


@require_safe
@of_led_school
def school_log(request: HttpRequest, visit: Visit, school: SchoolToday) -> HttpResponse:
    """The school's entries, newest first."""
    visit.note("principal", "log", school=school.code)
    entries = AccessEntry.objects.filter(school_unit_code=school.code)
    page = Paginator(entries, _A_PAGE).get_page(request.GET.get("sida"))
    lines = _lines(visit, school, list(page))
    context = {"visit": visit, "school": school, "page": page, "lines": lines}
    return render(request, "portal/log.html", context)


def _lines(visit: Visit, school: SchoolToday, entries: list[AccessEntry]) -> list[LogLine]:
    today, zone = visit.today, visit.home.now().tzinfo
    keys = sorted({today.standing_key(one.pupil_key) for one in entries if one.pupil_key})
    # Who may not be named today is not named here either, nor who is another school's now.
    keys = [
        key
        for key in keys
        if key in today.pupils and today.pupils[key].school_unit_code == school.code
    ]
    named = visit.home.look(lambda lake: identities_of(lake, keys)) if keys else {}
    addresses = _addresses(visit, {one.person_key for one in entries})

    def pupil(key: str) -> str:
        found = named.get(today.standing_key(key)) if key else None
        if found:
            return one_line(f"{found['given_name']} {found['family_name']}")
        return "elev som inte visas" if key else ""

    return [
        LogLine(
            one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            today.names.get(one.person_key) or addresses.get(one.person_key, "okänd"),
            ROLES.get(one.role, one.role),
            KINDS.get(one.kind, one.kind),
            pupil(one.pupil_key),
        )
        for one in entries
    ]


def _addresses(visit: Visit, keys: set[str]) -> dict[str, str]:
    sealer = visit.home.sealer
    return {
        person.key: sealer.unseal_text(PERSON_ADDRESS, (person.key,), bytes(person.sealed_address))
        for person in Person.objects.filter(key__in=keys)
    }


@require_safe
@of_operator
def log_counts(request: HttpRequest, visit: Visit) -> HttpResponse:
    """How often each kind was done on each day: nobody's name, no pupil."""
    visit.note("operator", "log")
    counts = (
        AccessEntry.objects.filter(at__gte=visit.home.now() - _DAYS)
        .annotate(day=TruncDate("at"))
        .order_by()
        .values("day", "kind")
        .annotate(times=Count("id"))
        .order_by("-day", "kind")
    )
    lines = [(one["day"], KINDS.get(one["kind"], one["kind"]), one["times"]) for one in counts]
    return render(request, "portal/log_counts.html", {"visit": visit, "lines": lines})
