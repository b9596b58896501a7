-- rolling_sums: minutes per pupil over the parts of the rolling windows ending at as_of.
-- From: absence_daily, window_parts. Grain: a pupil and window part with a lesson in it.
-- Parameters: $as_of; $first_date, the first day of the longest window, prunes the scan.
WITH taught AS (
    SELECT
        pupil_key,
        school_unit_code,
        lesson_date,
        scheduled_minutes,
        reported_minutes,
        valid_minutes,
        invalid_minutes,
        cast(reported_lessons > 0 AS INTEGER) AS days
    FROM absence_daily
    WHERE lesson_date BETWEEN $first_date AND $as_of
),

at_several_schools AS (
    SELECT pupil_key
    FROM taught
    GROUP BY pupil_key
    HAVING min(school_unit_code) < max(school_unit_code)
),

pupil_days AS (
    SELECT * EXCLUDE (school_unit_code)
    FROM taught
    UNION ALL
    -- A day at two schools is one school day: what is counted too often is taken away again.
    SELECT
        pupil_key,
        lesson_date,
        0 AS scheduled_minutes,
        0 AS reported_minutes,
        0 AS valid_minutes,
        0 AS invalid_minutes,
        1 - sum(days) AS days
    FROM taught
    WHERE days > 0 AND pupil_key IN (SELECT at_several_schools.pupil_key FROM at_several_schools)
    GROUP BY pupil_key, lesson_date
    HAVING sum(days) > 1
)

SELECT
    cast($as_of AS DATE) AS as_of_date,
    pupil_days.pupil_key,
    window_parts.window_part,
    window_parts.window_start,
    window_parts.window_end,
    cast(sum(pupil_days.scheduled_minutes) AS BIGINT) AS scheduled_minutes,
    cast(sum(pupil_days.reported_minutes) AS BIGINT) AS reported_minutes,
    cast(sum(pupil_days.valid_minutes) AS BIGINT) AS valid_minutes,
    cast(sum(pupil_days.invalid_minutes) AS BIGINT) AS invalid_minutes,
    cast(sum(pupil_days.days) AS BIGINT) AS days
FROM pupil_days
INNER JOIN window_parts
    ON
        window_parts.basis = 'rolling'
        AND pupil_days.lesson_date BETWEEN window_parts.window_start AND window_parts.window_end
GROUP BY
    pupil_days.pupil_key,
    window_parts.window_part,
    window_parts.window_start,
    window_parts.window_end
