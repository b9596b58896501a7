"""Files whose every lesson has absence, of schools of which nobody says that anybody was there.

By such files alone every rate is 100 %. A correction, or a file of one pupil who is ill, has only
absence too: there somebody else of the school was present that month, or they are few. Not here:
files whose layout says that they hold absences only (`joined.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.lake.connection import Lake

#: So many lessons of so many pupils of a school's month, and nobody present, are not believed (our
#: choice): a whole file of them would be of a school where nobody was on any day.
LEAST_LESSONS = 30
LEAST_PUPILS = 5


def without_presence(lake: Lake, file_ids: Sequence[int]) -> dict[int, str]:
    """Return the files that are not taken, each with the reason.

    Args:
        lake: the lake that they are staged in, once every batch before is stored.
        file_ids: those whose every reported lesson has absence, and of which nobody said what they
            hold.
    """
    if not file_ids:
        return {}
    lake.load("files_of_absence", pl.DataFrame({"file_id": list(file_ids)}, {"file_id": pl.Int64}))
    ((first, last),) = lake.rows(
        "SELECT cast(date_trunc('month', min(lesson_date)) AS DATE), last_day(max(lesson_date)) "
        "FROM batch_lessons WHERE problem IS NULL "
        "AND file_id IN (SELECT file_id FROM files_of_absence)"
    )
    if first is None:
        return {}
    reasons: dict[int, str] = {}
    found = lake.relation("exports/lessons_without_presence", first_date=first, last_date=last)
    for file_id, school, month, lessons, pupils in found.iter_rows():
        if lessons >= LEAST_LESSONS and pupils >= LEAST_PUPILS:
            reasons.setdefault(
                file_id,
                f"school unit {school} in {month:%Y-%m}: each of {lessons} reported lessons has "
                "absence, and no file says that anybody was present, so every rate would be "
                "100 %. Say what the files hold in their layout: 'holds: absences' beside a "
                "timetable, or 'holds: lessons' when no lesson is missing "
                "(docs/layout-keys.md)",
            )
    return reasons
