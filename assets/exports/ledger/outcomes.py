"""What became of an offered file, as the ledger and the command line say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from assets.exports.files.received import ReceivedFile, local_time
from assets.exports.ledger.reasons import reason_of
from assets.exports.senders.senders import INBOX


class FileOutcome(StrEnum):
    """How a file ends; every offered file ends in exactly one of these."""

    ACCEPTED = "accepted"
    ACCEPTED_IN_PART = "accepted_in_part"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    HELD = "held"
    QUARANTINED = "quarantined"
    REVOKED = "revoked"
    AWAITING_RELEASE = "awaiting_release"


#: So many lessons without one of presence are no corrections (our choice).
LEAST_LESSONS = 100


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A refused row, or one kind of warning in a file.

    Attributes:
        code: `<our column>.<what>`, see `reasons.py`.
        line_number: line of the file or row of the sheet, counted from 1.
        found: what stood there; personal values as a pattern.
        rows: how many rows a warning is about; 1 for a refused row.
        row: the refused row's cells, for the sealed copy; None for a warning.
        unit: what `line_number` counts: a line, or an object of a JSON file.
        column_number: of the cell that it is about, counted from 1, where the cell is none of ours.
        school_unit_code: of a refused row, where it can be read.
    """

    code: str
    line_number: int
    found: str
    rows: int = 1
    # Not shown where an object is printed: it holds the row's cells as they came.
    row: str | None = field(default=None, repr=False)
    unit: str = "line"
    school_unit_code: str | None = None
    column_number: int | None = None

    @property
    def is_rejection(self) -> bool:
        """Whether the row was refused."""
        return self.row is not None

    def in_words(self) -> str:
        """Return the problem as a sentence."""
        reason = reason_of(self.code)
        found = f"'{self.found}'" if self.found else "nothing"
        place = f"{self.unit} {self.line_number}"
        if self.column_number is not None:
            place += f", column {self.column_number}"
        return f"{place}, {reason.column}: {reason.what}; found {found}, expected {reason.expected}"


@dataclass(frozen=True)
class FileReport:
    """One row of the ledger with its row problems: warnings, and the first refused rows.

    Attributes:
        notice: what the operator must hear, also when all of it was taken; part of `reason`.
        sender: the name of who sent it.
    """

    path: Path
    sha256: str
    file_id: int
    modified_at: datetime
    outcome: FileOutcome
    layout: str | None = None
    exported_at: datetime | None = None
    period: tuple[date, date] | None = None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_superseded: int = 0
    rows_warned: int = 0
    reason: str | None = None
    problems: tuple[RowProblem, ...] = field(default=())
    offered_name: str = ""
    notice: str = ""
    sender: str = INBOX

    @property
    def name(self) -> str:
        """The file's name as it was offered; an original from the archive lies under another."""
        return self.offered_name or self.path.name

    @property
    def is_duplicate(self) -> bool:
        """The same bytes were taken before."""
        return self.outcome == FileOutcome.DUPLICATE

    @property
    def is_read(self) -> bool:
        """Its rows were judged, each by itself."""
        return self.outcome != FileOutcome.AWAITING_RELEASE

    @property
    def is_whole(self) -> bool:
        """Everything was taken, or had been before."""
        return self.outcome in {FileOutcome.ACCEPTED, FileOutcome.SUPERSEDED, FileOutcome.DUPLICATE}


def only_absence(reported: int, absent: int, least: int = LEAST_LESSONS) -> str:
    """Say that a file of lessons has none with presence, so that rates of it alone would be 100 %.

    Args:
        reported: lessons of it that were reported.
        absent: of them those with absence.
        least: of fewer lessons nothing is said: they are corrections.
    """
    if absent < reported or reported < least:
        return ""
    return (
        f"each of its {reported} reported lessons has absence: if it has no rows for presence, its "
        "rates are 100 % whatever the pupils did. Say in its layout 'holds: absences', or 'holds: "
        "lessons' (docs/layout-keys.md)"
    )


def report_of(file: ReceivedFile, outcome: FileOutcome) -> FileReport:
    """Return the report of a file of which nothing is counted yet."""
    return FileReport(
        path=file.path,
        sha256=file.sha256,
        file_id=file.file_id,
        modified_at=file.modified_at,
        outcome=outcome,
        exported_at=file.exported_at,
        offered_name=file.offered_name,
        reason=file.notice or None,
        notice=file.notice,
        sender=file.sender.name,
    )


def with_reason(report: FileReport, reason: str | None) -> FileReport:
    """Return the report with a reason, after what the operator must hear of the file."""
    said = [words for words in (report.notice, reason) if words]
    return replace(report, reason="; ".join(said) or None)


def held(path: Path, reason: str) -> FileReport:
    """Return the report of a file that is left to the next run."""
    return _not_read(path, f"{reason}. Nothing was read; the next run tries again.")


def left_alone(path: Path, reason: str) -> FileReport:
    """Return the report of what is never read as it lies there: a link, an unfinished copy."""
    return _not_read(path, f"{reason}. Nothing of it was read.")


def _not_read(path: Path, reason: str) -> FileReport:
    try:
        modified = path.lstat().st_mtime
    except OSError:
        modified = 0.0
    return FileReport(
        path=path,
        sha256="",
        file_id=0,
        modified_at=local_time(modified),
        outcome=FileOutcome.HELD,
        reason=reason,
    )


def awaiting(file: ReceivedFile, layout: str | None, reason: str) -> FileReport:
    """Return the report of a file that is not stored before somebody releases it."""
    report = replace(report_of(file, FileOutcome.AWAITING_RELEASE), layout=layout)
    how = f"`trappan release {file.sha256[:12]}` by somebody who has looked lets it in"
    return with_reason(report, f"{reason}. Nothing of it was stored; {how}")


def said_again(report: FileReport) -> FileReport:
    """Return the report of a known content that was exported again: its rows count from then."""
    return replace(
        report,
        outcome=FileOutcome.DUPLICATE,
        rows_read=0,
        rows_accepted=0,
        rows_rejected=0,
        rows_warned=0,
        problems=(),
        reason="its content is known already; its rows now count from this later export",
    )


def judged(report: FileReport) -> FileReport:
    """Return the report with the outcome that its row counts give."""
    if not report.rows_rejected:
        return report
    first = next(problem for problem in report.problems if problem.is_rejection).in_words()
    if report.rows_accepted == 0:
        reason = f"every row was refused; the first: {first}"
        return replace(report, outcome=FileOutcome.QUARANTINED, reason=reason)
    reason = f"{report.rows_rejected} of {report.rows_read} rows were refused; the first: {first}"
    reason = reason if report.reason is None else f"{reason}; {report.reason}"
    return replace(report, outcome=FileOutcome.ACCEPTED_IN_PART, reason=reason)


def with_superseded(report: FileReport, superseded: dict[int, int]) -> FileReport:
    """Return the report with the rows that newer exports in the lake outdid."""
    rows = superseded.get(report.file_id, 0)
    report = replace(report, rows_superseded=rows)
    if rows and rows == report.rows_accepted and report.outcome == FileOutcome.ACCEPTED:
        reason = "newer exports of all its lessons had come before it"
        said = [words for words in (report.reason, reason) if words]
        return replace(report, outcome=FileOutcome.SUPERSEDED, reason="; ".join(said))
    return report


#: The warning of rows that wait because their pupil is enrolled at another school.
ENROLLED_ELSEWHERE = "row.enrolled_elsewhere"


def waiting_rows(rows: int) -> RowProblem:
    """Return the warning of rows that wait. It has no line: that would say which pupils."""
    return RowProblem(ENROLLED_ELSEWHERE, 0, "", rows=rows)


def with_waiting(report: FileReport, waiting: Mapping[int, int]) -> FileReport:
    """Return the report with how many of its file's rows wait, by file id."""
    rows = waiting.get(report.file_id, 0)
    if not rows:
        return report
    warning = waiting_rows(rows)
    whose = "1 row waits, its pupil is" if rows == 1 else f"{rows} rows wait, their pupils are"
    report = replace(
        report,
        rows_warned=min(report.rows_warned + rows, report.rows_accepted),
        problems=(warning, *report.problems),
    )
    return with_remark(report, {report.file_id: f"{whose} enrolled at another school"})


def with_remark(report: FileReport, remarks: Mapping[int, str]) -> FileReport:
    """Return the report with what is to be said of its file, by file id, after what is said."""
    remark = remarks.get(report.file_id)
    if remark is None:
        return report
    return replace(report, reason=remark if report.reason is None else f"{report.reason}; {remark}")
