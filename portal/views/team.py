"""The team's cases: those with consent, from when they were raised, by step; and what is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assets.follow_up import kinds
from assets.follow_up.standing import has_open_case, newest_of
from assets.watchlists.swedish.safe_text import one_line
from portal.follow_up.cases import cases_in, last_school
from portal.follow_up.events import Fact, facts_of
from portal.models import Event
from portal.views.recording import may_see
from portal.views.rows import word_text
from portal.views.rules import Visit, of_team, references
from portal.views.wheel import calendar_address, steps_of_team
from rules.follow_up_words import step_words


@dataclass(frozen=True)
class Case:
    """A pupil whom the team works with."""

    reference: str
    name: str
    school: str
    class_name: str
    step: str
    step_text: str
    next_date: str
    is_due: bool
    goal: str


@dataclass(frozen=True)
class LeftCase:
    """A case that goes on of a pupil who has left, by the name that it has in the sheet."""

    reference: str
    school: str
    step_text: str


@require_safe
@of_team
def team_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Cases by step, of the reader's districts."""
    facts, left = open_cases(visit), cases_of_who_left(visit)
    # A school's rektor reads in the log that its cases were opened.
    schools = {last_school(visit.today, said) for said in (*facts.values(), *left.values())}
    for code in sorted(schools) or [""]:
        visit.note("team", "cases", school=code)
    cases = cases_of(visit, facts)
    by_step: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_step[case.step].append(case)
    steps = [
        (word.sv, by_step[word.code])
        for word in step_words().of_role("team")
        if by_step.get(word.code)
    ]
    context = {
        "visit": visit,
        "steps": steps,
        "due": [case for case in cases if case.is_due],
        "count": len(cases),
        "left": _left(visit, left),
        "districts": sorted(visit.rights.districts),
        "wheels": [
            (district, calendar_address(district), steps_of_team(visit, district, facts))
            for district in sorted(visit.rights.districts)
        ],
    }
    return render(request, "portal/team.html", context)


def open_cases(visit: Visit) -> dict[str, list[Fact]]:
    """Return what was said of the pupils whom the reader meets as of the team, by pupil key."""
    codes = visit.rights.teams_schools()
    places = visit.today.pupils
    return _with_consent(
        visit,
        {key for key in _asked(visit) & places.keys() if places[key].school_unit_code in codes},
    )


def cases_of_who_left(visit: Visit) -> dict[str, list[Fact]]:
    """Return what was said of pupils with a case who belong nowhere any more, by pupil key.

    They are the team's of the district where the pupil was last, and nobody else's. Nothing says of
    who has left whether they are protected since: whoever shows this shows no name.
    """
    codes = visit.rights.teams_schools()
    facts = _with_consent(visit, _asked(visit) & visit.today.left.keys())
    return {key: said for key, said in facts.items() if last_school(visit.today, said) in codes}


def _asked(visit: Visit) -> set[str]:
    """The pupils whose consent was ever asked for."""
    said = Event.objects.filter(kind=kinds.CONSENT).values_list("pupil_key", flat=True).distinct()
    return {visit.today.standing_key(key) for key in said}


def _with_consent(visit: Visit, keys: Iterable[str]) -> dict[str, list[Fact]]:
    facts = facts_of(visit.home, visit.today, sorted(keys))
    return {key: facts[key] for key in sorted(facts) if has_open_case(facts[key])}


def _left(visit: Visit, facts: Mapping[str, list[Fact]]) -> list[LeftCase]:
    found = []
    for said in facts.values():
        for case in cases_in(visit.home, said):
            if case.ended_by is None:
                code = last_school(visit.today, said)
                step = newest_of(case.facts, kinds.STATUS_OF["team"])
                school = visit.today.schools.get(code)
                name = (school.name if school else "") or code
                text = word_text(step.kind, step.value) if step else ""
                found.append(LeftCase(case.reference, name, text))
    return sorted(found, key=lambda one: one.reference)


def cases_of(visit: Visit, facts: Mapping[str, list[Fact]]) -> list[Case]:
    """Return the open cases of the reader's districts, by name."""
    today = visit.today
    open_keys = list(facts)
    names = references(open_keys) if open_keys else {}
    found = []
    for key in open_keys:
        placed = today.pupils[key]
        # What the school planned beside the case is not the team's.
        own = [fact for fact in facts[key] if may_see(fact, ("team",))]
        step = newest_of(own, "team_step")
        planned = newest_of(own, kinds.NEXT_DATE)
        goal = newest_of(own, kinds.GOAL)
        day = planned.on_date if planned else None
        found.append(
            Case(
                reference=names[key],
                name=visit.name_of(key),
                school=today.schools[placed.school_unit_code].name or placed.school_unit_code,
                class_name=one_line(placed.class_name or ""),
                step=step.value if step else "",
                step_text=word_text("team_step", step.value) if step else "",
                next_date=day.isoformat() if day else "",
                is_due=bool(day and day <= today.day),
                goal=goal.text if goal else "",
            )
        )
    return sorted(found, key=lambda case: case.name.casefold())
