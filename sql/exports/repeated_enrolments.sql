-- repeated_enrolments: rows of one roster that speak of the same pupil, school unit and start.
-- From: batch_enrolments. Grain: a row to refuse.
-- As in `repeated_rows`: of equal rows the first counts, of rows that differ none. A wrong class or
-- mentor would show a pupil to the wrong person. The protection that a refused row asks for holds.
-- A record without a day gives way to one that has days: a place that was changed on its first day.
WITH competing AS (
    SELECT
        file_id,
        line_number,
        coalesce(end_date < start_date, FALSE) AS has_no_day,
        -- Of two records without a day it does not matter where they would have been.
        CASE
            WHEN coalesce(end_date < start_date, FALSE) THEN 0
            ELSE hash(class_name, grade, mentor_key, end_date)
        END AS content,
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
        has_no_day AND NOT bool_and(has_no_day) OVER same_record AS gives_way,
        min(line_number) OVER same_kind AS first_line,
        max(content) OVER same_kind <> min(content) OVER same_kind AS is_contradicted
    FROM competing
    WINDOW
        same_record AS (PARTITION BY file_id, pupil_key, school_unit_code, start_date),
        same_kind AS (PARTITION BY file_id, pupil_key, school_unit_code, start_date, has_no_day)
)

SELECT
    file_id,
    line_number,
    CASE
        WHEN gives_way THEN 'row.no_day_beside'
        WHEN is_contradicted THEN 'row.contradicts'
        ELSE 'row.repeated'
    END AS problem
FROM counted
WHERE gives_way OR is_contradicted OR line_number > first_line
