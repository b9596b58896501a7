"""`trappan rotate-key`: a new key for the home, and everything sealed with it.

Not here: what is sealed again, and in which order (`assets/upkeep/keys/`).
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import asdict
from typing import Annotated

import typer

from assets.follow_up.portal_database import PortalDatabase
from assets.lake.key_file import KEY_FILE, change_under_way
from assets.upkeep.keys.rotate import HomeToReseal, KeyChange, minutes, plan, rotate
from pipelines.cli.home import note_access, settings_of
from pipelines.cli.options import CommandError, Home, Reason
from pipelines.cli.printing import say, say_out, watched
from pipelines.cli.trust.waiting import senders_in
from pipelines.running import run_lock

_ABOUT_HASHES = {
    False: (
        "What pupils are known by (keyed hashes) stays as it was: whoever has the old key can "
        "still tell whether a number they know is a pupil's key. --pupil-keys changes that too. "
        "See docs/operators-keys.md."
    ),
    True: (
        "Pupils have new keys: with the old key alone nobody can tell whose they are. Lists of "
        "keys that people keep elsewhere, as of `trappan flags`, have the keys before. See "
        "docs/operators-keys.md."
    ),
}
#: Nothing may run beside it.
_STOPPED = (
    "Nights, commands and the portal are refused until it has ended; stop the portal first, and "
    "start it again after it."
)


def rotate_key(
    context: typer.Context,
    planned: Annotated[
        bool,
        typer.Option("--plan", help="Print how much would be sealed again; change nothing."),
    ] = False,
    alone: Annotated[
        bool,
        typer.Option(
            "--alone", help="No other home uses this catalog; asked where it is on a server."
        ),
    ] = False,
    pupil_keys: Annotated[
        bool,
        typer.Option(
            "--pupil-keys",
            help="Give pupils new keys too (keyed hashes); nothing else may run meanwhile.",
        ),
    ] = False,
    reason: Reason = None,
    home: Home = None,
) -> None:
    """Give the home a new key, seal everything again, and destroy the old key at the end."""
    settings = settings_of(context, home)
    folder = settings.lake.home
    if not (folder / KEY_FILE).exists():
        raise CommandError(f"{folder} has no {KEY_FILE}: there is nothing to seal again.")
    database = PortalDatabase(folder, settings.portal_database.get_secret_value())
    if planned:
        given = HomeToReseal(settings.lake, database, is_alone=alone, pupil_keys=pupil_keys)
        _say_plan(plan(given), pupil_keys=pupil_keys)
        return
    note_access(settings, "rotate-key", reason=reason)
    if since := change_under_way(folder):
        say(f"The new key of {since} goes on.")
    # A night that runs has read pupils' keys already.
    no_night = run_lock(settings, "nightly") if pupil_keys else nullcontext()
    with run_lock(settings, "rotate-key"), no_night, watched() as progress:
        given = HomeToReseal(
            settings.lake, database, progress, is_alone=alone, pupil_keys=pupil_keys,
            senders=tuple(one.name for one in senders_in(settings).named) if pupil_keys else (),
        )  # fmt: skip
        done = rotate(given)
    _say_done(done)


def _say_plan(found: dict[str, int], *, pupil_keys: bool) -> None:
    if not found:
        say("Nothing is sealed here yet.")
    for place, number in found.items():
        say_out(f"{number:>8}  {place}")
    say(
        f"About {minutes(found)} minutes, in which nights wait; with a portal one more. Old "
        "snapshots of the lake go: what was known at an earlier moment can't be asked after it."
    )
    say(_STOPPED if pupil_keys else _ABOUT_HASHES[False])


def _say_done(done: KeyChange) -> None:
    say_out(json.dumps(asdict(done), indent=2))
    for place, number in done.unopened.items():
        say(f"{number} of {place} open with neither key: they did not before either.")
    say(
        f"The old key is gone from this home. Copy {KEY_FILE} apart now, every line of it, and run "
        "`trappan backup`. Keep the old one, apart, as long as you keep a backup from before: it "
        "alone opens that. Start the portal again; everybody logs in once more."
    )
    say(_ABOUT_HASHES[done.pupil_keys])
