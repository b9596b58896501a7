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
    sum(months.scheduled_minutes) AS scheduled_minutes,
    sum(months.reported_minutes) AS reported_minutes,
    sum(months.valid_minutes) AS valid_minutes,
    sum(months.invalid_minutes) AS invalid_minutes,
    sum(months.days) AS days,
    sum(months.summed_minutes) AS summed_minutes
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
