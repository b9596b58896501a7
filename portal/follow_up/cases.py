"""A pupil's cases at the team: from enrolment to the end, as what was said tells them.

Enrolled is who was raised and whose consent is "yes", from the later of both. A case ends with step
7, or when consent ends; who is raised again after that has another case. Not here: what stands on a
case's row (`case_rows.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from assets.follow_up.kinds import CONSENT, STATUS_OF
from assets.follow_up.standing import newest_of
from portal.follow_up.events import Fact
from portal.home import Home
from portal.today import Today

_STEP = STATUS_OF["team"]
_NOT_RAISED_YET = "step_1_noticed"
#: How the words of the last step begin.
_ENDS = "step_7_"
_REFERENCE_LETTERS = 10


@dataclass(frozen=True)
class PupilCase:
    """A case of a pupil.

    Attributes:
        reference: what the case is called outside of the portal; nobody is known by it.
        pupil_key: of the pupil.
        enrolled_by: the event that made the pupil enrolled.
        enrolled_on: the day of it.
        ended_by: the event that ended the case; None while it goes on.
        ended_on: the day of it.
        facts: what was said while it was the newest case, oldest first, nothing withdrawn.
    """

    reference: str
    pupil_key: str
    enrolled_by: Fact
    enrolled_on: date
    ended_by: Fact | None
    ended_on: date | None
    facts: tuple[Fact, ...]

    @property
    def ended_word(self) -> str:
        """Code of the word that ended the case; "" while it goes on, or where consent ended it."""
        return self.ended_by.value if self.ended_by and self.ended_by.kind == _STEP else ""

    @property
    def seen(self) -> int:
        """Number of the newest event of the case."""
        return self.facts[-1].number


@dataclass
class _Open:
    """A case that is being read."""

    facts: list[Fact]
    enrolled_by: Fact | None = None
    ended_by: Fact | None = None
    is_raised: bool = False


def cases_in(home: Home, facts: Iterable[Fact]) -> list[PupilCase]:
    """Return the cases of a pupil, oldest first; a pupil who never was enrolled has none.

    Args:
        home: whose key makes references.
        facts: what was said of the pupil, oldest first.
    """
    found: list[_Open] = []
    now = _Open([])
    consent = ""
    for fact in facts:
        if fact.is_withdrawn:
            continue
        begins = _is_raising(fact)
        if begins and now.ended_by is not None:
            found.append(now)
            now = _Open([])
        now.facts.append(fact)
        if fact.kind == CONSENT:
            consent = fact.value
        now.is_raised = now.is_raised or begins
        if now.ended_by is None and now.enrolled_by is not None:
            is_end = fact.kind == _STEP and fact.value.startswith(_ENDS)
            if is_end or consent != "yes":
                now.ended_by = fact
        elif now.enrolled_by is None and now.is_raised and consent == "yes":
            now.enrolled_by = fact
    return [_case(home, one, one.enrolled_by) for one in (*found, now) if one.enrolled_by]


def _case(home: Home, read: _Open, enrolled_by: Fact) -> PupilCase:
    zone = home.now().tzinfo
    ended = read.ended_by
    enrolled_on = day_of(enrolled_by, zone)
    return PupilCase(
        reference=_reference(home, enrolled_by),
        pupil_key=enrolled_by.pupil_key,
        enrolled_by=enrolled_by,
        enrolled_on=enrolled_on,
        ended_by=ended,
        ended_on=max(day_of(ended, zone), enrolled_on) if ended else None,
        facts=tuple(read.facts),
    )


def day_of(fact: Fact, zone: tzinfo | None) -> date:
    """Return the day that an event is about: the one that was said, or when it was recorded."""
    return fact.on_date or fact.recorded_at.astimezone(zone).date()


def _reference(home: Home, enrolled_by: Fact) -> str:
    """Of a key of its own: neither the pupil's name in addresses nor the lake's key follows."""
    made = home.sealer.key_text("portal case", enrolled_by.public_id).replace("-", "")
    return f"SST-{made[:_REFERENCE_LETTERS].upper()}"


def last_school(today: Today, facts: Sequence[Fact]) -> str:
    """Return the school unit of a pupil: where they are, or of who has left where they were.

    Args:
        today: who belongs where.
        facts: what was said of the pupil, at least one thing.
    """
    key = facts[-1].pupil_key
    placed = today.pupils.get(key)
    if placed is not None:
        return placed.school_unit_code
    return today.left.get(key) or facts[-1].school_unit_code


def case_references(home: Home, facts: Sequence[Fact]) -> tuple[str, ...]:
    """Return what a pupil's cases are called, oldest first."""
    return tuple(case.reference for case in cases_in(home, facts))


def said_in(case: PupilCase, kind: str) -> list[Fact]:
    """Return what was said of a kind in a case, oldest first."""
    return [fact for fact in case.facts if fact.kind == kind]


def has_running_case(home: Home, facts: Iterable[Fact]) -> bool:
    """Whether a pupil has a case that has not ended."""
    cases = cases_in(home, facts)
    return bool(cases) and cases[-1].ended_by is None


def is_raised(facts: Iterable[Fact]) -> bool:
    """Whether the team's newest step is beyond noticing, and not the last: consent can wait."""
    newest = newest_of(facts, _STEP)
    return newest is not None and _is_raising(newest)


def _is_raising(fact: Fact) -> bool:
    is_step = fact.kind == _STEP and fact.value != _NOT_RAISED_YET
    return is_step and not fact.value.startswith(_ENDS)
