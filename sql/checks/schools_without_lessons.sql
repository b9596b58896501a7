-- schools_without_lessons: schools known by a register or by monthly sums, with the newest sums.
-- From: school_units, monthly_sums, absence_daily. Grain: a school unit that sent no lesson since
-- $first_date. Parameters: $first_date, $as_of. `sums_end_date` null: it never sent anything.
WITH summed AS (
    SELECT
        school_unit_code,
        max(period_last_date) AS sums_end_date
    FROM monthly_sums
    WHERE period_last_date BETWEEN $first_date AND $as_of
    GROUP BY school_unit_code
),

registered AS (
    SELECT DISTINCT school_unit_code
    FROM school_units
    WHERE is_registered
)

SELECT
    coalesce(summed.school_unit_code, registered.school_unit_code) AS school_unit_code,
    summed.sums_end_date
FROM summed
FULL JOIN registered ON summed.school_unit_code = registered.school_unit_code
WHERE
    coalesce(summed.school_unit_code, registered.school_unit_code) NOT IN (
        SELECT absence_daily.school_unit_code
        FROM absence_daily
        WHERE absence_daily.lesson_date BETWEEN $first_date AND $as_of
    )
ORDER BY school_unit_code
