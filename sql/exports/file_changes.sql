-- file_changes: what one file changed in the lessons of the lake, in one snapshot.
-- From: inserted_lessons, deleted_lessons (rows that the snapshot added and took away),
-- covered_days (school units and dates of which the file said all, then).
-- Grain: a lesson that the file wrote, or a stored one that it removed. Parameter: $file_id.
-- A row that is written again with the same content is unchanged: only its export time is another.
WITH arrived AS (
    SELECT
        *,
        CASE
            WHEN lesson_id IS NULL
                THEN concat_ws(
                    chr(31), 'at', school_unit_code, cast(starts_at AS VARCHAR), lower(subject)
                )
            ELSE concat_ws(chr(31), 'id', split_part(lesson_id, chr(31), 1))
        END AS lesson,
        coalesce(ends_with(lesson_id, chr(31) || cast(lesson_date AS VARCHAR)), FALSE) AS is_slot,
        -- Compared within this answer only, so any hash will do.
        hash(
            school_unit_code, starts_at, scheduled_minutes, valid_minutes, invalid_minutes,
            other_minutes, is_reported, is_cancelled, class_name, grade, mentor_key
        ) AS content
    FROM inserted_lessons
),

gone AS (
    SELECT
        *,
        CASE
            WHEN lesson_id IS NULL
                THEN concat_ws(
                    chr(31), 'at', school_unit_code, cast(starts_at AS VARCHAR), lower(subject)
                )
            ELSE concat_ws(chr(31), 'id', split_part(lesson_id, chr(31), 1))
        END AS lesson,
        coalesce(ends_with(lesson_id, chr(31) || cast(lesson_date AS VARCHAR)), FALSE) AS is_slot,
        -- Compared within this answer only, so any hash will do.
        hash(
            school_unit_code, starts_at, scheduled_minutes, valid_minutes, invalid_minutes,
            other_minutes, is_reported, is_cancelled, class_name, grade, mentor_key
        ) AS content
    FROM deleted_lessons
)

SELECT
    CASE
        WHEN gone.pupil_key IS NULL THEN 'new'
        WHEN gone.content = arrived.content THEN 'unchanged'
        ELSE 'replaced'
    END AS fate,
    cast(arrived.pupil_key AS VARCHAR) AS pupil_key,
    arrived.school_unit_code,
    arrived.lesson_date,
    arrived.starts_at,
    arrived.subject,
    gone.scheduled_minutes AS old_scheduled_minutes,
    gone.valid_minutes AS old_valid_minutes,
    gone.invalid_minutes AS old_invalid_minutes,
    gone.is_reported AS was_reported,
    arrived.scheduled_minutes AS new_scheduled_minutes,
    arrived.valid_minutes AS new_valid_minutes,
    arrived.invalid_minutes AS new_invalid_minutes,
    arrived.is_reported
FROM arrived
LEFT JOIN gone
    ON
        arrived.pupil_key = gone.pupil_key
        AND arrived.lesson = gone.lesson
        -- A slot's lessons are one a date, also where the snapshot keyed them again.
        AND (arrived.lesson_date = gone.lesson_date OR NOT (arrived.is_slot OR gone.is_slot))
WHERE arrived.file_id = $file_id
UNION ALL
SELECT
    'removed' AS fate,
    cast(gone.pupil_key AS VARCHAR) AS pupil_key,
    gone.school_unit_code,
    gone.lesson_date,
    gone.starts_at,
    gone.subject,
    gone.scheduled_minutes AS old_scheduled_minutes,
    gone.valid_minutes AS old_valid_minutes,
    gone.invalid_minutes AS old_invalid_minutes,
    gone.is_reported AS was_reported,
    NULL AS new_scheduled_minutes,
    NULL AS new_valid_minutes,
    NULL AS new_invalid_minutes,
    NULL AS is_reported
FROM gone
LEFT JOIN arrived
    ON
        gone.pupil_key = arrived.pupil_key
        AND gone.lesson = arrived.lesson
        AND (gone.lesson_date = arrived.lesson_date OR NOT (arrived.is_slot OR gone.is_slot))
LEFT JOIN covered_days AS covered
    ON gone.school_unit_code = covered.school_unit_code AND gone.lesson_date = covered.lesson_date
WHERE
    arrived.pupil_key IS NULL
    -- Not in the complete file, or read of this file before and not again.
    AND (covered.lesson_date IS NOT NULL OR gone.file_id = $file_id)
