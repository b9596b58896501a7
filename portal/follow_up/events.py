"""Events of pupils: read with the texts opened, added, withdrawn. Nothing is ever overwritten.

Not here: what an event has to be like (`kinds.py`), what they amount to
(`assets/follow_up/standing.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import transaction

from assets.follow_up.kinds import ACT, NEXT_DATE, RESPONSIBLE, WITHDRAWAL
from assets.follow_up.standing import FollowUpEvent, newest_of
from assets.lake.sealed_places import EVENT_TEXT
from pipelines.settings import STOCKHOLM
from portal.follow_up.kinds import Said
from portal.home import Home
from portal.models import Event, PupilReference, new_public_id
from portal.rights import Role
from portal.today import Today
from rules.errors import TrappanError


class ChangedMeanwhileError(TrappanError):
    """Somebody else said something of the same kind since the form was shown."""

    def __init__(self, newest: Fact) -> None:
        super().__init__("Somebody else has said something of this kind since.")
        self.newest = newest


@dataclass(frozen=True)
class Fact(FollowUpEvent):
    """An event with its text opened.

    Attributes:
        public_id: its name in addresses.
        school_unit_code: where the pupil was then.
        text: in the person's words.
        author_key, role: by whom, and as what.
    """

    public_id: str
    school_unit_code: str
    text: str
    author_key: str
    role: str


def facts_of(home: Home, today: Today, pupil_keys: Iterable[str]) -> dict[str, list[Fact]]:
    """Return what was said of some pupils, oldest first; also under numbers that they had before.

    Args:
        home: whose key opens texts.
        today: which keys stand for which pupil.
        pupil_keys: keys that stand.
    """
    wanted = {old: key for key in pupil_keys for old in today.keys_of(key)}
    found: dict[str, list[Fact]] = defaultdict(list)
    keys = sorted(wanted)
    # A statement of SQLite takes so many values at a time.
    for start in range(0, len(keys), 500):
        rows = Event.objects.filter(pupil_key__in=keys[start : start + 500]).select_related(
            "withdrawn_by"
        )
        for row in rows:
            found[wanted[row.pupil_key]].append(_fact(home, row, wanted[row.pupil_key]))
    return {key: sorted(facts, key=lambda fact: fact.number) for key, facts in found.items()}


def of_the_school(facts: Iterable[Fact]) -> list[Fact]:
    """Return facts as the school's lists have them: what the team planned is an act, and no plan.

    The same as what comes into the lake (`assets/follow_up/portal_database.py`).
    """
    return [
        replace(fact, kind=ACT, value="", on_date=None)
        if fact.role == "team" and fact.kind in {NEXT_DATE, RESPONSIBLE}
        else fact
        for fact in facts
    ]


def _fact(home: Home, row: Event, standing_key: str) -> Fact:
    text = ""
    if row.sealed_text is not None:
        text = home.sealer.unseal_text(
            EVENT_TEXT, (row.public_id, row.pupil_key, row.kind), bytes(row.sealed_text)
        )
    return Fact(
        number=row.pk,
        public_id=row.public_id,
        pupil_key=standing_key,
        school_unit_code=row.school_unit_code,
        kind=row.kind,
        value=row.value,
        on_date=row.on_date,
        text=text,
        author_key=row.author_key,
        role=row.role,
        # The day of an act is the one that its author had, also just after midnight.
        recorded_at=row.recorded_at.astimezone(STOCKHOLM),
        is_withdrawn=hasattr(row, "withdrawn_by"),
    )


def keep_others_waiting(pupil_keys: Iterable[str]) -> None:
    """Let nobody else write of some pupils until this transaction ends; to be called inside one.

    What is read after it is what stands, so that of two who say the same kind of thing at the same
    moment the second is told. Postgres keeps the rows of the pupils' names for it; in SQLite a
    transaction has the database for itself from its beginning (`configuration.py`).

    Args:
        pupil_keys: keys that stand.

    Raises:
        OperationalError: somebody else keeps one of them too long.
    """
    wanted = set(pupil_keys)
    missing = wanted - _kept_waiting(wanted)
    if missing:
        PupilReference.objects.bulk_create(
            [PupilReference(pupil_key=key) for key in sorted(missing)], ignore_conflicts=True
        )
        _kept_waiting(missing)


def _kept_waiting(pupil_keys: Iterable[str]) -> set[str]:
    """Return those of some pupils who have a row to keep; it is kept from now on."""
    wanted, found = sorted(pupil_keys), set[str]()
    # In one order: two who each keep what the other waits for would wait for ever.
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        rows = PupilReference.objects.filter(pupil_key__in=part).order_by("pupil_key")
        found |= set(rows.select_for_update().values_list("pupil_key", flat=True))
    return found


@dataclass(frozen=True)
class Author:
    """Who says something, and as what."""

    key: str
    role: Role


def add_event(
    home: Home,
    today: Today,
    author: Author,
    pupil_key: str,
    said: Said,
    seen: int | None,
    last_school: str = "",
) -> Event:
    """Keep what somebody said of a pupil.

    Args:
        home: whose key seals the text.
        today: where the pupil belongs.
        author: who says it.
        pupil_key: the key that stands for the pupil.
        said: what was checked by `objection`.
        seen: the newest event of this pupil that the form showed; None for no comparison.
        last_school: of a pupil who has left, the school unit where they were.

    Raises:
        ChangedMeanwhileError: a newer one of the same kind was said by somebody else.
        OperationalError: the database is away, or somebody else keeps the pupil too long.
    """
    public_id = new_public_id()
    text = said.text.strip()
    placed = today.pupils.get(pupil_key)
    school = placed.school_unit_code if placed else last_school
    sealed = (
        home.sealer.seal_text(EVENT_TEXT, (public_id, pupil_key, said.kind), text) if text else None
    )
    with transaction.atomic():
        keep_others_waiting([pupil_key])
        # Who gives pupils new keys waits for this transaction, or is seen here.
        home.sealer.look()
        if seen is not None:
            of_pupil = facts_of(home, today, [pupil_key]).get(pupil_key, [])
            newest = newest_of(of_pupil, said.kind)
            if newest and newest.number > seen and newest.author_key != author.key:
                raise ChangedMeanwhileError(newest)
        return Event.objects.create(
            public_id=public_id,
            pupil_key=pupil_key,
            school_unit_code=school,
            kind=said.kind,
            value=said.value,
            on_date=said.on_date,
            sealed_text=sealed,
            author_key=author.key,
            role=author.role,
            recorded_at=home.now(),
        )


def withdraw(home: Home, today: Today, author: Author, event: Event) -> Event | None:
    """Take back what was entered by mistake; None where it was taken back before."""
    pupil_key = today.standing_key(event.pupil_key)
    with transaction.atomic():
        keep_others_waiting([pupil_key])
        # Who gives pupils new keys waits for this transaction, or is seen here.
        home.sealer.look()
        if Event.objects.filter(withdraws=event).exists():
            return None
        return Event.objects.create(
            pupil_key=pupil_key,
            school_unit_code=today.pupils[pupil_key].school_unit_code,
            kind=WITHDRAWAL,
            value=event.kind,
            author_key=author.key,
            role=author.role,
            recorded_at=home.now(),
            withdraws=event,
        )
