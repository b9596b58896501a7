-- arriving_absence_coverage: of what this batch's files of absences speak.
-- From: batch_joined, covered_spans (files, their days, and whether each has whole classes),
-- covered_units (school units that a layout or a name says), offered_files.
-- Grain: a file and school unit, or class. A file whose school is said speaks of no other.
WITH places AS (
    SELECT DISTINCT
        batch.file_id,
        batch.school_unit_code,
        CASE WHEN spans.is_of_classes THEN coalesce(batch.class_name, '') END AS class_name
    FROM batch_joined AS batch
    INNER JOIN covered_spans AS spans ON batch.file_id = spans.file_id
    WHERE
        batch.problem IS NULL
        AND NOT coalesce(spans.is_of_classes AND coalesce(batch.class_name, '') = '', FALSE)
    UNION
    SELECT
        units.file_id,
        units.school_unit_code,
        cast(NULL AS VARCHAR) AS class_name
    FROM covered_units AS units
    INNER JOIN covered_spans AS spans ON units.file_id = spans.file_id
    WHERE NOT spans.is_of_classes
)

SELECT
    places.school_unit_code,
    places.class_name,
    spans.first_date,
    spans.last_date,
    spans.is_complete,
    offered_files.exported_at,
    places.file_id
FROM places
INNER JOIN covered_spans AS spans ON places.file_id = spans.file_id
INNER JOIN offered_files ON places.file_id = offered_files.file_id
WHERE
    places.school_unit_code IN (
        SELECT units.school_unit_code
        FROM covered_units AS units
        WHERE units.file_id = places.file_id
    )
    OR places.file_id NOT IN (SELECT units.file_id FROM covered_units AS units)
