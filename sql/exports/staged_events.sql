-- staged_events: SS12000 calendar events as they are kept, each with at most one problem.
-- From: ss12000_cells, offered_files. Grain: an object of a file.
-- An event that gives no sound lesson is refused, so that what was said of it before still holds.
WITH read_events AS (
    SELECT
        cells.*,  -- noqa: AM04
        offered_files.exported_at,
        stockholm_time(cells.start_time) AS starts_at,
        stockholm_time(cells.end_time) AS ends_at,
        coalesce(cells.cancelled = 'true', FALSE) AS is_cancelled,
        CASE
            WHEN cells.teaching_minutes IS NOT NULL THEN whole_minutes(cells.teaching_minutes)
            -- Between moments, not clocks: a lesson over a change of the clocks is not longer.
            ELSE date_diff('minute', moment(cells.start_time), moment(cells.end_time))
        END AS length_minutes
    FROM ss12000_cells AS cells
    INNER JOIN offered_files ON cells.file_id = offered_files.file_id
    WHERE cells.part = ''
),

said_exceptions AS (
    SELECT DISTINCT
        file_id,
        line_number,
        person,
        participates,
        moment(start_time) AS starts_at,
        moment(end_time) AS ends_at,
        whole_minutes(teaching_minutes) AS minutes
    FROM ss12000_cells
    WHERE part = 'exceptions' AND person IS NOT NULL
),

-- Two exceptions of one pupil that differ: nobody knows which is meant.
competing_exceptions AS (
    SELECT
        file_id,
        line_number
    FROM said_exceptions
    GROUP BY file_id, line_number
    HAVING count(*) > count(DISTINCT person)
),

bad_exceptions AS (
    SELECT DISTINCT
        cells.file_id,
        cells.line_number
    FROM ss12000_cells AS cells
    INNER JOIN offered_files ON cells.file_id = offered_files.file_id
    WHERE
        cells.part = 'exceptions'
        AND (
            cells.person IS NULL
            OR coalesce(cells.participates NOT IN ('true', 'false'), TRUE)
            OR (cells.start_time IS NOT NULL AND moment(cells.start_time) IS NULL)
            OR (cells.end_time IS NOT NULL AND moment(cells.end_time) IS NULL)
            -- The pupil's own start decides the day, and has to be a day of the export too.
            OR NOT coalesce(
                believed_day(
                    cast(stockholm_time(cells.start_time) AS DATE), offered_files.exported_at
                ),
                TRUE
            )
            OR (
                cells.teaching_minutes IS NOT NULL AND cells.participates = 'true'
                AND coalesce(whole_minutes(cells.teaching_minutes) NOT BETWEEN 1 AND 600, TRUE)
            )
        )
)

SELECT
    read_events.file_id,
    read_events.line_number,
    object_key(read_events.id) AS event_key,
    read_events.id AS event_id,
    object_key(read_events.activity) AS activity_key,
    read_events.starts_at,
    -- A cancelled event counts nowhere, so that any length will do.
    cast(least(greatest(read_events.length_minutes, 1), 600) AS SMALLINT) AS scheduled_minutes,
    read_events.is_cancelled,
    stated_time(read_events.modified, read_events.exported_at) AS stated_at,
    read_events.exported_at,
    CASE
        WHEN read_events.fault IS NOT NULL THEN read_events.fault
        WHEN read_events.id IS NULL THEN 'id.missing'
        WHEN read_events.activity IS NULL THEN 'activity.missing'
        WHEN read_events.start_time IS NULL THEN 'startTime.missing'
        WHEN read_events.starts_at IS NULL THEN 'startTime.unreadable'
        WHEN NOT believed_day(cast(read_events.starts_at AS DATE), read_events.exported_at)
            THEN 'startTime.not_believed'
        WHEN read_events.end_time IS NULL THEN 'endTime.missing'
        WHEN read_events.ends_at IS NULL THEN 'endTime.unreadable'
        WHEN coalesce(read_events.cancelled NOT IN ('true', 'false'), FALSE)
            THEN 'cancelled.not_boolean'
        WHEN read_events.length_minutes IS NULL THEN 'teachingLengthStudent.unreadable'
        WHEN
            NOT read_events.is_cancelled AND read_events.length_minutes NOT BETWEEN 1 AND 600
            THEN 'teachingLengthStudent.out_of_range'
        WHEN bad_exceptions.file_id IS NOT NULL THEN 'exceptions.unreadable'
    END AS problem,
    CASE
        WHEN competing_exceptions.file_id IS NOT NULL THEN 'exceptions.contradict'
        WHEN read_events.modified IS NOT NULL AND moment(read_events.modified) IS NULL
            THEN 'meta.unreadable'
    END AS warning
FROM read_events
LEFT JOIN bad_exceptions
    ON
        read_events.file_id = bad_exceptions.file_id
        AND read_events.line_number = bad_exceptions.line_number
LEFT JOIN competing_exceptions
    ON
        read_events.file_id = competing_exceptions.file_id
        AND read_events.line_number = competing_exceptions.line_number
