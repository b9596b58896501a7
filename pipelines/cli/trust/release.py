"""`trappan release`: what waits for a person, and the word of somebody who has looked.

Names nobody: a pupil is a part of the pupil's key. Not here: what a release does
(`assets/exports/senders/releases.py`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from assets.exports.senders.releases import (
    Releaser,
    WaitingFile,
    WaitingLift,
    find_waiting,
    release,
)
from assets.lake.connection import Lake
from pipelines.cli.home import note_access, real_person, settings_of
from pipelines.cli.options import Format, FormatOption, Home
from pipelines.cli.printing import print_rows, say
from pipelines.cli.trust.waiting import Waiting, senders_in, what_waits

COLUMNS = (
    "id",
    "what",
    "school_unit_code",
    "pupil",
    "sender",
    "layout",
    "exported_at",
    "releases",
    "needed",
    "reason",
)
_KEY_LETTERS = 8
_SAYS_NOT = "says not protected, and said protected before"
# Words of a file of changed numbers are those that parting its numbers left.
_MERGES = "nummerbyten"
_PARTED = "protected by a number that was another's, and parted from it"


def release_command(
    context: typer.Context,
    waiting_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="What is released, by the id of the list.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why, for access.log; without a name.")
    ] = None,
    kind: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """List what waits for a person, or release it."""
    settings = settings_of(context, home)
    senders = senders_in(settings)
    # First: also who looks, and who tried, is known.
    note_access(settings, "release", id=waiting_id, reason=reason)
    with Lake.open(settings.lake) as lake:
        waiting = what_waits(lake, senders)
        if waiting_id is None:
            _list(waiting, kind)
            return
        what = find_waiting(waiting_id, waiting.lifts, waiting.files)
        person = Releaser(*real_person())
        more = release(lake, what, person)
    if more:
        say(f"{what.id}: released by {person.login}. {more} more, another person, has to.")
    elif isinstance(what, WaitingFile):
        say(f"{what.id}: released by {person.login}. The next `trappan nightly` takes it.")
    else:
        say(
            f"{what.id}: released by {person.login}. What this source said lifts its protection "
            "now; of other sources each lifts its own. Lists change with the next night."
        )


def _list(waiting: Waiting, kind: Format) -> None:
    rows = [*map(_lift_row, waiting.lifts), *map(_file_row, waiting.files)]
    print_rows(COLUMNS, rows, kind)
    if not rows:
        say("Nothing waits for a release.")


def _lift_row(lift: WaitingLift) -> dict[str, str]:
    row = dict.fromkeys(COLUMNS, "")
    return row | {
        "id": lift.id,
        "what": "protection",
        "school_unit_code": lift.school_unit_code,
        "pupil": ", ".join(key[:_KEY_LETTERS] for key in lift.pupils),
        "sender": lift.sender,
        "layout": lift.layout,
        "exported_at": lift.exported_at.isoformat(sep=" ", timespec="minutes"),
        "releases": str(lift.releases),
        "needed": str(lift.needed),
        "reason": _PARTED if lift.layout == _MERGES else _SAYS_NOT,
    }


def _file_row(file: WaitingFile) -> dict[str, str]:
    row = dict.fromkeys(COLUMNS, "")
    return row | {
        "id": file.id,
        "what": "file, released" if file.is_released else "file",
        "sender": file.sender,
        "layout": file.layout,
        "exported_at": file.exported_at.isoformat(sep=" ", timespec="minutes"),
        "releases": str(file.releases),
        "needed": str(file.needed),
        "reason": file.reason,
    }
