-- told_fates: told lessons that count nowhere, as they are kept.
-- From: told_lessons, superseded_lessons, lessons_after_leaving, lessons_set_aside.
-- Grain: a row of `uncounted_lessons`, with the told row that it was.
WITH fates AS (
    SELECT
        told_row,
        beside_row,
        'superseded' AS reason
    FROM superseded_lessons
    UNION ALL
    SELECT
        told_row,
        beside_row,
        'after_leaving' AS reason
    FROM lessons_after_leaving
    UNION ALL
    SELECT
        told_row,
        beside_row,
        'set_aside' AS reason
    FROM lessons_set_aside
)

SELECT
    told.told_row,
    told.pupil_key,
    told.school_unit_code,
    told.lesson_date,
    told.starts_at,
    told.subject,
    told.lesson_id,
    told.scheduled_minutes,
    told.valid_minutes,
    told.invalid_minutes,
    told.other_minutes,
    told.is_reported,
    told.is_contradicted,
    told.file_id,
    fates.reason,
    beside.school_unit_code AS beside_school_unit_code,
    beside.subject AS beside_subject,
    beside.starts_at AS beside_starts_at,
    beside.present_minutes AS beside_present_minutes,
    beside.is_reported AS is_beside_reported
FROM fates
INNER JOIN told_lessons AS told ON fates.told_row = told.told_row
LEFT JOIN told_lessons AS beside ON fates.beside_row = beside.told_row
