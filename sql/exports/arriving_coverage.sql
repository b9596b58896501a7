-- arriving_coverage: how many pupils of each class and date the batch's files have.
-- From: batch_lessons, offered_files. Grain: a file, school unit, class and date.
WITH pupils AS (
    -- First the pupils, then their number: cheaper than to count distinct ones.
    SELECT DISTINCT
        file_id,
        school_unit_code,
        class_name,
        lesson_date,
        pupil_key
    FROM batch_lessons
    WHERE problem IS NULL
),

counted AS (
    SELECT
        file_id,
        school_unit_code,
        class_name,
        lesson_date,
        count(*) AS pupils
    FROM pupils
    GROUP BY file_id, school_unit_code, class_name, lesson_date
)

SELECT
    counted.file_id,
    offered_files.exported_at,
    counted.school_unit_code,
    counted.class_name,
    counted.lesson_date,
    counted.pupils
FROM counted
INNER JOIN offered_files ON counted.file_id = offered_files.file_id
