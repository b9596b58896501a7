-- repeated_aggregates: rows of one file that speak of the same pupil, school, activity and period.
-- From: batch_aggregates. Grain: a row to refuse.
-- As in `repeated_rows`: of equal rows the first counts, of rows that differ none.
WITH competing AS (
    SELECT
        file_id,
        line_number,
        hash(scheduled_minutes, reported_minutes, valid_minutes, invalid_minutes) AS content,
        pupil_key,
        school_unit_code,
        activity,
        period_first_date,
        period_last_date
    FROM batch_aggregates
    WHERE problem IS NULL
),

counted AS (
    SELECT
        file_id,
        line_number,
        min(line_number) OVER same_sum AS first_line,
        max(content) OVER same_sum <> min(content) OVER same_sum AS is_contradicted,
        count(*) OVER same_sum AS competing
    FROM competing
    WINDOW
        same_sum AS (
            PARTITION BY
                file_id, pupil_key, school_unit_code, activity, period_first_date, period_last_date
        )
)

SELECT
    file_id,
    line_number,
    CASE WHEN is_contradicted THEN 'row.contradicts' ELSE 'row.repeated' END AS problem
FROM counted
WHERE competing > 1 AND (is_contradicted OR line_number > first_line)
