-- staged_markings: the persons whom a file calls protected, in references too.
-- From: ss12000_cells, person_keys, offered_files. Grain: a person of a file.
-- Anything other than exactly `Ingen` protects, also in an object that is refused. A reference that
-- says `Ingen` is not here: it lifts nothing.
SELECT
    cells.file_id,
    person_keys.person_key,
    offered_files.source_tag,
    offered_files.exported_at
FROM ss12000_cells AS cells
INNER JOIN offered_files ON cells.file_id = offered_files.file_id
INNER JOIN person_keys ON cells.person = person_keys.person_text
WHERE cells.protected <> 'Ingen'
GROUP BY
    cells.file_id, person_keys.person_key, offered_files.source_tag, offered_files.exported_at
