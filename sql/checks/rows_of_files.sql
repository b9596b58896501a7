-- rows_of_files: files of which the lake has more rows than their ledger row lets it have.
-- From: files, joined_files, lessons, moved_lessons. Grain: a file to look into.
-- Every row of a file is taken once at most, and a newer file's row takes its place later on. Not
-- asked of objects of SS12000, of timetables and of absences: there a lesson follows from several
-- files. A row of no file that the ledger has taken is asked of all.
-- To resolve: `trappan verify` names the file; restore the home from one backup.
WITH kept AS (
    SELECT
        file_id,
        count(*) AS rows_kept
    FROM (
        SELECT file_id FROM lessons
        UNION ALL
        SELECT file_id FROM moved_lessons
    ) AS rows_of_lessons
    GROUP BY file_id
),

taken AS (
    SELECT
        file_id,
        any_value(file_sha256) AS file_sha256,
        max(rows_accepted) AS rows_accepted,
        any_value(layout) AS layout
    FROM files
    WHERE outcome IN ('accepted', 'accepted_in_part', 'superseded')
    GROUP BY file_id
)

SELECT
    coalesce(taken.file_sha256, 'no file of the ledger') AS file_sha256,
    kept.rows_kept,
    coalesce(taken.rows_accepted, 0) AS rows_at_most
FROM kept
LEFT JOIN taken ON kept.file_id = taken.file_id
WHERE
    taken.file_id IS NULL
    OR (
        kept.rows_kept > taken.rows_accepted
        AND kept.file_id NOT IN (SELECT joined_files.file_id FROM joined_files)
        AND NOT starts_with(taken.layout, 'ss12000')
    )
ORDER BY file_sha256
