"""The command that erases one pupil, goes on with what was stopped, or lets a pupil come back.

The number is asked on standard input and nothing of it is printed or logged. Not here: what is
erased, and how (`assets/upkeep/erasure`).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from assets.exports.readers.layout_files import load_layouts
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.upkeep.erasure.erase import Home as ErasedHome
from assets.upkeep.erasure.erase import erase, erase_who_is_back, go_on, lift, plan
from assets.upkeep.erasure.journal import unfinished
from assets.upkeep.erasure.whom import find_child
from pipelines.cli.home import note_access, settings_of
from pipelines.cli.options import CommandError, Home, Reason
from pipelines.cli.printing import say, say_out, watched
from pipelines.cli.pupil.asking import asked_about, asked_by
from pipelines.running import run_lock
from pipelines.settings import Settings, yesterday

_NOTHING = "Nothing of this pupil was found here."


def erase_command(
    context: typer.Context,
    pupil: Annotated[
        str | None,
        typer.Argument(
            metavar="[PUPIL]",
            help="- to read an identity number or a pupil key from standard input; or a key.",
        ),
    ] = None,
    planned: Annotated[
        bool, typer.Option("--plan", help="Print how much would go, by place; change nothing.")
    ] = False,
    lifted: Annotated[
        bool, typer.Option("--lift", help="Let an erased pupil come back with the next files.")
    ] = False,
    unfinished_ones: Annotated[
        bool, typer.Option("--unfinished", help="Go on with what was stopped; no pupil then.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="After a backup was restored: erase again whoever was; no pupil then."
        ),
    ] = False,
    reason: Reason = None,
    home: Home = None,
) -> None:
    """Erase one pupil from every place of the home, for good."""
    settings = settings_of(context, home)
    if (pupil is not None) is (unfinished_ones or again) or (planned and lifted):
        raise typer.BadParameter(
            "Expected a pupil, as - and on standard input, with --plan or --lift or neither; or "
            "--unfinished or --again alone."
        )
    if unfinished_ones or again:
        note_access(settings, "erase", unfinished=unfinished_ones, again=again, reason=reason)
        with run_lock(settings, "erase"), watched() as progress, Lake.open(settings.lake) as lake:
            erased = _home(settings, lake, progress)
            receipts = [go_on(erased, one) for one in unfinished(erased.path, erased.sealer)]
            receipts += erase_who_is_back(erased) if again else []
        _say_receipts(receipts)
        return
    question = asked_about(pupil or "", yesterday() + timedelta(days=1))
    what = "plan" if planned else "lift" if lifted else "erase"
    note_access(settings, "erase", what=what, asked_by=asked_by(question), reason=reason)
    with run_lock(settings, "erase"), watched() as progress, Lake.open(settings.lake) as lake:
        erased = _home(settings, lake, progress)
        # What was stopped goes first: it may be this pupil, whom the lake does not know any more.
        stopped = [] if planned else unfinished(erased.path, erased.sealer)
        receipts = [go_on(erased, one) for one in stopped]
        child = find_child(lake, erased.sealer, question)
        if planned:
            _say_plan(plan(erased, child))
            return
        if lifted:
            _lift(erased, child)
            return
        receipts.append(erase(erased, child))
    _say_receipts(receipts)


def _home(settings: Settings, lake: Lake, progress: object) -> ErasedHome:
    return ErasedHome(
        lake,
        load_layouts([settings.layouts_folder]),
        PortalDatabase(settings.lake.home, settings.portal_database.get_secret_value()),
        settings.inbox_folder,
        progress,  # type: ignore[arg-type]
    )


def _say_plan(found: dict[str, int]) -> None:
    if not found:
        say(_NOTHING)
    for place, number in found.items():
        say_out(f"{number:>8}  {place}")


def _lift(erased: ErasedHome, child: object) -> None:
    stones = lift(erased, child)  # type: ignore[arg-type]
    if not stones:
        raise CommandError("This pupil was not erased here, so nothing was lifted.")
    say(
        "Rows of this pupil are taken again from the next file on. What was erased stays gone; "
        "files that came meanwhile are known already: have the school send them anew."
    )
    if any(stone.was_protected for stone in stones):
        say(
            "The identity was protected when the pupil was erased, and is so again: `trappan "
            "release` lists what waits."
        )


def _say_receipts(receipts: list[Path]) -> None:
    if not receipts:
        say("There is nothing to go on with, and nobody who was erased is back.")
    for receipt in receipts:
        say(f"Erased. The receipt: {receipt}")
        say_out(receipt.read_text(encoding="utf-8").rstrip())
