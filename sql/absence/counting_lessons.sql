-- counting_lessons: the lessons that count, for everybody who asks what a pupil's lessons mean.
-- From: lessons, contradicted_lessons, uncounted_lessons. Grain: a pupil's lesson that counts.
-- A view that every connection has, as true as the sums: of a stale day nothing is decided yet.
SELECT
    lessons.pupil_key,
    lessons.school_unit_code,
    lessons.lesson_date,
    lessons.starts_at,
    lessons.subject,
    lessons.lesson_id,
    lessons.scheduled_minutes,
    lessons.valid_minutes,
    lessons.invalid_minutes,
    lessons.other_minutes,
    lessons.is_reported,
    lessons.class_name,
    lessons.grade,
    lessons.mentor_key,
    lessons.exported_at,
    lessons.file_id,
    FALSE AS is_contradicted
FROM lessons
ANTI JOIN uncounted_lessons AS uncounted
    ON
        lessons.pupil_key = uncounted.pupil_key
        AND lessons.lesson_date = uncounted.lesson_date
        AND lessons.starts_at = uncounted.starts_at
        AND lessons.school_unit_code = uncounted.school_unit_code
        AND lessons.subject = uncounted.subject
        AND lessons.lesson_id IS NOT DISTINCT FROM uncounted.lesson_id
        AND NOT uncounted.is_contradicted
WHERE NOT lessons.is_cancelled
UNION ALL
-- What rows of one file say differently, nobody has reported.
SELECT
    contradicted.pupil_key,
    contradicted.school_unit_code,
    contradicted.lesson_date,
    contradicted.starts_at,
    contradicted.subject,
    contradicted.lesson_id,
    contradicted.scheduled_minutes,
    0 AS valid_minutes,
    0 AS invalid_minutes,
    0 AS other_minutes,
    FALSE AS is_reported,
    contradicted.class_name,
    contradicted.grade,
    contradicted.mentor_key,
    contradicted.exported_at,
    contradicted.file_id,
    TRUE AS is_contradicted
FROM contradicted_lessons AS contradicted
ANTI JOIN uncounted_lessons AS uncounted
    ON
        contradicted.pupil_key = uncounted.pupil_key
        AND contradicted.lesson_date = uncounted.lesson_date
        AND contradicted.starts_at = uncounted.starts_at
        AND contradicted.school_unit_code = uncounted.school_unit_code
        AND contradicted.subject = uncounted.subject
        AND contradicted.lesson_id IS NOT DISTINCT FROM uncounted.lesson_id
        AND contradicted.file_id = uncounted.file_id
        AND uncounted.is_contradicted
