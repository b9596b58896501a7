-- staged_not_protected: the persons of whom their own object says that they are not protected.
-- From: ss12000_cells, person_keys, offered_files. Grain: an object of a file of persons.
-- Whether it was taken, and has a place, is looked at when it is stored.
SELECT
    cells.file_id,
    cells.line_number,
    person_keys.person_key,
    offered_files.source_tag,
    offered_files.releases_needed,
    offered_files.exported_at
FROM ss12000_cells AS cells
INNER JOIN offered_files ON cells.file_id = offered_files.file_id
INNER JOIN person_keys ON cells.person = person_keys.person_text
WHERE
    cells.part = ''
    AND cells.protected = 'Ingen'
    -- Else nobody knows whether it is newer than anything.
    AND offered_files.is_time_believed
    -- Another sender's is no word.
    AND offered_files.may_lift
