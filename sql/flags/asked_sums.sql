-- asked_sums: reported and absent minutes of the days behind, over all schools of the pupil.
-- From: absence_daily, asked_pupils. Grain: a pupil, with a list entry a date.
-- Parameters: $first_date, $as_of.
WITH days AS (
    SELECT
        absence_daily.pupil_key,
        absence_daily.lesson_date,
        cast(sum(absence_daily.reported_minutes) AS BIGINT) AS reported_minutes,
        cast(
            sum(absence_daily.valid_minutes + absence_daily.invalid_minutes) AS BIGINT
        ) AS absent_minutes
    FROM absence_daily
    INNER JOIN asked_pupils ON absence_daily.pupil_key = asked_pupils.pupil_key
    WHERE absence_daily.lesson_date BETWEEN $first_date AND $as_of
    GROUP BY absence_daily.pupil_key, absence_daily.lesson_date
)

SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    list(lesson_date ORDER BY lesson_date) AS lesson_dates,
    list(absent_minutes ORDER BY lesson_date) AS absent_minutes,
    list(reported_minutes ORDER BY lesson_date) AS reported_minutes
FROM days
GROUP BY pupil_key
