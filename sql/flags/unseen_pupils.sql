-- unseen_pupils: pupils of a roster who have no lesson while their class has them (no_lessons).
-- From: belonging, pupil_schools, counting_sums, absence_daily. Grain: a pupil who has not left.
-- Parameters: $first_date and $as_of, the days that are looked at; $class_days.
-- A class has a lesson on a day when a pupil who belongs to it has one at its school; a pupil whose
-- class nobody gave has the whole school for a class. A break is seen by nobody having lessons.
WITH latest AS (
    -- Cancelled lessons stand in no daily sum, so they don't show a pupil either.
    SELECT
        pupil_key,
        max(lesson_date) AS lesson_date
    FROM pupil_schools
    GROUP BY pupil_key
),

summed AS (
    -- A pupil of a system that gives sums is seen by them, also where the period is no month.
    SELECT DISTINCT pupil_key
    FROM counting_sums
    WHERE scheduled_minutes > 0 AND period_last_date BETWEEN $first_date AND $as_of
),

silent AS (
    SELECT belonging.*
    FROM belonging
    LEFT JOIN latest ON belonging.pupil_key = latest.pupil_key
    ANTI JOIN summed ON belonging.pupil_key = summed.pupil_key
    WHERE
        belonging.has_record
        AND NOT belonging.has_left
        AND coalesce(latest.lesson_date < $first_date, TRUE)
),

classmates AS (
    -- Few pupils are silent, so the days of few others are looked at.
    SELECT
        belonging.pupil_key,
        belonging.school_unit_code,
        belonging.class_name
    FROM belonging
    SEMI JOIN silent
        ON
            belonging.school_unit_code = silent.school_unit_code
            AND (belonging.class_name = silent.class_name OR silent.class_name = '')
),

class_dates AS (
    SELECT DISTINCT
        classmates.school_unit_code,
        classmates.class_name,
        days.lesson_date
    FROM absence_daily AS days
    INNER JOIN classmates
        ON
            days.pupil_key = classmates.pupil_key
            AND days.school_unit_code = classmates.school_unit_code
    WHERE days.lesson_date BETWEEN $first_date AND $as_of
)

SELECT
    silent.pupil_key,
    silent.record_start_date
FROM silent
INNER JOIN class_dates
    ON
        silent.school_unit_code = class_dates.school_unit_code
        AND (silent.class_name = class_dates.class_name OR silent.class_name = '')
        AND coalesce(silent.record_start_date <= class_dates.lesson_date, TRUE)
GROUP BY silent.pupil_key, silent.record_start_date
HAVING count(DISTINCT class_dates.lesson_date) >= $class_days  -- noqa: RF02
