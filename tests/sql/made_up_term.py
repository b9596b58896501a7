"""Daily sums of a made-up half year in a lake, enough for estimates to be judged and shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from assets.lake.connection import Lake
from tests.sql.given import NORTH, key

FIRST = date(2026, 8, 17)
#: The first Sunday on which targets of three months are over, also of month's ends.
LATE = date(2027, 2, 7)


def fill(
    lake: Lake, pupils: int = 900, *, last: date = LATE, grades: Sequence[int | None] = (8,)
) -> None:
    """Put lessons of every weekday up to `last` into `absence_daily`, whole days alone.

    Inclinations are Beta(1, 9). Pupils are called `pupil 0`, `pupil 1` …, and take the grades in
    turn; grades are drawn independently of absence.
    """
    draw = np.random.default_rng(2)
    keys = [key(f"pupil {number}") for number in range(pupils)]
    inclination = draw.beta(1, 9, pupils)
    dates = [FIRST + timedelta(days=n) for n in range((last - FIRST).days + 1)]
    rows = [
        (str(pupil), grades[number % len(grades)], one, 300 if is_away else 0)
        for one in dates
        if one.weekday() < 5
        for number, (pupil, is_away) in enumerate(
            zip(keys, draw.random(pupils) < inclination, strict=True)
        )
    ]
    columns = {
        "pupil_key": pl.String,
        "grade": pl.Int8,
        "lesson_date": pl.Date,
        "invalid_minutes": pl.Int32,
    }
    lake.load("made_up", pl.DataFrame(rows, schema=columns, orient="row"))
    lake.connection.execute(
        "INSERT INTO absence_daily BY NAME SELECT cast(pupil_key AS UUID) AS pupil_key, grade, "
        "lesson_date, invalid_minutes, 300 AS scheduled_minutes, 300 AS reported_minutes, "
        f"0 AS valid_minutes, 5 AS lessons, 5 AS reported_lessons, '{NORTH}' AS school_unit_code, "
        "lesson_date + INTERVAL 8 HOUR AS last_starts_at, lesson_date + INTERVAL 20 HOUR "
        "AS last_exported_at, 'MA' AS last_subject, '8A' AS class_name FROM made_up"
    )
