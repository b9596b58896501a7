-- lessons_in_bounds: stored lessons that no valid row can be (docs/rules.md, "The lesson row").
-- From: lessons. Grain: a file and date to look into.
-- Parameter: $first_date, from which lessons are looked at.
-- To resolve: the row should have been refused when its file was read; report it.
SELECT
    file_id,
    lesson_date,
    count(*) AS lessons
FROM lessons
WHERE
    lesson_date >= $first_date
    AND (
        scheduled_minutes NOT BETWEEN 1 AND 600
        OR valid_minutes < 0
        OR invalid_minutes < 0
        OR other_minutes < 0
        OR valid_minutes + invalid_minutes + other_minutes > scheduled_minutes
        OR (NOT is_reported AND valid_minutes + invalid_minutes > 0)
        OR cast(starts_at AS DATE) <> lesson_date
        OR NOT regexp_full_match(school_unit_code, '[0-9]{8}')
    )
GROUP BY file_id, lesson_date
