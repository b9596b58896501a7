-- lesson_fates: stated lessons that count nowhere, as they are kept.
-- From: stated_lessons, disputed_lessons, superseded_lessons, lessons_after_leaving,
-- lessons_set_aside.
-- Grain: a row of `uncounted_lessons`, with the stated row that it was.
WITH fates AS (
    SELECT
        stated_row,
        cast(NULL AS BIGINT) AS beside_row,
        'disputed' AS reason
    FROM disputed_lessons
    UNION ALL
    SELECT
        stated_row,
        beside_row,
        'superseded' AS reason
    FROM superseded_lessons
    UNION ALL
    SELECT
        stated_row,
        beside_row,
        'after_leaving' AS reason
    FROM lessons_after_leaving
    UNION ALL
    SELECT
        stated_row,
        beside_row,
        'set_aside' AS reason
    FROM lessons_set_aside
)

SELECT
    stated.stated_row,
    stated.pupil_key,
    stated.school_unit_code,
    stated.lesson_date,
    stated.starts_at,
    stated.subject,
    stated.lesson_id,
    stated.scheduled_minutes,
    stated.valid_minutes,
    stated.invalid_minutes,
    stated.other_minutes,
    stated.is_reported,
    stated.is_contradicted,
    stated.file_id,
    fates.reason,
    beside.school_unit_code AS beside_school_unit_code,
    beside.subject AS beside_subject,
    beside.starts_at AS beside_starts_at,
    beside.present_minutes AS beside_present_minutes,
    beside.is_reported AS is_beside_reported
FROM fates
INNER JOIN stated_lessons AS stated ON fates.stated_row = stated.stated_row
LEFT JOIN stated_lessons AS beside ON fates.beside_row = beside.stated_row
-- A disputed row may be a cancelled one, which counts nowhere anyway.
WHERE NOT stated.is_cancelled
