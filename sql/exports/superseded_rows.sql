-- superseded_rows: rows of this batch that another row of the batch supersedes.
-- From: batch_lessons, shared_lessons, repeating_days, repeated_rows. Grain: such a row.
-- The newest export wins; of two exports of one minute the one with the greater file id, so that
-- the order of arrival never decides. Within one file the rows that `repeated_rows` passes over.
WITH passed_over AS (
    SELECT
        file_id,
        line_number
    FROM repeated_rows
    WHERE problem IS NULL
),

asked AS (
    SELECT rowid AS batch_row
    FROM batch_lessons
    WHERE
        problem IS NULL
        AND lesson_hash IN (
            SELECT shared_lessons.lesson_hash FROM shared_lessons
        )
    UNION ALL
    SELECT batch.rowid AS batch_row
    FROM batch_lessons AS batch
    SEMI JOIN repeating_days
        ON
            batch.pupil_key = repeating_days.pupil_key
            AND batch.lesson_date = repeating_days.lesson_date
    WHERE batch.problem IS NULL AND batch.lesson_id IS NULL
),

competing AS (
    SELECT
        batch_lessons.rowid AS batch_row,
        batch_lessons.file_id,
        row_number() OVER (
            PARTITION BY
                batch_lessons.pupil_key,
                batch_lessons.lesson_id,
                CASE WHEN batch_lessons.lesson_id IS NULL THEN batch_lessons.school_unit_code END,
                CASE WHEN batch_lessons.lesson_id IS NULL THEN batch_lessons.starts_at END,
                CASE WHEN batch_lessons.lesson_id IS NULL THEN lower(batch_lessons.subject) END
            ORDER BY batch_lessons.exported_at DESC, batch_lessons.file_id DESC
        ) AS place
    FROM batch_lessons
    ANTI JOIN passed_over
        ON
            batch_lessons.file_id = passed_over.file_id
            AND batch_lessons.line_number = passed_over.line_number
    WHERE batch_lessons.rowid IN (SELECT asked.batch_row FROM asked)
)

SELECT
    batch_row,
    file_id
FROM competing
WHERE place > 1
UNION ALL
SELECT
    batch_lessons.rowid AS batch_row,
    batch_lessons.file_id
FROM batch_lessons
SEMI JOIN passed_over
    ON
        batch_lessons.file_id = passed_over.file_id
        AND batch_lessons.line_number = passed_over.line_number
WHERE batch_lessons.problem IS NULL
