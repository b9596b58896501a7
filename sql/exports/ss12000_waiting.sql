-- ss12000_waiting: attendances of a batch that give no lesson yet and what they wait for, or whose
-- minutes don't fit the lesson's length.
-- From: staged_attendances, ss12000_events, living_events, ss12000_persons, living_persons,
-- ss12000_exceptions, ss12000_activities. Grain: an attendance without a problem that has one of
-- these.
WITH joined AS (
    SELECT
        staged.*,  -- noqa: AM04
        events.event_key IS NULL AS lacks_event,
        persons.person_key IS NULL AS lacks_person,
        living_events.event_key IS NULL OR living_persons.person_key IS NULL AS is_deleted,
        coalesce(activities.has_attendance, TRUE) AS has_attendance,
        events.is_cancelled OR NOT coalesce(exceptions.is_participating, TRUE) AS is_cancelled,
        cast(staged.valid_minutes + staged.invalid_minutes + staged.other_minutes AS INTEGER)
            AS not_present,
        coalesce(exceptions.scheduled_minutes, events.scheduled_minutes) AS scheduled_minutes
    FROM staged_attendances AS staged
    LEFT JOIN ss12000_events AS events ON staged.event_key = events.event_key
    LEFT JOIN living_events ON staged.event_key = living_events.event_key
    LEFT JOIN ss12000_persons AS persons ON staged.person_key = persons.person_key
    LEFT JOIN living_persons ON staged.person_key = living_persons.person_key
    LEFT JOIN ss12000_activities AS activities ON events.activity_key = activities.activity_key
    LEFT JOIN ss12000_exceptions AS exceptions
        ON
            staged.event_key = exceptions.event_key
            AND staged.person_key = exceptions.person_key
    WHERE staged.problem IS NULL
),

stated AS (
    SELECT
        file_id,
        line_number,
        CASE
            WHEN lacks_event THEN 'event'
            WHEN lacks_person THEN 'person'
            WHEN is_deleted THEN 'deleted'
            WHEN NOT has_attendance THEN 'untaught'
            WHEN not_present > scheduled_minutes THEN 'length'
            WHEN NOT is_reported OR is_cancelled THEN NULL
            WHEN present_minutes < scheduled_minutes AND NOT has_absence THEN 'absence'
            WHEN present_minutes + not_present <> scheduled_minutes THEN 'sum'
        END AS waits_for
    FROM joined
)

SELECT
    file_id,
    line_number,
    waits_for
FROM stated
WHERE waits_for IS NOT NULL
