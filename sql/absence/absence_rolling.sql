-- absence_rolling: minutes per pupil over the parts of the rolling windows ending at as_of.
-- From: absence_daily, window_parts. Grain: a pupil and window part with a lesson in it.
-- Parameters: $as_of; $first_date, the first day of the longest window, prunes the scan.
WITH pupil_days AS (
    -- A day at two schools is one school day.
    SELECT
        pupil_key,
        lesson_date,
        sum(scheduled_minutes) AS scheduled_minutes,
        sum(reported_minutes) AS reported_minutes,
        sum(valid_minutes) AS valid_minutes,
        sum(invalid_minutes) AS invalid_minutes,
        sum(reported_lessons) > 0 AS is_school_day
    FROM absence_daily
    WHERE lesson_date BETWEEN $first_date AND $as_of
    GROUP BY pupil_key, lesson_date
)

SELECT
    cast($as_of AS DATE) AS as_of_date,
    pupil_days.pupil_key,
    window_parts.window_part,
    window_parts.window_start,
    window_parts.window_end,
    sum(pupil_days.scheduled_minutes) AS scheduled_minutes,
    sum(pupil_days.reported_minutes) AS reported_minutes,
    sum(pupil_days.valid_minutes) AS valid_minutes,
    sum(pupil_days.invalid_minutes) AS invalid_minutes,
    count(*) FILTER (WHERE pupil_days.is_school_day) AS days
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
