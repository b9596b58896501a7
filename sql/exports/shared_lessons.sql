-- shared_lessons: lessons of a pupil that more than one row of this batch speaks of.
-- From: batch_lessons. Grain: a lesson hash and file; `rows_in_file` over 1 is a fault in the file.
WITH shared AS (
    SELECT lesson_hash
    FROM batch_lessons
    WHERE problem IS NULL
    GROUP BY lesson_hash
    HAVING count(*) > 1
)

SELECT
    lesson_hash,
    file_id,
    count(*) AS rows_in_file
FROM batch_lessons
WHERE
    problem IS NULL
    AND lesson_hash IN (SELECT shared.lesson_hash FROM shared)
GROUP BY lesson_hash, file_id
