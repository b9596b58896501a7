-- superseded_lessons: stated lessons that another row stands for: steps 2 and 3 of which count.
-- From: undisputed_lessons, joint_lessons, lessons, contradicted_lessons, lesson_snapshots,
-- removed_lessons. Grain: a stated row that does not count; `beside_row` is the newest that stands
-- for it, null where that is not of the day.
WITH same_lesson AS (
    -- At one start, also under two ids, or one and none; without a subject two ids are two lessons.
    SELECT
        older.stated_row,
        newer.stated_row AS beside_row,
        newer.exported_at,
        newer.file_id
    FROM undisputed_lessons AS older
    INNER JOIN undisputed_lessons AS newer
        ON
            older.pupil_key = newer.pupil_key
            AND older.school_unit_code = newer.school_unit_code
            AND older.starts_at = newer.starts_at
            AND older.taught = newer.taught
    WHERE
        older.stated_row <> newer.stated_row
        AND NOT older.is_cancelled
        AND NOT (older.is_event AND newer.is_event)
        AND (
            older.taught <> ''
            OR coalesce(older.lesson_id, newer.lesson_id, '')
            = coalesce(newer.lesson_id, older.lesson_id, '')
        )
        -- A sound word stands before rows that contradict each other, whichever is newer.
        AND CASE
            WHEN older.is_contradicted <> newer.is_contradicted THEN older.is_contradicted
            ELSE (newer.exported_at, newer.file_id) > (older.exported_at, older.file_id)
        END
),

retimed AS (
    -- At another start: the later export's, unless one export held both.
    SELECT
        older.stated_row,
        newer.stated_row AS beside_row,
        newer.exported_at,
        newer.file_id
    FROM undisputed_lessons AS older
    INNER JOIN undisputed_lessons AS newer
        ON
            older.pupil_key = newer.pupil_key
            AND older.school_unit_code = newer.school_unit_code
            AND older.lesson_date = newer.lesson_date
            AND older.taught = newer.taught
            AND older.starts_at <> newer.starts_at
            AND older.file_id <> newer.file_id
    ANTI JOIN joint_lessons AS joint
        ON
            older.pupil_key = joint.pupil_key
            AND older.school_unit_code = joint.school_unit_code
            AND older.lesson_date = joint.lesson_date
            AND older.taught = joint.subject
            AND (
                (
                    (
                        older.starts_at = joint.first_starts_at
                        OR coalesce(older.lesson_id = joint.first_lesson_id, FALSE)
                    )
                    AND (
                        newer.starts_at = joint.second_starts_at
                        OR coalesce(newer.lesson_id = joint.second_lesson_id, FALSE)
                    )
                )
                OR (
                    (
                        newer.starts_at = joint.first_starts_at
                        OR coalesce(newer.lesson_id = joint.first_lesson_id, FALSE)
                    )
                    AND (
                        older.starts_at = joint.second_starts_at
                        OR coalesce(older.lesson_id = joint.second_lesson_id, FALSE)
                    )
                )
            )
    WHERE
        NOT older.is_cancelled
        AND NOT newer.is_cancelled
        AND NOT (older.is_event AND newer.is_event)
        AND 2 * (
            least(
                older.first_minute + older.scheduled_minutes,
                newer.first_minute + newer.scheduled_minutes
            ) - greatest(older.first_minute, newer.first_minute)
        ) >= least(older.scheduled_minutes, newer.scheduled_minutes)
        AND CASE
            WHEN older.is_contradicted <> newer.is_contradicted THEN older.is_contradicted
            ELSE (newer.exported_at, newer.file_id) > (older.exported_at, older.file_id)
        END
),

elsewhere AS (
    -- Contradicted, and another word about the same id lies on another day or hour, or a newer
    -- complete file lacks the lesson.
    SELECT stated.stated_row
    FROM undisputed_lessons AS stated
    SEMI JOIN lessons
        ON
            stated.pupil_key = lessons.pupil_key
            AND stated.lesson_id = lessons.lesson_id
    WHERE stated.is_contradicted
    UNION
    SELECT stated.stated_row
    FROM undisputed_lessons AS stated
    INNER JOIN contradicted_lessons AS newer
        ON
            stated.pupil_key = newer.pupil_key
            AND stated.lesson_id = newer.lesson_id
            AND (newer.exported_at, newer.file_id)
            > (stated.exported_at, stated.file_id)
    WHERE stated.is_contradicted
    UNION
    SELECT stated.stated_row
    FROM undisputed_lessons AS stated
    INNER JOIN lesson_snapshots AS snapshots
        ON
            stated.school_unit_code = snapshots.school_unit_code
            AND stated.lesson_date = snapshots.lesson_date
            AND (snapshots.exported_at, snapshots.file_id)
            > (stated.exported_at, stated.file_id)
    WHERE stated.is_contradicted
    UNION
    SELECT stated.stated_row
    FROM undisputed_lessons AS stated
    INNER JOIN removed_lessons AS removed
        ON
            stated.pupil_key = removed.pupil_key
            AND stated.lesson_id = removed.lesson_id
            AND (removed.exported_at, removed.file_id)
            >= (stated.exported_at, stated.file_id)
    WHERE stated.is_contradicted
),

stands_for AS (
    SELECT
        stated_row,
        beside_row,
        exported_at,
        file_id
    FROM same_lesson
    UNION ALL
    SELECT
        stated_row,
        beside_row,
        exported_at,
        file_id
    FROM retimed
    UNION ALL
    SELECT
        stated_row,
        NULL AS beside_row,
        NULL AS exported_at,
        NULL AS file_id
    FROM elsewhere
)

SELECT
    stated_row,
    arg_max(beside_row, (exported_at, file_id, beside_row)) AS beside_row
FROM stands_for
GROUP BY stated_row
