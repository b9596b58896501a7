-- lessons_unique: lessons that are stored more than once, so that their minutes count twice.
-- From: lessons. Grain: a date to look into.
-- Parameter: $first_date, from which lessons are looked at.
-- To resolve: `trappan backfill` does not mend this; report it with the two files' hashes.
SELECT
    lesson_date,
    count(*) AS lessons
FROM (
    SELECT lesson_date
    FROM lessons
    WHERE lesson_date >= $first_date
    GROUP BY
        lesson_date,
        pupil_key,
        lesson_id,
        CASE WHEN lesson_id IS NULL THEN school_unit_code END,
        CASE WHEN lesson_id IS NULL THEN starts_at END,
        CASE WHEN lesson_id IS NULL THEN lower(subject) END
    HAVING count(*) > 1
) AS repeated_lessons
GROUP BY lesson_date
