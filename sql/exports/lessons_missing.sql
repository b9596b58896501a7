-- lessons_missing: stored lessons of the classes and dates asked about that a newer file lacks.
-- From: lessons, files, batch_sources, asked_coverage, covering_files.
-- Grain: a stored lesson; `newer_file` is the newest that covers its class and date without it.
-- A file has a lesson when the lesson's row is that file's, or a newer one's.
-- Parameters: $first_date, $last_date, $first_school and $last_school of these; $least_tenths:
-- the tenths of a class's pupils that a file has to have.
WITH layouts AS (
    SELECT
        file_id,
        layout
    FROM batch_sources
    UNION DISTINCT
    SELECT
        file_id,
        layout
    FROM files
    WHERE layout IS NOT NULL
),

classes AS (
    SELECT DISTINCT
        layout,
        school_unit_code,
        class_key,
        class_name,
        lesson_date
    FROM asked_coverage
),

standing AS (
    SELECT
        classes.layout,
        classes.class_key,
        stored.pupil_key,
        stored.school_unit_code,
        stored.lesson_date,
        stored.starts_at,
        stored.subject,
        stored.is_cancelled,
        stored.exported_at,
        stored.file_id
    FROM lessons AS stored
    INNER JOIN layouts ON stored.file_id = layouts.file_id
    INNER JOIN classes
        ON
            layouts.layout = classes.layout
            AND stored.school_unit_code = classes.school_unit_code
            AND stored.class_name IS NOT DISTINCT FROM classes.class_name
            AND stored.lesson_date = classes.lesson_date
    WHERE
        stored.lesson_date BETWEEN $first_date AND $last_date
        AND stored.school_unit_code BETWEEN $first_school AND $last_school
),

pupils AS (
    SELECT
        layout,
        school_unit_code,
        class_key,
        lesson_date,
        count(DISTINCT pupil_key) * $least_tenths AS needed_tenths
    FROM standing
    GROUP BY layout, school_unit_code, class_key, lesson_date
),

covering AS (
    SELECT
        covering_files.layout,
        covering_files.school_unit_code,
        covering_files.class_key,
        covering_files.lesson_date,
        max((covering_files.exported_at, covering_files.file_id)) AS newest
    FROM covering_files
    INNER JOIN pupils
        ON
            covering_files.layout = pupils.layout
            AND covering_files.school_unit_code = pupils.school_unit_code
            AND covering_files.class_key = pupils.class_key
            AND covering_files.lesson_date = pupils.lesson_date
    WHERE covering_files.pupils * 10 >= pupils.needed_tenths
    GROUP BY
        covering_files.layout,
        covering_files.school_unit_code,
        covering_files.class_key,
        covering_files.lesson_date
)

SELECT
    standing.layout,
    standing.school_unit_code,
    standing.class_key,
    standing.lesson_date,
    standing.pupil_key,
    standing.starts_at,
    standing.subject,
    standing.exported_at,
    standing.file_id,
    covering.newest[2] AS newer_file
FROM standing
INNER JOIN covering
    ON
        standing.layout = covering.layout
        AND standing.school_unit_code = covering.school_unit_code
        AND standing.class_key = covering.class_key
        AND standing.lesson_date = covering.lesson_date
WHERE
    covering.newest > (standing.exported_at, standing.file_id)
    -- A cancelled lesson counts nowhere, so nothing is missing.
    AND NOT standing.is_cancelled
