"""A pupil: why on the list, the absence of the school year, what was said, and what to say next."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assets.follow_up import kinds
from assets.follow_up.standing import Crossing, FollowUp, stand
from assets.watchlists.model import PupilRow, Watchlist, YearWeeks
from assets.watchlists.page.curves import axes, pupil_curve
from assets.watchlists.page.rows import shown as cell_text
from assets.watchlists.swedish import evidence_texts, explanations, texts, year_texts
from portal.follow_up.cases import case_references
from portal.follow_up.clock import school_days
from portal.follow_up.events import Fact
from portal.follow_up.kinds import words_for
from portal.published import Shown, of_mentor, row_of
from portal.views.recording import Outcome, may_see, shown_to, typed
from portal.views.rows import (
    as_typed,
    overdue_text,
    people_at,
    row_of_pupil,
    status_fields,
    status_texts,
    suggested_dates,
    word_text,
)
from portal.views.rules import PupilVisit, Visit, of_pupil
from rules.follow_up_words import case_words, reminder_days, toolbox

KIND_NAMES = {
    "mentor_status": "Mentor",
    "principal_status": "Rektor",
    "team_step": "Skolsocialt team",
    kinds.CONSENT: "Samtycke",
    kinds.COLLABORATION: "Samverkan",
    kinds.FACTOR: "Kartläggning",
    kinds.RESPONSIBLE: "Ansvarig",
    kinds.NEXT_DATE: "Nästa uppföljning",
    kinds.NOTE: "Anteckning",
    kinds.GOAL: "Mål",
    kinds.GOAL_MET: "Målet uppfyllt",
    kinds.MEASURE: "Insats",
    kinds.MEASURE_EXTENT: "Omfattning",
    kinds.RESULT: "Resultat",
    kinds.PUPIL_SATISFACTION: "Elevens nöjdhet",
    kinds.GUARDIAN_SATISFACTION: "Vårdnadshavares nöjdhet",
    kinds.WITHDRAWAL: "Tog tillbaka",
}


@dataclass(frozen=True)
class EventLine:
    """An event as it is read."""

    public_id: str
    when: str
    who: str
    kind: str
    text: str
    is_withdrawn: bool
    can_withdraw: bool


@require_safe
@of_pupil
def pupil(request: HttpRequest, visit: Visit, pupil: PupilVisit) -> HttpResponse:
    """The pupil's page; opening it is in the access log."""
    visit.note(pupil.role, "pupil", pupil.placed.school_unit_code, pupil.key)
    return pupil_page(request, visit, pupil, Outcome())


@require_safe
@of_pupil
def pupil_on_paper(request: HttpRequest, visit: Visit, pupil: PupilVisit) -> HttpResponse:
    """The same to print."""
    visit.note(pupil.role, "pupil_printed", pupil.placed.school_unit_code, pupil.key)
    return pupil_page(request, visit, pupil, Outcome(), is_paper=True)


def pupil_page(
    request: HttpRequest,
    visit: Visit,
    pupil: PupilVisit,
    outcome: Outcome,
    *,
    is_paper: bool = False,
) -> HttpResponse:
    """The page, after a form too, with what was typed."""
    shown = list_with(visit, pupil)
    row = row_of_pupil(visit, shown, pupil.key) if shown else None
    found = row_of(shown.watchlist, pupil.key) if shown else None
    is_listed = row is not None and set(pupil.roles) != {"team"}
    follow_up = row.follow_up if row and is_listed else _unlisted(visit, pupil)
    written = typed(request) if outcome.trouble else {}
    context = {
        "visit": visit,
        "pupil": pupil,
        "school": visit.today.schools[pupil.placed.school_unit_code],
        "shown": shown,
        "row": row,
        "evidence": _evidence(shown.watchlist, found) if shown else None,
        "facts": explanations.facts(shown.watchlist, found)
        if shown and isinstance(found, PupilRow)
        else (),
        "notes": explanations.notes(shown.watchlist, found)
        if shown and isinstance(found, PupilRow)
        else (),
        "curve": _curve(shown.watchlist, found) if shown else None,
        "events": events_of(visit, pupil),
        "name": row.name if row else visit.name_of(pupil.key),
        "follow_up": follow_up,
        "status_texts": status_texts(follow_up),
        "overdue_text": overdue_text(follow_up),
        "people": people_at(visit, pupil.placed.school_unit_code),
        "fields": as_typed(status_fields(follow_up, pupil.roles), written),
        "responsible": written.get(kinds.RESPONSIBLE, follow_up.responsible_key),
        "collaboration": words_for(kinds.COLLABORATION, pupil.roles),
        "consent": words_for(kinds.CONSENT, pupil.roles),
        "factors": words_for(kinds.FACTOR, pupil.roles),
        "goal_met": words_for(kinds.GOAL_MET, pupil.roles),
        "toolbox": _tools() if "team" in pupil.roles else (),
        "extents": case_words().extents,
        "results": words_for(kinds.RESULT, pupil.roles),
        "satisfaction": words_for(kinds.PUPIL_SATISFACTION, pupil.roles),
        "cases": case_references(visit.home, pupil.facts) if "team" in pupil.roles else (),
        "suggested": suggested_dates(visit.today.day),
        "outcome": outcome,
        "typed": written,
        "day": visit.today.day,
        "seen": max((fact.number for fact in pupil.facts), default=0),
        "is_paper": is_paper,
    }
    template = "portal/pupil_paper.html" if is_paper else "portal/pupil.html"
    status = outcome.status if outcome.trouble else 200
    return render(request, template, context, status=status)


def _unlisted(visit: Visit, pupil: PupilVisit) -> FollowUp:
    """How the follow-up stands of a pupil who is on no list: nothing waits, so nothing is late."""
    today = visit.today
    days = school_days(visit.home, pupil.placed.school_unit_code, today.school_year_start)
    nothing = Crossing({}, 0, None)
    return stand(shown_to(pupil), nothing, days, today.day, reminder_days(today.day))


def list_with(visit: Visit, pupil: PupilVisit) -> Shown | None:
    """Return the current list of the pupil's school as the visitor may read it."""
    shown = visit.lists.of_school(pupil.placed.school_unit_code, visit.today)
    if shown is None or set(pupil.roles) & {"principal", "delegate"}:
        return shown
    own = visit.rights.own_pupils | ({pupil.key} if "team" in pupil.roles else set())
    return of_mentor(shown, visit.rights.key, visit.rights.name, own)


def _evidence(watchlist: Watchlist, row: object) -> dict[str, object] | None:
    if not isinstance(row, PupilRow):
        return None
    table = evidence_texts.evidence_table(watchlist)(row)
    return {
        "headings": [column.heading for column in table.columns],
        "rows": [
            [cell_text(column.value(item), column.kind) for column in table.columns]
            for item in table.rows
        ],
    }


def _curve(watchlist: Watchlist, row: object) -> dict[str, object] | None:
    """The absence of the school year: a picture, and the same as a table."""
    if not isinstance(row, PupilRow) or row.year_weeks is None:
        return None
    weeks: YearWeeks = row.year_weeks
    names = year_texts.week_names(weeks)
    return {
        "picture": axes(watchlist) + pupil_curve(row),
        "words": year_texts.pupil_weeks(weeks),
        "table": [
            (name, texts.percent(share)) for name, share in zip(names, weeks.shares, strict=True)
        ],
    }


def events_of(visit: Visit, pupil: PupilVisit) -> list[EventLine]:
    """Return what was said that the visitor may read, newest first."""
    lines = []
    zone = visit.home.now().tzinfo
    for fact in reversed(pupil.facts):
        if not may_see(fact, pupil.roles):
            continue
        is_own = fact.author_key == visit.rights.key
        lines.append(
            EventLine(
                public_id=fact.public_id,
                when=fact.recorded_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                who=visit.today.names.get(fact.author_key)
                or (visit.rights.name if is_own else "En tidigare medarbetare"),
                kind=KIND_NAMES.get(fact.kind, fact.kind),
                text=event_text(visit, fact),
                is_withdrawn=fact.is_withdrawn,
                can_withdraw=not fact.is_withdrawn
                and fact.kind != kinds.WITHDRAWAL
                and (is_own or "principal" in pupil.roles),
            )
        )
    return lines


def event_text(visit: Visit, fact: Fact) -> str:
    """Return what an event says, in a line."""
    if fact.kind == kinds.RESPONSIBLE and fact.value == kinds.NOBODY:
        return "ingen"
    if fact.kind == kinds.RESPONSIBLE:
        return visit.today.names.get(fact.value, "en tidigare medarbetare")
    if fact.kind == kinds.NEXT_DATE:
        return fact.on_date.isoformat() if fact.on_date else "inget datum"
    if fact.kind == kinds.WITHDRAWAL:
        return KIND_NAMES.get(fact.value, fact.value)
    parts = [word_text(fact.kind, fact.value)] if fact.value else []
    if fact.on_date:
        parts.append(fact.on_date.isoformat())
    if fact.text:
        parts.append(fact.text)
    return " · ".join(parts)


def _tools() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            heading.sv,
            [(f"{heading.code}_{n}", item) for n, item in enumerate(heading.items, start=1)],
        )
        for heading in toolbox()
    ]
