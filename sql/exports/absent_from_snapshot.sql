-- absent_from_snapshot: arriving lessons that a newer complete file did not have.
-- From: arriving_lessons, lesson_snapshots (this batch's included), removed_lessons.
-- Grain: an arriving row. They are not stored; those with an id are remembered as removed, because
-- an older row of theirs may lie on another date, which no complete file speaks of.
SELECT
    arriving.batch_row,
    arriving.pupil_key,
    arriving.lesson_id,
    arriving.exported_at,
    arriving.file_id
FROM arriving_lessons AS arriving
INNER JOIN lesson_snapshots AS snapshots
    ON
        arriving.school_unit_code = snapshots.school_unit_code
        AND arriving.lesson_date = snapshots.lesson_date
WHERE (snapshots.exported_at, snapshots.file_id) > (arriving.exported_at, arriving.file_id)
UNION
SELECT
    arriving.batch_row,
    arriving.pupil_key,
    arriving.lesson_id,
    arriving.exported_at,
    arriving.file_id
FROM arriving_lessons AS arriving
INNER JOIN removed_lessons AS removed
    ON arriving.pupil_key = removed.pupil_key AND arriving.lesson_id = removed.lesson_id
WHERE (removed.exported_at, removed.file_id) >= (arriving.exported_at, arriving.file_id)
