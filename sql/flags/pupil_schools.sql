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
),

latest AS (
    -- The date alone first: of a year it is one word in 178.
    SELECT
        pupil_key,
        school_unit_code,
        max(lesson_date) AS lesson_date
    FROM words
    WHERE lesson_date <= $as_of
    GROUP BY pupil_key, school_unit_code
)

SELECT
    words.pupil_key,
    words.school_unit_code,
    words.lesson_date,
    max(words.last_starts_at) AS last_starts_at,
    arg_max(words.last_exported_at, (words.last_starts_at, words.last_exported_at))
        AS last_exported_at,
    arg_max(words.class_name, (words.last_starts_at, words.last_exported_at)) AS class_name,
    -- arg_max_null: a lesson without a grade says "not given", not "as before".
    arg_max_null(words.grade, (words.last_starts_at, words.last_exported_at)) AS grade,
    arg_max_null(words.mentor_key, (words.last_starts_at, words.last_exported_at)) AS mentor_key
FROM words
INNER JOIN latest
    ON
        words.pupil_key = latest.pupil_key
        AND words.school_unit_code = latest.school_unit_code
        AND words.lesson_date = latest.lesson_date
GROUP BY words.pupil_key, words.school_unit_code, words.lesson_date
