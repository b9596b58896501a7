-- staged_group_members: the members of SS12000 groups.
-- From: ss12000_cells, person_keys. Grain: a membership in a file.
SELECT
    parts.file_id,
    parts.line_number,
    object_key(whole_groups.id) AS group_key,
    person_keys.person_key,
    record_date(parts.start_date) AS start_date,
    record_date(parts.end_date) AS end_date
FROM ss12000_cells AS parts
INNER JOIN ss12000_cells AS whole_groups
    ON
        parts.file_id = whole_groups.file_id
        AND parts.line_number = whole_groups.line_number
        AND whole_groups.part = ''
INNER JOIN person_keys ON parts.person = person_keys.person_text
WHERE
    parts.part = 'members'
    AND whole_groups.id IS NOT NULL
    AND (parts.start_date IS NULL OR record_date(parts.start_date) IS NOT NULL)
    AND (parts.end_date IS NULL OR record_date(parts.end_date) IS NOT NULL)
