-- restated_lessons: lessons that are not as they were when a list was made, and who said so.
-- From: lessons_then (the rows of that snapshot, with the keys that pupils have today), lessons,
-- asked_pupils, removed_lessons, lesson_snapshots, files.
-- Grain: a lesson of an asked pupil that was added, removed or changed.
-- Parameters: $first_date, $as_of: the days that the list rested on.
WITH present AS (
    SELECT
        lessons.*,
        coalesce(
            'id' || lessons.lesson_id,
            concat_ws(
                chr(31), lessons.school_unit_code, cast(lessons.starts_at AS VARCHAR),
                lower(lessons.subject)
            )
        ) AS lesson
    FROM lessons
    INNER JOIN asked_pupils ON lessons.pupil_key = asked_pupils.pupil_key
    -- A lesson with an id may have been moved; by more than a month it is another one.
    WHERE lessons.lesson_date BETWEEN $first_date - 31 AND $as_of + 31
),

past AS (
    SELECT
        lessons_then.*,
        coalesce(
            'id' || CASE
                -- Since then the id was found to be a timetable slot's, and got its date.
                WHEN
                    (
                        lessons_then.pupil_key,
                        lessons_then.lesson_id || chr(31)
                        || cast(lessons_then.lesson_date AS VARCHAR)
                    ) IN (SELECT (present.pupil_key, present.lesson_id) FROM present)
                    THEN
                        lessons_then.lesson_id || chr(31)
                        || cast(lessons_then.lesson_date AS VARCHAR)
                ELSE lessons_then.lesson_id
            END,
            concat_ws(
                chr(31), lessons_then.school_unit_code, cast(lessons_then.starts_at AS VARCHAR),
                lower(lessons_then.subject)
            )
        ) AS lesson
    FROM lessons_then
    INNER JOIN asked_pupils ON lessons_then.pupil_key = asked_pupils.pupil_key
    WHERE lessons_then.lesson_date BETWEEN $first_date - 31 AND $as_of + 31
),

differing AS (
    SELECT
        coalesce(present.pupil_key, past.pupil_key) AS pupil_key,
        coalesce(present.lesson, past.lesson) AS lesson,
        coalesce(present.school_unit_code, past.school_unit_code) AS school_unit_code,
        coalesce(present.lesson_date, past.lesson_date) AS lesson_date,
        coalesce(present.starts_at, past.starts_at) AS starts_at,
        coalesce(present.subject, past.subject) AS subject,
        CASE
            WHEN past.pupil_key IS NULL THEN 'added'
            WHEN present.pupil_key IS NULL THEN 'removed'
            ELSE 'changed'
        END AS fate,
        past.scheduled_minutes AS then_scheduled_minutes,
        past.is_reported AS then_is_reported,
        past.valid_minutes AS then_valid_minutes,
        past.invalid_minutes AS then_invalid_minutes,
        past.is_cancelled AS then_is_cancelled,
        present.scheduled_minutes AS now_scheduled_minutes,
        present.is_reported AS now_is_reported,
        present.valid_minutes AS now_valid_minutes,
        present.invalid_minutes AS now_invalid_minutes,
        present.is_cancelled AS now_is_cancelled,
        coalesce(present.file_id, removed_lessons.file_id, lesson_snapshots.file_id) AS file_id
    FROM present
    FULL JOIN past ON present.pupil_key = past.pupil_key AND present.lesson = past.lesson
    -- A row that is gone was left out by a file that said all of its day.
    LEFT JOIN removed_lessons
        ON
            past.pupil_key = removed_lessons.pupil_key
            AND past.lesson_id = removed_lessons.lesson_id
    LEFT JOIN lesson_snapshots
        ON
            past.school_unit_code = lesson_snapshots.school_unit_code
            AND past.lesson_date = lesson_snapshots.lesson_date
    WHERE
        (
            present.lesson_date BETWEEN $first_date AND $as_of
            OR past.lesson_date BETWEEN $first_date AND $as_of
        )
        AND (
            present.pupil_key IS NULL
            OR past.pupil_key IS NULL
            OR present.starts_at <> past.starts_at
            OR present.scheduled_minutes <> past.scheduled_minutes
            OR present.is_reported <> past.is_reported
            OR present.valid_minutes <> past.valid_minutes
            OR present.invalid_minutes <> past.invalid_minutes
            OR present.is_cancelled <> past.is_cancelled
        )
),

sources AS (
    -- A file that was read again has several rows in the ledger.
    SELECT *
    FROM files
    WHERE outcome NOT IN ('duplicate', 'quarantined', 'awaiting_release')
    QUALIFY row_number() OVER (PARTITION BY file_id ORDER BY received_at ASC) = 1
)

SELECT
    differing.* REPLACE (cast(differing.pupil_key AS VARCHAR) AS pupil_key),  -- noqa: AM04
    left(sources.file_sha256, 12) AS file_sha256,
    sources.layout,
    sources.exported_at,
    sources.received_at
FROM differing
LEFT JOIN sources ON differing.file_id = sources.file_id
ORDER BY differing.pupil_key, differing.starts_at, differing.subject
