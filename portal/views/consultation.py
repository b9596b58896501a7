"""A consultation sheet: asks for advice about a pupil without saying who it is.

The same sheet as `trappan consult` makes. What the asker writes is looked through for the pupil's
own facts, and is kept nowhere. Not here: what may be said (`assets/flags/consultation.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from assets.flags.consultation import (
    Consultation,
    OwnFacts,
    RevealingTextError,
    consult_about,
    own_facts,
    refuse_revealing,
)
from assets.watchlists.swedish import consultation_texts as texts
from portal.views.rules import PupilVisit, Visit, of_pupil

_DONE, _QUESTION = "done", "question"
_LONGEST = 1_000


@dataclass(frozen=True)
class _Typed:
    """What the asker wrote: what the school has done, a line each, and a question."""

    done: str
    question: str

    @property
    def done_lines(self) -> list[str]:
        """What was done, without empty lines."""
        return [line.strip() for line in self.done.splitlines() if line.strip()]


@require_http_methods(["GET", "HEAD", "POST"])
@of_pupil
def consultation(request: HttpRequest, visit: Visit, pupil: PupilVisit) -> HttpResponse:
    """The sheet, and the form for the asker's own words."""
    visit.note(pupil.role, "consultation", pupil.placed.school_unit_code, pupil.key)
    home = visit.home
    day, rule_set = home.day(), home.rules()
    said: Consultation | None = home.ask_apart(
        ("consultation", pupil.key), lambda lake: consult_about(lake, pupil.key, day, rule_set)
    )
    if said is None:
        raise Http404
    placed = pupil.placed
    typed = _Typed(request.POST.get(_DONE, ""), request.POST.get(_QUESTION, ""))
    trouble = {_DONE: "", _QUESTION: ""}
    if typed.done or typed.question:
        facts = home.look_apart(
            lambda lake: own_facts(lake, pupil.key, placed.class_name, placed.school_unit_code)
        )
        trouble = {_DONE: _trouble(typed.done, facts), _QUESTION: _trouble(typed.question, facts)}
    is_refused = any(trouble.values())
    # Refused words are in the form alone, never on the sheet.
    sheet = texts.items(
        said,
        rule_set,
        [] if is_refused else typed.done_lines,
        "" if is_refused else typed.question.strip(),
    )
    context = {
        "visit": visit,
        "pupil": pupil,
        "t": texts,
        "items": sheet,
        "typed": typed,
        "trouble": trouble,
        "is_refused": is_refused,
        "longest": _LONGEST,
    }
    return render(request, "portal/consultation.html", context, status=422 if is_refused else 200)


def _trouble(text: str, facts: OwnFacts) -> str:
    if len(text) > _LONGEST:
        return f"Texten har {len(text)} tecken. Högst {_LONGEST} får plats."
    try:
        # As a whole too: a name can stand on two lines.
        refuse_revealing(text, facts)
    except RevealingTextError as error:
        return texts.refused(error.kind)
    return ""
