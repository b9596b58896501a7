"""A night and its report: begun, ended however it did, written down, and told.

The command line holds a `Night` around all of its runs; of a run that Dagster starts the resource
`lake` does, from its first step to its end. A report never changes how a night ends: what goes
wrong with it is said, and nothing else. Not here: what a report has (`assets/upkeep/reporting`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version as version_of

import dagster as dg
import typer

from assets.exports.files.printable import printable_name
from assets.exports.readers.layout_files import load_layouts
from assets.exports.senders.senders_file import senders_of
from assets.lake.access import LakeAccess, words_without_data
from assets.lake.catalog.resting import note_at_rest
from assets.upkeep.backup.verifying import databases_of
from assets.upkeep.reporting.commands import CommandReport, CommandReports
from assets.upkeep.reporting.disk import look_at_disk
from assets.upkeep.reporting.kept import NightReports
from assets.upkeep.reporting.looks import look_after
from assets.upkeep.reporting.report import (
    BegunNight,
    NightFailure,
    NightLooks,
    NightReport,
    RunFacts,
    Told,
    report_of,
)
from assets.upkeep.reporting.telling import tell, tell_of_killed
from assets.upkeep.reporting.words import as_markdown
from pipelines.failures import facts_of, failure_of
from pipelines.settings import Settings
from rules.errors import TrappanError

NIGHTLY = "nightly_job"
#: Made last in a night: a run that has it has ended.
_LAST_ASSET = "delivered_lists"


@dataclass
class Night:
    """A night that is being made.

    Attributes:
        settings: the settings.
        as_of: the last day that counts.
        started_by: `command` or `dagster`.
        say: where is said what goes wrong with the report itself.
        access: to the lake, which is asked once more when the night has ended, and then let go of.
        runs: what the Dagster runs of the night said.
        failure: why it did not end well.
    """

    settings: Settings
    as_of: date
    started_by: str
    say: Callable[[str], None]
    access: LakeAccess
    runs: list[RunFacts] = field(default_factory=list)
    failure: NightFailure | None = None
    _begun: BegunNight | None = None
    _killed: list[CommandReport] = field(default_factory=list)
    _mark: ExitStack = field(default_factory=ExitStack)

    def begin(self) -> None:
        """Mark that it is under way, after what is known of a night before that never ended."""
        if self._begun is not None:
            return
        night = BegunNight(
            run=uuid.uuid4().hex,
            as_of=self.as_of,
            begun_at=datetime.now(UTC),
            started_by=self.started_by,
            program=version_of("franvarotrappan"),
        )
        self._begun = night
        reports = NightReports(self.settings.lake.home)
        with self._guarded("could not be begun"):
            for killed in reports.note_killed(as_markdown):
                self.say(f"The night of {killed.as_of} was begun before and never ended.")
            self._killed = CommandReports(self.settings.lake.home).never_ended()
            for command in self._killed:
                self.say(command.sentence())
        with self._guarded("could not be begun"):
            self._mark.enter_context(reports.begun(night))

    def stop(self, failure: NightFailure, facts: RunFacts | None = None) -> None:
        """Note why it does not end well; also when it stopped before it was begun.

        A home that never had a lake gets no report of what was only called wrongly.
        """
        self.failure = failure
        if facts:
            self.runs.append(facts)
        if (self.settings.lake.home / "lake").exists():
            self.begin()

    def end(self) -> None:
        """Write the report and tell everybody; nothing when it was never begun."""
        begun = self._begun
        if begun is None:
            self.access.close()
            return
        reports = NightReports(self.settings.lake.home)
        ended_at = datetime.now(UTC)
        with self._guarded("could not be made"):
            looks = self._looks(begun)
            self.access.close()
            report = report_of(begun, ended_at, self.runs, looks, self.failure)
            # First, so that nothing is lost when a server keeps us waiting.
            reports.keep(report, as_markdown)
            # What is kept now says that it ended.
            self._mark.close()
            told = self._told(report, datetime.now(UTC))
            reports.keep(report.model_copy(update={"told": told}), as_markdown)
            for fault in told.faults:
                self.say(f"Somebody was not told of the night: {fault}")
        self._mark.close()
        with self._guarded("could not tell of what never ended"):
            for fault in tell_of_killed(
                self._killed,
                self.settings.reports(),
                self.settings.lake.home,
                datetime.now(UTC),
            ):
                self.say(fault)
        note_at_rest(databases_of(self.settings.lake.home))

    def _looks(self, begun: BegunNight) -> NightLooks:
        settings = self.settings
        try:
            layouts = load_layouts([settings.layouts_folder])
            folders = (settings.inbox_folder, settings.pulled_folder)
            senders = senders_of(settings.lake.home, folders, layouts)
            with self.access.open() as lake:
                return look_after(lake, begun.as_of, begun.begun_at, senders)
        except Exception as error:
            # A night that stopped at the lake has a report all the same.
            if self.failure is None:
                self.say(f"The night's report is without its schools: {_words(error)}")
            return NightLooks(disk=look_at_disk(settings.lake.home))

    def _told(self, report: NightReport, now: datetime) -> Told:
        try:
            settings = self.settings.reports()
        except TrappanError as error:
            return Told(mail="failed", ping="failed", metrics="failed", faults=(str(error),))
        return tell(report, settings, self.settings.lake.home, now)

    @contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.say(f"The night's report {what}: {_words(error)}")


def _words(error: Exception) -> str:
    if isinstance(error, TrappanError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return str(words_without_data(error))


def failure_from(error: BaseException, settings: Settings) -> NightFailure:
    """Return why a night did not end well, of what stopped the command line.

    Args:
        error: what stopped it; of a run its own failure, when it has one.
        settings: whose folders are named by what they are, not by where they lie.
    """
    found = getattr(error, "failure", None)
    if not isinstance(found, NightFailure):
        if isinstance(error, TrappanError):
            found = NightFailure(kind=type(error).__name__, words=str(error))
        elif isinstance(error, typer.BadParameter):
            # Its words repeat what was typed.
            words = "The command was called with a folder or value that is none. Call it by hand."
            found = NightFailure(kind="BadUsage", words=words)
        elif isinstance(error, Exception):
            found = NightFailure(kind=type(error).__name__, words=str(words_without_data(error)))
        else:
            found = NightFailure(kind="Stopped", words="Somebody stopped it.")
    return replace_places(found, settings)


def replace_places(failure: NightFailure, settings: Settings) -> NightFailure:
    """Return a failure whose words name no folder of this machine and no number of a person."""
    words = failure.words
    for folder, name in (
        (settings.inbox_folder, "INBOX"),
        (settings.pulled_folder, "PULLED"),
        (settings.lake.home, "HOME"),
    ):
        words = words.replace(str(folder), name)
    return failure.model_copy(update={"words": printable_name(words)})


def reported_lake(settings: Settings, access: LakeAccess) -> dg.ResourceDefinition:
    """Return the resource `lake` of runs that Dagster starts: a night's run is reported.

    Args:
        settings: the settings.
        access: what the assets are given.
    """

    def of_run(context: dg.InitResourceContext) -> Iterator[LakeAccess]:
        run, instance, log = context.run, context.instance, context.log
        if run is None or instance is None or run.job_name != NIGHTLY:
            yield access
            return
        night = Night(
            settings=settings,
            as_of=access.as_of(run.tags),
            started_by="dagster",
            say=log.warning if log else lambda _: None,
            access=access,
        )
        night.begin()
        try:
            yield access
        finally:
            events = [
                entry.dagster_event
                for entry in instance.all_logs(run.run_id)
                if entry.dagster_event is not None
            ]
            facts = facts_of(NIGHTLY, events)
            night.runs.append(facts)
            if _LAST_ASSET not in facts.counted:
                night.failure = replace_places(failure_of(NIGHTLY, events), settings)
            night.end()

    return dg.ResourceDefinition(
        resource_fn=of_run, description="Access to the lake; a night's run is reported."
    )
