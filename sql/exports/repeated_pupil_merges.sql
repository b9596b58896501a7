-- repeated_pupil_merges: rows of one file that speak of the same old number.
-- From: batch_pupil_merges. Grain: a row to refuse.
-- As in `repeated_rows`: of equal rows the first counts, of rows that differ none: two pupils must
-- not become one because a list was wrong.
WITH counted AS (
    SELECT
        file_id,
        line_number,
        min(line_number) OVER same_number AS first_line,
        min(new_pupil_key) OVER same_number <> max(new_pupil_key) OVER same_number
            AS is_contradicted,
        count(*) OVER same_number AS competing
    FROM batch_pupil_merges
    WHERE problem IS NULL
    WINDOW same_number AS (PARTITION BY file_id, old_pupil_key)
)

SELECT
    file_id,
    line_number,
    CASE WHEN is_contradicted THEN 'row.contradicts' ELSE 'row.repeated' END AS problem
FROM counted
WHERE competing > 1 AND (is_contradicted OR line_number > first_line)
