-- arriving_coverage: how many pupils of each class and date the batch's files have.
-- From: batch_lessons. Grain: a file, school unit, class and date.
WITH pupils AS (
    -- First the pupils, then their number: cheaper than to count distinct ones.
    SELECT DISTINCT
        file_id,
        exported_at,
        school_unit_code,
        class_name,
        lesson_date,
        pupil_key
    FROM batch_lessons
    WHERE problem IS NULL
)

SELECT
    file_id,
    exported_at,
    school_unit_code,
    class_name,
    lesson_date,
    count(*) AS pupils
FROM pupils
GROUP BY file_id, exported_at, school_unit_code, class_name, lesson_date
