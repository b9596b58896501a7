-- absence_calendar: minutes per pupil over the parts of the calendar windows at as_of.
-- From: absence_monthly, window_parts. Grain: a pupil and window part with a lesson in it.
SELECT
    months.pupil_key,
    window_parts.window_part,
    window_parts.window_start,
    window_parts.window_end,
    months.scheduled_minutes,
    months.reported_minutes,
    months.valid_minutes,
    months.invalid_minutes,
    months.days
FROM absence_monthly AS months
INNER JOIN window_parts
    ON
        window_parts.basis = 'calendar'
        AND months.month_start_date = window_parts.window_start
