"""Times the estimates of a city.

`python -m tests.benchmarks.forecast_city FOLDER [PUPILS]`, 90,000 unless told otherwise.

The daily sums of a term are made in the lake itself (a school year of lesson files is 94 million
rows): inclinations of all pupils unlike, whole days of absence in spells of two. Tells wall and
processor seconds and the peak of memory.
"""

from __future__ import annotations

import resource
import time
from datetime import date

import pandas as pd  # noqa: F401 - duckdb imports it at the first parameter; start-up, not work

from assets.forecast.forecasting import forecast, store_forecasts
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from rules.registry import rule_set_on
from tests.benchmarks.running import Finding, asked, at_most, tell

AS_OF = date(2026, 2, 15)
TARGET_SECONDS = 60
_SCHOOL = 350

_FILL = """
INSERT INTO absence_daily BY NAME
WITH pupils AS (
    SELECT
        range AS number,
        cast(md5(cast(range AS VARCHAR)) AS UUID) AS pupil_key,
        pow((hash(range) % 10000) / 10000, 9) AS inclination
    FROM range($pupils)
),
days AS (
    SELECT cast(range AS DATE) AS lesson_date
    FROM range(DATE '2025-08-18', DATE '2026-02-16', INTERVAL 1 DAY)
    WHERE isodow(range) < 6 AND (range < DATE '2025-12-20' OR range > DATE '2026-01-07')
)
SELECT
    pupil_key,
    cast(10000000 + number // $school AS VARCHAR) AS school_unit_code,
    lesson_date,
    330 AS scheduled_minutes,
    330 AS reported_minutes,
    0 AS valid_minutes,
    CASE
        WHEN (hash(number, datediff('day', DATE '2025-08-18', lesson_date) // 2) % 10000) / 10000
            < inclination THEN 330
        ELSE 0
    END AS invalid_minutes,
    6 AS lessons,
    6 AS reported_lessons,
    lesson_date + INTERVAL 8 HOUR AS last_starts_at,
    lesson_date + INTERVAL 20 HOUR AS last_exported_at,
    'MA' AS last_subject,
    '8A' AS class_name,
    8 AS grade
FROM pupils
CROSS JOIN days
"""


def main() -> None:
    """Fill a new lake, estimate at a Sunday in February, and keep the estimates."""
    folder, (pupils,) = asked(90_000)
    rules = rule_set_on("stockholm", AS_OF)
    with Lake.open(LakeSettings(home=folder / f"home-{time.time_ns()}")) as lake:
        lake.connection.execute(_FILL, {"pupils": pupils, "school": _SCHOOL})
        ((days,),) = lake.rows("SELECT count(*) FROM absence_daily")
        wall, processor = time.monotonic(), time.process_time()
        found = forecast(lake, AS_OF, rules)
        listed = store_forecasts(lake, found)
        wall, processor = time.monotonic() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{pupils} pupils, {days} pupil days, {len(found.rows)} estimates, {listed} listed")
    what = f"estimates of {pupils:,} pupils"
    more = f" ({processor:.1f} of the processor)"
    tell(
        at_most(what, wall, TARGET_SECONDS, "s", is_of_size=True, more=more),
        Finding("peak of memory, filling too", f"{peak} MB"),
    )


if __name__ == "__main__":
    main()
