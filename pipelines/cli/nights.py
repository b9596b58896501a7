"""The commands that let lists go out: nightly, and publish for a week.

A night first looks whether its day may be made and which weeks were missed. Not here: when a week
is missed (`assets/watchlists/release/released.py`), the jobs (`jobs.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from assets.delivery.delivery_log import FILE_NAME as DELIVERY_LOG
from assets.delivery.results import Delivered
from assets.lake.access import LakeAccess, Override
from assets.watchlists.release.mentor_files import FOLDER
from assets.watchlists.release.released import missed_weeks, refuse_early_freeze, refuse_wrong_night
from assets.watchlists.release.releases import release_mentor_files
from assets.watchlists.release.week_states import iso_week
from pipelines.cli.data_notes import asked_lake
from pipelines.cli.home import note_access, rules_on, settings_of
from pipelines.cli.options import AsOf, BeginAnew, Home, Reason, School, offered, week_end
from pipelines.cli.printing import (
    print_lists,
    say,
    say_out,
    say_overdue,
    say_refused,
    say_waiting,
    watched,
)
from pipelines.cli.trust.grants import as_may_be_named
from pipelines.cli.trust.waiting import waiting_after
from pipelines.command_reports import reported_command
from pipelines.jobs import as_of_tags
from pipelines.night_reports import Night, failure_from
from pipelines.resources import lake_access
from pipelines.run_results import RunResults
from pipelines.running import BusyError, RunError, default_inbox, run_job, run_lock
from pipelines.settings import Settings, yesterday

#: All is made, but some lists or files wait, or were not delivered, or somebody was not told, or
#: the follow-up could not be read.
LISTS_WAIT = 3


def nightly(
    context: typer.Context,
    inbox: Annotated[
        Path | None, typer.Option("--inbox", help="Folder of export files; default HOME/inbox.")
    ] = None,
    as_of: AsOf = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also when the lists go to an older or a future day.")
    ] = False,
    reason: Reason = None,
    begin_anew: BeginAnew = False,
    home: Home = None,
) -> None:
    """Ingest all files, compute, and refresh the current lists."""
    settings = settings_of(context, home)
    last = as_of or yesterday()
    with _reported(settings, last) as night:
        paths = offered([inbox]) if inbox else (default_inbox(settings),)
        # First, so that a wrong rule file is reported before an hour's work.
        rules_on(settings, last)
        with run_lock(settings, "nightly"), watched() as progress:
            night.begin()
            # What waits, and the night's report, are asked of the lake that the runs had open.
            access = night.access = lake_access(
                settings,
                paths,
                progress,
                with_pulled=True,
                begins_anew=begin_anew,
                override=Override(is_forced=force),
            )
            made, made_up = _make(night, access, reason, paths[0])
        _tell_lists(made, "current lists", last)
        _tell_delivery(made.delivered)
        waiting = waiting_after(settings, night.access)
        for sentence in waiting.sentences():
            say(sentence)
    if (
        made.release.held
        or made_up.held
        or not made.delivered.is_whole
        or waiting.unreleased
        or made.follow_up.sentences()
    ):
        raise typer.Exit(LISTS_WAIT)


@contextmanager
def _reported(settings: Settings, as_of: date) -> Iterator[Night]:
    """Let a night be made, and report it however it ends; not when another one is under way."""
    night = Night(settings, as_of, "command", say, lake_access(settings, ()))
    try:
        yield night
    except BusyError:
        raise
    except BaseException as error:
        night.stop(failure_from(error, settings), getattr(error, "facts", None))
        raise
    finally:
        night.end()


def _make(
    night: Night, access: LakeAccess, reason: str | None, inbox: Path
) -> tuple[RunResults, MadeUp]:
    """Make a night: the weeks that were missed, and then the night itself.

    Raises:
        RunError: a run did not end well.
        WrongDayError: the lists would go to an older or a future day.
    """
    settings, last, force = night.settings, night.as_of, access.override.is_forced
    tell: Callable[[RunResults], None] | None = partial(_tell_files, settings, inbox)
    made_up = MadeUp()
    is_behind = refuse_night(access, last, force=force)
    _note(settings, "nightly", Override(is_forced=force), reason, as_of=last)
    try:
        if is_behind:
            made_up = make_up_weeks(night, access, tell)
            # The night itself finds its files in the lake.
            access = night.access = replace(access, inbox=(), pulled=None)
            tell = None
        made = run_job(settings, "nightly_job", access, as_of_tags(last), tell=tell, closes=False)
    except RunError:
        # The report opens the lake as it is then: it never begins another one.
        night.access.close()
        night.access = lake_access(settings, ())
        _take_back(settings)
        raise
    night.runs.append(made.facts)
    return made, made_up


def publish(
    context: typer.Context,
    week: Annotated[
        date, typer.Option("--week", parser=week_end, help="ISO week, such as 2026-W46.")
    ],
    school: School = None,
    even_if_held: Annotated[
        bool,
        typer.Option("--even-if-held", help="Somebody has looked at why a list waits: it is made."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also before the night of the week's Sunday was made.")
    ] = False,
    reason: Reason = None,
    mentors: Annotated[
        bool,
        typer.Option("--mentors", help="The mentors' own lists of a week that is out already."),
    ] = False,
    home: Home = None,
) -> None:
    """Publish the frozen lists of a week, as of its Sunday."""
    if week > yesterday() + timedelta(days=1):
        raise typer.BadParameter(
            f"--week {week:%G-W%V} ends on Sunday {week.isoformat()}, which is still to come. A "
            "week's lists are frozen and stay as they are, so they are made when the week is "
            "over. Tonight's lists stand in the home under lists/current."
        )
    settings = settings_of(context, home)
    if mentors:
        note_access(settings, "publish", week=iso_week(week), school=school, mentors=True)
        _publish_mentors(settings, week, school)
        return
    if even_if_held and not reason:
        raise typer.BadParameter(
            "--even-if-held lets a list go that waits. Expected --reason with it: what you looked "
            "at, in a few words and without names of pupils. It is written to access.log with "
            "your name."
        )
    # One school's list is asked for by somebody who waits for the answer.
    reported = (
        nullcontext() if school else reported_command(settings, "publish", say, iso_week(week))
    )
    with reported:
        _publish(settings, week, school, Override(even_if_held, force), reason)


def _publish(
    settings: Settings, week: date, school: str | None, override: Override, reason: str | None
) -> None:
    rules_on(settings, week)
    with watched() as progress:
        _note(settings, "publish", override, reason, week=iso_week(week), school=school)
        access = lake_access(settings, (), progress, override=override)
        if not override.is_forced:
            refuse_week(access, week)
        made = run_job(settings, "weekly_job", access, as_of_tags(week, school))
    release = made.release
    if school and not made.published and not release.unregistered and not release.held:
        raise RunError(
            f"School unit {school} has no list: it is in no `skolor` register, and no pupil "
            f"belongs to it at {week.isoformat()}. Nothing was published. Look at the code."
        )
    if release.kept:
        say(f"{len(release.kept)} lists of the week were published before and stay as they were.")
    _tell_lists(made, "lists of the week", week)
    _tell_delivery(made.delivered)
    if release.held or not made.delivered.is_whole or made.follow_up.sentences():
        raise typer.Exit(LISTS_WAIT)


def _publish_mentors(settings: Settings, week: date, school: str | None) -> None:
    with asked_lake(settings) as lake:
        made = release_mentor_files(lake, iso_week(week), school=school)
    for folder in made.folders:
        if (folder / FOLDER).is_dir():
            say_out(str(folder / FOLDER))
    say(
        f"{made.mentors} mentors' lists of {iso_week(week)} stand there. The rektor's lists stay "
        "as they are."
    )
    if made.left_out:
        say(
            f"{made.left_out} pupils of the lists have become protected since, or are gone from "
            "the lake, and stand in no mentor's list."
        )


def _note(
    settings: Settings, command: str, override: Override, reason: str | None, **asked: object
) -> None:
    """Write to the access log what is made, and what of it is overridden, before it is.

    Raises:
        OSError: it can't be written; then nothing is made.
    """
    what = {"even_if_held": override.even_if_held or None, "force": override.is_forced or None}
    note_access(settings, command, **asked, **what, reason=reason)


@dataclass
class MadeUp:
    """What became of the weeks that a night made up."""

    weeks: int = 0
    held: int = 0


def refuse_night(access: LakeAccess, as_of: date, *, force: bool) -> bool:
    """Look before an hour's work whether a night may be made, and whether weeks were missed.

    Returns:
        Whether there are weeks to make up, or may be when the night's files are in.

    Raises:
        WrongDayError: the lists would go to an older or a future day.
    """
    with access.open() as lake:
        if not force:
            refuse_wrong_night(lake, as_of, yesterday() + timedelta(days=1))
        return bool(missed_weeks(lake, as_of, files_may_come=True))


def refuse_week(access: LakeAccess, sunday: date) -> None:
    """Look whether a week may be frozen already.

    Raises:
        WrongDayError: no night of its Sunday has succeeded.
    """
    with access.open() as lake:
        refuse_early_freeze(lake, sunday)


def make_up_weeks(
    night: Night, access: LakeAccess, tell: Callable[[RunResults], None] | None
) -> MadeUp:
    """Take the night's files in, and freeze the weeks that were missed, in order.

    Args:
        night: that is being made.
        access: of the night.
        tell: says what became of the files.
    """
    settings, as_of = night.settings, night.as_of
    night.runs.append(run_job(settings, "ingest_job", access, tell=tell).facts)
    made_up = MadeUp()
    with access.open() as lake:
        sundays = missed_weeks(lake, as_of)
    access.close()
    for sunday in sundays:
        # The night of this Sunday is made by this run: its files are in.
        forced = replace(access, override=Override(is_forced=True))
        made = run_job(settings, "weekly_job", forced, as_of_tags(sunday))
        night.runs.append(made.facts)
        held = made.release.held
        made_up.weeks += 1
        made_up.held += len(held)
        waiting = f", {len(held)} wait" if held else ""
        say(
            f"The lists of {iso_week(sunday)} were missing and were made up as of "
            f"{sunday.isoformat()}: {len(made.published)} stand{waiting}."
        )
        say_waiting(held, made.silent, ())
    return made_up


def _take_back(settings: Settings) -> None:
    """After a night that stopped: who became protected before it did is in no copy all the same.

    The lists that stand are delivered, but for those that name somebody who is protected by now.
    """
    if not settings.delivery_target and not (settings.lake.home / DELIVERY_LOG).exists():
        return
    try:
        made = run_job(settings, "deliver_job", lake_access(settings, ()))
    except RunError as error:
        say(f"Copies of the lists could not be looked at either: {error}")
    else:
        _tell_delivery(made.delivered)


def _tell_delivery(delivered: Delivered) -> None:
    for sentence in delivered.sentences():
        say(sentence)


def _tell_files(settings: Settings, inbox: Path, made: RunResults) -> None:
    if made.reports:
        taken = sum(report.rows_accepted for report in made.reports)
        say(f"{len(made.reports)} files offered, {taken} rows accepted.")
    else:
        say(f"There are no files in {inbox}; the lists are made from what the lake has.")
    say_refused(as_may_be_named(settings, made.reports))


def _tell_lists(made: RunResults, what: str, as_of: date) -> None:
    say(f"{len(made.published)} {what} as of {as_of.isoformat()}:")
    print_lists(made.published)
    if as_of > yesterday() + timedelta(days=1):
        say(f"Note: {as_of.isoformat()} is still to come, so the lists rest on a part of the time.")
    say_overdue(made.release.overdue)
    for sentence in made.follow_up.sentences():
        say(sentence)
    for code in made.release.unregistered:
        say(
            f"School unit {code} has pupils, but is in no `skolor` register: no list was made. "
            "Add it to the register file."
        )
    # Last, where somebody looks who sees the status.
    listed = {folder.name for folder in made.published}
    say_waiting(made.release.held, made.silent, listed, made.release.unread_protection)
