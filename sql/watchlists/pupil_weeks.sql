-- pupil_weeks: minutes of each ISO week of the school year, at the pupil's own school.
-- From: absence_daily, asked_pupils. Grain: a pupil with a reported lesson, with a list entry a
-- week that has one. Parameters: $first_date, the school year's first day; $as_of.
-- A week without a reported lesson has no entry: its share is undefined, not 0.
WITH weeks AS (
    SELECT
        asked_pupils.pupil_key,
        asked_pupils.school_unit_code,
        cast(date_trunc('week', absence_daily.lesson_date) AS DATE) AS monday_date,
        cast(sum(absence_daily.reported_minutes) AS BIGINT) AS reported_minutes,
        cast(
            sum(absence_daily.valid_minutes + absence_daily.invalid_minutes) AS BIGINT
        ) AS absent_minutes
    FROM absence_daily
    INNER JOIN asked_pupils
        ON
            absence_daily.pupil_key = asked_pupils.pupil_key
            AND absence_daily.school_unit_code = asked_pupils.school_unit_code
    WHERE absence_daily.lesson_date BETWEEN $first_date AND $as_of
    GROUP BY asked_pupils.pupil_key, asked_pupils.school_unit_code, monday_date
    HAVING sum(absence_daily.reported_minutes) > 0
)

SELECT
    cast(pupil_key AS VARCHAR) AS pupil_key,
    school_unit_code,
    list(monday_date ORDER BY monday_date) AS monday_dates,
    list(reported_minutes ORDER BY monday_date) AS reported_minutes,
    list(absent_minutes ORDER BY monday_date) AS absent_minutes
FROM weeks
GROUP BY pupil_key, school_unit_code
