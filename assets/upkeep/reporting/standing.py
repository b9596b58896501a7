"""How a home stands: of its newest report, of nights under way, and of a glance at the lake.

`trappan status` prints it, and a mail has the same lines. Nothing is written and the lake is not
opened, so it answers in a second, on a read-only home and with a broken lake too. Not here: the
lines (`words.py`), what a night reports (`report.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from assets.lake.key_file import KeyFileError, change_under_way
from assets.lake.settings import LakeSettings
from assets.upkeep.reporting.commands import CommandReports
from assets.upkeep.reporting.disk import look_at_free
from assets.upkeep.reporting.glance import LakeAwayError, glance_at
from assets.upkeep.reporting.kept import NightReports, ReportError
from assets.upkeep.reporting.report import BegunNight, NightReport, NightResult

#: A night a day, and two hours for a long one.
MOST_HOURS = 26
#: As `trappan doctor` asks for.
LEAST_FREE_MIB = 2048
#: Whether it can be used says `trappan doctor`.
DECISION = "retention.yaml"


class HomeHealth(StrEnum):
    """How a home stands, the worst first."""

    BROKEN = "broken"
    NO_NIGHT = "no night"
    WAITS = "waits"
    WELL = "well"


#: The exit status of each.
STATUS = {HomeHealth.WELL: 0, HomeHealth.BROKEN: 1, HomeHealth.WAITS: 3, HomeHealth.NO_NIGHT: 4}


@dataclass(frozen=True)
class HomeStatus:
    """How a home stands.

    Attributes:
        state: the worst of what was found.
        because: why it is not well, a sentence each, the worst first.
        newest: the report of the newest night; None before the first.
        under_way: a night that is being made.
        lake: how the lake looks, in words.
        free_mib: on the home's disk; None when it can't be asked.
        is_decided: there is a decision on what goes because its time is over.
    """

    state: HomeHealth
    because: tuple[str, ...] = ()
    newest: NightReport | None = None
    under_way: BegunNight | None = None
    lake: str = ""
    free_mib: int | None = None
    is_decided: bool = True

    @property
    def status(self) -> int:
        """The exit status."""
        return STATUS[self.state]


@dataclass
class _Found:
    """What was found, by how bad it is."""

    because: dict[HomeHealth, list[str]] = field(
        default_factory=lambda: {state: [] for state in HomeHealth}
    )

    def note(self, state: HomeHealth, words: str) -> None:
        self.because[state].append(words)

    def state(self) -> HomeHealth:
        return next((one for one in HomeHealth if self.because[one]), HomeHealth.WELL)

    def sentences(self) -> tuple[str, ...]:
        return tuple(words for state in HomeHealth for words in self.because[state])


def standing_of(settings: LakeSettings, now: datetime) -> HomeStatus:
    """Return how a home stands.

    Args:
        settings: of its lake.
        now: with a time zone.
    """
    found = _Found()
    reports = NightReports(settings.home)
    kept: list[NightReport] = []
    try:
        kept = reports.newest()
    except ReportError as error:
        found.note(HomeHealth.BROKEN, str(error))
    made = [report for report in kept if report.result != NightResult.REFUSED]
    newest = made[-1] if made else None
    under_way = reports.under_way()
    _note_killed(found, reports.never_ended(), newest)
    if newest:
        _note_newest(found, newest)
    _note_refused(found, kept, newest)
    for command in CommandReports(settings.home).troubles(newest):
        found.note(HomeHealth.BROKEN, command.sentence())
    _note_age(found, newest, under_way, now)
    try:
        lake = glance_at(settings)
    except LakeAwayError as error:
        lake = str(error)
        found.note(HomeHealth.BROKEN, f"{lake[:1].upper()}{lake[1:]}.")
    _note_new_key(found, settings)
    free = look_at_free(settings.home)
    if free is not None and free < LEAST_FREE_MIB:
        found.note(
            HomeHealth.WAITS,
            f"Only {free} MiB are free on the home's disk, expected {LEAST_FREE_MIB} or more.",
        )
    return HomeStatus(
        state=found.state(),
        because=found.sentences(),
        newest=newest,
        under_way=under_way[-1] if under_way else None,
        lake=lake,
        free_mib=free,
        is_decided=(settings.home / DECISION).exists(),
    )


def _note_new_key(found: _Found, settings: LakeSettings) -> None:
    try:
        since = change_under_way(settings.home)
    except (KeyFileError, OSError) as error:
        words = str(error) if isinstance(error, KeyFileError) else "The new key can't be looked at."
        found.note(HomeHealth.BROKEN, words)
        return
    if since:
        found.note(
            HomeHealth.WAITS,
            f"A new key is under way since {since}, and the old one still opens. Run `trappan "
            "rotate-key`: it goes on.",
        )


def _note_killed(found: _Found, never_ended: list[BegunNight], newest: NightReport | None) -> None:
    for night in never_ended:
        if newest is None or night.begun_at > newest.begun_at:
            found.note(
                HomeHealth.BROKEN,
                f"The night of {night.as_of} was begun at {moment(night.begun_at)} and never "
                "ended. Run `trappan nightly` again; nothing is lost.",
            )


def _note_newest(found: _Found, newest: NightReport) -> None:
    if newest.result in {NightResult.BROKEN, NightResult.KILLED}:
        why = newest.failure.words if newest.failure else "It did not say why."
        found.note(HomeHealth.BROKEN, f"The night of {newest.as_of} did not end well. {why}")
    for sentence in newest.waits_for:
        found.note(HomeHealth.WAITS, sentence)
    for fault in newest.told.faults:
        found.note(HomeHealth.WAITS, f"Somebody was not told: {fault}")


def _note_refused(found: _Found, kept: list[NightReport], newest: NightReport | None) -> None:
    """Note the last night that was asked for and refused, unless one was made after it."""
    asked = [
        (run.begun_at, report.as_of, run.failure)
        for report in kept
        for run in (report.in_short(), *report.other_runs)
        if run.result == NightResult.REFUSED
    ]
    if not asked:
        return
    begun_at, as_of, failure = max(asked, key=lambda one: one[0])
    if newest is None or begun_at > newest.begun_at:
        words = failure.words if failure else ""
        found.note(HomeHealth.WAITS, f"A night of {as_of} was refused. {words}".strip())


def _note_age(
    found: _Found, newest: NightReport | None, under_way: list[BegunNight], now: datetime
) -> None:
    running = f" One is under way since {moment(under_way[-1].begun_at)}." if under_way else ""
    if newest is None:
        found.note(HomeHealth.NO_NIGHT, f"No night was made here yet.{running}")
        return
    # Of a night that was killed only its beginning is known.
    last = newest.ended_at or newest.begun_at
    if now - last > timedelta(hours=MOST_HOURS):
        found.note(
            HomeHealth.NO_NIGHT,
            f"No night for {MOST_HOURS} hours: the last ended at {moment(last)}.{running}",
        )
    elif last > now + timedelta(minutes=5):
        found.note(
            HomeHealth.WAITS,
            f"The last night ended at {moment(last)}, which is still to come: look at the "
            "machine's clock.",
        )


def moment(at: datetime) -> str:
    """Return a moment as people read it."""
    return at.strftime("%Y-%m-%d %H:%M UTC")
