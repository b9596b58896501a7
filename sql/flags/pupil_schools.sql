-- pupil_schools: each pupil's latest lesson, or month of sums, at each school at or before as_of.
-- From: absence_daily, summed_months. Grain: a pupil and school unit. Parameter: $as_of.
-- A month of sums stands for a lesson on its last day.
WITH words AS (
    SELECT
        pupil_key,
        school_unit_code,
        lesson_date,
        last_starts_at,
        last_exported_at,
        class_name,
        grade,
        mentor_key
    FROM absence_daily
    UNION ALL
    SELECT
        pupil_key,
        school_unit_code,
        period_last_date AS lesson_date,
        cast(period_last_date AS TIMESTAMP) AS last_starts_at,
        exported_at AS last_exported_at,
        class_name,
        grade,
        mentor_key
    FROM summed_months
)

SELECT
    pupil_key,
    school_unit_code,
    max(lesson_date) AS lesson_date,
    max(last_starts_at) AS last_starts_at,
    arg_max(last_exported_at, (last_starts_at, last_exported_at)) AS last_exported_at,
    arg_max(class_name, (last_starts_at, last_exported_at)) AS class_name,
    -- arg_max_null: a lesson without a grade says "not given", not "as before".
    arg_max_null(grade, (last_starts_at, last_exported_at)) AS grade,
    arg_max_null(mentor_key, (last_starts_at, last_exported_at)) AS mentor_key
FROM words
WHERE lesson_date <= $as_of
GROUP BY pupil_key, school_unit_code
