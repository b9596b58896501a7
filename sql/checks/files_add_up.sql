-- files_add_up: ledger rows whose counts do not add up, or differ from what was kept.
-- From: files, row_problems. Grain: a file to look into.
-- A failing row means that rows of a file were lost between reading and storing.
-- To resolve: find the file by its hash in `trappan files`, and report a fault in the program.
WITH refused AS (
    SELECT
        file_id,
        count(*) AS rows_refused
    FROM row_problems
    WHERE severity = 'rejected'
    GROUP BY file_id
)

SELECT
    files.file_sha256,
    files.rows_read,
    files.rows_accepted,
    files.rows_rejected
FROM files
LEFT JOIN refused ON files.file_id = refused.file_id
WHERE
    files.outcome NOT IN ('duplicate', 'awaiting_release')
    AND (
        files.rows_read <> files.rows_accepted + files.rows_rejected
        OR files.rows_rejected <> coalesce(refused.rows_refused, 0)
    )
