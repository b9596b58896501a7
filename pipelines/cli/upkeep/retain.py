"""The command that lets go of what a decision says is over, or shows it; monthly by a schedule.

Not here: what was decided and what goes (`assets/upkeep/retention`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from assets.upkeep.retention.decision import UNDECIDED, decision_of
from assets.upkeep.retention.retain import plan, retain
from pipelines.cli.home import note_access, settings_of
from pipelines.cli.options import Format, FormatOption, Home
from pipelines.cli.printing import print_rows, say, say_out
from pipelines.cli.upkeep.erase import home_to_clear
from pipelines.running import run_lock

_COLUMNS = ("kind", "before", "what", "number")


def retain_command(
    context: typer.Context,
    planned: Annotated[
        bool, typer.Option("--plan", help="Print how much would go, by kind; change nothing.")
    ] = False,
    kind: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """Let go of everything whose time is over, as HOME/retention.yaml decides."""
    settings = settings_of(context, home)
    decision = decision_of(settings.lake.home)
    if not planned:
        note_access(settings, "retain", decision=decision and decision.decided.reference)
    if decision is None:
        say(UNDECIDED)
        return
    if planned:
        with home_to_clear(settings) as opened:
            found = plan(opened, decision)
        print_rows(_COLUMNS, found.lines(), kind)
        say(f"Counted from {found.cuts.day.isoformat()}, by {decision.decided.words}.")
        return
    with run_lock(settings, "retain"), home_to_clear(settings) as opened:
        receipt = retain(opened, decision)
    if receipt is None:
        say("Nothing whose time is over is here.")
        return
    say(f"What was decided to go is gone. The receipt: {receipt}")
    say_out(receipt.read_text(encoding="utf-8").rstrip())
