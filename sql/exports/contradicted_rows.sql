-- contradicted_rows: the lessons of which the rows of one file said different things.
-- From: batch_lessons, repeated_rows. Grain: a lesson of a file, with the longest length stated.
SELECT
    batch.pupil_key,
    batch.school_unit_code,
    batch.lesson_date,
    batch.starts_at,
    batch.subject,
    batch.lesson_id,
    cast(batch.scheduled_minutes AS SMALLINT) AS scheduled_minutes,
    batch.class_name,
    batch.grade,
    batch.mentor_key,
    batch.exported_at,
    batch.file_id
FROM batch_lessons AS batch
INNER JOIN repeated_rows AS repeated
    ON
        batch.file_id = repeated.file_id
        AND batch.line_number = repeated.line_number
        AND repeated.problem IS NOT NULL
WHERE NOT batch.is_cancelled
QUALIFY row_number() OVER (
    PARTITION BY
        batch.file_id,
        batch.pupil_key,
        CASE WHEN NOT repeated.is_contradicted_at_start THEN batch.lesson_id END,
        CASE WHEN repeated.is_contradicted_at_start THEN batch.school_unit_code END,
        CASE WHEN repeated.is_contradicted_at_start THEN batch.starts_at END,
        CASE WHEN repeated.is_contradicted_at_start THEN lower(batch.subject) END
    ORDER BY batch.scheduled_minutes DESC, batch.starts_at ASC, batch.line_number ASC
) = 1
