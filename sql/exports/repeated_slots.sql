-- repeated_slots: sources of which one file has an id of a pupil on several dates.
-- From: batch_lessons, batch_sources (files with their layouts), asked_files (which of them to look
-- at). Grain: a layout and school unit. Such ids are timetable slots, unless the layout says not.
SELECT DISTINCT
    sources.layout,
    repeated.school_unit_code
FROM (
    SELECT
        file_id,
        school_unit_code
    FROM batch_lessons
    WHERE
        problem IS NULL
        AND lesson_id IS NOT NULL
        AND file_id IN (SELECT asked_files.file_id FROM asked_files)
    GROUP BY file_id, school_unit_code, pupil_key, lesson_id
    HAVING min(lesson_date) <> max(lesson_date)
) AS repeated
INNER JOIN batch_sources AS sources ON repeated.file_id = sources.file_id
WHERE sources.lesson_id IS NULL
