-- school_reporting: how new each school's lessons are, and the minutes of its rolling month.
-- From: absence_daily, belonging. Grain: a school unit with a lesson at or before
-- as_of. Parameters: $first_date, $as_of. A protected pupil's minutes are left out, as in every
-- share that a list shows; the newest date of a whole school gives nobody away.
WITH newest AS (
    SELECT
        school_unit_code,
        max(lesson_date) AS newest_lesson_date
    FROM absence_daily
    WHERE lesson_date <= $as_of
    GROUP BY school_unit_code
),

month_sums AS (
    SELECT
        absence_daily.school_unit_code,
        sum(absence_daily.scheduled_minutes) AS scheduled_minutes,
        sum(absence_daily.reported_minutes) AS reported_minutes
    FROM absence_daily
    INNER JOIN belonging
        ON absence_daily.pupil_key = belonging.pupil_key AND NOT belonging.is_protected
    WHERE absence_daily.lesson_date BETWEEN $first_date AND $as_of
    GROUP BY absence_daily.school_unit_code
)

SELECT
    newest.school_unit_code,
    newest.newest_lesson_date,
    cast(coalesce(month_sums.scheduled_minutes, 0) AS BIGINT) AS scheduled_minutes,
    cast(coalesce(month_sums.reported_minutes, 0) AS BIGINT) AS reported_minutes
FROM newest
LEFT JOIN month_sums ON newest.school_unit_code = month_sums.school_unit_code
ORDER BY newest.school_unit_code
