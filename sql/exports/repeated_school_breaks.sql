-- repeated_school_breaks: rows of one file that say the same break of the same school unit again.
-- From: batch_school_breaks. Grain: a row to refuse.
-- Breaks that overlap are no contradiction: each of their days is a day without school.
SELECT
    file_id,
    line_number,
    'row.repeated' AS problem
FROM batch_school_breaks
WHERE problem IS NULL
QUALIFY
    row_number() OVER (
        PARTITION BY file_id, school_unit_code, first_date, last_date
        ORDER BY line_number
    ) > 1
