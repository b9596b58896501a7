-- daily_equals_lessons: dates whose daily sums differ from the lessons that count.
-- From: counting_lessons, absence_daily. Grain: a date to look into.
-- Parameter: $first_date, from which dates are looked at.
-- Matters when a run ended between storing rows and summing them. To resolve: run again, or
-- `trappan backfill` over the month.
WITH from_lessons AS (
    SELECT
        lesson_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        coalesce(sum(scheduled_minutes) FILTER (WHERE is_reported), 0) AS reported_minutes,
        coalesce(sum(valid_minutes + invalid_minutes) FILTER (WHERE is_reported), 0)
            AS absent_minutes
    FROM counting_lessons
    WHERE lesson_date >= $first_date
    GROUP BY lesson_date
),

from_days AS (
    SELECT
        lesson_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(reported_minutes) AS reported_minutes,
        sum(valid_minutes + invalid_minutes) AS absent_minutes
    FROM absence_daily
    WHERE lesson_date >= $first_date
    GROUP BY lesson_date
)

SELECT coalesce(from_lessons.lesson_date, from_days.lesson_date) AS lesson_date
FROM from_lessons
FULL JOIN from_days ON from_lessons.lesson_date = from_days.lesson_date
WHERE
    from_lessons.scheduled_minutes IS DISTINCT FROM from_days.scheduled_minutes
    OR from_lessons.reported_minutes IS DISTINCT FROM from_days.reported_minutes
    OR from_lessons.absent_minutes IS DISTINCT FROM from_days.absent_minutes
