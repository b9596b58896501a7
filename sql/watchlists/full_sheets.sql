-- full_sheets: files behind a school's list that end at the last row a spreadsheet has room for.
-- From: row_problems, lessons, monthly_sums, enrolments. Grain: a school unit with such files.
-- Parameters: $first_date, $as_of.
WITH full_files AS (
    -- Mostly none, so that nothing is looked for in the lessons.
    SELECT DISTINCT file_id
    FROM row_problems
    WHERE code = 'row.sheet_full'
),

used AS (
    SELECT
        school_unit_code,
        file_id
    FROM lessons
    WHERE lesson_date BETWEEN $first_date AND $as_of
    UNION DISTINCT
    SELECT
        school_unit_code,
        file_id
    FROM monthly_sums
    WHERE period_last_date BETWEEN $first_date AND $as_of
    UNION DISTINCT
    -- A roster stands behind the list as long as one of its records does.
    SELECT
        school_unit_code,
        file_id
    FROM enrolments
    WHERE end_date IS NULL OR end_date >= $first_date
)

SELECT
    used.school_unit_code,
    count(*) AS files
FROM used
SEMI JOIN full_files ON used.file_id = full_files.file_id
GROUP BY used.school_unit_code
ORDER BY used.school_unit_code
