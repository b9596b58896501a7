-- lessons_to_sum: the lessons that daily sums are first made of, before it is asked which count.
-- From: lessons. Grain: a pupil's lesson that was not cancelled.
-- On days on which that must be asked, `stated_lessons` that count stand in its place.
SELECT
    pupil_key,
    school_unit_code,
    lesson_date,
    starts_at,
    subject,
    scheduled_minutes,
    valid_minutes,
    invalid_minutes,
    is_reported,
    -- Lessons that start at the same time overlap, so their days are summed again, and by more.
    starts_at AS order_in_day,
    class_name,
    grade,
    mentor_key,
    exported_at
FROM lessons
WHERE NOT is_cancelled
