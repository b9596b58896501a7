-- batch_lessons: the keyed rows of a batch without names, so that a copy of millions stays small.
-- From: keyed_lessons. Grain: a data row of a file.
SELECT
    file_id,
    line_number,
    pupil_key,
    school_unit_code,
    lesson_date,
    starts_at,
    subject,
    lesson_id,
    class_name,
    grade,
    mentor_key,
    scheduled_minutes,
    valid_minutes,
    invalid_minutes,
    other_minutes,
    is_reported,
    is_cancelled,
    exported_at,
    lesson_hash,
    problem,
    warning
FROM keyed_lessons
