-- repeated_rows: rows of one file that speak of the same lesson of the same pupil.
-- From: batch_lessons of a file read row by row. Grain: a row to refuse.
-- Two rows that say the same are one row written twice: the first counts. Two rows that differ
-- can't both be right and nothing tells which is: none counts, and the school hears of it.
WITH rivals AS (
    SELECT
        file_id,
        line_number,
        hash(
            school_unit_code, starts_at, scheduled_minutes, valid_minutes, invalid_minutes,
            other_minutes, is_reported, is_cancelled
        ) AS content,
        pupil_key,
        lesson_id,
        CASE WHEN lesson_id IS NULL THEN school_unit_code END AS key_school,
        CASE WHEN lesson_id IS NULL THEN starts_at END AS key_start,
        CASE WHEN lesson_id IS NULL THEN subject END AS key_subject
    FROM batch_lessons
    WHERE problem IS NULL AND line_number IS NOT NULL
),

counted AS (
    SELECT
        file_id,
        line_number,
        min(line_number) OVER same_lesson AS first_line,
        max(content) OVER same_lesson <> min(content) OVER same_lesson AS is_contradicted,
        count(*) OVER same_lesson AS rivals
    FROM rivals
    WINDOW
        same_lesson AS (
            PARTITION BY file_id, pupil_key, lesson_id, key_school, key_start, key_subject
        )
)

SELECT
    file_id,
    line_number,
    CASE WHEN is_contradicted THEN 'row.contradicts' ELSE 'row.repeated' END AS problem
FROM counted
WHERE rivals > 1 AND (is_contradicted OR line_number > first_line)
