-- removed_by_snapshot: stored lessons that a newer complete file of this batch does not have.
-- From: lessons, arriving_snapshots. Grain: a stored row. Rows of the same lesson that the batch
-- has again are gone by then.
-- Parameters: $first_date, $last_date of the complete files (they prune the files that the scan
-- opens).
SELECT
    stored.rowid AS stored_row,
    stored.pupil_key,
    stored.lesson_id,
    stored.lesson_date,
    stored.exported_at,
    stored.file_id
FROM lessons AS stored
WHERE
    stored.lesson_date BETWEEN $first_date AND $last_date
    AND EXISTS (
        SELECT 1
        FROM arriving_snapshots AS snapshots
        WHERE
            snapshots.school_unit_code = stored.school_unit_code
            AND snapshots.lesson_date = stored.lesson_date
            AND (snapshots.exported_at, snapshots.file_id) > (stored.exported_at, stored.file_id)
    )
