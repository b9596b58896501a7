-- arriving_planned: lessons of this batch's timetables, as rows of `planned_lessons`.
-- From: batch_joined. Grain: a file's lesson of a pupil. Parameter: $ids, the files.
SELECT
    pupil_key,
    school_unit_code,
    lesson_date,
    starts_at,
    subject,
    cast(scheduled_minutes AS SMALLINT) AS scheduled_minutes,
    is_cancelled,
    class_name,
    grade,
    mentor_key,
    exported_at,
    file_id
FROM batch_joined
WHERE problem IS NULL AND file_id IN (SELECT unnest(cast($ids AS BIGINT[])))
-- Of equal rows one; one that is held before a cancelled one, as everywhere.
QUALIFY row_number() OVER (
    PARTITION BY file_id, pupil_key, school_unit_code, starts_at, lower(subject)
    ORDER BY is_cancelled ASC, scheduled_minutes DESC, line_number ASC
) = 1
