-- staged_duty_roles: the assignment roles of SS12000 duties.
-- From: ss12000_cells. Grain: a role in a file.
SELECT
    parts.file_id,
    parts.line_number,
    object_key(duties.id) AS duty_key,
    object_key(parts.group_id) AS group_key,
    parts.role_type,
    record_date(parts.start_date) AS start_date,
    record_date(parts.end_date) AS end_date
FROM ss12000_cells AS parts
INNER JOIN ss12000_cells AS duties
    ON
        parts.file_id = duties.file_id
        AND parts.line_number = duties.line_number
        AND duties.part = ''
WHERE
    parts.part = 'roles'
    AND duties.id IS NOT NULL
    AND parts.group_id IS NOT NULL
    AND parts.role_type IS NOT NULL
    AND (parts.start_date IS NULL OR record_date(parts.start_date) IS NOT NULL)
    AND (parts.end_date IS NULL OR record_date(parts.end_date) IS NOT NULL)
