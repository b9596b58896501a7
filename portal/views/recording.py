"""What was typed about a pupil becomes events, all of a form or none.

Whatever stands against it, what was typed is there again: a wrong date, a word that is not the
person's, somebody else's change meanwhile, a list that was replaced, a database that is locked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus

from django.db import OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from assets.follow_up import kinds
from assets.follow_up.standing import newest_of
from portal.follow_up.events import (
    Author,
    ChangedMeanwhileError,
    Fact,
    add_event,
    facts_of,
    keep_others_waiting,
    of_the_school,
    withdraw,
)
from portal.follow_up.kinds import Objection, Said, objection, with_extent
from portal.models import PUBLIC_ID, Event
from portal.published import of_mentor
from portal.rights import Role
from portal.views.rows import Row, as_typed, people_at, row_of_pupil, word_text
from portal.views.rules import PupilVisit, Visit, is_of_htmx, meet, of_pupil
from rules.errors import TrappanError

#: Fields of a form that are kinds of events.
_CHOSEN = (*sorted(kinds.STATUS_KINDS), kinds.CONSENT, kinds.COLLABORATION, kinds.FACTOR)
_FIELDS = (
    *_CHOSEN,
    "on_date",
    "reason",
    kinds.RESPONSIBLE,
    kinds.NEXT_DATE,
    kinds.NOTE,
    kinds.GOAL,
    "goal_date",
    kinds.GOAL_MET,
    kinds.MEASURE,
    "extent",
    kinds.RESULT,
    kinds.PUPIL_SATISFACTION,
    kinds.GUARDIAN_SATISFACTION,
)
#: Words of the case that need neither a day nor a reason.
_OF_THE_CASE = (
    kinds.GOAL_MET,
    kinds.MEASURE,
    kinds.RESULT,
    kinds.PUPIL_SATISFACTION,
    kinds.GUARDIAN_SATISFACTION,
)
_LONGEST_VALUE = 80
#: Said wherever something could not be kept.
LOCKED = (
    "Det gick inte att spara just nu: databasen är upptagen eller borta. "
    "Det du skrev står kvar; försök igen om en stund."
)


class _NotADateError(TrappanError, ValueError):
    """What was typed is no date."""


@dataclass(frozen=True)
class Outcome:
    """What became of a form.

    Attributes:
        saved: how many events were kept.
        trouble: why nothing was; "" for no trouble.
        is_warning: it can be kept all the same.
        status: of the answer.
    """

    saved: int = 0
    trouble: str = ""
    is_warning: bool = False
    status: int = 200


@require_POST
@of_pupil
def record(request: HttpRequest, visit: Visit, pupil: PupilVisit) -> HttpResponse:
    """Keep what was said of a pupil; answer with the row as it is then."""
    outcome = keep(request, visit, pupil)
    if outcome.status == HTTPStatus.CONFLICT:
        # With what the other said, which was kept after this form was read.
        found = meet(visit, pupil.key)
        if found is None:
            raise Http404
        pupil = found
    if is_of_htmx(request) and request.POST.get("place") == "row":
        return _answer_row(request, visit, pupil, outcome)
    if outcome.trouble:
        from portal.views.pupil import pupil_page  # noqa: PLC0415

        return pupil_page(request, visit, pupil, outcome)
    return redirect(reverse("pupil", kwargs={"reference": pupil.reference}) + "#uppfoljning")


def keep(request: HttpRequest, visit: Visit, pupil: PupilVisit) -> Outcome:
    """Check a form as a whole, then keep what is new in it."""
    try:
        wanted = list(_said(request.POST, pupil))
    except _NotADateError as error:
        return Outcome(trouble=f"”{error}” är inget datum. Skriv ÅÅÅÅ-MM-DD.", status=422)
    found = _against(visit, pupil, wanted)
    found = found or next(filter(None, (_of_person(visit, pupil, said) for said in wanted)), None)
    if found is None and not wanted:
        found = Objection("Inget är ändrat, så inget sparades.")
    try:
        found = found or _kept(visit, pupil, wanted, _number(request.POST.get("seen")))
    except ChangedMeanwhileError as error:
        words = _changed(visit, pupil, error.newest, wanted)
        return Outcome(trouble=words, is_warning=True, status=409)
    except OperationalError:
        return Outcome(trouble=LOCKED, status=503)
    if found is not None:
        return Outcome(trouble=found.words, is_warning=found.is_warning, status=422)
    return Outcome(saved=len(wanted))


def _against(visit: Visit, pupil: PupilVisit, wanted: list[Said]) -> Objection | None:
    """Return what stands against a form as a whole."""
    day, consent = visit.today.day, _consent(pupil, wanted)
    against = (objection(said, pupil.roles, day, has_consent=consent) for said in wanted)
    return next(filter(None, against), None)


@transaction.atomic
def _kept(
    visit: Visit, pupil: PupilVisit, wanted: list[Said], seen: int | None
) -> Objection | None:
    """Keep all that is wanted, while nobody else writes of the pupil.

    Raises:
        Http404: the pupil is not the visitor's any more.
        ChangedMeanwhileError: somebody else said something of the same kind.
    """
    keep_others_waiting([pupil.key])
    # Consent can have been withdrawn while the form was on its way.
    now = meet(visit, pupil.key)
    if now is None:
        raise Http404
    found = _against(visit, now, wanted)
    if found is not None:
        return found
    visit.note(pupil.role, "changed", school=pupil.placed.school_unit_code, pupil=pupil.key)
    for said in wanted:
        author = Author(visit.rights.key, _acts_as(pupil, said))
        add_event(visit.home, visit.today, author, pupil.key, said, seen)
    return None


def _said(given: Mapping[str, str], pupil: PupilVisit) -> Iterator[Said]:
    """Yield what a form says that was not said before."""
    is_confirmed = given.get("confirmed") == "1"
    yield from _chosen(given, pupil, is_confirmed)
    value = given.get(kinds.RESPONSIBLE, "")
    newest = newest_of(shown_to(pupil), kinds.RESPONSIBLE)
    if value and (newest is None or newest.value != value):
        yield Said(kinds.RESPONSIBLE, value[:_LONGEST_VALUE])
    planned = newest_of(shown_to(pupil), kinds.NEXT_DATE)
    day = _day(given.get(kinds.NEXT_DATE))
    if kinds.NEXT_DATE in given and day != (planned.on_date if planned else None):
        yield Said(kinds.NEXT_DATE, "" if day else "none", day)
    if given.get(kinds.NOTE, "").strip():
        yield Said(kinds.NOTE, text=given[kinds.NOTE], is_confirmed=is_confirmed)
    if given.get(kinds.GOAL, "").strip():
        yield Said(kinds.GOAL, "", _day(given.get("goal_date")), given[kinds.GOAL], is_confirmed)
    for kind in _OF_THE_CASE:
        if given.get(kind):
            yield Said(kind, given[kind][:_LONGEST_VALUE])
    if given.get("extent"):
        value = with_extent(given.get(kinds.MEASURE, ""), given["extent"])
        yield Said(kinds.MEASURE_EXTENT, value[:_LONGEST_VALUE])


def _chosen(given: Mapping[str, str], pupil: PupilVisit, is_confirmed: bool) -> Iterator[Said]:
    """Yield words that were chosen: another than the newest, or the same with a day or a reason."""
    on_date, reason = _day(given.get("on_date")), given.get("reason", "")
    for kind in _CHOSEN:
        value = given.get(kind, "")
        if not value:
            continue
        known = [fact for fact in pupil.facts if fact.kind == kind and not fact.is_withdrawn]
        # Several groups of factors hold at once; of all else the newest does.
        said_before = known if kind == kinds.FACTOR else known[-1:]
        is_new = all(fact.value != value for fact in said_before)
        if is_new or kind == kinds.COLLABORATION or on_date or reason.strip():
            yield Said(kind, value[:_LONGEST_VALUE], on_date, reason, is_confirmed)


def _day(text: str | None) -> date | None:
    if not text or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _NotADateError(text.strip()[:30]) from None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _consent(pupil: PupilVisit, wanted: list[Said]) -> bool:
    """Whether consent is "yes" once the form's own word counts."""
    said = next((one.value for one in wanted if one.kind == kinds.CONSENT), None)
    newest = newest_of(pupil.facts, kinds.CONSENT)
    return (said or (newest.value if newest else "")) == "yes"


def _of_person(visit: Visit, pupil: PupilVisit, said: Said) -> Objection | None:
    """Whether who is to be responsible works at the pupil's school today, or is who says it."""
    if said.kind != kinds.RESPONSIBLE or said.value in {visit.rights.key, kinds.NOBODY}:
        return None
    if said.value in people_at(visit, pupil.placed.school_unit_code):
        return None
    return Objection("Den personen finns inte längre på skolan. Välj en annan ansvarig.")


def _acts_as(pupil: PupilVisit, said: Said) -> Role:
    """As what somebody with several roles says it: the one that the word is of."""
    order: tuple[Role, ...] = ()
    if said.kind == kinds.STATUS_OF["mentor"]:
        order = ("mentor", "health")
    elif said.kind == kinds.STATUS_OF["team"] or said.kind in kinds.OF_THE_CASE:
        order = ("team",)
    return next((role for role in order if role in pupil.roles), pupil.role)


def _changed(visit: Visit, pupil: PupilVisit, newest: Fact, wanted: list[Said]) -> str:
    who = visit.today.names.get(newest.author_key, "Någon annan")
    when = newest.recorded_at.astimezone(visit.home.now().tzinfo).strftime("%H:%M")
    theirs = word_text(newest.kind, newest.value) or (newest.text or str(newest.on_date or ""))
    if not may_see(newest, pupil.roles):
        theirs = "något annat"
    mine = next(one for one in wanted if one.kind == newest.kind)
    own = word_text(mine.kind, mine.value) or mine.text or str(mine.on_date or "")
    return (
        f"{who} sparade ”{theirs}” klockan {when}, medan du skrev ”{own}”. Båda syns i elevens "
        "händelser om du sparar ändå; den senaste gäller."
    )


def _answer_row(
    request: HttpRequest, visit: Visit, pupil: PupilVisit, outcome: Outcome
) -> HttpResponse:
    row = _row_again(request, visit, pupil)
    if row is None:
        return render(
            request,
            "portal/row_gone.html",
            {"outcome": outcome, "typed": typed(request), "pupil": pupil},
            status=outcome.status,
        )
    row.is_open = bool(outcome.trouble)
    row.trouble, row.is_warning = outcome.trouble, outcome.is_warning
    if outcome.trouble:
        row.typed = typed(request)
        row.fields = as_typed(row.fields, row.typed)
        chosen = row.typed.get(kinds.RESPONSIBLE, "")
        row.people = tuple(replace(one, is_chosen=one.value == chosen) for one in row.people)
    if outcome.saved:
        row.saved = "Sparat."
        shown_key = request.POST.get("list_key", "")
        if shown_key and shown_key != row.list_key:
            row.saved = "Sparat. Listan har bytts ut sedan du öppnade sidan; läs om den."
    # The form in the row goes on with the same page and list, also at the next save.
    context = {"row": row, **{name: request.POST.get(name, "") for name in ("view", "week")}}
    # 200 also for trouble: htmx puts nothing else in place, and the row says what is wrong.
    answer = render(request, "portal/row.html", context)
    answer["X-Outcome"] = str(outcome.status)
    return answer


def typed(request: HttpRequest) -> dict[str, str]:
    """Return what a form had, to be shown again."""
    return {name: request.POST[name] for name in _FIELDS if name in request.POST}


def _row_again(request: HttpRequest, visit: Visit, pupil: PupilVisit) -> Row | None:
    """Return the pupil's row on the list that somebody has open, as it is now."""
    code = pupil.placed.school_unit_code
    shown = visit.lists.of_school(code, visit.today, request.POST.get("week", ""))
    if shown is None:
        return None
    if code not in visit.rights.schools:
        rights = visit.rights
        shown = of_mentor(shown, rights.key, rights.name, rights.own_pupils)
    return row_of_pupil(visit, shown, pupil.key)


@require_POST
@of_pupil
def take_back(request: HttpRequest, visit: Visit, pupil: PupilVisit, event: str) -> HttpResponse:
    """Withdraw what the person entered by mistake; a principal may withdraw anybody's."""
    found = Event.objects.filter(public_id=event).first() if PUBLIC_ID.fullmatch(event) else None
    facts = facts_of(visit.home, visit.today, [pupil.key]).get(pupil.key, [])
    mine = next((fact for fact in facts if found and fact.number == found.pk), None)
    may = mine and (mine.author_key == visit.rights.key or "principal" in pupil.roles)
    if found is None or mine is None or not may or not may_see(mine, pupil.roles):
        raise Http404
    if mine.kind != kinds.WITHDRAWAL:
        visit.note(pupil.role, "withdrew", pupil.placed.school_unit_code, pupil.key)
        withdraw(visit.home, visit.today, Author(visit.rights.key, pupil.role), found)
    return redirect(reverse("pupil", kwargs={"reference": pupil.reference}) + "#handelser")


def shown_to(pupil: PupilVisit) -> list[Fact]:
    """Return what stands for a visitor: the team has its own plans, the school its own."""
    if set(pupil.roles) == {"team"}:
        # What the school has said and has to do is not the team's to read.
        return [fact for fact in pupil.facts if may_see(fact, pupil.roles)]
    return of_the_school(pupil.facts)


def may_see(fact: Fact, roles: tuple[str, ...]) -> bool:
    """Whether an event is shown to somebody: by what they are at the school, or of its team."""
    # That something was taken back tells as much as the thing itself.
    kind = fact.value if fact.kind == kinds.WITHDRAWAL else fact.kind
    is_of_case = fact.role == "team" or kind in {kinds.CONSENT, kinds.STATUS_OF["team"]}
    if "team" in roles and is_of_case:
        return True
    if not set(roles) - {"team"}:
        # Nothing of what the school said before the case was raised, nor beside it.
        return False
    if fact.role == "team" and fact.kind == kinds.NOTE:
        # What a team writes of its case ends with the consent, also for the school.
        return False
    is_report = fact.kind == kinds.COLLABORATION and fact.value == "concern_reported"
    is_unknown = fact.kind == kinds.WITHDRAWAL and kind == kinds.COLLABORATION
    if is_report or is_unknown:
        return "principal" in roles
    return kind not in kinds.OF_THE_CASE
