-- repeated_enrolments: rows of one roster that speak of the same pupil, school unit and start.
-- From: batch_enrolments. Grain: a row to refuse.
-- As in `repeated_rows`: of equal rows the first counts, of rows that differ none. A wrong class or
-- mentor would show a pupil to the wrong person. The protection that a refused row asks for holds.
WITH rivals AS (
    SELECT
        file_id,
        line_number,
        hash(class_name, grade, mentor_key, end_date) AS content,
        pupil_key,
        school_unit_code,
        start_date
    FROM batch_enrolments
    WHERE problem IS NULL
),

counted AS (
    SELECT
        file_id,
        line_number,
        min(line_number) OVER same_record AS first_line,
        max(content) OVER same_record <> min(content) OVER same_record AS is_contradicted,
        count(*) OVER same_record AS rivals
    FROM rivals
    WINDOW
        same_record AS (PARTITION BY file_id, pupil_key, school_unit_code, start_date)
)

SELECT
    file_id,
    line_number,
    CASE WHEN is_contradicted THEN 'row.contradicts' ELSE 'row.repeated' END AS problem
FROM counted
WHERE rivals > 1 AND (is_contradicted OR line_number > first_line)
