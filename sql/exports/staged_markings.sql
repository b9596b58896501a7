-- staged_markings: what a file says of persons' protection, in references too.
-- From: ss12000_cells, person_keys, offered_files. Grain: a person of a file; the strictest counts.
-- A person of whom nothing is said is not here: silence undoes nothing. Rows that are refused for
-- something else count.
SELECT
    cells.file_id,
    person_keys.person_key,
    offered_files.exported_at,
    bool_or(cells.protected <> 'Ingen') AS is_protected
FROM ss12000_cells AS cells
INNER JOIN offered_files ON cells.file_id = offered_files.file_id
INNER JOIN person_keys ON cells.person = person_keys.person_text
WHERE cells.protected IS NOT NULL
GROUP BY cells.file_id, person_keys.person_key, offered_files.exported_at
