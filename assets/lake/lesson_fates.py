"""Which lessons of some days count nowhere, and why: asked with the sums, and by the ledger.

Both ask the same SELECTs, so that the ledger's reason says what the list will. The steps are those
of docs/rules-lessons.md. Not here: of which days it must be asked (`absence/which_count.py`,
`exports/storing/coverage.py`), the values themselves (`rules/parallel.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable
from assets.lake.standing import find_disputed_lessons, find_standing
from rules.parallel import shipped_values


@dataclass(frozen=True)
class LessonFates:
    """What becomes of some days' lessons, as temporary tables.

    Attributes:
        first, last: the first and the last of the dates that were asked about.
        stated: every lesson of these pupils and dates, cancelled ones too.
        fates: a row for each of them that counts nowhere, and why.
    """

    first: date
    last: date
    stated: TemporaryTable
    fates: TemporaryTable


def decide_fates(lake: Lake, crowded_days: TemporaryTable) -> LessonFates | None:
    """Decide which lessons of some days count nowhere; None when it is no day.

    Args:
        lake: the lake, or a past of it.
        crowded_days: the pupils and dates.
    """
    ((first, last),) = lake.rows(f"SELECT min(lesson_date), max(lesson_date) FROM {crowded_days}")
    if first is None:
        return None
    # The dates prune the scan.
    stated = lake.materialise("absence/stated_lessons", first_date=first, last_date=last)
    find_standing(lake, f"SELECT pupil_key FROM {crowded_days}")
    find_disputed_lessons(lake, stated)
    lake.materialise("absence/superseded_lessons")
    lake.materialise("absence/lessons_after_leaving")
    _load_parallel_in_force(lake)
    lake.materialise("absence/lessons_set_aside")
    return LessonFates(first, last, stated, lake.materialise("absence/lesson_fates"))


def _load_parallel_in_force(lake: Lake) -> None:
    """Make `parallel_in_force`: the values kept with the sums, or the shipped ones before any."""
    shipped = pl.DataFrame(
        [(value.valid_from, value.method, value.least_cover_bp) for value in shipped_values()],
        {"valid_from_date": pl.Date, "method": pl.String, "least_cover_bp": pl.Int32},
        orient="row",
    )
    lake.load("shipped_parallel_values", shipped)
    lake.materialise("absence/parallel_in_force")
