-- repeated_school_units: rows of one register that speak of the same school unit.
-- From: batch_school_units. Grain: a row to refuse.
-- As in `repeated_rows`: of equal rows the first counts, of rows that differ none. With two
-- principals the list could go to the wrong one; what the register said before stays.
WITH competing AS (
    SELECT
        file_id,
        line_number,
        hash(school_name, district, principal_key) AS content,
        school_unit_code
    FROM batch_school_units
    WHERE problem IS NULL
),

counted AS (
    SELECT
        file_id,
        line_number,
        min(line_number) OVER same_unit AS first_line,
        max(content) OVER same_unit <> min(content) OVER same_unit AS is_contradicted,
        count(*) OVER same_unit AS competing
    FROM competing
    WINDOW same_unit AS (PARTITION BY file_id, school_unit_code)
)

SELECT
    file_id,
    line_number,
    CASE WHEN is_contradicted THEN 'row.contradicts' ELSE 'row.repeated' END AS problem
FROM counted
WHERE competing > 1 AND (is_contradicted OR line_number > first_line)
