"""The command that erases one pupil, goes on with what was stopped, or lets a pupil come back.

The number is asked on standard input and nothing of it is printed or logged. Not here: what is
erased, and how (`assets/upkeep/erasure`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from assets.exports.readers.layout_files import load_layouts
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.upkeep.erasure.drill import MUST_BE_FOUND, drill
from assets.upkeep.erasure.erase import (
    HomeToClear,
    erase,
    erase_who_is_back,
    go_on,
    lift,
    plan,
)
from assets.upkeep.erasure.journal import unfinished
from assets.upkeep.erasure.whom import Child, find_child, knows
from pipelines.cli.home import note_access, parameters_of, settings_of
from pipelines.cli.options import CommandError, Home, Reason
from pipelines.cli.printing import say, say_out, watched
from pipelines.cli.pupil.asking import asked_about, asked_by
from pipelines.running import run_lock
from pipelines.settings import Settings, yesterday
from rules.registry import rule_set_of

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
    drilled: Annotated[
        bool,
        typer.Option(
            "--drill", help="Plant a made-up pupil in a home of its own, and erase it; no pupil."
        ),
    ] = False,
    reason: Reason = None,
    home: Home = None,
) -> None:
    """Erase one pupil from every place of the home, for good."""
    settings = settings_of(context, home)
    if drilled:
        _drill(settings)
        return
    if (pupil is not None) is (unfinished_ones or again) or (planned and lifted):
        raise typer.BadParameter(
            "Expected a pupil, as - and on standard input, with --plan or --lift or neither; or "
            "--unfinished, --again or --drill alone."
        )
    if pupil is None:
        note_access(settings, "erase", unfinished=unfinished_ones, again=again, reason=reason)
        with run_lock(settings, "erase"):
            receipts = _finished(settings)
            receipts += _erased_again(settings) if again else []
        _say_receipts(receipts)
        return
    question = asked_about(pupil, yesterday() + timedelta(days=1))
    what = "plan" if planned else "lift" if lifted else "erase"
    note_access(settings, "erase", what=what, asked_by=asked_by(question), reason=reason)
    with run_lock(settings, "erase"):
        # What was stopped goes first: it may be this pupil, whom the lake does not know any more.
        receipts = [] if planned else _finished(settings)
        with home_to_clear(settings) as erased:
            if receipts and question.number is None and not knows(erased.lake, question):
                _say_receipts(receipts)
                return
            child = find_child(erased.lake, erased.sealer, question)
            if planned:
                _say_plan(plan(erased, child))
                return
            if lifted:
                _lift(erased, child)
                return
            receipts.append(erase(erased, child))
    _say_receipts(receipts)


def _finished(settings: Settings) -> list[Path]:
    """Do what was stopped; a connection for each, because nothing is written after its end."""
    receipts: list[Path] = []
    while True:
        with home_to_clear(settings) as erased:
            stopped = unfinished(erased.path, erased.sealer)
            if not stopped:
                return receipts
            receipts.append(go_on(erased, stopped[0]))


def _erased_again(settings: Settings) -> list[Path]:
    receipts: list[Path] = []
    while True:
        with home_to_clear(settings) as erased:
            receipt = erase_who_is_back(erased)
        if receipt is None:
            return receipts
        receipts.append(receipt)


def _drill(settings: Settings) -> None:
    today = yesterday() + timedelta(days=1)
    parameters = parameters_of(settings)
    with run_lock(settings, "erase"):
        done = drill(settings.lake, lambda day: rule_set_of(parameters, day), today)
    for trace in done.found:
        say(f"Found after the erasure: {trace.place}, {trace.how}.")
    if done.are_back:
        say("The lake has pupils who were erased. Run: trappan erase --again")
    missing = sorted(MUST_BE_FOUND - set(done.planted))
    if missing:
        say(f"The drill could not plant its pupil in: {', '.join(missing)}.")
    if not done.has_passed:
        raise CommandError(
            "The drill did not pass: an erasure would leave something behind. Erase nobody before "
            "it is mended; the report is erasures/drill.json."
        )
    say(
        f"The drill passed: a planted pupil was in {len(done.planted)} places, and after the "
        "erasure in none."
    )


@contextmanager
def home_to_clear(settings: Settings) -> Iterator[HomeToClear]:
    """Open a home that somebody, or what is old, goes from; progress is shown."""
    with watched() as progress, Lake.open(settings.lake) as lake:
        yield HomeToClear(
            lake,
            load_layouts([settings.layouts_folder]),
            PortalDatabase(settings.lake.home, settings.portal_database.get_secret_value()),
            settings.inbox_folder,
            progress,
        )


def _say_plan(found: dict[str, int]) -> None:
    if not found:
        say(_NOTHING)
    for place, number in found.items():
        say_out(f"{number:>8}  {place}")


def _lift(erased: HomeToClear, child: Child) -> None:
    stones = lift(erased, child)
    if not stones:
        raise CommandError("This pupil was not erased here, so nothing was lifted.")
    say(
        "Rows of this pupil are taken again from the next file on. What was erased stays gone; "
        "files that came meanwhile are known already: have the school send them again."
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
