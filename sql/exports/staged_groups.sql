-- staged_groups: SS12000 groups as they are kept, each with at most one problem.
-- From: ss12000_cells, offered_files. Grain: an object of a file.
-- Only a class keeps its name: the name of a group of one pupil can be the pupil's.
SELECT
    cells.file_id,
    cells.line_number,
    object_key(cells.id) AS group_key,
    cells.group_type,
    CASE WHEN cells.group_type = 'Klass' THEN plain_text(cells.class_name) END AS class_name,
    object_key(cells.organisation) AS organisation_key,
    record_date(cells.start_date) AS start_date,
    record_date(cells.end_date) AS end_date,
    stated_time(cells.modified, offered_files.exported_at) AS stated_at,
    offered_files.exported_at,
    CASE
        WHEN starts_with(cells.fault, 'object.') THEN cells.fault
        WHEN cells.id IS NULL THEN 'id.missing'
        WHEN cells.group_type IS NULL THEN 'groupType.missing'
        WHEN cells.start_date IS NOT NULL AND record_date(cells.start_date) IS NULL
            THEN 'startDate.unreadable'
        WHEN cells.end_date IS NOT NULL AND record_date(cells.end_date) IS NULL
            THEN 'endDate.unreadable'
    END AS problem,
    CASE
        WHEN cells.fault IS NOT NULL THEN cells.fault
        WHEN
            EXISTS (
                SELECT 1 FROM ss12000_cells AS parts
                WHERE
                    parts.part = 'members'
                    AND parts.file_id = cells.file_id
                    AND parts.line_number = cells.line_number
                    AND (
                        parts.person IS NULL
                        OR (
                            parts.start_date IS NOT NULL AND record_date(parts.start_date) IS NULL
                        )
                        OR (parts.end_date IS NOT NULL AND record_date(parts.end_date) IS NULL)
                    )
            )
            THEN 'members.unreadable'
        WHEN cells.modified IS NOT NULL AND moment(cells.modified) IS NULL THEN 'meta.unreadable'
    END AS warning
FROM ss12000_cells AS cells
INNER JOIN offered_files ON cells.file_id = offered_files.file_id
WHERE cells.part = ''
