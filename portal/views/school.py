"""Rektor's Monday: a school's list in the order of what is to be done, with the follow-up in it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assets.watchlists.swedish import texts
from portal.published import Shown
from portal.today import SchoolToday
from portal.views.rows import grouped, rows_of_list
from portal.views.rules import Visit, of_school
from portal.views.wheel import calendar_address, steps_of_school


@require_safe
@of_school
def school_page(request: HttpRequest, visit: Visit, school: SchoolToday) -> HttpResponse:
    """The list, current or of a frozen week."""
    week = request.GET.get("vecka", "")
    shown = visit.lists.of_school(school.code, visit.today, week)
    role = "principal" if school.code in visit.rights.led else "delegate"
    visit.note(role, "list", school=school.code)
    if shown is None:
        return render(
            request, "portal/no_list.html", {"visit": visit, "school": school}, status=200
        )
    rows = rows_of_list(visit, shown)
    groups = grouped(rows)
    watchlist = shown.watchlist
    context = {
        "visit": visit,
        "school": school,
        "shown": shown,
        "watchlist": watchlist,
        "groups": groups,
        "counts": [(group.name, len(group.rows), group.code) for group in groups],
        "up_to": texts.up_to(watchlist),
        "weeks": visit.lists.weeks_of(school.code),
        "has_newer": bool(week) and _has_newer(visit, school, shown),
        "is_led": school.code in visit.rights.led,
        "wheel": steps_of_school(visit, school.district, school.code, rows),
        "calendar": calendar_address(school.district),
        "view": "school",
        "day": visit.today.day,
    }
    return render(request, "portal/school.html", context)


def _has_newer(visit: Visit, school: SchoolToday, shown: Shown) -> bool:
    """Whether a list of a later week, or of a later day, is out than the frozen one."""
    current = visit.lists.of_school(school.code, visit.today)
    is_later = current is not None and current.watchlist.as_of > shown.watchlist.as_of
    return is_later or shown.newest_week > shown.week
