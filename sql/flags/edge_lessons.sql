-- edge_lessons: how often the first, and the last, lesson of the day is missed beside the others.
-- From: asked_lessons. Grain: a pupil and edge (first, last). Parameters: $first_date, $as_of;
-- $min_days, $min_absent_days (days); $missed_share, $clear_difference (hundredths of a percent).
-- A day counts when that lesson and at least one other are reported; of two lessons at one time
-- the subject decides which is the first.
WITH placed AS (
    -- Lessons that nobody reported keep their place in the day.
    SELECT
        pupil_key,
        lesson_date,
        is_reported,
        absent_minutes * 10000 >= $missed_share * scheduled_minutes AS is_missed,
        row_number() OVER (
            PARTITION BY pupil_key, lesson_date ORDER BY starts_at, subject
        ) = 1 AS is_first,
        row_number() OVER (
            PARTITION BY pupil_key, lesson_date ORDER BY starts_at DESC, subject DESC
        ) = 1 AS is_last
    FROM asked_lessons
    WHERE
        is_own_school
        AND NOT is_cancelled
        AND lesson_date BETWEEN $first_date AND $as_of
),

edges AS (
    SELECT
        *,
        'first' AS edge,
        is_first AS is_edge
    FROM placed
    UNION ALL
    SELECT
        *,
        'last' AS edge,
        is_last AS is_edge
    FROM placed
),

days AS (
    SELECT
        pupil_key,
        edge,
        lesson_date,
        bool_or(is_edge AND is_missed) AS is_edge_missed,
        count(*) FILTER (WHERE NOT is_edge) AS other_lessons,
        count(*) FILTER (WHERE NOT is_edge AND is_missed) AS other_missed
    FROM edges
    WHERE is_reported
    GROUP BY pupil_key, edge, lesson_date
    HAVING bool_or(is_edge) AND bool_or(NOT is_edge)
),

sums AS (
    SELECT
        pupil_key,
        edge,
        count(*) AS days,
        count(*) FILTER (WHERE is_edge_missed) AS missed_days,
        count(*) FILTER (WHERE is_edge_missed AND other_missed < other_lessons) AS alone_days,
        cast(sum(other_lessons) AS BIGINT) AS other_lessons,
        cast(sum(other_missed) AS BIGINT) AS other_missed
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
    ) AS is_named
FROM sums
ORDER BY pupil_key, edge
