-- staged_attendances: SS12000 attendances as they are kept, each with at most one problem.
-- From: ss12000_cells, person_keys, offered_files. Grain: an object of a file.
-- As in a lesson file, a lesson without any minutes was not reported, whatever else is said of it.
WITH read_cells AS (
    SELECT
        cells.*,  -- noqa: AM04
        person_keys.person_key,
        offered_files.exported_at,
        whole_minutes(cells.present_minutes) AS read_present,
        whole_minutes(cells.valid_minutes) AS read_valid,
        whole_minutes(cells.invalid_minutes) AS read_invalid,
        whole_minutes(cells.other_minutes) AS read_other,
        (
            cells.present_minutes IS NOT NULL OR cells.valid_minutes IS NOT NULL
            OR cells.invalid_minutes IS NOT NULL OR cells.other_minutes IS NOT NULL
        ) AS has_minutes,
        (
            cells.valid_minutes IS NOT NULL OR cells.invalid_minutes IS NOT NULL
            OR cells.other_minutes IS NOT NULL
        ) AS has_absence,
        cells.reported = 'true' AS says_reported
    FROM ss12000_cells AS cells
    INNER JOIN offered_files ON cells.file_id = offered_files.file_id
    LEFT JOIN person_keys ON cells.person = person_keys.person_text
    WHERE cells.part = ''
)

SELECT
    file_id,
    line_number,
    object_key(id) AS attendance_key,
    object_key(event) AS event_key,
    person_key,
    CASE WHEN says_reported THEN try_cast(coalesce(read_valid, 0) AS SMALLINT) ELSE 0 END
        AS valid_minutes,
    CASE WHEN says_reported THEN try_cast(coalesce(read_invalid, 0) AS SMALLINT) ELSE 0 END
        AS invalid_minutes,
    CASE WHEN says_reported THEN try_cast(coalesce(read_other, 0) AS SMALLINT) ELSE 0 END
        AS other_minutes,
    coalesce(says_reported, FALSE) AND has_minutes AS is_reported,
    CASE WHEN says_reported THEN try_cast(read_present AS SMALLINT) END
        AS present_minutes,
    has_absence,
    stated_time(modified, exported_at) AS stated_at,
    exported_at,
    CASE
        WHEN fault IS NOT NULL THEN fault
        WHEN id IS NULL THEN 'id.missing'
        WHEN event IS NULL THEN 'calendarEvent.missing'
        WHEN person IS NULL THEN 'student.missing'
        WHEN reported IS NULL THEN 'isReported.missing'
        WHEN reported NOT IN ('true', 'false') THEN 'isReported.unreadable'
        WHEN present_minutes IS NOT NULL AND read_present IS NULL
            THEN 'attendanceMinutes.unreadable'
        WHEN valid_minutes IS NOT NULL AND read_valid IS NULL THEN 'validAbsenceMinutes.unreadable'
        WHEN invalid_minutes IS NOT NULL AND read_invalid IS NULL
            THEN 'invalidAbsenceMinutes.unreadable'
        WHEN other_minutes IS NOT NULL AND read_other IS NULL
            THEN 'otherAttendanceMinutes.unreadable'
        WHEN read_present < 0 THEN 'attendanceMinutes.negative'
        WHEN read_valid < 0 THEN 'validAbsenceMinutes.negative'
        WHEN read_invalid < 0 THEN 'invalidAbsenceMinutes.negative'
        WHEN read_other < 0 THEN 'otherAttendanceMinutes.negative'
        WHEN coalesce(read_valid, 0) + coalesce(read_invalid, 0) + coalesce(read_other, 0) > 600
            THEN 'validAbsenceMinutes.above_length'
    END AS problem,
    CASE
        WHEN says_reported AND NOT has_minutes THEN 'isReported.without_minutes'
        WHEN
            NOT says_reported
            AND coalesce(read_valid, 0) + coalesce(read_invalid, 0) + coalesce(read_other, 0) > 0
            THEN 'isReported.no_but_minutes'
        WHEN modified IS NOT NULL AND moment(modified) IS NULL THEN 'meta.unreadable'
    END AS warning
FROM read_cells
