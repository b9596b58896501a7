"""The report of a night as data, and how it is made of what the night said.

No personal data: counts, dates, codes of school units and our own words. Nothing in it depends on
who is protected, and no file's name stands in it. Two reports of the same facts are the same bytes.
Not here: where reports lie (`kept.py`), what is asked of the lake (`looks.py`), their words for
people (`words.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

#: Grows when a field changes its meaning or goes; a field more is no other version.
SCHEMA_VERSION = 1
#: Runs of one date that its report remembers besides the newest.
MOST_OTHER_RUNS = 100
#: A night that was asked for and may not be made; nothing was changed.
_REFUSALS = frozenset({"WrongDayError"})


class NightResult(StrEnum):
    """How a night ended."""

    WELL = "well"
    WAITS = "waits"  # all is made, but something waits for somebody
    BROKEN = "broken"
    REFUSED = "refused"  # it may not be made: an older or a future day
    KILLED = "killed"  # begun and never ended


class _ReportPart(BaseModel):
    """A part of a report. What a later program added to a report is left out by this one."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class NightFailure(_ReportPart):
    """Why a night did not end well.

    Attributes:
        step: in which it stopped; "" before the first.
        check: the check that failed; "" for none.
        kind: name of the error.
        words: what and what to do; no personal data.
    """

    step: str = ""
    check: str = ""
    kind: str
    words: str


class FilesOfNight(_ReportPart):
    """The files that were offered to a night, by outcome, and their rows: of all files together."""

    offered: int = 0
    by_outcome: dict[str, int] = {}
    rows_read: int = 0
    rows_accepted: int = 0
    rows_refused: int = 0
    awaiting_release: int = 0  # also of nights before


class SchoolNight(_ReportPart):
    """One school unit in a night.

    Attributes:
        school_unit_code: which.
        has_sent: whether a file of this night had lessons or sums of it.
        newest_lesson_date: the newest day that it sent lessons of, up to as_of.
        days_behind: calendar days from then to as_of.
        list: `made`, `waits`, or `none` when no list of it was asked for or it came to none.
        why: what the list waits for.
    """

    school_unit_code: str
    has_sent: bool
    newest_lesson_date: date | None = None
    days_behind: int | None = None
    list: str = "none"
    why: tuple[str, ...] = ()


class ListCounts(_ReportPart):
    """What became of the lists."""

    made: int = 0
    waiting: int = 0
    weeks_made_up: int = 0
    in_no_register: int = 0


class DeliveryCounts(_ReportPart):
    """What became of the delivery; all 0 where none is set."""

    is_set: bool = False
    is_whole: bool = True
    files_put: int = 0
    files_failed: int = 0
    notices_sent: int = 0
    notices_failed: int = 0
    copies_out_of_reach: int = 0


class StageSeconds(_ReportPart):
    """How long a stage took, in all runs of the night."""

    stage: str
    seconds: float


class DiskState(_ReportPart):
    """The home's disk, in MiB."""

    home_mib: int
    free_mib: int
    total_mib: int


class Told(_ReportPart):
    """Who was told: `off`, `sent`, `failed`, or `not due`; and what went wrong, in words."""

    mail: str = "off"
    ping: str = "off"
    metrics: str = "off"
    faults: tuple[str, ...] = ()


class OtherRun(_ReportPart):
    """Another run of the same date: an earlier one, or one that was refused."""

    run: str
    begun_at: datetime
    ended_at: datetime | None = None
    started_by: str
    result: NightResult
    failure: NightFailure | None = None


class NightReport(_ReportPart):
    """All of a night. `as_of` names it: the last day that counts.

    Attributes:
        run: a name of its own for this run.
        begun_at: UTC.
        ended_at: UTC; None for a night that was killed.
        seconds: between them.
        started_by: `command` or `dagster`.
        program: version of the program.
        waits_for: what waits for somebody, a sentence each.
        schools: by code; None when the lake could not be asked.
        other_runs: of the same date, in short, the oldest first.
        other_runs_left_out: older ones that are not remembered.
    """

    schema_version: int = SCHEMA_VERSION
    as_of: date
    run: str
    begun_at: datetime
    ended_at: datetime | None = None
    seconds: float | None = None
    started_by: str
    program: str
    result: NightResult
    failure: NightFailure | None = None
    waits_for: tuple[str, ...] = ()
    files: FilesOfNight = FilesOfNight()
    lists: ListCounts = ListCounts()
    schools: tuple[SchoolNight, ...] | None = None
    delivery: DeliveryCounts = DeliveryCounts()
    stages: tuple[StageSeconds, ...] = ()
    disk: DiskState | None = None
    told: Told = Told()
    other_runs: tuple[OtherRun, ...] = ()
    other_runs_left_out: int = 0

    def as_json(self) -> bytes:
        """Return it as it is kept."""
        return (self.model_dump_json(indent=2) + "\n").encode()

    def in_short(self) -> OtherRun:
        """Return what another run of the date remembers of this one."""
        return OtherRun(**self.model_dump(include={*OtherRun.model_fields}))

    def after(self, before: NightReport | None) -> NightReport:
        """Return what is kept of the date: the later run, and in short those before it.

        A run that was refused made nothing, so it takes no other's place.

        Args:
            before: what was kept of the date; of the same run when it is written again.
        """
        if before is None:
            return self
        kept, others = self, before.other_runs
        if before.run != self.run:
            refused = NightResult.REFUSED
            is_nothing = self.result == refused and before.result != refused
            kept, other = (before, self) if is_nothing else (self, before)
            others = tuple(sorted((*others, other.in_short()), key=lambda run: run.begun_at))
        left_out = before.other_runs_left_out + max(len(others) - MOST_OTHER_RUNS, 0)
        return kept.model_copy(
            update={"other_runs": others[-MOST_OTHER_RUNS:], "other_runs_left_out": left_out}
        )


class BegunNight(_ReportPart):
    """A night that was begun; its file goes when it has ended, however it did."""

    run: str
    as_of: date
    begun_at: datetime
    started_by: str
    program: str

    def killed(self) -> NightReport:
        """Return the report of a night that never ended."""
        return NightReport(
            **self.model_dump(),
            result=NightResult.KILLED,
            failure=NightFailure(
                kind="killed",
                words="The night was begun and never ended: its process was killed, or the "
                "machine went down. Nothing is lost; the next night takes it up.",
            ),
        )


@dataclass(frozen=True)
class RunFacts:
    """What one Dagster run of a night said.

    Attributes:
        job: its job.
        seconds: by step, in the order in which they ended.
        counted: by asset, what it says of itself: numbers, words, whether something is so.
        is_whole: every step that belongs to the run has ended well.
    """

    job: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    counted: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    is_whole: bool = True

    def number(self, asset: str, name: str) -> int:
        """Return a number that an asset says; 0 when it doesn't."""
        found = self.counted.get(asset, {}).get(name, 0)
        return found if isinstance(found, int) else 0


@dataclass(frozen=True)
class NightLooks:
    """What lake and disk say after a night.

    Attributes:
        schools: by code; None when the lake could not be asked.
        files_awaiting: that somebody has to release.
        disk: None when it could not be asked.
        of_commands: what was called alone and did not end well, a sentence each.
    """

    schools: tuple[SchoolNight, ...] | None = None
    files_awaiting: int = 0
    disk: DiskState | None = None
    of_commands: tuple[str, ...] = ()


_OUTCOME = "files_"
_LISTS = ("current_watchlists", "weekly_watchlists")


def report_of(
    begun: BegunNight,
    ended_at: datetime,
    runs: Sequence[RunFacts],
    looks: NightLooks,
    failure: NightFailure | None = None,
) -> NightReport:
    """Return the report of a night that has ended.

    Args:
        begun: the night.
        ended_at: UTC.
        runs: of Dagster, in their order.
        looks: what lake and disk say.
        failure: why it did not end well.
    """
    waits_for = () if failure else tuple(_waits_for(runs, looks))
    return NightReport(
        **begun.model_dump(),
        ended_at=ended_at,
        seconds=round(max((ended_at - begun.begun_at).total_seconds(), 0.0), 1),
        result=_result(failure, waits_for),
        failure=failure,
        waits_for=waits_for,
        files=_files(runs, looks),
        lists=_lists(runs),
        schools=looks.schools,
        delivery=_delivery(runs),
        stages=_stages(runs),
        disk=looks.disk,
    )


def _result(failure: NightFailure | None, waits_for: tuple[str, ...]) -> NightResult:
    if failure:
        return NightResult.REFUSED if failure.kind in _REFUSALS else NightResult.BROKEN
    return NightResult.WAITS if waits_for else NightResult.WELL


def _waits_for(runs: Sequence[RunFacts], looks: NightLooks) -> list[str]:
    said: list[str] = []
    if waiting := _lists(runs).waiting:
        said.append(f"{waiting} {'list waits' if waiting == 1 else 'lists wait'}: see the schools.")
    if looks.files_awaiting:
        files = looks.files_awaiting
        said.append(
            f"{files} {'file waits' if files == 1 else 'files wait'} for a release: "
            "`trappan release` lists what waits."
        )
    if not _delivery(runs).is_whole:
        said.append("Not all was delivered, or not everybody was told: see `trappan doctor`.")
    for run in runs:
        said_of = run.counted.get("follow_up", {})
        if "warning" in said_of or run.number("follow_up", "rows_refused"):
            said.append(
                "The portal's follow-up could not be read, or not all of it; the night said why."
            )
            break
    return [*said, *looks.of_commands]


def _files(runs: Sequence[RunFacts], looks: NightLooks) -> FilesOfNight:
    # When weeks are made up, the night's files are taken in first and known to the night itself.
    taken = [run for run in runs if "files" in run.counted][:1]
    counted = taken[0].counted["files"] if taken else {}
    by_outcome = {
        name.removeprefix(_OUTCOME): number
        for name, number in sorted(counted.items())
        if name.startswith(_OUTCOME) and isinstance(number, int)
    }

    def rows(name: str) -> int:
        return sum(run.number("files", f"rows_{name}") for run in taken)

    return FilesOfNight(
        offered=sum(by_outcome.values()),
        by_outcome=by_outcome,
        rows_read=rows("read"),
        rows_accepted=rows("accepted"),
        rows_refused=rows("rejected"),
        awaiting_release=looks.files_awaiting,
    )


def _lists(runs: Sequence[RunFacts]) -> ListCounts:
    def number(run: RunFacts, name: str) -> int:
        return sum(run.number(asset, name) for asset in _LISTS)

    # A current list that waits is shown again, with the reason on it, and is counted there too.
    shown_again = sum(run.number("current_watchlists", "lists_held") for run in runs)
    return ListCounts(
        made=max(sum(number(run, "lists_published") for run in runs) - shown_again, 0),
        waiting=sum(number(run, "lists_held") for run in runs),
        weeks_made_up=sum("weekly_watchlists" in run.counted for run in runs),
        in_no_register=max((number(run, "school_units_in_no_register") for run in runs), default=0),
    )


def _delivery(runs: Sequence[RunFacts]) -> DeliveryCounts:
    told = [run for run in runs if "delivered_lists" in run.counted]

    def total(name: str) -> int:
        return sum(run.number("delivered_lists", name) for run in told)

    def every(name: str) -> list[bool]:
        return [bool(run.counted["delivered_lists"].get(name)) for run in told]

    return DeliveryCounts(
        is_set=any(every("has_target")),
        is_whole=all(every("is_whole")),
        files_put=total("files_put"),
        files_failed=total("files_failed"),
        notices_sent=total("notices_sent"),
        notices_failed=total("notices_failed"),
        copies_out_of_reach=total("copies_out_of_reach"),
    )


def _stages(runs: Sequence[RunFacts]) -> tuple[StageSeconds, ...]:
    seconds: dict[str, float] = {}
    for run in runs:
        for step, taken in run.seconds.items():
            seconds[step] = seconds.get(step, 0.0) + taken
    return tuple(
        StageSeconds(stage=stage, seconds=round(taken, 2)) for stage, taken in seconds.items()
    )
