-- shared_starts: files of which some lesson stands under two ids, or one and none, at one start.
-- From: batch_lessons (some of which has an id), repeating_days. Grain: a file.
WITH shared AS (
    SELECT batch.file_id
    FROM batch_lessons AS batch
    SEMI JOIN repeating_days
        ON
            batch.pupil_key = repeating_days.pupil_key
            AND batch.lesson_date = repeating_days.lesson_date
    WHERE batch.problem IS NULL
    GROUP BY
        batch.file_id,
        hash(batch.pupil_key, batch.school_unit_code, batch.starts_at, lower(batch.subject))
    HAVING count(*) > 1 AND (max(batch.subject) <> '' OR count(batch.lesson_id) < count(*))
)

SELECT DISTINCT file_id
FROM shared
