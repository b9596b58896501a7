-- competing_lessons: stored lessons that an arriving row speaks of, and which of the two is newer.
-- From: lessons, arriving_lessons. Grain: a pair of stored and arriving row.
-- `is_moved`: the two are on different dates.
-- Parameters: $first_date, $last_date, $first_school and $last_school of the arriving rows (they
-- prune the files that the scan opens); $has_ids.
SELECT
    stored.rowid AS stored_row,
    arriving.batch_row AS arriving_row,
    stored.lesson_date,
    (stored.exported_at, stored.file_id) > (arriving.exported_at, arriving.file_id)
        AS is_stored_newer,
    FALSE AS is_moved
FROM lessons AS stored
INNER JOIN arriving_lessons AS arriving
    ON
        stored.pupil_key = arriving.pupil_key
        AND stored.starts_at = arriving.starts_at
        AND stored.school_unit_code = arriving.school_unit_code
        AND lower(stored.subject) = lower(arriving.subject)
WHERE
    stored.lesson_date BETWEEN $first_date AND $last_date
    AND stored.school_unit_code BETWEEN $first_school AND $last_school
    AND stored.lesson_id IS NULL
    AND arriving.lesson_id IS NULL
UNION ALL
-- A lesson with an id may have moved to another day, so its dates say nothing.
SELECT
    stored.rowid AS stored_row,
    arriving.batch_row AS arriving_row,
    stored.lesson_date,
    (stored.exported_at, stored.file_id) > (arriving.exported_at, arriving.file_id)
        AS is_stored_newer,
    stored.lesson_date <> arriving.lesson_date AS is_moved
FROM lessons AS stored
INNER JOIN arriving_lessons AS arriving
    ON stored.pupil_key = arriving.pupil_key AND stored.lesson_id = arriving.lesson_id
WHERE $has_ids AND stored.lesson_id IS NOT NULL
