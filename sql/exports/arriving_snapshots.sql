-- arriving_snapshots: the school units and dates of which this batch's complete files say all.
-- From: batch_lessons, complete_files (files that restate a whole period, none of whose rows was
-- refused). Grain: a school unit and date of a file.
-- A file covers, for each of its school units, every date from its first to its last lesson there.
WITH spans AS (
    SELECT
        school_unit_code,
        min(lesson_date) AS first_date,
        max(lesson_date) AS last_date,
        exported_at,
        file_id
    FROM batch_lessons
    WHERE file_id IN (SELECT complete_files.file_id FROM complete_files)
    GROUP BY school_unit_code, exported_at, file_id
)

SELECT
    school_unit_code,
    cast(unnest(generate_series(first_date, last_date, INTERVAL 1 DAY)) AS DATE) AS lesson_date,
    exported_at,
    file_id
FROM spans
