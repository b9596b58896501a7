-- event_gaps: lessons on SS12000 calendars of which no pupil's attendance was ever sent.
-- From: ss12000_events, ss12000_activities, ss12000_organisations, ss12000_attendances,
-- ss12000_deletions. Grain: a school unit some of whose events have attendances.
-- Parameters: $first_date, $as_of. Nothing says whose lessons they are, so they count in no sum.
WITH attended AS (
    SELECT DISTINCT attendances.event_key
    FROM ss12000_attendances AS attendances
    LEFT JOIN ss12000_deletions AS deletions
        ON
            deletions.resource_name = 'attendances'
            AND attendances.attendance_key = deletions.object_key
            AND attendances.stated_at <= deletions.stated_at
    WHERE deletions.object_key IS NULL
),

looked_at AS (
    SELECT
        organisations.school_unit_code,
        attended.event_key IS NOT NULL AS has_attendance
    FROM ss12000_events AS events
    INNER JOIN ss12000_activities AS activities ON events.activity_key = activities.activity_key
    INNER JOIN ss12000_organisations AS organisations
        ON activities.organisation_key = organisations.organisation_key
    LEFT JOIN attended ON events.event_key = attended.event_key
    LEFT JOIN ss12000_deletions AS deletions
        ON
            deletions.resource_name = 'calendarEvents'
            AND events.event_key = deletions.object_key
            AND events.stated_at <= deletions.stated_at
    WHERE
        organisations.school_unit_code IS NOT NULL
        AND deletions.object_key IS NULL
        AND NOT events.is_cancelled
        AND coalesce(activities.has_attendance, TRUE)
        AND cast(events.starts_at AS DATE) BETWEEN $first_date AND $as_of
)

SELECT
    school_unit_code,
    count(*) FILTER (WHERE NOT has_attendance) AS lessons
FROM looked_at
GROUP BY school_unit_code
HAVING count(*) FILTER (WHERE has_attendance) > 0
