"""The command that makes the sums of months again: its plan, its months one by one, its lists.

Not here: what would change (`assets/upkeep/maintenance/backfills.py`), the job (`jobs.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from assets.absence.assets import months as partitions
from assets.lake.access import LakeAccess
from assets.upkeep.maintenance.backfills import (
    BackfillPlan,
    Begun,
    begin_backfill,
    frozen_weeks_on,
    note_month,
    plan_backfill,
)
from assets.watchlists.release.republish import Who, republish
from assets.watchlists.release.restate import differing_pupils
from pipelines.cli.home import note_access, parameters_of, real_person, settings_of
from pipelines.cli.options import Format, FormatOption, Home, Reason, month
from pipelines.cli.printing import print_rows, say, say_waiting, watched
from pipelines.resources import lake_access
from pipelines.running import run_job, run_lock
from pipelines.settings import Settings
from rules.models import RuleSet
from rules.registry import rule_set_of

_COLUMNS = ("month", "lessons", "sums", "sums_differing")
_WEEK_COLUMNS = ("week", "lists", "pupils_differing_now", "pupils_differing_then")
#: Lists that were to be published again wait.
LISTS_WAIT = 3
_A_MINUTE = 60


def backfill(
    context: typer.Context,
    first: Annotated[date, typer.Option("--from", parser=month, help="First month, YYYY-MM.")],
    last: Annotated[date, typer.Option("--to", parser=month, help="Last month, YYYY-MM.")],
    plan: Annotated[
        bool, typer.Option("--plan", help="Print what would change and how long; change nothing.")
    ] = False,
    all_again: Annotated[
        bool, typer.Option("--all-again", help="All months, also where one was stopped.")
    ] = False,
    republishing: Annotated[
        bool,
        typer.Option(
            "--republish",
            help="Publish the frozen lists again that then say something else; needs --reason.",
        ),
    ] = False,
    reason: Reason = None,
    kind: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """Make the sums of a range of months again from the lessons in the lake."""
    settings = settings_of(context, home)
    asked = _months(first, last)
    if republishing and not reason:
        raise typer.BadParameter(
            "--republish replaces lists that people have read. Expected --reason with it: why, in "
            "a few words and without names of pupils. It is kept with the list before."
        )
    access = lake_access(settings, ())
    if plan:
        _print_plan(settings, access, asked, kind)
        return
    with run_lock(settings, "backfill"):
        _make(settings, access, asked, all_again=all_again)
        held = 0
        if not republishing:
            say("Frozen lists stay as they are.")
        else:
            note_access(settings, "backfill", first=first, last=last, republish=True, reason=reason)
            held = _republish(settings, access, asked, str(reason))
    if held:
        raise typer.Exit(LISTS_WAIT)


def _months(first: date, last: date) -> list[date]:
    """Return the months of a range, all of which must be partitions."""
    keys = partitions.get_partition_keys()
    if first > last:
        raise typer.BadParameter(f"--from {first:%Y-%m} is after --to {last:%Y-%m}.")
    for asked in (first, last):
        if asked.isoformat() not in keys:
            raise typer.BadParameter(
                f"{asked:%Y-%m} is outside the months that can be backfilled: {keys[0][:7]} to "
                f"{keys[-1][:7]}."
            )
    return [day for key in keys if first <= (day := date.fromisoformat(key)) <= last]


def _make(
    settings: Settings, access: LakeAccess, asked: Sequence[date], *, all_again: bool
) -> None:
    with access.open() as lake:
        begun = begin_backfill(lake, asked, all_again=all_again)
    access.close()
    if begun.done:
        say(
            f"A backfill of these months was stopped: {len(begun.done)} of {len(asked)} are done, "
            f"and it goes on with {begun.left[0]:%Y-%m}. --all-again makes all of them again."
        )
    with watched(has_time_left=True) as progress:
        for number, one in enumerate(begun.left):
            if progress:
                progress(f"{one:%Y-%m}", number, len(begun.left))
            job = "backfill_job" if one == begun.left[-1] else "month_job"
            _make_month(settings, access, begun, one, job)
    say(f"The sums of {asked[0]:%Y-%m} to {asked[-1]:%Y-%m} were made again.")


def _make_month(settings: Settings, access: LakeAccess, begun: Begun, one: date, job: str) -> None:
    begin = time.perf_counter()
    key = one.isoformat()
    tags = {
        "dagster/asset_partition_range_start": key,
        "dagster/asset_partition_range_end": key,
    }
    run_job(settings, job, access, tags)
    with access.open() as lake:
        note_month(lake, begun, one, time.perf_counter() - begin)
    access.close()


def _republish(settings: Settings, access: LakeAccess, asked: Sequence[date], reason: str) -> int:
    """Publish lists again that say something else today, and return how many of them wait."""
    rules_on = _RulesOf(settings)
    uid, login = real_person()
    held = 0
    with access.open() as lake:
        for week in frozen_weeks_on(lake, asked):
            found = differing_pupils(lake, week, rules_on)
            differing = {code: pupils for code, pupils in found.items() if pupils}
            if not differing:
                continue
            made = republish(lake, week, differing, rules_on, Who(uid, login, reason))
            waiting = [code for code in made.held if code in differing]
            held += len(waiting)
            say(
                f"{week}: {len(differing) - len(waiting)} lists were published again, for "
                f"{sum(differing.values())} pupils of whom they said otherwise. The lists before "
                "are kept (lists/.replaced, and replaced_lists in the lake)."
            )
            say_waiting(waiting, (), ())
    access.close()
    return held


class _RulesOf:
    """The values in force on a day; the files are read once."""

    def __init__(self, settings: Settings) -> None:
        self._parameters = parameters_of(settings)

    def __call__(self, day: date) -> RuleSet:
        return rule_set_of(self._parameters, day)


def _print_plan(
    settings: Settings, access: LakeAccess, asked: Sequence[date], kind: Format
) -> None:
    with access.open() as lake:
        found = plan_backfill(lake, asked, access.parallel_values(), _RulesOf(settings))
    access.close()
    print_rows(
        _COLUMNS,
        [
            {
                "month": f"{one.month:%Y-%m}",
                "lessons": str(one.lessons),
                "sums": str(one.pupil_days),
                "sums_differing": str(one.differing),
            }
            for one in found.months
        ],
        kind,
    )
    if found.weeks and kind == Format.TABLE:
        print_rows(
            _WEEK_COLUMNS,
            [
                {
                    "week": one.week,
                    "lists": str(one.lists),
                    "pupils_differing_now": str(one.differing_now),
                    "pupils_differing_then": str(one.differing_then),
                }
                for one in found.weeks
            ],
            kind,
        )
    _say_plan(found, asked)


def _say_plan(found: BackfillPlan, asked: Sequence[date]) -> None:
    minutes = max(1, round(found.seconds / _A_MINUTE))
    about = f"about {minutes} minute{'s' if minutes > 1 else ''}"
    if not found.differing:
        say(
            f"No sum of {asked[0]:%Y-%m} to {asked[-1]:%Y-%m} would be another one, so no list "
            f"would say anything else. It would take {about}."
        )
        return
    changed = [one for one in found.weeks if one.differing_now != one.differing_then]
    say(
        f"{found.differing} daily sums would be others, and {len(changed)} of {len(found.weeks)} "
        f"published weeks would differ otherwise than today. It would take {about}. Frozen lists "
        "stay as they are unless --republish says otherwise."
    )
