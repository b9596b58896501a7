-- odd_minutes: pupils' lessons of SS12000 whose present and other minutes don't fit their length.
-- From: lessons, belonging, ss12000_events, ss12000_persons, ss12000_attendances. Grain: a school
-- unit. Parameters: $first_date, $as_of. A protected pupil's lessons are left out, as in all that a
-- list shows. `unexplained` are those taken as not reported: too few present minutes, and no word
-- of absence.
WITH compared AS (
    SELECT
        lessons.school_unit_code,
        lessons.is_reported,
        attendances.present_minutes + lessons.valid_minutes + lessons.invalid_minutes
        + lessons.other_minutes - lessons.scheduled_minutes AS surplus_minutes
    FROM ss12000_attendances AS attendances
    INNER JOIN ss12000_events AS events ON attendances.event_key = events.event_key
    INNER JOIN ss12000_persons AS persons ON attendances.person_key = persons.person_key
    -- Only the word that the lesson was made of.
    INNER JOIN lessons
        ON
            events.event_id = lessons.lesson_id
            AND persons.pupil_key = lessons.pupil_key
            AND attendances.file_id = lessons.file_id
    INNER JOIN belonging
        ON lessons.pupil_key = belonging.pupil_key AND NOT belonging.is_protected
    WHERE
        attendances.is_reported
        AND attendances.present_minutes IS NOT NULL
        AND NOT lessons.is_cancelled
        AND lessons.lesson_date BETWEEN $first_date AND $as_of
)

SELECT
    school_unit_code,
    count(*) FILTER (WHERE is_reported) AS differing,
    count(*) FILTER (WHERE NOT is_reported) AS unexplained
FROM compared
WHERE surplus_minutes <> 0
GROUP BY school_unit_code
