"""The year wheel: a district's calendar, and the pupils whom the next steps are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.follow_up.cases import has_running_case, is_raised
from portal.follow_up.events import Fact, facts_of
from portal.follow_up.year_wheel import DueStep, calendar_of, next_steps
from portal.views.rows import Row
from portal.views.rules import Visit, of_district, references
from rules.year_wheels import WheelStep, district_of, slug_of, wheel_in_force

_LAST_GRADE = 9


@dataclass(frozen=True)
class PointedAt:
    """A pupil whom a step is about: who may see the page that has this may see the pupil."""

    reference: str
    name: str
    class_name: str


@dataclass(frozen=True)
class ShownStep:
    """A step with its month, and the pupils whom it is about; None where it is about none."""

    step: WheelStep
    month: date
    pupils: tuple[PointedAt, ...] | None


@require_safe
@of_district
def calendar(request: HttpRequest, visit: Visit, district: str) -> HttpResponse:
    """The district's year as a calendar file; no pupil is in it."""
    wheel = wheel_in_force(district, visit.today.day)
    if wheel is None:
        raise Http404
    answer = HttpResponse(calendar_of(wheel), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="arshjul-{slug_of(district)}.ics"'
    return answer


def calendar_address(district: str) -> str:
    """Return the name in addresses of a district that has a wheel; "" for one that has none."""
    slug = slug_of(district)
    return slug if district_of(slug) == district else ""


def steps_of_school(
    visit: Visit, district: str, code: str, rows: Sequence[Row]
) -> tuple[ShownStep, ...]:
    """Return the next steps for who reads a school's whole list.

    Args:
        visit: who reads it.
        district: of the school.
        code: the school unit.
        rows: of the school's list.
    """
    due = next_steps(district, visit.today.day)
    if not any(one.step.points_at for one in due):
        return _shown(visit, due, {})
    last_grade = {
        key
        for key, placed in visit.today.pupils.items()
        if placed.school_unit_code == code and placed.grade == _LAST_GRADE
    }
    facts = facts_of(visit.home, visit.today, sorted(last_grade))
    listed = [row.pupil_key for row in rows if row.level and row.pupil_key in last_grade]
    about = {
        "grade_9": [key for key in listed if not is_raised(facts.get(key, []))],
        "grade_9_open_cases": [
            key for key in sorted(last_grade) if has_running_case(visit.home, facts.get(key, []))
        ],
    }
    return _shown(visit, due, about)


def steps_of_team(
    visit: Visit, district: str, cases: Mapping[str, list[Fact]]
) -> tuple[ShownStep, ...]:
    """Return the next steps for a team: it sees its own cases, and nobody before they are raised.

    Args:
        visit: of the team.
        district: one of the reader's.
        cases: what was said of the pupils whom the reader meets, by key.
    """
    today = visit.today
    running = [
        key
        for key, facts in cases.items()
        if today.pupils[key].grade == _LAST_GRADE
        and today.schools[today.pupils[key].school_unit_code].district == district
        and has_running_case(visit.home, facts)
    ]
    return _shown(visit, next_steps(district, today.day), {"grade_9_open_cases": running})


def _shown(
    visit: Visit, due: Iterable[DueStep], about: Mapping[str, list[str]]
) -> tuple[ShownStep, ...]:
    keys = sorted({key for of_step in about.values() for key in of_step})
    names = references(keys) if keys else {}

    def pupils(step: WheelStep) -> tuple[PointedAt, ...] | None:
        if step.points_at is None or step.points_at not in about:
            return None
        found = (
            PointedAt(names[key], visit.name_of(key), visit.today.pupils[key].class_name)
            for key in about[step.points_at]
        )
        return tuple(sorted(found, key=lambda one: one.name.casefold()))

    return tuple(ShownStep(one.step, one.month, pupils(one.step)) for one in due)
