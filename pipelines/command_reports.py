"""A publish or a pull that is called alone, and its report: begun, ended however it did, and told.

A report never changes how a command ends: what goes wrong with it is said, and nothing else. Not
here: nights (`night_reports.py`), what a report has (`assets/upkeep/reporting/commands.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import typer

from assets.lake.catalog.read_only import is_read_only
from assets.upkeep.reporting.commands import Command, CommandReport, CommandReports
from assets.upkeep.reporting.report import NightResult
from assets.upkeep.reporting.telling import tell_of_command, tell_of_killed
from pipelines.night_reports import failure_from
from pipelines.settings import Settings
from rules.errors import TrappanError

#: A night or a week that may not be made yet; nothing was changed.
_REFUSALS = frozenset({"WrongDayError"})


@contextmanager
def reported_command(
    settings: Settings, command: Command, say: Callable[[str], None], week: str = ""
) -> Iterator[None]:
    """Let a command be done, and report it however it ends.

    Args:
        settings: the settings.
        command: which.
        say: where is said what goes wrong with the report itself.
        week: ISO week of a publish.
    """
    home = settings.lake.home
    # A home that is not there gets none of what was only called wrongly.
    if not home.is_dir() or is_read_only(home):
        yield
        return
    reports = CommandReports(home)
    # Before this one can take the place of one that was killed.
    killed = reports.never_ended()
    for one in killed:
        say(one.sentence())
    begun = CommandReport(
        command=command, week=week, run=uuid.uuid4().hex, begun_at=datetime.now(UTC)
    )
    try:
        mark = reports.begun(begun)
        mark.__enter__()
    except OSError as error:
        say(f"The report of the {begun.name} could not be begun: {error.strerror}.")
        yield
        return
    try:
        yield
    except typer.Exit as stop:
        # All is made, and something waits: the night says what, as of its own lists.
        _end(settings, reports, begun, say, None if stop.exit_code in {0, 3} else stop)
        raise
    except BaseException as error:
        _end(settings, reports, begun, say, error)
        raise
    else:
        _end(settings, reports, begun, say, None)
    finally:
        _tell_of_killed(settings, killed, say)
        mark.__exit__(None, None, None)


def _tell_of_killed(
    settings: Settings, killed: Sequence[CommandReport], say: Callable[[str], None]
) -> None:
    try:
        for fault in tell_of_killed(
            killed, settings.reports(), settings.lake.home, datetime.now(UTC)
        ):
            say(fault)
    except TrappanError as wrong:
        say(f"Nobody was told of what never ended: {wrong}")
    except OSError as wrong:
        say(f"Nobody was told of what never ended: {wrong.strerror}.")


def _end(
    settings: Settings,
    reports: CommandReports,
    begun: CommandReport,
    say: Callable[[str], None],
    error: BaseException | None,
) -> None:
    failure = failure_from(error, settings) if error else None
    is_refused = failure is not None and failure.kind in _REFUSALS
    bad = NightResult.REFUSED if is_refused else NightResult.BROKEN
    report = begun.model_copy(
        update={
            "ended_at": datetime.now(UTC),
            "result": bad if failure else NightResult.WELL,
            "failure": failure,
        }
    )
    try:
        reports.keep(report)
        fault = tell_of_command(report, settings.reports(), datetime.now(UTC))
        if fault:
            say(f"Somebody was not told of the {report.name}: {fault}")
            reports.keep(report.model_copy(update={"faults": (fault,)}))
    except TrappanError as wrong:
        say(f"The report of the {report.name}: {wrong}")
    except OSError as wrong:
        say(f"The report of the {report.name} could not be written: {wrong.strerror}.")
