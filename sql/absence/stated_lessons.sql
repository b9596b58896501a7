-- stated_lessons: all rows kept of the days on which it must be asked which lessons count.
-- From: lessons, contradicted_lessons, crowded_days, files. Grain: a row of either table.
-- Parameters: $first_date, $last_date (the ends of crowded_days; they prune the scan).
WITH events AS (
    SELECT file_id
    FROM files
    WHERE layout LIKE 'ss12000%'
),

stated AS (
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
        lessons.is_cancelled,
        lessons.class_name,
        lessons.grade,
        lessons.mentor_key,
        lessons.exported_at,
        lessons.file_id,
        FALSE AS is_contradicted
    FROM lessons
    SEMI JOIN crowded_days
        ON
            lessons.pupil_key = crowded_days.pupil_key
            AND lessons.lesson_date = crowded_days.lesson_date
    WHERE lessons.lesson_date BETWEEN $first_date AND $last_date
    UNION ALL
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
        FALSE AS is_cancelled,
        contradicted.class_name,
        contradicted.grade,
        contradicted.mentor_key,
        contradicted.exported_at,
        contradicted.file_id,
        TRUE AS is_contradicted
    FROM contradicted_lessons AS contradicted
    SEMI JOIN crowded_days
        ON
            contradicted.pupil_key = crowded_days.pupil_key
            AND contradicted.lesson_date = crowded_days.lesson_date
)

SELECT
    row_number() OVER () AS stated_row,
    *,
    lower(subject) AS taught,
    epoch_us(starts_at) % 86400000000 // 60000000 AS first_minute,
    -- Presence and other activity; of a lesson that nobody reported nothing is known.
    CASE WHEN is_reported THEN scheduled_minutes - valid_minutes - invalid_minutes ELSE 0 END
        AS present_minutes,
    -- Ids of SS12000 are events, and what its server has is one export.
    file_id IN (SELECT events.file_id FROM events) AS is_event
FROM stated
