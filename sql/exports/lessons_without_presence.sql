-- lessons_without_presence: school units and months of which files of this batch say only absence,
-- and neither the lake nor the batch says of anybody that it was there.
-- From: batch_lessons, lessons, files_of_absence (files whose every reported lesson has absence,
-- and whose layouts don't say what they hold). Grain: a file, school unit and month.
-- Parameters: $first_date, $last_date of these months.
WITH said AS (
    SELECT
        file_id,
        school_unit_code,
        cast(date_trunc('month', lesson_date) AS DATE) AS month_first_date,
        pupil_key,
        valid_minutes + invalid_minutes > 0 AS is_absent
    FROM batch_lessons
    WHERE problem IS NULL AND is_reported AND NOT is_cancelled
),

asked AS (
    SELECT DISTINCT
        said.file_id,
        said.school_unit_code,
        said.month_first_date
    FROM said
    SEMI JOIN files_of_absence ON said.file_id = files_of_absence.file_id
),

known AS (
    SELECT
        school_unit_code,
        month_first_date,
        pupil_key,
        is_absent
    FROM said
    UNION ALL
    SELECT
        school_unit_code,
        cast(date_trunc('month', lesson_date) AS DATE) AS month_first_date,
        pupil_key,
        valid_minutes + invalid_minutes > 0 AS is_absent
    FROM lessons
    WHERE
        lesson_date BETWEEN $first_date AND $last_date
        AND is_reported
        AND NOT is_cancelled
),

places AS (
    SELECT
        school_unit_code,
        month_first_date,
        count(*) AS lessons,
        count(DISTINCT pupil_key) AS pupils
    FROM known
    GROUP BY school_unit_code, month_first_date
    HAVING bool_and(is_absent)
)

SELECT
    asked.file_id,
    asked.school_unit_code,
    asked.month_first_date,
    places.lessons,
    places.pupils
FROM asked
INNER JOIN places
    ON
        asked.school_unit_code = places.school_unit_code
        AND asked.month_first_date = places.month_first_date
ORDER BY asked.file_id, asked.school_unit_code, asked.month_first_date
