"""Figures of the teams' cases: groups only, small counts hidden.

A team reads the rows of its own districts, an analyst all rows of the same table: who knows the
hidden count of one district could else work out another's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assets.delivery.shares import nameable_pupils
from assets.flags.suppression import HIDDEN, LEAST_SHOWN
from assets.follow_up.kinds import CONSENT
from assets.follow_up.standing import newest_of
from portal.follow_up.case_figures import (
    ALL,
    BAND,
    COLUMNS,
    DISTRICT,
    DISTRICT_BAND,
    DISTRICT_SEX,
    SEX,
    FigureRow,
    by_term,
    figures,
)
from portal.follow_up.case_rows import CaseRow, case_rows
from portal.follow_up.case_sheet import SEXES
from portal.follow_up.cases import cases_in
from portal.follow_up.events import facts_of
from portal.models import Event
from portal.views.rules import Visit, of_analyst, of_team

HEADINGS = {
    "enrolled": "Inskrivna",
    "goes_on": "Pågår",
    "completed": "Fullföljda",
    "early": "Avslutade i förtid",
    "moved": "Flyttade",
    "goals_met": "Mål uppfyllda",
    "goals_partly": "Mål delvis uppfyllda",
}
_GROUPINGS = {
    ALL: "Alla",
    DISTRICT: "Stadsdelsområde",
    SEX: "Kön",
    BAND: "Stadium",
    DISTRICT_SEX: "Stadsdelsområde och kön",
    DISTRICT_BAND: "Stadsdelsområde och stadium",
}
_BANDS = {
    "early": "Förskoleklass–årskurs 3",
    "middle": "Årskurs 4–6",
    "late": "Årskurs 7–9",
    "unknown": "Okänd årskurs",
}
_OF_A_DISTRICT = frozenset({DISTRICT, DISTRICT_SEX, DISTRICT_BAND})


@dataclass(frozen=True)
class FigureTable:
    """A division of a term's cases, as it is read."""

    heading: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@require_safe
@of_team
def team_figures(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The rows of the reader's own districts."""
    visit.note("team", "figures")
    own = visit.rights.districts
    return _page(request, visit, lambda row: row.grouping in _OF_A_DISTRICT and row.group[0] in own)


@require_safe
@of_analyst
def all_figures(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Every row."""
    visit.note("analyst", "figures")
    return _page(request, visit, lambda _: True)


def counted_cases(visit: Visit) -> list[CaseRow]:
    """Return the cases that are counted: with consent, and of nobody who is protected.

    Also of who has left the school since: no row tells of a pupil.
    """
    today = visit.today
    nameable = visit.home.ask("nameable", nameable_pupils)
    said = Event.objects.filter(kind=CONSENT).values_list("pupil_key", flat=True).distinct()
    keys = sorted({today.standing_key(key) for key in said} & nameable)
    cases = []
    for facts in facts_of(visit.home, today, keys).values():
        consent = newest_of(facts, CONSENT)
        if consent is not None and consent.value == "yes":
            cases += cases_in(visit.home, facts)
    return visit.home.look(lambda lake: case_rows(lake, today, cases))


def _page(
    request: HttpRequest, visit: Visit, is_theirs: Callable[[FigureRow], bool]
) -> HttpResponse:
    terms = by_term(counted_cases(visit))
    asked = request.GET.get("termin") or next(iter(terms), "")
    if asked and asked not in terms:
        raise Http404
    # Hidden together first, and only then is something left out.
    rows = [row for row in figures(terms.get(asked, ())) if is_theirs(row)]
    tables = [
        FigureTable(
            heading,
            tuple(
                (_named(row), tuple(_shown(row.counts[column]) for column in COLUMNS))
                for row in rows
                if row.grouping == grouping
            ),
        )
        for grouping, heading in _GROUPINGS.items()
    ]
    context = {
        "visit": visit,
        "tables": [table for table in tables if table.rows],
        "headings": [HEADINGS[column] for column in COLUMNS],
        "terms": [(term, term_text(term)) for term in terms],
        "term": asked,
        "least": LEAST_SHOWN,
        "hidden": HIDDEN,
    }
    return render(request, "portal/figures.html", context)


def _shown(count: int | None) -> str:
    return HIDDEN if count is None else str(count)


def _named(row: FigureRow) -> str:
    names = [SEXES.get(part) or _BANDS.get(part) or part or "Okänt" for part in row.group]
    return ", ".join(names) or "Alla"


def term_text(term: str) -> str:
    """Return what a term is called: `hösten 2026`."""
    return f"{'hösten' if term.endswith('ht') else 'våren'} {term[:4]}"
