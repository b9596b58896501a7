"""`trappan rebuild`: the lake made again from the originals.

Not here: how it is made (`assets/upkeep/backup/rebuilding.py`).
"""

from __future__ import annotations

import typer

from assets.exports.readers.layout_files import load_layouts
from assets.exports.senders.senders_file import senders_of
from assets.upkeep.backup.rebuilding import Rebuilt, rebuild_lake
from pipelines.cli.home import note_access, settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import say, say_out, watched

_SHOWN = 5
_MISSING = (
    "files were taken once and have no original: what they said is not in the lake. Ask their "
    "senders for them"
)
_UNLIKE = (
    "files gave other counts of rows than the first time: other files were known then, or a "
    "layout, a right or this program has changed since"
)
_UNKNOWN = (
    "originals came in a run that was stopped, and of them no name is known: the next night takes "
    "them, if they are still offered"
)


def rebuild(context: typer.Context, home: Home = None) -> None:
    """Make the lake again from the originals in the archive."""
    settings = settings_of(context, home)
    layouts = load_layouts([settings.layouts_folder])
    folders = (settings.inbox_folder, settings.pulled_folder)
    senders = senders_of(settings.lake.home, folders, layouts)
    note_access(settings, "rebuild")
    with watched() as progress:
        rebuilt = rebuild_lake(
            settings.lake, layouts=layouts, senders=senders, on_progress=progress
        )
    say_out(
        f"The lake was made again from {rebuilt.read} originals, in {rebuilt.seconds:.0f} seconds. "
        "What was there before lies in lake.lost-<n>; remove it when all is well. Run "
        "`trappan nightly`: it makes sums, flags and lists."
    )
    _say_what_is_missing(rebuilt)
    if rebuilt.missing:
        raise typer.Exit(3)


def _say_what_is_missing(rebuilt: Rebuilt) -> None:
    """Say in words which files the new lake does not have, and why; by hash, never by name."""
    for words, found in (
        (_MISSING, rebuilt.missing),
        (_UNLIKE, rebuilt.unlike),
        (_UNKNOWN, rebuilt.unknown),
    ):
        if found:
            shown = ", ".join(one[:12] for one in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            say(f"{len(found)} {words}: {shown}{more}.")
