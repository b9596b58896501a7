-- ss12000_waiting: attendances of a batch that give no lesson yet, and what they wait for.
-- From: staged_attendances, ss12000_events, ss12000_persons, ss12000_exceptions. Grain: an
-- attendance without a problem.
SELECT
    staged.file_id,
    staged.line_number,
    CASE
        WHEN events.event_key IS NULL THEN 'event'
        WHEN persons.person_key IS NULL THEN 'person'
        ELSE 'length'
    END AS waits_for
FROM staged_attendances AS staged
LEFT JOIN ss12000_events AS events ON staged.event_key = events.event_key
LEFT JOIN ss12000_persons AS persons ON staged.person_key = persons.person_key
LEFT JOIN ss12000_exceptions AS exceptions
    ON
        staged.event_key = exceptions.event_key
        AND staged.person_key = exceptions.person_key
WHERE
    staged.problem IS NULL
    AND (
        events.event_key IS NULL
        OR persons.person_key IS NULL
        OR staged.valid_minutes + staged.invalid_minutes + staged.other_minutes
        > coalesce(exceptions.scheduled_minutes, events.scheduled_minutes)
    )
