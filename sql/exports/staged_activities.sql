-- staged_activities: SS12000 activities as they are kept, each with at most one problem.
-- From: ss12000_cells, offered_files. Grain: an object of a file.
-- The activity's own name is not kept: it can name the one pupil whom it is for.
SELECT
    cells.file_id,
    cells.line_number,
    object_key(cells.id) AS activity_key,
    object_key(cells.organisation) AS organisation_key,
    cells.subject,
    -- What is not taught is not to be reported either, and no lesson.
    NOT list_contains(['Övrigt', 'Läraraktivitet'], nfc_normalize(cells.activity_type))
        AS has_attendance,
    stated_time(cells.modified, offered_files.exported_at) AS stated_at,
    offered_files.exported_at,
    CASE
        WHEN cells.fault IS NOT NULL THEN cells.fault
        WHEN cells.id IS NULL THEN 'id.missing'
    END AS problem,
    CASE
        WHEN cells.modified IS NOT NULL AND moment(cells.modified) IS NULL THEN 'meta.unreadable'
    END AS warning
FROM ss12000_cells AS cells
INNER JOIN offered_files ON cells.file_id = offered_files.file_id
WHERE cells.part = ''
