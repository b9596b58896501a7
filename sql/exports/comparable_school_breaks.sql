-- comparable_school_breaks: breaks, each with its school unit and days.
-- From: batch_school_breaks. Grain: a row that is not refused.
-- Breaks that overlap are no contradiction: each of their days is a day without school.
SELECT
    file_id,
    line_number,
    (school_unit_code, first_date, last_date) AS thing,
    0 AS content,
    FALSE AS yields
FROM batch_school_breaks
WHERE problem IS NULL
