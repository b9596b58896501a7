-- superseded_rows: rows of this batch that another row of the batch outdoes.
-- From: batch_lessons, shared_lessons. Grain: such a row.
-- The newest export wins; of two exports of one minute the one with the greater file id, so that
-- the order of arrival never decides.
WITH rivals AS (
    SELECT
        rowid AS batch_row,
        file_id,
        row_number() OVER (
            PARTITION BY
                pupil_key,
                lesson_id,
                CASE WHEN lesson_id IS NULL THEN school_unit_code END,
                CASE WHEN lesson_id IS NULL THEN starts_at END,
                CASE WHEN lesson_id IS NULL THEN subject END
            ORDER BY exported_at DESC, file_id DESC
        ) AS place
    FROM batch_lessons
    WHERE
        problem IS NULL
        AND lesson_hash IN (SELECT shared_lessons.lesson_hash FROM shared_lessons)
)

SELECT
    batch_row,
    file_id
FROM rivals
WHERE place > 1
