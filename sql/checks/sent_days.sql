-- sent_days: the dates of which each school has sent lessons, or said that they are cancelled.
-- From: absence_daily, lessons. Grain: a school unit and date.
-- Parameters: $first_date, $recent_date, $as_of. `is_sent`: said on the day or later; a timetable
-- that was exported before the day says only that there should be school.
WITH taught AS (
    SELECT
        school_unit_code,
        lesson_date,
        max(last_exported_at) AS exported_at
    FROM absence_daily
    WHERE lesson_date BETWEEN $first_date AND $as_of
    GROUP BY school_unit_code, lesson_date
),

cancelled AS (
    -- A day of which every lesson is cancelled is no day that is missing. Of the latest months
    -- only: a city's lessons are many, and who is silent for longer is so in any case.
    SELECT DISTINCT
        school_unit_code,
        lesson_date
    FROM lessons
    WHERE is_cancelled AND lesson_date BETWEEN $recent_date AND $as_of
)

SELECT
    coalesce(taught.school_unit_code, cancelled.school_unit_code) AS school_unit_code,
    coalesce(taught.lesson_date, cancelled.lesson_date) AS lesson_date,
    taught.lesson_date IS NOT NULL AS has_lessons,
    coalesce(cast(taught.exported_at AS DATE) >= taught.lesson_date, TRUE) AS is_sent
FROM taught
FULL JOIN cancelled
    ON
        taught.school_unit_code = cancelled.school_unit_code
        AND taught.lesson_date = cancelled.lesson_date
ORDER BY school_unit_code, lesson_date
