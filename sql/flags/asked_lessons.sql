-- asked_lessons: the lessons around as_of of the pupils that are explained; one scan for all of it.
-- From: counting_lessons, lessons, asked_pupils. Grain: a pupil's lesson that counts, or that was
-- cancelled. Parameters: $first_date, $last_date.
WITH held_or_cancelled AS (
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
        FALSE AS is_cancelled
    FROM counting_lessons
    UNION ALL
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
        is_cancelled
    FROM lessons
    WHERE is_cancelled
)

SELECT
    lessons.pupil_key,
    lessons.school_unit_code,
    lessons.lesson_date,
    lessons.starts_at,
    lessons.subject,
    cast(lessons.scheduled_minutes AS BIGINT) AS scheduled_minutes,
    cast(lessons.valid_minutes + lessons.invalid_minutes AS BIGINT) AS absent_minutes,
    lessons.is_reported,
    lessons.is_cancelled,
    lessons.school_unit_code = asked_pupils.school_unit_code AS is_own_school
FROM held_or_cancelled AS lessons
INNER JOIN asked_pupils ON lessons.pupil_key = asked_pupils.pupil_key
WHERE lessons.lesson_date BETWEEN $first_date AND $last_date
