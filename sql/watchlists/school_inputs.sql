-- school_inputs: the files whose lessons or sums stand behind a school's list.
-- From: lessons, contradicted_lessons, monthly_sums, files. Grain: a school unit and file.
-- Parameters: $first_date, $as_of.
WITH used AS (
    SELECT
        school_unit_code,
        file_id
    FROM lessons
    WHERE lesson_date BETWEEN $first_date AND $as_of
    UNION DISTINCT
    SELECT
        school_unit_code,
        file_id
    FROM contradicted_lessons
    WHERE lesson_date BETWEEN $first_date AND $as_of
    UNION DISTINCT
    SELECT
        school_unit_code,
        file_id
    FROM monthly_sums
    WHERE period_last_date BETWEEN $first_date AND $as_of
)

SELECT
    used.school_unit_code,
    files.file_sha256,
    files.exported_at,
    files.rows_read,
    files.rows_accepted,
    files.rows_rejected
FROM used
INNER JOIN files ON used.file_id = files.file_id AND files.outcome <> 'duplicate'
ORDER BY used.school_unit_code, files.exported_at, files.file_sha256
