-- shared_starts: files of which some lesson stands under two ids, or one and none, at one start.
-- From: batch_lessons, where some lesson has an id. Grain: a file.
WITH shared AS (
    SELECT file_id
    FROM batch_lessons
    WHERE problem IS NULL
    GROUP BY file_id, hash(pupil_key, school_unit_code, starts_at, lower(subject))
    HAVING count(*) > 1 AND (max(subject) <> '' OR count(lesson_id) < count(*))
)

SELECT DISTINCT file_id
FROM shared
