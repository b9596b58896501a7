"""What really happened → the files that schools sent, with their corrections.

Each lesson has a true row, which the newest file that mentions it holds. Older files hold
something else: an unreported lesson, ogiltig before it became giltig, another hour. So the true
rows alone decide every answer, and a file that wrongly wins is seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.oracle.fates import LONG_AGO, Spell
from tests.oracle.model import LessonRow, RosterRow
from tests.oracle.pupils import Pupil
from tests.oracle.setting import School, Setting
from tests.oracle.sums import SumRow
from tests.oracle.timetable import Lesson
from tests.oracle.writers import (
    Dialect,
    lesson_file_name,
    roster_file_name,
    sums_file_name,
    write_lesson_csv,
    write_roster_csv,
    write_sums_csv,
)

CORRECTED_SHARE = 0.08
OMITTED_SHARE = 0.2
# Some lessons have no id although the column is there.
SUBJECT_WITHOUT_ID = "IDH"


@dataclass(frozen=True)
class ExportFile:
    """One file: the rows of one school at one export time."""

    school: School
    exported_at: datetime
    lessons: tuple[LessonRow, ...] = ()
    roster: tuple[RosterRow, ...] = ()
    sums: tuple[SumRow, ...] = ()

    def write(self, folder: Path) -> Path:
        """Write the file into `folder` and give its path."""
        code, dialect = self.school.code, self.school.dialect
        if self.roster:
            path = folder / roster_file_name(code, self.exported_at)
            return write_roster_csv(self.roster, path, dialect)
        if self.sums:
            path = folder / sums_file_name(code, self.exported_at)
            return write_sums_csv(self.sums, path, dialect)
        path = folder / lesson_file_name(code, self.exported_at)
        return write_lesson_csv(self.lessons, path, dialect)


def files_of(pupils: Iterable[Pupil], setting: Setting) -> list[ExportFile]:
    """Every file of every school, oldest export first; no file is empty."""
    pupils = list(pupils)
    files: list[ExportFile] = []
    for school in setting.schools:
        rng = Random(f"{setting.seed}-{school.code}")  # noqa: S311 - a town is no secret
        files += _lesson_files(pupils, school, setting, rng)
        if school.has_roster:
            files += _roster_files(pupils, school, setting)
    return sorted(files, key=lambda f: (f.exported_at, f.school.code, bool(f.roster)))


def _lesson_files(
    pupils: list[Pupil], school: School, setting: Setting, rng: Random
) -> list[ExportFile]:
    periods = _periods(setting, rng)
    corrections = [
        datetime.combine(setting.last_day + timedelta(days=5 + n), time(5))
        for n in range(rng.randint(0, 2))
    ]
    contents: dict[datetime, list[LessonRow]] = defaultdict(list)
    for pupil in pupils:
        # Its own dice: a pupil's rows must not change when another pupil is taken away.
        dice = Random(f"{setting.seed}-{school.code}-{pupil.civic_no}")  # noqa: S311
        for lesson in pupil.lessons:
            if lesson.school != school.code:
                continue
            base = next(at for end, at in periods if lesson.day <= end)
            truth = _row(pupil, lesson, school, dice)
            for at, row in _versions(truth, [base, *corrections], school.dialect, dice):
                is_marked = school.dialect.has_protection and pupil.marking(False, school.code, at)
                shown = replace(row, exported_at=at, is_protected=is_marked)
                contents[at].append(shown)
    return [ExportFile(school, at, lessons=tuple(rows)) for at, rows in contents.items()]


def _periods(setting: Setting, rng: Random) -> list[tuple[date, datetime]]:
    """(last lesson date, export time) of each ordinary export: the night after the period."""
    ends = {setting.last_day, *rng.sample(setting.school_days, rng.choice((0, 0, 1, 2)))}
    return [(end, datetime.combine(end + timedelta(days=1), time(4))) for end in sorted(ends)]


def _versions(
    truth: LessonRow, exports: list[datetime], dialect: Dialect, dice: Random
) -> list[tuple[datetime, LessonRow]]:
    """What each export said about a lesson: the truth last."""
    if len(exports) == 1 or dice.random() > CORRECTED_SHARE:
        return [(exports[0], truth)]
    times = exports[: dice.randint(2, len(exports))]
    earlier = [at for at in times[:-1] if dice.random() > OMITTED_SHARE]
    return [*((at, _mistaken(truth, dialect, dice)) for at in earlier), (times[-1], truth)]


def _mistaken(row: LessonRow, dialect: Dialect, dice: Random) -> LessonRow:
    """The same lesson as an earlier export had it."""
    length = row.scheduled_minutes
    changes: list[dict[str, Any]] = [
        {"is_reported": False, **_minutes(None, None, None, None)},
        {"is_reported": True, **_minutes(0, 0, length, row.other_minutes and 0)},
        {"is_reported": True, **_minutes(0, length, 0, row.other_minutes and 0)},
        {"is_reported": True, **_minutes(length, 0, 0, row.other_minutes and 0)},
        {"scheduled_minutes": 10 + length, "school_class": "9Z"},
    ]
    if dialect.has_cancelled:
        changes.append({"is_cancelled": not row.is_cancelled})
    if row.lesson_id:
        # With an id the lesson may have moved: to another hour, day, subject. A slot's has its day.
        days = 0 if dialect.has_slot_ids else dice.choice((-1, 0, 1))
        moved = row.start + timedelta(days=days, minutes=dice.choice((0, 55)))
        # A subject of its own: at one start and subject two ids are one lesson, and the file
        # would contradict itself.
        changes.append({"start": moved, "subject": f"{row.subject} {row.start:%d %H:%M}"})
    return replace(row, **dice.choice(changes))


def _row(pupil: Pupil, lesson: Lesson, school: School, dice: Random) -> LessonRow:
    dialect = school.dialect
    row = LessonRow(
        civic_no=pupil.civic_no,
        school_unit_code=school.code,
        school_class=pupil.class_on(lesson.day, lesson.subject),
        grade=pupil.grade,
        mentor=pupil.mentor if dialect.has_mentor else "",
        subject=lesson.subject,
        lesson_id=_lesson_id(lesson, dialect) if dialect.has_lesson_ids else None,
        start=lesson.start,
        scheduled_minutes=lesson.scheduled,
        **_minutes(
            lesson.room, lesson.valid, lesson.invalid, lesson.other if dialect.has_other else None
        ),
        is_reported=lesson.is_reported,
        is_cancelled=lesson.is_cancelled,
        is_protected=False,
        exported_at=lesson.start,
    )
    return row if lesson.is_reported else _unreported(row, dialect, dice)


def _unreported(row: LessonRow, dialect: Dialect, dice: Random) -> LessonRow:
    """Mostly empty cells; sometimes minutes that somebody began to fill in and never sent."""
    length, none = row.scheduled_minutes, 0 if dialect.has_other else None
    return replace(
        row,
        **dice.choice(
            (
                _minutes(None, None, None, None),
                _minutes(None, None, None, None),
                _minutes(0, 0, 0, none),
                _minutes(0, 0, length, none),
                _minutes(0, length, 0, none),
                _minutes(length, 0, 0, none),
            )
        ),
    )


def _lesson_id(lesson: Lesson, dialect: Dialect) -> str | None:
    """Shared by the pupils of the lesson, as in real exports: the key is id and pupil."""
    if lesson.subject == SUBJECT_WITHOUT_ID:
        return None
    if dialect.has_slot_ids:
        return f"S-{lesson.school}-{lesson.start:%w%H%M}-{lesson.subject}"
    return f"L-{lesson.school}-{lesson.start:%Y%m%d%H%M}-{lesson.subject}"


def _minutes(
    present: int | None, valid: int | None, invalid: int | None, other: int | None
) -> dict[str, Any]:
    return {
        "present_minutes": present,
        "valid_minutes": valid,
        "invalid_minutes": invalid,
        "other_minutes": other,
    }


def _roster_files(pupils: list[Pupil], school: School, setting: Setting) -> list[ExportFile]:
    """An early roster, from before anybody had moved, and the one that is right."""
    early = datetime.combine(setting.first_day + timedelta(days=20), time(3))
    late = datetime.combine(setting.last_day + timedelta(days=8), time(3))
    contents: dict[datetime, dict[tuple[str, date | None], RosterRow]] = defaultdict(dict)
    for pupil in pupils:
        dice = Random(f"{setting.seed}-{school.code}-{pupil.civic_no}-roster")  # noqa: S311
        for spell in pupil.spells:
            if spell.school != school.code:
                continue
            truth = _in_dialect(_roster_row(pupil, spell, dice), school.dialect)
            for at, row in _roster_versions(truth, early, late, dice):
                is_marked = pupil.marking(True, school.code, at)
                shown = replace(row, exported_at=at, is_protected=is_marked)
                contents[at][row.civic_no, row.start_date] = shown
    return [ExportFile(school, at, roster=tuple(rows.values())) for at, rows in contents.items()]


def _roster_versions(
    truth: RosterRow, early: datetime, late: datetime, dice: Random
) -> list[tuple[datetime, RosterRow]]:
    mistaken = replace(truth, school_class="9Z", mentor="Den Förra", end_date=None, grade=2)
    versions = [[(early, truth)], [(late, truth)], [(early, mistaken), (late, truth)]]
    if truth.is_end_exclusive and truth.start_date:
        # The sender says that the pupil never began there, or takes that back.
        never = replace(truth, end_date=truth.start_date)
        versions += [[(early, truth), (late, never)], [(early, never), (late, truth)]]
    return dice.choice(versions)


def _in_dialect(row: RosterRow, dialect: Dialect) -> RosterRow:
    """The row as a system writes it whose end dates are the day after the last one."""
    if not dialect.has_exclusive_ends:
        return row
    end = row.end_date + timedelta(days=1) if row.end_date else None
    return replace(row, end_date=end, is_end_exclusive=True)


def _roster_row(pupil: Pupil, spell: Spell, dice: Random) -> RosterRow:
    letter = dice.choice(("A", "R"))
    return RosterRow(
        civic_no=pupil.civic_no,
        school_unit_code=spell.school,
        school_class=dice.choice((f"{pupil.grade or 0}{letter}", "")),
        grade=pupil.roster_grade,
        mentor=dice.choice((pupil.mentor, "Rosa Roster", "")),
        start_date=spell.start,
        end_date=spell.end,
        is_protected=False,
        exported_at=datetime.combine(LONG_AGO, time(0)),
    )
