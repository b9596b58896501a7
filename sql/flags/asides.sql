-- asides: one pupil's lessons in the windows that don't count, and those owed for a contradiction.
-- From: uncounted_lessons, counting_lessons. Grain: a lesson.
-- Parameters: $pupil_key; $own, the school unit where the pupil belongs; $first_date, $as_of.
-- Of a lesson at another school only the date is given, and that it was at another one.
WITH stated AS (
    SELECT
        reason,
        lesson_date,
        starts_at,
        starts_at AS true_start,
        school_unit_code,
        subject,
        scheduled_minutes,
        valid_minutes + invalid_minutes AS absent_minutes,
        is_reported,
        is_contradicted,
        beside_school_unit_code,
        beside_starts_at,
        beside_subject,
        beside_present_minutes,
        is_beside_reported
    FROM uncounted_lessons
    WHERE
        pupil_key = cast($pupil_key AS UUID)
        AND lesson_date BETWEEN $first_date AND $as_of
        AND NOT (is_contradicted AND reason = 'superseded')
    UNION ALL
    SELECT
        'contradicted' AS reason,
        lesson_date,
        starts_at,
        starts_at AS true_start,
        school_unit_code,
        subject,
        scheduled_minutes,
        0 AS absent_minutes,
        is_reported,
        is_contradicted,
        NULL AS beside_school_unit_code,
        NULL AS beside_starts_at,
        NULL AS beside_subject,
        NULL AS beside_present_minutes,
        NULL AS is_beside_reported
    FROM counting_lessons
    WHERE
        pupil_key = cast($pupil_key AS UUID)
        AND lesson_date BETWEEN $first_date AND $as_of
        AND is_contradicted
)

SELECT
    reason,
    lesson_date,
    school_unit_code = $own AS is_own_school,
    CASE WHEN school_unit_code = $own THEN starts_at END AS starts_at,
    CASE WHEN school_unit_code = $own THEN subject END AS subject,
    cast(scheduled_minutes AS BIGINT) AS scheduled_minutes,
    cast(absent_minutes AS BIGINT) AS absent_minutes,
    is_reported,
    is_contradicted,
    beside_school_unit_code = $own AS is_beside_own_school,
    CASE WHEN beside_school_unit_code = $own THEN beside_starts_at END AS beside_starts_at,
    CASE WHEN beside_school_unit_code = $own THEN beside_subject END AS beside_subject,
    cast(beside_present_minutes AS BIGINT) AS beside_present_minutes,
    is_beside_reported
FROM stated
ORDER BY lesson_date, true_start, school_unit_code, reason
