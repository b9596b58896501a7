"""What is checked of an event before it is kept.

Not here: which kinds there are (`assets/follow_up/kinds.py`), who may say it (`views/`), the words
themselves (`rules/follow_up/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from assets.follow_up.kinds import (
    COLLABORATION,
    CONSENT,
    FACTOR,
    GOAL,
    GOAL_MET,
    GUARDIAN_SATISFACTION,
    MEASURE,
    MEASURE_EXTENT,
    NEXT_DATE,
    NOTE,
    PUPIL_SATISFACTION,
    RESPONSIBLE,
    RESULT,
    STATUS_OF,
)
from portal.rights import WORDS_OF, Role
from rules.follow_up_words import (
    Word,
    case_words,
    diagnosis_pattern,
    step_words,
    toolbox,
)

LONGEST_NOTE = 200
LONGEST_TEXT = 500
#: A day that somebody acted on, or plans, lies so near to today.
_EARLIEST, _LATEST = timedelta(days=400), timedelta(days=400)
_MONTHS, _DAYS, _COORDINATION = 12, 31, 60

_NUMBER = re.compile(
    r"(?<!\d)(?:\d{2})?\d{2}(?P<month>\d{2})(?P<day>\d{2})[-+ ]?"
    r"(?:\d{4}|[A-Za-zÅÄÖåäö][A-Za-zÅÄÖåäö0-9]\d{2})(?!\d)"
)


@dataclass(frozen=True)
class Said:
    """What somebody wants to say of a pupil, as it came from a form.

    Attributes:
        kind: of event.
        value: a word's code, or a person's key.
        on_date: the day it is about.
        text: in the person's words.
        is_confirmed: the person has read the warning about the text.
    """

    kind: str
    value: str = ""
    on_date: date | None = None
    text: str = ""
    is_confirmed: bool = False


@dataclass(frozen=True)
class Objection:
    """Why it is not kept, in Swedish; a warning can be answered with "save anyway"."""

    words: str
    is_warning: bool = False


def words_for(kind: str, roles: Iterable[Role]) -> tuple[Word, ...]:
    """Return the words that somebody may say, in order; none where the kind is not theirs."""
    of_roles = {name for role in roles for name in WORDS_OF[role]}
    steps = step_words()
    for name, of_kind in STATUS_OF.items():
        if kind == of_kind:
            return _of_status(steps.of_role(name), name in of_roles, "principal" in of_roles)
    if kind == CONSENT:
        return steps.consent if of_roles & {"principal", "team"} else ()
    if kind == COLLABORATION:
        # The principal's own right is not lent with the school.
        return tuple(
            word
            for word in steps.collaboration
            if of_roles & {"principal", "team"}
            and ("principal" in roles or not word.principal_only)
        )
    return of_the_case().get(kind, ()) if "team" in of_roles else ()


def of_the_case() -> dict[str, tuple[Word, ...]]:
    """Return the words of a team's case, by the kinds that have words to choose of."""
    noted = case_words()
    return {
        FACTOR: step_words().factors,
        GOAL_MET: step_words().goal_met,
        RESULT: noted.results,
        PUPIL_SATISFACTION: noted.satisfaction,
        GUARDIAN_SATISFACTION: noted.satisfaction,
    }


def with_extent(measure: str, extent: str) -> str:
    """Return the value of an event about how often a measure is carried out."""
    return f"{measure}:{extent}"


def extent_in(value: str) -> tuple[str, str]:
    """Return measure and extent of such a value."""
    measure, _, extent = value.partition(":")
    return measure, extent


def _of_status(words: tuple[Word, ...], is_theirs: bool, is_led: bool) -> tuple[Word, ...]:
    """All words of a role, or those of the team that the school itself begins a case with."""
    return tuple(word for word in words if is_theirs or (is_led and word.also_principal))


def measures() -> dict[str, str]:
    """Return the toolbox's measures: what is stored, and what is read."""
    return {
        f"{heading.code}_{number}": item
        for heading in toolbox()
        for number, item in enumerate(heading.items, start=1)
    }


def objection(
    said: Said, roles: tuple[Role, ...], today: date, *, has_consent: bool
) -> Objection | None:
    """Return why something can't be said as it stands; None where it can.

    Args:
        said: what somebody wants to say.
        roles: as what the person meets the pupil.
        today: the day.
        has_consent: whether the pupil's consent is "yes".
    """
    return _of_value(said, roles, has_consent) or _of_date(said, today) or _of_text(said)


def _of_value(said: Said, roles: tuple[Role, ...], has_consent: bool) -> Objection | None:
    if said.kind in {NEXT_DATE, NOTE, RESPONSIBLE}:
        return None if roles else Objection("Du får inte skriva om den här eleven.")
    if said.kind in {GOAL, MEASURE, MEASURE_EXTENT}:
        return _of_plan(said, roles, has_consent)
    word = next((one for one in words_for(said.kind, roles) if one.code == said.value), None)
    if word is None:
        return Objection("Det valet är inte ditt att göra för den här eleven.")
    if word.needs_consent and not has_consent:
        return Objection(f"”{word.sv}” kräver samtycke ja.")
    return _of_need(word, said)


def _of_need(word: Word, said: Said) -> Objection | None:
    if word.needs == "reason" and not said.text.strip():
        return Objection(f"Skriv varför, för ”{word.sv}”.")
    if word.needs == "date" and said.on_date is None:
        return Objection(f"Ange datum, för ”{word.sv}”.")
    return None


def _of_plan(said: Said, roles: tuple[Role, ...], has_consent: bool) -> Objection | None:
    if not has_consent or not any("team" in WORDS_OF[role] for role in roles):
        return Objection("En handlingsplan skrivs av skolsociala teamet, när samtycke finns.")
    if said.kind == MEASURE and said.value not in measures():
        return Objection("Välj en insats ur verktygslådan.")
    if said.kind == MEASURE_EXTENT:
        return _of_extent(said.value)
    if said.kind == GOAL and not said.text.strip():
        return Objection("Skriv målet.")
    return None


def _of_extent(value: str) -> Objection | None:
    measure, extent = extent_in(value)
    if measure not in measures():
        return Objection("Välj insatsen som omfattningen gäller.")
    if extent not in {word.code for word in case_words().extents}:
        return Objection("Välj hur ofta insatsen görs.")
    return None


def _of_date(said: Said, today: date) -> Objection | None:
    day = said.on_date
    if said.kind == NEXT_DATE and day is None:
        return None if said.value == "none" else Objection("Ange ett datum, ÅÅÅÅ-MM-DD.")
    if day is None:
        return None
    if said.kind == NEXT_DATE and day < today:
        return Objection(f"Nästa uppföljning kan inte vara {day.isoformat()}: den dagen har varit.")
    if not today - _EARLIEST <= day <= today + _LATEST:
        return Objection(f"{day.isoformat()} ligger för långt bort. Stämmer årtalet?")
    if said.kind not in {NEXT_DATE, GOAL} and day > today:
        return Objection(f"{day.isoformat()} har inte varit än. Skriv när det hände.")
    return None


def _of_text(said: Said) -> Objection | None:
    most = LONGEST_NOTE if said.kind != GOAL else LONGEST_TEXT
    if said.kind == NOTE and not said.text.strip():
        return Objection("Skriv något i anteckningen.")
    if len(said.text) > most:
        return Objection(f"Texten har {len(said.text)} tecken. Högst {most} får plats.")
    if said.is_confirmed:
        return None
    if looks_like_identity_number(said.text):
        return Objection("Det ser ut som ett personnummer. Ta bort det, eller spara ändå.", True)
    if diagnosis_pattern().search(said.text):
        return Objection(
            "Inga diagnoser eller orsaker här; de hör hemma i ULF. Skriv om, eller spara ändå.",
            True,
        )
    return None


def looks_like_identity_number(text: str) -> bool:
    """Whether some part of a text is written as an identity number, whatever its check digit."""
    return any(
        1 <= int(found["month"]) <= _MONTHS and 1 <= int(found["day"]) % _COORDINATION <= _DAYS
        for found in _NUMBER.finditer(text)
    )
