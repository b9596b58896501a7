-- keyed_school_breaks: staged breaks with the time of their export.
-- From: staged_school_breaks, offered_files. Grain: a data row of a file.
SELECT
    staged.*,  -- noqa: AM04
    offered_files.exported_at
FROM staged_school_breaks AS staged
INNER JOIN offered_files ON staged.file_id = offered_files.file_id
