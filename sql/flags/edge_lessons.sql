-- edge_lessons: how often the first, and the last, lesson of the day is missed beside the others.
-- From: asked_lessons. Grain: a pupil and edge (first, last). Parameters: $first_date, $as_of;
-- $min_days, $min_absent_days (days); $missed_share, $clear_difference (hundredths of a percent).
-- A day counts when that lesson and at least one other are reported; of two lessons at one time
-- the subject decides which is the first. `part_days`: lessons missed, and all, of each day on
-- which some were missed and some not; whether it is more than chance is counted afterwards
-- (assets/flags/within_days.py).
WITH taught AS (
    SELECT
        pupil_key,
        lesson_date,
        (starts_at, subject) AS place,
        {
            'is_reported': is_reported,
            'is_missed':
            is_reported AND reaches_step(absent_minutes, scheduled_minutes, $missed_share, FALSE)
        } AS lesson
    FROM asked_lessons
    WHERE
        is_own_school
        AND NOT is_cancelled
        AND lesson_date BETWEEN $first_date AND $as_of
),

placed AS (
    -- Lessons that nobody reported keep their place in the day.
    SELECT
        pupil_key,
        arg_min(lesson, place) AS first_lesson,
        arg_max(lesson, place) AS last_lesson,
        count(*) FILTER (WHERE lesson['is_reported']) AS lessons,
        count(*) FILTER (WHERE lesson['is_missed']) AS missed
    FROM taught
    GROUP BY pupil_key, lesson_date
),

edges AS (
    SELECT
        *,
        'first' AS edge,
        first_lesson AS lesson
    FROM placed
    UNION ALL
    SELECT
        *,
        'last' AS edge,
        last_lesson AS lesson
    FROM placed
),

days AS (
    SELECT
        pupil_key,
        edge,
        lesson['is_missed'] AS is_edge_missed,
        lessons,
        missed,
        lessons - 1 AS other_lessons,
        missed - cast(lesson['is_missed'] AS INTEGER) AS other_missed
    FROM edges
    WHERE lesson['is_reported'] AND lessons > 1
),

sums AS (
    SELECT
        pupil_key,
        edge,
        count(*) AS days,
        count(*) FILTER (WHERE is_edge_missed) AS missed_days,
        count(*) FILTER (WHERE is_edge_missed AND other_missed < other_lessons) AS alone_days,
        cast(sum(other_lessons) AS BIGINT) AS other_lessons,
        cast(sum(other_missed) AS BIGINT) AS other_missed,
        list([missed, lessons]) FILTER (WHERE missed BETWEEN 1 AND lessons - 1) AS part_days
    FROM days
    GROUP BY pupil_key, edge
)

SELECT
    *  -- noqa: AM04
    REPLACE (cast(pupil_key AS VARCHAR) AS pupil_key),
    (
        days >= $min_days
        AND alone_days >= $min_absent_days
        AND is_clearly_over(missed_days, days, other_missed, other_lessons, $clear_difference)
    ) AS is_enough
FROM sums
ORDER BY pupil_key, edge
