-- forecast_days: minutes of each pupil and date, over all schools of the pupil.
-- From: absence_daily, forecast_pupils. Grain: a pupil and date with a lesson in it.
-- Parameters: $first_date and $last_date, inclusive; nothing after $last_date is known.
SELECT
    forecast_pupils.pupil_row,
    absence_daily.lesson_date,
    cast(sum(absence_daily.scheduled_minutes) AS INTEGER) AS scheduled_minutes,
    cast(sum(absence_daily.reported_minutes) AS INTEGER) AS reported_minutes,
    cast(sum(absence_daily.valid_minutes + absence_daily.invalid_minutes) AS INTEGER)
        AS absent_minutes
FROM absence_daily
INNER JOIN forecast_pupils ON absence_daily.pupil_key = forecast_pupils.pupil_key
WHERE absence_daily.lesson_date BETWEEN $first_date AND $last_date
GROUP BY forecast_pupils.pupil_row, absence_daily.lesson_date
