-- staged_persons: SS12000 persons as they are kept, each with at most one problem.
-- From: ss12000_cells, sealed_persons (keys and seals of the same rows), offered_files.
-- Grain: an object of a file. A person without a number that can be read is taken, by its id.
SELECT
    cells.file_id,
    cells.line_number,
    sealed_persons.person_key,
    sealed_persons.pupil_key,
    sealed_persons.content_key,
    sealed_persons.sealed,
    sealed_persons.staff_key,
    sealed_persons.sealed_staff,
    sealed_persons.number_key,
    stated_time(cells.modified, offered_files.exported_at) AS stated_at,
    offered_files.exported_at,
    CASE
        WHEN starts_with(cells.fault, 'object.') THEN cells.fault
        WHEN cells.id IS NULL THEN 'id.missing'
    END AS problem,
    CASE
        WHEN cells.fault IS NOT NULL THEN cells.fault
        WHEN
            EXISTS (
                SELECT 1 FROM ss12000_cells AS parts
                WHERE
                    parts.part = 'enrolments'
                    AND parts.file_id = cells.file_id
                    AND parts.line_number = cells.line_number
                    AND (
                        parts.organisation IS NULL
                        OR parts.school_type IS NULL
                        OR record_date(parts.start_date) IS NULL
                        OR (parts.end_date IS NOT NULL AND record_date(parts.end_date) IS NULL)
                    )
            )
            THEN 'enrolments.unreadable'
        WHEN
            sealed_persons.civic_problem IS NOT NULL
            -- Staff need none.
            AND (
                cells.civic_no IS NOT NULL
                OR EXISTS (
                    SELECT 1 FROM ss12000_cells AS parts
                    WHERE
                        parts.part = 'enrolments'
                        AND parts.file_id = cells.file_id
                        AND parts.line_number = cells.line_number
                )
            )
            THEN 'civicNo.unreadable'
        WHEN cells.modified IS NOT NULL AND moment(cells.modified) IS NULL THEN 'meta.unreadable'
    END AS warning
FROM ss12000_cells AS cells
INNER JOIN offered_files ON cells.file_id = offered_files.file_id
LEFT JOIN sealed_persons
    ON
        cells.file_id = sealed_persons.file_id
        AND cells.line_number = sealed_persons.line_number
WHERE cells.part = ''
