"""Mentor's morning: the own pupils of every school, why each is here, and what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assets.watchlists.swedish import texts
from portal.published import Shown, of_mentor
from portal.views.rows import Row, grouped, rows_of_list
from portal.views.rules import Visit
from portal.views.rules import of_mentor as for_mentor


@require_safe
@for_mentor
def my_pupils(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Everybody whose mentor the reader is today, and who was handed to the reader."""
    rights, today = visit.rights, visit.today
    codes = sorted({today.pupils[key].school_unit_code for key in rights.own_pupils})
    rows: list[Row] = []
    lists: list[tuple[str, Shown]] = []
    missing: list[str] = []
    for code in codes:
        visit.note("mentor" if rights.mentees else "health", "list", school=code)
        shown = visit.lists.of_school(code, today)
        name = today.schools[code].name or code
        if shown is None:
            missing.append(name)
            continue
        own = of_mentor(shown, rights.key, rights.name, rights.own_pupils)
        rows += rows_of_list(visit, own)
        lists.append((f"{name}: {texts.up_to(own.watchlist)}", shown))
    context = {
        "visit": visit,
        "groups": grouped(rows),
        "count": len(rows),
        "own_pupils": len(rights.own_pupils),
        "lists": lists,
        "missing": missing,
        "view": "mine",
        "day": today.day,
    }
    return render(request, "portal/mine.html", context)
