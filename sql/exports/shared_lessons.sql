-- shared_lessons: lessons of a pupil that more than one row of this batch speaks of.
-- From: batch_lessons, repeating_days.
-- Grain: a lesson hash and file; `rows_in_file` over 1 is a fault in the file.
WITH asked AS (
    -- An id may be said again on any date; without one, a lesson's rows have its day and subject.
    SELECT
        lesson_hash,
        file_id
    FROM batch_lessons
    WHERE problem IS NULL AND lesson_id IS NOT NULL
    UNION ALL
    SELECT
        hash(batch.pupil_key, batch.school_unit_code, batch.starts_at, lower(batch.subject))
            AS lesson_hash,
        batch.file_id
    FROM batch_lessons AS batch
    SEMI JOIN repeating_days
        ON
            batch.pupil_key = repeating_days.pupil_key
            AND batch.lesson_date = repeating_days.lesson_date
    WHERE batch.problem IS NULL AND batch.lesson_id IS NULL
),

shared AS (
    SELECT lesson_hash
    FROM asked
    GROUP BY lesson_hash
    HAVING count(*) > 1
)

SELECT
    lesson_hash,
    file_id,
    count(*) AS rows_in_file
FROM asked
WHERE lesson_hash IN (SELECT shared.lesson_hash FROM shared)
GROUP BY lesson_hash, file_id
