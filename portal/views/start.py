"""The way in: login, the choice of a person in the demo, and where somebody's pages are."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from portal.home import the_home
from portal.login.choices import demo_people
from portal.settings import IS_DEMO
from portal.views.rules import Visit, anybody, logged_in


@require_safe
@anybody
def log_in(request: HttpRequest) -> HttpResponse:
    """The page before the login; in the demo, everybody whom one can be."""
    people = demo_people(the_home()) if IS_DEMO else ()
    context = {
        "people": people,
        "is_demo": IS_DEMO,
        "next": _own_address(request, request.GET.get("next", "")),
        "has_failed": "misslyckad" in request.GET,
    }
    return render(request, "portal/log_in.html", context)


@require_POST
@anybody
def choose(request: HttpRequest) -> HttpResponse:
    """Be one of the demo's people."""
    if not IS_DEMO:
        raise Http404
    chosen = request.POST.get("person", "")
    by_key = {one.key: one.address for one in demo_people(the_home())}
    if chosen not in by_key:
        raise Http404
    person = authenticate(request, chosen_address=by_key[chosen])
    if person is None:
        raise Http404
    login(request, person, backend="portal.login.demo.ChosenPerson")
    return redirect(_own_address(request, request.POST.get("next", "")) or "/")


def _own_address(request: HttpRequest, address: str) -> str:
    """Return an address of this portal; "" for any other."""
    is_own = url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=request.is_secure()
    )
    return address if is_own and address.startswith("/") else ""


@require_POST
@anybody
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("/logga-in/")


@require_safe
@logged_in
def start(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Where somebody's pages are; who has only one goes there at once."""
    rights = visit.rights
    schools = [visit.today.schools[code] for code in sorted(rights.schools)]
    has_own = bool(rights.own_pupils)
    has_more = bool(rights.districts) or rights.is_operator or rights.is_analyst
    if len(schools) == 1 and not has_own and not has_more:
        return redirect("school", code=schools[0].code)
    if has_own and not schools and not has_more:
        return redirect("mine")
    context = {"visit": visit, "schools": schools, "has_own": has_own, "rights": rights}
    return render(request, "portal/start.html", context)
