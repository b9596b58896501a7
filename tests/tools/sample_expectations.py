"""Make data_samples/expected: `make samples`, or `python -m tests.tools.sample_expectations`.

The expected flags and states come from tests/oracle, which never sees a file: it gets the rows
that `data_samples` planted. What stands in expected/*.yaml is written by hand.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from data_samples import make_samples, next_week, ss12000_school, sums_school
from data_samples.make_samples import AS_OF, SCHOOLS
from data_samples.sample_inbox import ROSTER_STAMP, Samples
from data_samples.sample_rows import Cells
from tests.oracle.ladder import flags
from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.sums import SumRow
from tests.oracle.weeks import Facts, week_of

EXPECTED = Path(__file__).resolve().parents[2] / "data_samples" / "expected"
STATE_COLUMNS = (
    "school_unit_code",
    "civic_no",
    "state",
    "reason",
    "previous_level",
    "level",
    "first_week_date",
    "weeks_on_list",
    "highest_level",
)


def oracle_lesson(cells: Cells, exported_at: dt.datetime) -> LessonRow:
    """A row of a lesson file as the oracle wants it; columns may be missing."""
    minutes = [
        _minutes(cells.get(name))
        for name in (
            "Närvaro (min)", "Giltig frånvaro (min)", "Ogiltig frånvaro (min)",
            "Annat skoluppdrag (min)",
        )
    ]  # fmt: skip
    is_empty = all(m is None for m in minutes)
    return LessonRow(
        civic_no=cells["Personnummer"].replace("-", ""),
        school_unit_code=cells["Skolenhetskod"],
        school_class=cells["Klass"],
        grade=_grade(cells["Årskurs"]),
        mentor=cells.get("Mentor", ""),
        subject=cells["Ämne"],
        lesson_id=None,
        start=dt.datetime.fromisoformat(f"{cells['Datum']}T{cells['Starttid']}"),
        scheduled_minutes=int(cells["Lektionslängd (min)"]),
        present_minutes=minutes[0],
        valid_minutes=minutes[1],
        invalid_minutes=minutes[2],
        other_minutes=minutes[3],
        is_reported=cells["Rapporterad"] == "Ja" and not is_empty,
        is_cancelled=cells.get("Inställd", "Nej") == "Ja",
        is_protected=cells.get("Skyddad identitet", "Ingen") != "Ingen",
        exported_at=exported_at,
    )


def oracle_roster(cells: Cells, exported_at: dt.datetime) -> RosterRow:
    """A row of a roster file as the oracle wants it."""
    start, end = cells["Startdatum"], cells["Slutdatum"]
    return RosterRow(
        civic_no=cells["Personnummer"].replace("-", ""),
        school_unit_code=cells["Skolenhetskod"],
        school_class=cells["Klass"],
        grade=_grade(cells["Årskurs"]),
        mentor=cells["Mentor"],
        start_date=dt.date.fromisoformat(start) if start else None,
        end_date=dt.date.fromisoformat(end) if end else None,
        is_protected=cells["Skyddad identitet"] != "Ingen",
        exported_at=exported_at,
    )


def _grade(cell: str) -> int | None:
    return None if cell == "" else 0 if cell == "F" else int(cell)


def _minutes(cell: str | None) -> int | None:
    return int(cell) if cell else None


def _ss12000_lessons(days: list[dt.date]) -> Iterator[LessonRow]:
    """The lessons of the third school."""
    for word in ss12000_school.attended(days):
        yield LessonRow(
            civic_no=word.pupil.civic_no,
            school_unit_code=ss12000_school.EAST,
            school_class=ss12000_school.CLASS,
            grade=ss12000_school.GRADE,
            mentor=ss12000_school.MENTOR,
            subject="Matematik",
            lesson_id=ss12000_school.id_of("event", word.start.isoformat()),
            start=word.start,
            scheduled_minutes=ss12000_school.LESSON_MINUTES,
            present_minutes=None,
            valid_minutes=0,
            invalid_minutes=word.invalid,
            other_minutes=None,
            is_reported=word.is_reported,
            is_cancelled=False,
            is_protected=word.pupil.marking != "Ingen",
            exported_at=_time(word.stamp),
        )


def _ss12000_roster() -> Iterator[RosterRow]:
    """The roster of the third school."""
    for pupil in ss12000_school.PUPILS:
        yield RosterRow(
            civic_no=pupil.civic_no,
            school_unit_code=ss12000_school.EAST,
            school_class=ss12000_school.CLASS,
            grade=ss12000_school.GRADE,
            mentor=ss12000_school.MENTOR,
            start_date=ss12000_school.FIRST_DAY,
            end_date=None,
            is_protected=pupil.marking != "Ingen",
            exported_at=_time(ss12000_school.MASTER_STAMP),
        )


def _sums() -> Iterator[SumRow]:
    """The sums of the fourth school: a pupil is one pupil, whatever the number was."""
    for month, stamp in sums_school.STAMPS.items():
        for pupil in sums_school.PUPILS:
            valid = sums_school.valid_minutes(pupil, month)
            yield SumRow(
                civic_no=pupil.civic_no,
                school_unit_code=sums_school.WEST,
                school_class=sums_school.CLASS,
                grade=sums_school.GRADE,
                mentor=sums_school.MENTOR,
                first=dt.date(2026, month, 1),
                last=dt.date(2026, month + 1, 1) - dt.timedelta(days=1),
                scheduled=sums_school.MINUTES,
                reported=sums_school.MINUTES,
                valid=valid,
                invalid=pupil.absent[month] - valid,
                is_protected=False,
                exported_at=_time(stamp),
            )


def _time(stamp: str) -> dt.datetime:
    return dt.datetime.strptime(stamp, "%Y%m%dT%H%M")  # noqa: DTZ007


def _facts(*inboxes: tuple[Samples, str]) -> Facts:
    """What the oracle knows after some inboxes, each with the time of its rosters."""
    lessons = [
        oracle_lesson(cells, _time(stamp)) for each, _ in inboxes for stamp, cells in each.lessons
    ]
    roster = [
        oracle_roster(cells, _time(stamp)) for each, stamp in inboxes for cells in each.roster
    ]
    return Facts(
        (*lessons, *_ss12000_lessons(inboxes[0][0].days)),
        (*roster, *_ss12000_roster()),
        tuple(_sums()),
    )


def expected_files(samples: Samples, after: Samples) -> dict[str, bytes]:
    """Return name → content of the generated part of data_samples/expected."""
    first = _facts((samples, ROSTER_STAMP))
    found = flags(first.lessons, first.roster, AS_OF, sums=first.sums)
    both = _facts((samples, ROSTER_STAMP), (after, next_week.ROSTER))
    week_46 = week_of([], first, AS_OF, SCHOOLS)
    week_47 = week_of([week_46], both, next_week.AS_OF, SCHOOLS)
    states = [
        (
            row.school, row.civic_no, row.state, row.reason, str(row.previous_level),
            str(row.level), row.first_day.isoformat(), str(row.weeks), str(row.highest_level),
        )
        for row in sorted(week_47.rows, key=lambda row: (row.school, row.civic_no))
    ]  # fmt: skip
    rows = [[str(value) for value in row.values()] for row in found]
    counts = ("file", "outcome", "rows_read", "rows_accepted", "rows_rejected")
    return {
        f"flags_{AS_OF}.csv": _plain_csv(tuple(found[0]), rows),
        "states_2026-W47.csv": _plain_csv(STATE_COLUMNS, states),
        "files.csv": _plain_csv(counts, sorted(samples.outcomes)),
        "rejected_rows.csv": _plain_csv(("file", "line", "reason"), samples.rejected),
    }


def _plain_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([header, *rows])
    return text.getvalue().encode()


def main(samples: Samples, after: Samples, folder: Path = EXPECTED) -> None:
    """Write the generated files of expected/ into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in expected_files(samples, after).items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(*make_samples.build())
