-- blanked_lessons: how many lessons of the lake that each file of this batch would remove or blank.
-- From: lessons, arriving_lessons, arriving_snapshots, watched_files (those whose sender may not
-- remove lessons). Grain: a file, school unit and month. Asked about are lessons that have been, or
-- were reported, and are not cancelled.
-- A lesson is blanked by a newer row of its id, or of half its time and its subject, that cancels
-- it, moves it to another day, no longer reports it, has no minute of its absence left, or less
-- than half of its length; unless another newer row says it whole. It is removed by a newer
-- complete file without any such row. Lessons still to come, unreported, are a plan.
-- Parameters: $first_date, $last_date, $first_school and $last_school of the arriving rows and of
-- what complete files cover (they prune the files that the scan opens); $has_ids.
WITH pairs AS (
    SELECT
        stored.rowid AS stored_row,
        stored.school_unit_code,
        stored.lesson_date,
        arriving.exported_at,
        arriving.file_id,
        stored.lesson_date = arriving.lesson_date
        AND says_whole(
            arriving.is_cancelled,
            arriving.is_reported,
            arriving.scheduled_minutes,
            arriving.valid_minutes + arriving.invalid_minutes,
            stored.is_reported,
            stored.scheduled_minutes,
            stored.valid_minutes + stored.invalid_minutes
        ) AS is_whole
    FROM lessons AS stored
    INNER JOIN arriving_lessons AS arriving
        ON stored.pupil_key = arriving.pupil_key AND stored.lesson_id = arriving.lesson_id
    WHERE
        $has_ids
        AND stored.lesson_id IS NOT NULL
        AND NOT stored.is_cancelled
        AND (stored.is_reported OR stored.lesson_date <= cast(arriving.exported_at AS DATE))
        AND (arriving.exported_at, arriving.file_id) > (stored.exported_at, stored.file_id)
    UNION ALL
    SELECT
        stored.rowid AS stored_row,
        stored.school_unit_code,
        stored.lesson_date,
        arriving.exported_at,
        arriving.file_id,
        says_whole(
            arriving.is_cancelled,
            arriving.is_reported,
            arriving.scheduled_minutes,
            arriving.valid_minutes + arriving.invalid_minutes,
            stored.is_reported,
            stored.scheduled_minutes,
            stored.valid_minutes + stored.invalid_minutes
        ) AS is_whole
    FROM lessons AS stored
    INNER JOIN arriving_lessons AS arriving
        ON
            stored.pupil_key = arriving.pupil_key
            AND stored.school_unit_code = arriving.school_unit_code
            AND stored.lesson_date = arriving.lesson_date
            AND lower(stored.subject) = lower(arriving.subject)
    WHERE
        stored.lesson_date BETWEEN $first_date AND $last_date
        AND stored.school_unit_code BETWEEN $first_school AND $last_school
        AND NOT stored.is_cancelled
        AND (stored.is_reported OR stored.lesson_date <= cast(arriving.exported_at AS DATE))
        AND (arriving.exported_at, arriving.file_id) > (stored.exported_at, stored.file_id)
        AND shares_half(
            stored.starts_at,
            stored.scheduled_minutes,
            arriving.starts_at,
            arriving.scheduled_minutes
        )
),

spoken_of AS (
    SELECT
        stored_row,
        any_value(school_unit_code) AS school_unit_code,
        any_value(lesson_date) AS lesson_date,
        bool_or(is_whole) AS is_whole,
        arg_max(file_id, (exported_at, file_id)) AS file_id
    FROM pairs
    GROUP BY stored_row
),

left_out AS (
    SELECT
        stored.rowid AS stored_row,
        stored.school_unit_code,
        stored.lesson_date,
        snapshots.file_id
    FROM lessons AS stored
    INNER JOIN arriving_snapshots AS snapshots
        ON
            stored.school_unit_code = snapshots.school_unit_code
            AND stored.lesson_date = snapshots.lesson_date
    WHERE
        stored.lesson_date BETWEEN $first_date AND $last_date
        AND stored.school_unit_code BETWEEN $first_school AND $last_school
        AND NOT stored.is_cancelled
        AND (stored.is_reported OR stored.lesson_date <= cast(snapshots.exported_at AS DATE))
        AND (snapshots.exported_at, snapshots.file_id) > (stored.exported_at, stored.file_id)
        AND stored.rowid NOT IN (SELECT spoken_of.stored_row FROM spoken_of)
),

blanked AS (
    SELECT
        stored_row,
        school_unit_code,
        lesson_date,
        file_id
    FROM spoken_of
    WHERE NOT is_whole
    UNION ALL
    -- Of several complete files one is enough to name.
    SELECT
        stored_row,
        any_value(school_unit_code) AS school_unit_code,
        any_value(lesson_date) AS lesson_date,
        max(file_id) AS file_id
    FROM left_out
    GROUP BY stored_row
)

SELECT
    watched.sender,
    blanked.file_id,
    blanked.school_unit_code,
    cast(date_trunc('month', blanked.lesson_date) AS DATE) AS month_first_date,
    count(*) AS lessons
FROM blanked
INNER JOIN watched_files AS watched ON blanked.file_id = watched.file_id
GROUP BY ALL
