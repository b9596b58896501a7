-- staged_organisations: SS12000 organisations as they are kept, each with at most one problem.
-- From: ss12000_cells, offered_files. Grain: an object of a file.
SELECT
    cells.file_id,
    cells.line_number,
    object_key(cells.id) AS organisation_key,
    coalesce(cells.organisation_type, '') AS organisation_type,
    unit_code(cells.school_unit_code) AS school_unit_code,
    cells.school_name,
    stated_time(cells.modified, offered_files.exported_at) AS stated_at,
    offered_files.exported_at,
    CASE
        WHEN cells.fault IS NOT NULL THEN cells.fault
        WHEN cells.id IS NULL THEN 'id.missing'
        WHEN
            cells.school_unit_code IS NOT NULL AND unit_code(cells.school_unit_code) IS NULL
            THEN 'schoolUnitCode.unreadable'
    END AS problem,
    CASE
        WHEN cells.modified IS NOT NULL AND moment(cells.modified) IS NULL THEN 'meta.unreadable'
    END AS warning
FROM ss12000_cells AS cells
INNER JOIN offered_files ON cells.file_id = offered_files.file_id
WHERE cells.part = ''
