"""Some schools give no lessons but sums per month, and some give both.

Made from the lessons that the school would have sent, so that every shape at an edge is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from tests.oracle.belonging import held_lessons, protected_pupils
from tests.oracle.exports import ExportFile
from tests.oracle.model import LessonRow, sums_of
from tests.oracle.setting import Setting
from tests.oracle.sums import SumRow

LESSONS, INSTEAD, BESIDE = HABITS = ("lessons", "sums instead", "sums beside")


def with_habits(
    files: Sequence[ExportFile], setting: Setting, habits: Sequence[str]
) -> list[ExportFile]:
    """The files as they are when each school has the habit of its place in the setting.

    `sums beside`: every other pupil has sums only, the others both, and then the sums are wrong:
    they must not count.
    """
    kept = list(files)
    for school, habit in zip(setting.schools, habits, strict=False):
        if habit == LESSONS:
            continue
        mine = [f for f in kept if f.school.code == school.code and f.lessons]
        kept = [f for f in kept if f not in mine]
        lessons = [row for file in mine for row in file.lessons]
        of_sums = {n for n in {row.civic_no for row in lessons} if habit == INSTEAD or _is_even(n)}
        at = datetime.combine(setting.last_day + timedelta(days=6), time(2))
        rows = _sum_rows(lessons, of_sums, at)
        if rows:
            # An earlier report that was wrong, and that the later one corrects.
            before = [_mistaken(row, at - timedelta(days=2)) for row in rows[::3]]
            kept.append(ExportFile(school, at, sums=tuple(rows)))
            kept.append(ExportFile(school, at - timedelta(days=2), sums=tuple(before)))
        for file in mine:
            left = tuple(row for row in file.lessons if row.civic_no not in of_sums)
            if left:
                kept.append(replace(file, lessons=left))
    return sorted(kept, key=lambda f: (f.exported_at, f.school.code, bool(f.roster), bool(f.sums)))


def _sum_rows(lessons: Sequence[LessonRow], of_sums: set[str], at: datetime) -> list[SumRow]:
    hidden = protected_pupils(lessons, ())
    by_month: dict[tuple[str, date], list[LessonRow]] = defaultdict(list)
    for row in held_lessons(lessons):
        by_month[row.civic_no, row.day.replace(day=1)].append(row)
    rows = []
    for (civic_no, first), held in sorted(by_month.items(), key=lambda entry: entry[0]):
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        total, about = sums_of(held, first, last), max(held, key=lambda row: row.start)
        total_row = SumRow(
            civic_no=civic_no,
            school_unit_code=about.school_unit_code,
            school_class=about.school_class,
            grade=about.grade,
            mentor=about.mentor,
            first=first,
            last=last,
            scheduled=total.scheduled,
            reported=total.reported,
            valid=total.valid,
            invalid=total.invalid,
            is_protected=civic_no in hidden,
            exported_at=at,
        )
        rows.append(total_row if civic_no in of_sums else _mistaken(total_row, at))
    return rows


def _mistaken(row: SumRow, at: datetime) -> SumRow:
    return replace(
        row,
        scheduled=2 * row.scheduled,
        reported=2 * row.scheduled,
        valid=row.scheduled,
        invalid=row.scheduled // 2,
        exported_at=at,
    )


def _is_even(civic_no: str) -> bool:
    return int(civic_no[-1], 36) % 2 == 0
