"""The command that takes back that two numbers are one pupil's.

The numbers are asked on standard input, and nothing of them is printed. Not here: how they are
parted (`assets/exports/unmerge.py`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import typer

from assets.exports.readers.layout_files import load_layouts
from assets.exports.senders.releases import Releaser
from assets.exports.unmerge import unmerge
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from pipelines.cli.home import note_access, real_person, settings_of
from pipelines.cli.options import CommandError, Home
from pipelines.cli.printing import print_reports, say, watched
from pipelines.cli.pupil.asking import asked_about, asked_by
from pipelines.cli.trust.grants import as_may_be_named
from pipelines.cli.trust.waiting import senders_in
from pipelines.settings import Settings, yesterday

_OF_NUMBER = "; a number's key, or - to read it from standard input, a line each."


def unmerge_command(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="Why, for access.log; without a name.")],
    old: Annotated[
        str | None, typer.Argument(metavar="[OLD]", help=f"The number before{_OF_NUMBER}")
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="[NEW]", help=f"The number after{_OF_NUMBER}")
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Go on with what was stopped; no numbers then.")
    ] = False,
    home: Home = None,
) -> None:
    """Take back that an old number and a new one are one pupil's, whichever files said so."""
    settings = settings_of(context, home)
    if unfinished is (old is not None and new is not None):
        raise typer.BadParameter(
            "Expected the old number and the new one, each as - and read from standard input, or "
            "--unfinished alone."
        )
    pair = None
    asked: dict[str, object] = {"unfinished": True}
    if old is not None and new is not None:
        pair, asked = _pair(settings, old, new, yesterday() + timedelta(days=1))
    note_access(settings, "unmerge", reason=reason, **asked)
    layouts = load_layouts([settings.layouts_folder])
    senders = senders_in(settings)
    with Lake.open(settings.lake) as lake, watched() as progress:
        parted = unmerge(
            lake,
            pair,
            Releaser(*real_person()),
            layouts=layouts,
            senders=senders,
            on_progress=progress,
        )
    if odd := [report for report in parted.reread if not report.is_whole]:
        print_reports(as_may_be_named(settings, odd))
    if not parted.is_whole:
        raise CommandError(
            "The two are parted, but not all of the files above could be read again, and what they "
            "said is not all back. No night goes on until it is: mend them, and run: trappan "
            "unmerge --unfinished --reason …"
        )
    say(
        "The two are one pupil all the same: other words join them. Nothing but this pair was "
        "taken back."
        if parted.are_still_one
        else "The two are two pupils, until a new file says that they are one."
    )
    say_parted(len(parted.reread), parted.kept_protected)


def say_parted(reread: int, kept_protected: int) -> None:
    """Say what comes after numbers were parted."""
    say(
        f"{reread} files were read again. Sums and lists change with the next `trappan nightly`; "
        "lists that are out stay. Flags of days on which they were one pupil are of both: "
        "`trappan reevaluate` makes them again."
    )
    if kept_protected:
        whose = "1 pupil was" if kept_protected == 1 else f"{kept_protected} pupils were"
        say(
            f"{whose} protected by another's number, and stay so: `trappan release` lists what "
            "waits."
        )


def _pair(
    settings: Settings, old: str, new: str, today: date
) -> tuple[tuple[UUID, UUID], dict[str, object]]:
    """Return the keys of both numbers, and for the log how they were named."""
    sealer = Sealer.of_home(settings.lake.home)
    asked = [asked_about(text, today) for text in (old, new)]
    keys = [question.key or sealer.key("pupil", question.number or "") for question in asked]
    return (keys[0], keys[1]), {"asked_by": ", ".join(map(asked_by, asked))}
