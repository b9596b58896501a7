-- contract_file_days: the compact frame of the exports contract.
-- From: lessons. Grain: a school unit and date. Parameter: $first_date.
SELECT
    school_unit_code,
    lesson_date,
    count(*) AS lessons,
    count(DISTINCT pupil_key) AS pupils,
    sum(scheduled_minutes) AS scheduled_minutes,
    avg(CASE WHEN is_reported THEN 0.0 ELSE 1.0 END) AS unreported_share,
    coalesce(sum(valid_minutes + invalid_minutes) FILTER (WHERE is_reported), 0) AS absent_minutes
FROM lessons
WHERE NOT is_cancelled AND lesson_date >= $first_date
GROUP BY school_unit_code, lesson_date
