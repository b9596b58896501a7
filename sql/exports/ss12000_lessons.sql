-- ss12000_lessons: the lessons that affected attendances give, as they are stored.
-- From: affected_pairs (event and person), living_attendances, living_events, ss12000_exceptions,
-- living_persons, living_activities, ss12000_organisations, ss12000_places; `living_` is what was
-- not taken away at the source.
-- Grain: an event and pupil. What has no event, person or school unit yet is not here: it waits.
-- Present minutes fewer than the lesson's, and no word of absence, leave it unreported.
WITH spoken AS (
    SELECT attendances.*
    FROM living_attendances AS attendances
    INNER JOIN affected_pairs
        ON
            attendances.event_key = affected_pairs.event_key
            AND attendances.person_key = affected_pairs.person_key
),

joined AS (
    SELECT
        spoken.*,
        persons.pupil_key,
        events.event_id,
        activities.subject,
        activities.has_attendance,
        organisations.school_unit_code AS activity_unit_code,
        coalesce(exceptions.starts_at, events.starts_at) AS starts_at,
        coalesce(exceptions.scheduled_minutes, events.scheduled_minutes) AS scheduled_minutes,
        events.is_cancelled OR NOT coalesce(exceptions.is_participating, TRUE) AS is_cancelled
    FROM spoken
    INNER JOIN living_events AS events ON spoken.event_key = events.event_key
    INNER JOIN living_persons AS persons ON spoken.person_key = persons.person_key
    LEFT JOIN ss12000_exceptions AS exceptions
        ON
            spoken.event_key = exceptions.event_key
            AND spoken.person_key = exceptions.person_key
    LEFT JOIN living_activities AS activities ON events.activity_key = activities.activity_key
    LEFT JOIN ss12000_organisations AS organisations
        ON activities.organisation_key = organisations.organisation_key
),

placed AS (
    SELECT
        joined.pupil_key,
        -- Who gives the lesson, else where the pupil is enrolled, else whose class it is.
        coalesce(
            joined.activity_unit_code, places.enroled_unit_code, places.class_unit_code
        ) AS school_unit_code,
        cast(joined.starts_at AS DATE) AS lesson_date,
        joined.starts_at,
        coalesce(joined.subject, '') AS subject,
        joined.event_id AS lesson_id,
        joined.scheduled_minutes,
        joined.valid_minutes,
        joined.invalid_minutes,
        joined.other_minutes,
        joined.is_reported
        AND coalesce(joined.has_absence OR joined.present_minutes >= joined.scheduled_minutes, TRUE)
            AS is_reported,
        joined.is_cancelled,
        places.class_name,
        places.grade,
        places.mentor_key,
        joined.exported_at,
        joined.file_id,
        joined.stated_at,
        joined.attendance_key
    FROM joined
    INNER JOIN ss12000_places AS places
        ON
            joined.person_key = places.person_key
            AND cast(joined.starts_at AS DATE) BETWEEN places.first_date AND places.last_date
    WHERE
        places.is_compulsory
        AND coalesce(joined.has_attendance, TRUE)
        AND joined.valid_minutes + joined.invalid_minutes + joined.other_minutes
        <= joined.scheduled_minutes
)

SELECT
    row_number() OVER () AS batch_row,
    pupil_key,
    school_unit_code,
    lesson_date,
    starts_at,
    subject,
    lesson_id,
    scheduled_minutes,
    valid_minutes,
    invalid_minutes,
    other_minutes,
    is_reported,
    is_cancelled,
    class_name,
    grade,
    mentor_key,
    exported_at,
    file_id
FROM placed
WHERE school_unit_code IS NOT NULL
-- Two attendances of one pupil and event, or two persons with one number: the newest word counts.
QUALIFY row_number() OVER (
    PARTITION BY lesson_id, pupil_key
    ORDER BY stated_at DESC, exported_at DESC, file_id DESC, attendance_key DESC
) = 1
