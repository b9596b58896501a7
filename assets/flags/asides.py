"""A pupil's lessons that don't count, and those that are owed because rows contradicted each other.

For an explanation and for whoever names them on a list. A lesson at another school than the one
where the pupil belongs is only that: its hour, subject and school are not given on. Not here: which
lessons those are (`sql/absence/`), words.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from assets.lake import Lake


@dataclass(frozen=True)
class Aside:
    """A lesson in the windows that counts nowhere, or as unreported though reports were sent.

    Attributes:
        reason: superseded, after_leaving or set_aside; contradicted: it counts, as unreported.
        is_contradicted: rows of one file said different things of it, whatever the reason.
        is_own_school: at the school where the pupil belongs; else start and subject are None.
        is_beside_own_school: of the lesson that stands for it; None where there is none.
    """

    reason: str
    lesson_date: date
    is_own_school: bool
    starts_at: datetime | None
    subject: str | None
    scheduled_minutes: int
    absent_minutes: int
    is_reported: bool
    is_contradicted: bool
    is_beside_own_school: bool | None
    beside_starts_at: datetime | None
    beside_subject: str | None
    beside_present_minutes: int | None
    is_beside_reported: bool | None


def asides_of(
    lake: Lake, pupil: uuid.UUID, own_school: str, first: date, as_of: date
) -> tuple[Aside, ...]:
    """Return one pupil's asides from a date up to as_of, by date and start.

    Args:
        lake: the lake.
        pupil: who is not protected.
        own_school: where the pupil belongs.
        first: first day of the longest window.
        as_of: the last day that counts.
    """
    rows = lake.relation(
        "flags/asides", pupil_key=str(pupil), own=own_school, first_date=first, as_of=as_of
    )
    return tuple(Aside(**row) for row in rows.iter_rows(named=True))
