-- covering_files: the files that cover the classes and dates of this batch, those of before too.
-- From: class_coverage, keyed_coverage (of this batch).
-- Grain: a layout, school unit, class, date and file; `stored_row` is null for this batch's.
-- A file that a newer one with as many pupils supersedes says nothing that the newer doesn't.
-- Parameters: $first_date, $last_date of the batch.
WITH known AS (
    SELECT
        stored.rowid AS stored_row,
        stored.layout,
        stored.school_unit_code,
        stored.class_key,
        stored.lesson_date,
        stored.pupils,
        stored.exported_at,
        stored.file_id
    FROM class_coverage AS stored
    WHERE
        stored.lesson_date BETWEEN $first_date AND $last_date
        AND (stored.layout, stored.school_unit_code, stored.class_key, stored.lesson_date) IN (
            SELECT
                (
                    arriving.layout,
                    arriving.school_unit_code,
                    arriving.class_key,
                    arriving.lesson_date
                )
            FROM keyed_coverage AS arriving
        )
        -- A file that is read again, or said again later, says it again.
        AND stored.file_id NOT IN (SELECT arriving.file_id FROM keyed_coverage AS arriving)
    UNION ALL
    SELECT
        NULL AS stored_row,
        layout,
        school_unit_code,
        class_key,
        lesson_date,
        pupils,
        exported_at,
        file_id
    FROM keyed_coverage
)

SELECT
    *,
    coalesce(
        max(pupils) OVER (
            PARTITION BY layout, school_unit_code, class_key, lesson_date
            ORDER BY exported_at DESC, file_id DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) >= pupils,
        FALSE
    ) AS is_superseded
FROM known
