"""`trappan access`: who opened or changed a pupil in the portal, or what somebody opened there.

For an operator whom a guardian, an inspector or the person asks. Of the portal's own log, read
only; a principal reads the own school's on a page (`views/log.py`). Pupils stand in it by key. Of
a protected pupil there is nothing: the school would say where the child is. Not here: what is
logged, and when (`views/rules.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from assets.delivery.recipients import is_address, key_of_address
from assets.delivery.shares import nameable_pupils
from assets.exports.pupils.merges import known_merges, merged
from assets.flags.pupil_question import PupilQuestion
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import PERSON_ADDRESS
from pipelines.cli.home import settings_of
from pipelines.cli.options import CommandError, Format, FormatOption, Home
from pipelines.cli.printing import print_rows, say
from pipelines.cli.pupil.asking import asked_about, asked_by
from pipelines.cli.trust.grants import open_identities
from pipelines.settings import STOCKHOLM, Settings

COLUMNS = ("at", "person", "role", "kind", "school_unit_code", "pupil_key")
_LOG, _PEOPLE = "portal_accessentry", "portal_person"
_LOG_COLUMNS = ("at", "person_key", "role", "kind", "school_unit_code", "pupil_key")
_UNKNOWN = "somebody whom the portal does not know any more"


def access(
    context: typer.Context,
    who: Annotated[
        str, typer.Option("--who", help="The address of somebody who uses the portal.")
    ] = "",
    pupil: Annotated[
        str,
        typer.Option(
            "--pupil",
            help="A pupil key; or - to read a key or an identity number from standard input.",
        ),
    ] = "",
    output: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """Print who opened or changed a pupil in the portal, or what somebody opened there."""
    settings = settings_of(context, home)
    if not who and not pupil:
        raise CommandError(
            "Nothing is asked. Expected --pupil -, --who ADDRESS, or both: who opened a pupil, "
            "what somebody opened, or whether somebody opened a pupil."
        )
    if who and not is_address(who):
        raise typer.BadParameter("--who is no address. Expected one as the login gives it.")
    today = datetime.now(STOCKHOLM).date()
    sought = asked_about(pupil, today) if pupil else None
    named_by = asked_by(sought) if sought else "person"
    open_identities(settings, "access", is_of_a_person=bool(who), asked_by=named_by)
    database = PortalDatabase(settings.lake.home, settings.portal_database.get_secret_value())
    if not database.is_there:
        print_rows(COLUMNS, [], output)
        say("This home has no portal, so nobody opened anything in one.")
        return
    rows, left_out = _found(settings, database, who, sought)
    print_rows(COLUMNS, rows, output)
    if left_out and sought is None:
        say(f"{left_out} more are about pupils whom no answer shows.")
    if not rows:
        # The same words for a pupil whom nobody opened, who is unknown, and who is protected.
        say("The portal's log has nothing about that, or nothing that may be shown.")


def _found(
    settings: Settings, database: PortalDatabase, who: str, sought: PupilQuestion | None
) -> tuple[list[dict[str, Any]], int]:
    """Return the lines, oldest first, and how many are about pupils who may not be shown."""
    sealer = Sealer.of_home(settings.lake.home)
    with Lake.open(settings.lake) as lake:
        shown = nameable_pupils(lake)
        standing = {str(old): str(new) for old, new in merged(known_merges(lake)).keys.items()}
    asked: list[str] = []
    wanted: dict[str, str] = {}
    if who:
        asked.append("person_key = :person_key")
        wanted["person_key"] = key_of_address(sealer, who)
    if sought:
        key = _key_of(sealer, sought)
        key = standing.get(key, key)
        keys = [key, *(old for old, new in standing.items() if new == key)]
        wanted |= {f"pupil_{number}": one for number, one in enumerate(keys)}
        asked.append(
            f"pupil_key IN ({', '.join(f':pupil_{number}' for number in range(len(keys)))})"
        )
    rest = f"WHERE {' AND '.join(asked)} ORDER BY id"
    lines = database.rows(_LOG, _LOG_COLUMNS, rest, **wanted)
    people = _people(sealer, database)
    rows, left_out = [], 0
    for at, person, role, kind, school, about in lines:
        stands = standing.get(about, about)
        if stands and stands not in shown:
            left_out += 1
            continue
        values = (_in_stockholm(at), people.get(person, _UNKNOWN), role, kind, school, stands)
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows, left_out


def _key_of(sealer: Sealer, sought: PupilQuestion) -> str:
    return str(sought.key or sealer.key("pupil", sought.number or ""))


def _people(sealer: Sealer, database: PortalDatabase) -> dict[str, str]:
    return {
        key: sealer.unseal_text(PERSON_ADDRESS, (key,), bytes(sealed))
        for key, sealed in database.rows(_PEOPLE, ("key", "sealed_address"))
    }


def _in_stockholm(at: datetime | str) -> str:
    """A moment as people read it: SQLite has a text of it in UTC, Postgres a moment."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{moment.astimezone(STOCKHOLM):%Y-%m-%d %H:%M:%S}"
