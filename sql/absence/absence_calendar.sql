-- absence_calendar: minutes per pupil over the parts of the calendar windows at as_of.
-- From: absence_monthly, summed_months, window_parts. Grain: a pupil and window part with a lesson
-- or a sum in it. `summed_minutes` is the part of R whose days nobody knows.
WITH months AS (
    SELECT
        pupil_key,
        month_start_date,
        scheduled_minutes,
        reported_minutes,
        valid_minutes,
        invalid_minutes,
        days,
        0 AS summed_minutes
    FROM absence_monthly
    UNION ALL
    SELECT
        pupil_key,
        month_start_date,
        scheduled_minutes,
        reported_minutes,
        valid_minutes,
        invalid_minutes,
        0 AS days,
        reported_minutes AS summed_minutes
    FROM summed_months
)

SELECT
    months.pupil_key,
    window_parts.window_part,
    window_parts.window_start,
    window_parts.window_end,
    cast(sum(months.scheduled_minutes) AS BIGINT) AS scheduled_minutes,
    cast(sum(months.reported_minutes) AS BIGINT) AS reported_minutes,
    cast(sum(months.valid_minutes) AS BIGINT) AS valid_minutes,
    cast(sum(months.invalid_minutes) AS BIGINT) AS invalid_minutes,
    cast(sum(months.days) AS BIGINT) AS days,
    cast(sum(months.summed_minutes) AS BIGINT) AS summed_minutes
FROM months
INNER JOIN window_parts
    ON
        window_parts.basis = 'calendar'
        AND months.month_start_date = window_parts.window_start
GROUP BY
    months.pupil_key,
    window_parts.window_part,
    window_parts.window_start,
    window_parts.window_end
