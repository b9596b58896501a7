-- absence_daily: minutes per pupil, school unit and day, with the place of the day's last lesson.
-- From: lessons, days_to_sum (the dates to make anew; $first_date and $last_date are its ends).
-- Grain: a pupil, school unit and date with at least one lesson that was not cancelled.
SELECT
    pupil_key,
    school_unit_code,
    lesson_date,
    sum(scheduled_minutes) AS scheduled_minutes,
    -- A lesson nobody reported counts in S, but is neither presence nor absence.
    coalesce(sum(scheduled_minutes) FILTER (WHERE is_reported), 0) AS reported_minutes,
    coalesce(sum(valid_minutes) FILTER (WHERE is_reported), 0) AS valid_minutes,
    coalesce(sum(invalid_minutes) FILTER (WHERE is_reported), 0) AS invalid_minutes,
    count(*) AS lessons,
    count(*) FILTER (WHERE is_reported) AS reported_lessons,
    max(starts_at) AS last_starts_at,
    arg_max(exported_at, (starts_at, exported_at, subject)) AS last_exported_at,
    arg_max(subject, (starts_at, exported_at, subject)) AS last_subject,
    arg_max(class_name, (starts_at, exported_at, subject)) AS class_name,
    -- arg_max_null keeps a null of the last lesson; plain arg_max would reach back for a value.
    arg_max_null(grade, (starts_at, exported_at, subject)) AS grade,
    arg_max_null(mentor_key, (starts_at, exported_at, subject)) AS mentor_key
FROM lessons
WHERE
    NOT is_cancelled
    AND lesson_date BETWEEN $first_date AND $last_date
    AND lesson_date IN (SELECT days_to_sum.lesson_date FROM days_to_sum)
GROUP BY pupil_key, school_unit_code, lesson_date
