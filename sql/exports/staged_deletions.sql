-- staged_deletions: ids of objects that were taken away, each with at most one problem.
-- From: ss12000_cells, person_keys, offered_files. Grain: an id of a file.
-- The standard gives no time of the deletion: it is said when the file was made. A person's key is
-- that of persons; the standard's own document writes `activitites`.
SELECT
    cells.file_id,
    cells.line_number,
    CASE WHEN cells.entity = 'activitites' THEN 'activities' ELSE cells.entity END AS resource_name,
    CASE WHEN cells.entity = 'persons' THEN person_keys.person_key ELSE object_key(cells.id) END
        AS object_key,
    stated_time(NULL, offered_files.exported_at) AS stated_at,
    offered_files.exported_at,
    CASE WHEN cells.id IS NULL THEN 'id.missing' END AS problem,
    cast(NULL AS VARCHAR) AS warning
FROM ss12000_cells AS cells
INNER JOIN offered_files ON cells.file_id = offered_files.file_id
LEFT JOIN person_keys ON cells.person = person_keys.person_text
WHERE cells.part = ''
