-- staged_event_exceptions: the student exceptions of SS12000 calendar events.
-- From: ss12000_cells, person_keys. Grain: an exception in a file.
-- A length that is not given is that of the event; with own times and an event that gives no
-- teaching length, it is the time between them.
WITH read_exceptions AS (
    SELECT
        parts.file_id,
        parts.line_number,
        object_key(events.id) AS event_key,
        person_keys.person_key,
        coalesce(parts.participates = 'true', FALSE) AS is_participating,
        stockholm_time(parts.start_time) AS starts_at,
        CASE
            WHEN parts.teaching_minutes IS NOT NULL
                THEN cast(
                    least(greatest(whole_minutes(parts.teaching_minutes), 1), 600) AS SMALLINT
                )
            WHEN
                events.teaching_minutes IS NULL
                AND (parts.start_time IS NOT NULL OR parts.end_time IS NOT NULL)
                THEN cast(
                    least(
                        greatest(
                            date_diff(
                                'minute',
                                moment(coalesce(parts.start_time, events.start_time)),
                                moment(coalesce(parts.end_time, events.end_time))
                            ), 1
                        ), 600
                    ) AS SMALLINT
                )
        END AS scheduled_minutes
    FROM ss12000_cells AS parts
    INNER JOIN ss12000_cells AS events
        ON
            parts.file_id = events.file_id
            AND parts.line_number = events.line_number
            AND events.part = ''
    INNER JOIN person_keys ON parts.person = person_keys.person_text
    WHERE parts.part = 'exceptions' AND events.id IS NOT NULL
)

SELECT * FROM read_exceptions
-- Two words about one pupil, of which we warn: the one that keeps the lesson counts, and of those
-- the longest, so that no absence is lost. Whoever was reported at a lesson was expected there.
QUALIFY row_number() OVER (
    PARTITION BY file_id, line_number, person_key
    ORDER BY
        is_participating DESC,
        scheduled_minutes DESC NULLS FIRST,
        starts_at ASC NULLS FIRST
) = 1
