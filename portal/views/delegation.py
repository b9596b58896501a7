"""A principal lets somebody act: for the whole school, or for single pupils (elevhälsa)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from assets.delivery.recipients import is_address
from assets.lake.sealed_places import DELEGATION_PURPOSE, RECEIVER_ADDRESS
from portal.models import PUBLIC_ID, Delegation, HandedPupil, PupilReference, new_public_id
from portal.today import SchoolToday
from portal.views.recording import LOCKED
from portal.views.rows import rows_of_list
from portal.views.rules import Visit, of_led_school

_LONGEST_PURPOSE = 200
_LONGEST = timedelta(days=400)


@dataclass(frozen=True)
class Lent:
    """A delegation as its principal reads it."""

    public_id: str
    receiver: str
    purpose: str
    until: date
    is_whole_school: bool
    pupils: int
    has_ended: bool


@require_safe
@of_led_school
def delegations(request: HttpRequest, visit: Visit, school: SchoolToday) -> HttpResponse:
    """Who may act for the school, until when and what for."""
    visit.note("principal", "delegations", school=school.code)
    return _page(request, visit, school)


def _page(
    request: HttpRequest, visit: Visit, school: SchoolToday, trouble: str = "", status: int = 200
) -> HttpResponse:
    shown = visit.lists.of_school(school.code, visit.today)
    rows = rows_of_list(visit, shown) if shown else []
    context = {
        "visit": visit,
        "school": school,
        "lent": _lent(visit, school.code),
        "rows": sorted(rows, key=lambda row: (row.class_name, row.name.casefold())),
        "trouble": trouble,
        "typed": request.POST if trouble else {},
        "chosen": request.POST.getlist("pupil") if trouble else [],
        "latest": (visit.today.day + _LONGEST).isoformat(),
        "day": visit.today.day,
    }
    return render(request, "portal/delegations.html", context, status=status)


def _lent(visit: Visit, code: str) -> list[Lent]:
    sealer = visit.home.sealer
    found = []
    for one in Delegation.objects.filter(school_unit_code=code).order_by("-id"):
        row = (one.public_id,)
        found.append(
            Lent(
                public_id=one.public_id,
                receiver=sealer.unseal_text(RECEIVER_ADDRESS, row, bytes(one.sealed_receiver)),
                purpose=sealer.unseal_text(DELEGATION_PURPOSE, row, bytes(one.sealed_purpose)),
                until=one.until,
                is_whole_school=one.is_whole_school,
                pupils=one.pupils.count(),
                has_ended=one.ended_at is not None or one.until < visit.today.day,
            )
        )
    return found


@require_POST
@of_led_school
def delegate(request: HttpRequest, visit: Visit, school: SchoolToday) -> HttpResponse:
    """Give a delegation."""
    address, purpose = (
        request.POST.get("receiver", "").strip(),
        request.POST.get("purpose", "").strip(),
    )
    is_whole = request.POST.get("scope") == "school"
    references = list(dict.fromkeys(request.POST.getlist("pupil")))
    until = _day(request.POST.get("until", ""))
    keys = _own_pupils(visit, school.code, references)
    trouble = ""
    if not is_address(address):
        trouble = "Skriv personens e-postadress, som vid inloggningen."
    elif not purpose or len(purpose) > _LONGEST_PURPOSE:
        trouble = f"Skriv vad det gäller, högst {_LONGEST_PURPOSE} tecken."
    elif until is None or not visit.today.day <= until <= visit.today.day + _LONGEST:
        trouble = "Ange till och med vilken dag, högst ett år framåt."
    elif not is_whole and not keys:
        trouble = "Välj minst en elev, eller hela skolan."
    elif not is_whole and len(keys) != len(references):
        trouble = "En av eleverna är inte längre på skolans lista. Välj igen."
    if trouble or until is None:
        return _page(request, visit, school, trouble, 422)
    wanted = _Wanted(address, purpose, until, () if is_whole else tuple(keys))
    try:
        _keep(visit, school, wanted)
    except OperationalError:
        return _page(request, visit, school, LOCKED, 503)
    return redirect("delegations", code=school.code)


@dataclass(frozen=True)
class _Wanted:
    """A delegation as it was asked for, when nothing stands against it."""

    address: str
    purpose: str
    until: date
    keys: tuple[str, ...]


def _keep(visit: Visit, school: SchoolToday, wanted: _Wanted) -> None:
    """Keep it; without pupils it is of the whole school."""
    public_id, sealer = new_public_id(), visit.home.sealer
    row = (public_id,)
    with transaction.atomic():
        visit.note("principal", "delegated", school=school.code)
        lent = Delegation.objects.create(
            public_id=public_id,
            school_unit_code=school.code,
            giver_key=visit.rights.key,
            receiver_key=visit.home.key_of_address(wanted.address),
            sealed_receiver=sealer.seal_text(RECEIVER_ADDRESS, row, wanted.address),
            sealed_purpose=sealer.seal_text(DELEGATION_PURPOSE, row, wanted.purpose),
            is_whole_school=not wanted.keys,
            until=wanted.until,
            given_at=visit.home.now(),
        )
        HandedPupil.objects.bulk_create(
            [HandedPupil(delegation=lent, pupil_key=key) for key in wanted.keys]
        )
        for key in wanted.keys:
            visit.note("principal", "handed", school.code, key)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _own_pupils(visit: Visit, code: str, references: list[str]) -> list[str]:
    """Return the keys of those who belong to the school today; of no others."""
    today = visit.today
    named = [one for one in references if PUBLIC_ID.fullmatch(one)]
    known = PupilReference.objects.filter(public_id__in=named)
    keys = {today.standing_key(one.pupil_key) for one in known}
    return sorted(
        key for key in keys if key in today.pupils and today.pupils[key].school_unit_code == code
    )


@require_POST
@of_led_school
def end_delegation(
    request: HttpRequest, visit: Visit, school: SchoolToday, delegation: str
) -> HttpResponse:
    """End one; it holds no more from the next request on."""
    of_school = Delegation.objects.filter(school_unit_code=school.code, ended_at=None)
    is_name = PUBLIC_ID.fullmatch(delegation) is not None
    found = of_school.filter(public_id=delegation).first() if is_name else None
    if found is None:
        raise Http404
    visit.note("principal", "delegation_ended", school=school.code)
    found.ended_at = visit.home.now()
    found.save(update_fields=["ended_at"])
    return redirect("delegations", code=school.code)
