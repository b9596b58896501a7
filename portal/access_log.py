"""Who opened or changed what: a row for each, written before the answer is given.

No name and no text: keys, kinds and times. A row is never changed. Not here: who reads it
(`views/log.py`).
"""

from __future__ import annotations

from portal.home import Home
from portal.models import AccessEntry


def note(
    home: Home, person: str, role: str, kind: str, *, school: str = "", pupil: str = ""
) -> None:
    """Write one; if it can't be written, no answer is given.

    Args:
        home: whose clock counts.
        person: key of who asks.
        role: as what.
        kind: what is opened or changed.
        school: code of the school unit, where there is one.
        pupil: key of the pupil, where there is one.

    Raises:
        OperationalError: the database is away.
    """
    AccessEntry.objects.create(
        at=home.now(),
        person_key=person,
        role=role,
        kind=kind,
        school_unit_code=school,
        pupil_key=pupil,
    )
